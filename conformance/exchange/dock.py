"""Where other harnesses dock: outputs that were computed elsewhere are judged in a call; bounds as rtol and atol."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ... import __version__, spec
from ..arithmetic.device_arrays import to_numpy
from ..arithmetic.running import Expected
from ..formulas import Case, declared
from ..judging.assertions import Worst, assembled, check_array, check_count, results_of, worst_of
from ..judging.expectations import expectations
from ..judging.resolution import in_words, resolved_bits
from ..judging.user_call import call_of, on_the_host
from ..reporting.worst import number

Inputs = Sequence[Any] | Mapping[str, Any]


def judge_outputs(reference: str | Callable[..., Any], inputs: Inputs, outputs: Any, **options: Any) -> dict[str, Any]:
    """Judge what an implementation computed from some inputs, within the derived tolerance.

    Nothing of gaugeblock needs to be imported where the implementation ran: it is asked for arrays alone.

    Parameters
    ----------
    reference : str or callable
        A function of ``gaugeblock.reference``, such as 'softmax'; or one of the Array API standard, of PyTorch or of
        JAX, as in `expected`.
    inputs : sequence or mapping
        The arguments, in order or by name; arrays of any library.
    outputs : array, tuple or mapping
        What was computed: as the function returns it, or by the names of the results.
    **options
        Keywords of the function, such as `axis`.

    Returns
    -------
    dict
        The verdict, made of what JSON has; infinities and NaN are strings. `conforms` is the verdict in one word.
        `results` has for each result its name, dtype and shape, the largest error / bound, how many elements are
        outside their bounds, and the worst element; or the reason why it cannot be compared. `note` says what these
        inputs cannot tell.

    Raises
    ------
    TypeError, ValueError
        The inputs are none of the function's, or their tolerance would judge nothing: as in `expected`.

    Examples
    --------
    >>> import numpy as np
    >>> from gaugeblock.conformance import judge_outputs
    >>> x = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    >>> y = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
    >>> judge_outputs("softmax", [x], y, axis=-1)["conforms"]
    True
    """
    asked = call_of_inputs(reference, inputs, options)
    given, broken = given_results(asked, outputs)
    results: dict[str, tuple[str, tuple[int, ...]]] = {}
    reasons, worst, bits = dict[str, str](), dict[str, Worst](), -math.inf
    for block, part in expectations(asked):
        bits = max(bits, resolved_bits(block.call, {name: each.bound for name, each in part.items()}))
        for name, wanted in part.items():
            shape = tuple(block.shapes.get(name, wanted.value.shape))
            results[name] = str(wanted.dtype), shape
            if name not in reasons and (reason := misfit(asked, name, given, broken, wanted, shape)):
                reasons[name] = reason
            if name not in reasons:
                here = worst_of(block, name, on_the_host(given[name]), on_host(wanted))
                worst[name] = worst[name].joined(here) if name in worst else here
    for name in asked.formula.counts:
        results[name] = "integer", ()
        if reason := misfit(asked, name, given, broken):
            reasons[name] = reason
    found = [judged(name, *each, reasons.get(name, ""), worst.get(name)) for name, each in results.items()]
    return {
        "formula": asked.function,
        "conforms": not any(each["reason"] or each["outside"] for each in found),
        "results": found,
        "note": in_words(asked, bits),
        "gaugeblock": __version__,
        "specification": spec.VERSION,
    }


def misfit(
    asked: Case,
    name: str,
    given: Mapping[str, Any],
    broken: str,
    wanted: Expected | None = None,
    shape: tuple[int, ...] = (),
) -> str:
    """Why a result cannot be compared: it is missing, or of another dtype or shape; or a count is another one."""
    if broken or name not in given:
        return broken or f"{name}: it is missing"
    try:
        if wanted is None:
            check_count(asked, name, given[name])
        else:
            check_array(asked, name, on_the_host(given[name]), wanted, shape)
    except (AssertionError, TypeError, ValueError) as error:
        return str(error).removeprefix(f"{asked.function}: ")
    return ""


def tolerances(
    reference: str | Callable[..., Any], inputs: Inputs, **options: Any
) -> dict[str, tuple[np.ndarray, ...]]:
    """The expected values and what may be off, as arguments of ``numpy.isclose`` and functions like it.

    Parameters
    ----------
    reference, inputs, **options
        As in `judge_outputs`.

    Returns
    -------
    dict
        By the name of the result, three arrays in float64: `desired`, `rtol` and `atol`. What conforms has
        ``|actual - desired| <= atol + rtol * |desired|``. `rtol` is 0 throughout: the bound is of the error itself. An
        element that the formula leaves open has an infinite `atol`.

    Raises
    ------
    TypeError, ValueError
        As in `judge_outputs`.

    Examples
    --------
    >>> import numpy as np
    >>> from gaugeblock.conformance import tolerances
    >>> x = np.linspace(-3, 3, 12, dtype=np.float32)
    >>> desired, rtol, atol = tolerances("relu", [x])["y"]
    >>> bool(np.all(np.isclose(np.maximum(x, 0), desired, rtol, atol, equal_nan=True)))
    True
    """
    return assembled(call_of_inputs(reference, inputs, options), as_tolerance)


def as_tolerance(expected: Expected) -> tuple[np.ndarray, ...]:
    """`desired`, `rtol` and `atol`."""
    value, remainder, bound = map(to_numpy, expected[:3])
    # What `desired` lacks of the real value is part of an error too; comparing rounds once or twice more.
    wider = np.nextafter(bound + np.abs(remainder) + np.spacing(np.abs(value)) * (bound > 0), np.inf)
    atol = np.where(np.isfinite(value), np.where(bound + np.abs(remainder) > 0, wider, 0.0), 0.0)
    return value, np.zeros_like(value), atol


def call_of_inputs(reference: str | Callable[..., Any], inputs: Inputs, options: dict[str, Any]) -> Case:
    """The call; what is given by name is put in the order of the function's parameters, keywords apart."""
    if hasattr(inputs, "shape"):
        raise TypeError("inputs: got an array; wanted a list of the arguments, such as [x], or a dict of them by name")
    if not isinstance(inputs, Mapping):
        return call_of(reference, tuple(inputs), options)
    function = declared(reference).function if isinstance(reference, str) else reference
    kinds = {each.name: each.kind for each in inspect.signature(function).parameters.values()}
    unknown = [name for name in inputs if name not in kinds]
    if unknown:
        raise TypeError(f"inputs: got {unknown[0]!r}; wanted some of {', '.join(kinds)}")
    keywords = {name: value for name, value in inputs.items() if kinds[name] is inspect.Parameter.KEYWORD_ONLY}
    return call_of(
        reference, tuple(inputs[name] for name in kinds if name in inputs.keys() - keywords), keywords | options
    )


def given_results(asked: Case, outputs: Any) -> tuple[Mapping[str, Any], str]:
    """The results by name, or the reason why they are none."""
    if isinstance(outputs, Mapping):
        return outputs, ""
    try:
        return results_of(asked, outputs), ""
    except AssertionError as error:
        return {}, str(error).removeprefix(f"{asked.function}: ")


def on_host(expected: Expected) -> Expected:
    """What is expected with arrays of NumPy's."""
    value, remainder, bound = map(to_numpy, expected[:3])
    return expected._replace(value=value, remainder=remainder, bound=bound)


def judged(name: str, wanted: str, shape: Sequence[int], reason: str, worst: Worst | None) -> dict[str, Any]:
    """What the verdict says of one array."""
    place = None
    if worst and worst.size:
        numbers = {each: number(getattr(worst, each)) for each in ("got", "bound")}
        place = {"index": list(worst.place), **numbers, "expected": number(worst.value)}
    return {
        "name": name,
        "dtype": wanted,
        "shape": list(shape),
        "reason": reason,
        "ratio": number(worst.ratio) if worst else None,
        "outside": worst.outside if worst else None,
        "worst": place,
    }
