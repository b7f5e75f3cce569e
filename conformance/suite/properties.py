"""Properties: what must hold for all inputs, on inputs that Hypothesis draws, and shrinks where one fails.

They come on top of the chosen cases. Each compares results of a subject with each other, or with the expected value,
within the derived bounds of these very inputs. Draws are deterministic, and a property keeps to one shape, as each
one costs a compilation.
"""

import math
import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import hypothesis
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ...reference import AdamState
from ..arithmetic.running import Expected
from ..formulas import call as formula_call
from ..formulas import declared
from ..judging import oracle
from ..judging.judge import BrokenResultError
from ..judging.judge import call as call_on
from ..judging.subject import Subject

SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    print_blob=True,
    report_multiple_bugs=False,
    phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


DTYPES = ("float32", "float64")  # Hypothesis draws no bfloat16, and float16 has its chosen cases


class Result(NamedTuple):
    """One result of a call: its values, how far they are off, and how far they may be."""

    values: np.ndarray
    error: np.ndarray
    bound: np.ndarray


Call = Callable[..., dict[str, Result]]  # the subject's function; its inputs by name, as NumPy arrays
Inputs = dict[str, st.SearchStrategy[Any]]


class Property(NamedTuple):
    """What must hold of a function for all inputs that are drawn."""

    function: str
    holds: Callable[..., None]  # of a Call and the inputs by name; raises AssertionError
    inputs: Callable[[np.dtype[Any]], Inputs]


# The properties.


def value(call: Call, **inputs: Any) -> None:
    """Each result is within its bound of the exact value."""
    for name, result in call(**inputs).items():
        demand(result.error, result.bound, f"{name} is off by", "the bound is")


def shift(call: Call, x: np.ndarray, c: float) -> None:
    """Adding one constant to all logits leaves softmax as it is."""
    y, shifted = call(x=x)["y"], call(x=x + c)["y"]
    demand(y.values - shifted.values, y.bound + shifted.bound, "softmax(x) and softmax(x + c) differ by")


def permutation(call: Call, x: np.ndarray, order: list[int]) -> None:
    """Permuting the classes permutes softmax."""
    y, permuted = call(x=x)["y"], call(x=x[:, order])["y"]
    difference, allowed = y.values[:, order] - permuted.values, y.bound[:, order] + permuted.bound
    demand(difference, allowed, "softmax(x)[:, order] and softmax(x[:, order]) differ by")


def sums_to_one(call: Call, x: np.ndarray) -> None:
    """The probabilities of a row add up to 1."""
    y = call(x=x)["y"]
    excess = [math.fsum([*row, -1]) if np.all(np.abs(row) < 2) else math.inf for row in y.values]  # rounded once
    demand(np.array(excess), np.sum(y.bound, axis=-1), "the sums of softmax(x) and 1 differ by")


def batch(call: Call, row: int, **inputs: Any) -> None:
    """A row gives the same in a batch and alone."""
    one = {name: array[row : row + 1] if name in ROWS else array for name, array in inputs.items()}
    y, alone = call(**inputs)["y"], call(**one)["y"]
    difference, allowed = y.values[row : row + 1] - alone.values, y.bound[row : row + 1] + alone.bound
    demand(difference, allowed, "the row in the batch and the row alone differ by")


def scale(call: Call, grad: np.ndarray, m: np.ndarray, v: np.ndarray, step: int, c: float) -> None:
    """Without epsilon, gradients c times as large make the same step of Adam."""
    step_of = partial(call, theta=np.zeros_like(grad), step=step, epsilon=0.0)
    once, scaled = step_of(grad=grad, m=m, v=v)["theta"], step_of(grad=c * grad, m=c * m, v=c * c * v)["theta"]
    what = "with theta = 0 and epsilon = 0, the steps from (grad, m, v) and (c grad, c m, c^2 v) differ by"
    demand(once.values - scaled.values, once.bound + scaled.bound, what)


def demand(difference: np.ndarray, allowed: np.ndarray, what: str, limit: str = "the bounds add up to") -> None:
    """Raise AssertionError unless each difference is at most what is allowed; NaN never is."""
    size = np.where(np.isnan(difference), np.inf, np.abs(difference))
    if np.all(size <= allowed):
        return
    with np.errstate(divide="ignore"):
        ratio = np.where(size <= allowed, 0.0, size / allowed)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    place = [int(i) for i in worst]
    raise AssertionError(f"{what} {size[worst]:.3g} at {place}; {limit} {allowed[worst]:.3g}: {ratio[worst]:.3g} times")


# The inputs.

ROWS = {"x", "y", "p"}  # the arguments whose first axis is the batch


def floats(low: float, high: float, shape: tuple[int, ...], dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    """Any numbers of a range; each element is drawn, since most of an array is equal otherwise."""
    return hnp.arrays(dtype, shape, elements=hnp.from_dtype(dtype, min_value=low, max_value=high), fill=st.nothing())


def grid(low: int, high: int, unit: float, shape: tuple[int, ...], dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    """Multiples of a power of two, which can be scaled by another one, or added to, without rounding."""
    return hnp.arrays(dtype, shape, elements=st.integers(low, high).map(lambda k: k * unit), fill=st.nothing())


def weighted(dtype: np.dtype[Any], x: tuple[int, ...] = (3, 5), **others: tuple[int, ...]) -> Inputs:
    """Inputs, and weights, bias and gradients, of these shapes."""
    return {name: floats(-1000, 1000, shape, dtype) for name, shape in {"x": x, **others}.items()}


def any_finite(dtype: np.dtype[Any]) -> Inputs:
    finite = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
    return {"x": hnp.arrays(dtype, (3, 5), elements=finite, fill=st.nothing())}


def any_normal(dtype: np.dtype[Any]) -> Inputs:
    """An x whose sign is the same where subnormal numbers count as 0."""
    normal = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return {name: hnp.arrays(dtype, (3, 5), elements=normal, fill=st.nothing()) for name in ("x", "g")}


def logits(dtype: np.dtype[Any]) -> Inputs:
    """Near each other, where all probabilities count, or far apart."""
    return {"x": floats(-4, 4, (3, 5), dtype) | floats(-1000, 1000, (3, 5), dtype)}


def logits_and_gradients(dtype: np.dtype[Any]) -> Inputs:
    return {**logits(dtype), "g": floats(-100, 100, (3, 5), dtype)}


def labels_and_logits(dtype: np.dtype[Any]) -> Inputs:
    return {"y": floats(0, 1, (3, 5), dtype), **logits(dtype)}


def classes_and_logits(dtype: np.dtype[Any]) -> Inputs:
    return {"labels": hnp.arrays(np.int32, (3,), elements=st.integers(0, 4)), **logits(dtype)}


def probabilities(dtype: np.dtype[Any]) -> Inputs:
    return {"y": floats(0, 1, (3, 5), dtype), "p": floats(0, 1, (3, 5), dtype)}


def with_gradients(dtype: np.dtype[Any], loss: Callable[[np.dtype[Any]], Inputs]) -> Inputs:
    """The inputs of a loss, and a gradient of each of its losses."""
    return {**loss(dtype), "g": floats(-4, 4, (3,), dtype)}


def parameters(dtype: np.dtype[Any]) -> Inputs:
    names = {name: floats(-100, 100, (4,), dtype) for name in ("theta", "grad", "m")}
    return {**names, "v": floats(0, 10000, (4,), dtype), "step": st.integers(0, 100)}


def shifts(dtype: np.dtype[Any]) -> Inputs:
    """Logits and a number that can be added to them exactly."""
    largest = 2 ** (np.finfo(dtype).nmant - 8)
    return {"x": grid(-1024, 1024, 2.0**-6, (3, 5), dtype), "c": st.integers(-largest, largest).map(float)}


def scales(dtype: np.dtype[Any]) -> Inputs:
    """Gradients and moments, v > 0 and so small that an epsilon of 1e-8 would show, and a power of two."""
    grad, v = grid(-4096, 4096, 2.0**-16, (4,), dtype), grid(1, 4096, 2.0**-32, (4,), dtype)
    powers = st.integers(-16, 16).map(lambda k: 2.0**k)
    return {"grad": grad, "m": grad, "v": v, "step": st.integers(0, 100), "c": powers}


INPUTS: dict[str, Callable[[np.dtype[Any]], Inputs]] = {
    "neuron": partial(weighted, w=(5,), b=()),
    "dense": partial(weighted, w=(5, 4), b=(4,)),
    "relu": any_finite,
    "neuron_vjp": partial(weighted, w=(5,), b=(), g=(3,)),
    "dense_vjp": partial(weighted, w=(5, 4), b=(4,), g=(3, 4)),
    "relu_vjp": any_normal,
    "softmax": logits,
    "log_softmax": logits,
    "softmax_vjp": logits_and_gradients,
    "log_softmax_vjp": logits_and_gradients,
    "categorical_cross_entropy": probabilities,
    "categorical_cross_entropy_from_logits": labels_and_logits,
    "sparse_categorical_cross_entropy_from_logits": classes_and_logits,
    "categorical_cross_entropy_from_logits_vjp": partial(with_gradients, loss=labels_and_logits),
    "sparse_categorical_cross_entropy_from_logits_vjp": partial(with_gradients, loss=classes_and_logits),
    "categorical_cross_entropy_vjp": partial(with_gradients, loss=probabilities),
    "adam_step": parameters,
}


def permuted(dtype: np.dtype[Any]) -> Inputs:
    return {**logits(dtype), "order": st.permutations(range(5))}


def one_row(dtype: np.dtype[Any], inputs: Callable[[np.dtype[Any]], Inputs]) -> Inputs:
    return {**inputs(dtype), "row": st.integers(0, 2)}


BATCHED: dict[str, Callable[[np.dtype[Any]], Inputs]] = {
    **{name: INPUTS[name] for name in ("dense", "softmax", "categorical_cross_entropy")},
    "neuron": partial(weighted, x=(3, 2, 5), w=(5,), b=()),  # two batch axes
}
PROPERTIES = {
    **{f"{name.removesuffix('_step')}.value": Property(name, value, inputs) for name, inputs in INPUTS.items()},
    **{f"{name}.batch": Property(name, batch, partial(one_row, inputs=inputs)) for name, inputs in BATCHED.items()},
    "softmax.shift": Property("softmax", shift, shifts),
    "softmax.permutation": Property("softmax", permutation, permuted),
    "softmax.sum": Property("softmax", sums_to_one, logits),
    "adam.scale": Property("adam_step", scale, scales),
}


# The subject.


def check_property(name: str, subject: Subject, dtype: str) -> None:
    """Put a property to a subject.

    Parameters
    ----------
    name : str
        One of `PROPERTIES`.
    subject : Subject
    dtype : str
        One of the subject's.

    Raises
    ------
    AssertionError
        With the smallest inputs found that the property does not hold for, as Python code, and what happens there.
    NotImplementedError
        The subject does not have the function, or declines these inputs.
    """
    chosen = PROPERTIES[name]
    functions = subject.functions(chosen.function)
    if not functions:
        raise NotImplementedError(f"{subject.name} has no {chosen.function}")
    for function in functions.values():
        with warnings.catch_warnings(), subject.settings(dtype):
            warnings.simplefilter("ignore")
            search(name, judged(subject, chosen.function, function, np.dtype(dtype)), chosen.inputs(np.dtype(dtype)))


def search(name: str, call: Call, strategies: Inputs) -> None:
    """Draw inputs, and raise AssertionError for the smallest that the property does not hold for."""

    @SETTINGS
    @hypothesis.given(st.fixed_dictionaries(strategies))
    def holds(inputs: dict[str, Any]) -> None:
        try:
            PROPERTIES[name].holds(call, **inputs)
        except oracle.EmptyToleranceError:
            hypothesis.reject()
        except AssertionError as error:
            raise AssertionError(f"{name} does not hold:\n{snippet(inputs, error)}") from None

    holds()


def judged(subject: Subject, name: str, function: Callable[..., Any], dtype: np.dtype[Any]) -> Call:
    """The subject's function as a `Call`."""

    def call(**inputs: Any) -> dict[str, Result]:
        arguments, options = arguments_of(name, inputs)
        asked = formula_call(name, arguments, options)
        expected = oracle.expect(asked, dtype, subject.subnormals, subject.precision)
        oracle.refuse_empty(asked, dtype, expected)
        try:
            _, found = call_on(subject.backend, function, asked)
        except BrokenResultError as error:
            raise AssertionError(f"{name}: {error}") from None
        return {each: result(each, found[each][1], wanted) for each, wanted in expected.items()}

    def result(each: str, values: np.ndarray, wanted: Expected) -> Result:
        if values.dtype != dtype or values.shape != wanted.value.shape:
            got = f"{values.dtype} of shape {values.shape}"
            raise AssertionError(f"{each} of {name} is {got}, not {dtype} of shape {wanted.value.shape}")
        return Result(values.astype(np.float64), oracle.ratios(values, wanted)[1], wanted.bound)

    return call


def arguments_of(function: str, inputs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """How the inputs are passed: by position, and as options."""
    options = {name: given for name, given in inputs.items() if name == "epsilon"}
    if function == "adam_step":
        state = AdamState(inputs["step"], inputs["m"], inputs["v"])
        return (inputs["theta"], inputs["grad"], state), options
    if "axis" in declared(function).parameters:
        options["axis"] = -1
    return tuple(inputs[name] for name in declared(function).parameters if name in inputs), options


def snippet(inputs: dict[str, Any], error: AssertionError) -> str:
    """Python code that makes the inputs, and what happens there as a comment."""
    lines = [f"{name} = {code(given)}" for name, given in inputs.items()]
    return "\n".join(["import numpy as np", *lines, f"# {error}"])


def code(given: Any) -> str:
    """A number, a list or an array as Python code, floats in hexadecimal."""
    if isinstance(given, np.ndarray):
        digits = " ".join(map(digits_of, given.ravel().tolist()))
        return f'np.array([*map(float.fromhex, "{digits}".split())], dtype="{given.dtype}").reshape({given.shape})'
    return f'float.fromhex("{digits_of(given)}")' if isinstance(given, float) else repr(given)


def digits_of(number: float) -> str:
    """A float in hexadecimal, without the zeros that say nothing."""
    return re.sub(r"\.?0*p", "p", float(number).hex()) if number else f"{number:.0f}"
