"""The derived tolerance by itself, for anybody's own tests."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import backends
from ...reference.declaration import declaration_of
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected
from ..formulas import Case, declared
from ..tracing import standard
from . import oracle
from .judge import BrokenResultError, as_count, count_after, parts_of
from .made import plain_run
from .resolution import resolution


def expected(formula: str | Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """Return the real value of a formula on these inputs, and the largest admissible error of each element.

    Parameters
    ----------
    formula : str or callable
        A function of ``gaugeblock.reference``, such as 'softmax', or any function that is written against the Array
        API standard, declared or not.
    *arguments, **options
        As the function takes them; arrays of any library.

    Returns
    -------
    value, bound : NumPy arrays in float64; tuples where there are several results, such as (theta, m, v) of 'adam_step'
        `value` is rounded to float64, which in float64 is itself part of an error. The bound is infinite for an element
        that the formula leaves open.

    Raises
    ------
    TypeError, ValueError
        As the function itself raises; and ValueError for a formula that there is not, or a tolerance so wide that it
        would judge nothing.
    """
    asked = converted(formula, arguments, options)
    found = expectation(asked).values()
    values, bounds = [e.value for e in found], [e.bound for e in found]
    return (values[0], bounds[0]) if len(found) == 1 else (tuple(values), tuple(bounds))


def assert_conforms(output: Any, formula: str | Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """Raise AssertionError unless `output` is what a formula gives on these inputs, within the derived tolerance.

    Parameters
    ----------
    output : array or tuple
        What the implementation under test returned, as the formula returns it: (theta, state) for 'adam_step'.
    formula, *arguments, **options
        As in `expected`.

    Returns
    -------
    str
        What this input cannot tell, where the results are sums of products, such as 'resolution 10.8 bits: this input
        would probably let tf32 and float16 factors pass; assert_gauged tells'.

    Raises
    ------
    AssertionError
        With the worst element: its index, value, expected value, and error as a multiple of the bound; and with what
        this input cannot tell. Or with a step that is not one more.
    TypeError, ValueError
        As in `expected`.
    """
    asked = converted(formula, arguments, options)
    found, name_of_formula = expectation(asked), asked.function
    try:
        results = asked.formula.named(output)
    except (AttributeError, IndexError, TypeError, ValueError):
        got, wanted = type(output).__name__, asked.formula.wanted
        raise AssertionError(f"{name_of_formula}: got {got}; expected {wanted}") from None
    for name, result in results.items():
        if name in asked.formula.counts:
            check_count(asked, name, result)
        elif name not in found:
            raise AssertionError(f"{name_of_formula}: got {len(results)} results; expected {len(found)}")
        else:
            check_array(asked, name, to_numpy(result), found)
    return resolution(asked, bounds_of(found))


def bounds_of(found: dict[str, Expected]) -> dict[str, np.ndarray]:
    """The bound of each result."""
    return {name: each.bound for name, each in found.items()}


def check_count(asked: Case, name: str, result: Any) -> None:
    """Raise AssertionError for a count, such as the number of steps, that is not one more."""
    try:
        got, wanted = as_count(name, result), count_after(asked, name)
    except BrokenResultError as error:
        raise AssertionError(f"{asked.function}: {error}") from None
    if got != wanted:
        raise AssertionError(f"{asked.function}: {name} is {got}, not {wanted}")


def check_array(asked: Case, name: str, values: np.ndarray, found: dict[str, Expected]) -> None:
    """Raise AssertionError for a result that is not what it should be, with its worst element."""
    wanted = found[name]
    if values.dtype != wanted.dtype or values.shape != wanted.value.shape:
        what = f"{name}: got {values.dtype} of shape {values.shape}"
        raise AssertionError(f"{asked.function}: {what}; expected {wanted.dtype} of shape {wanted.value.shape}")
    ratio, error = oracle.ratios(values, wanted, oracle.may_be_nan(asked, name))
    if np.all(ratio <= 1):
        return
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    place = f"{name}{[int(i) for i in index] if index else ''}"
    told = resolution(asked, bounds_of(found))
    raise AssertionError(
        f"{asked.function}: {place} is {float(values[index])!r}; expected {float(wanted.value[index])!r} within "
        f"{wanted.bound[index]:.3g}; the error {error[index]:.3g} is {times(float(ratio[index]))} times the bound; "
        f"{int(np.sum(~(ratio <= 1)))} of {ratio.size} elements are outside"
        f"{'; ' if told else ''}{told}"
    )


def times(ratio: float) -> str:
    """A ratio with three digits, or as many as show that it is more than 1."""
    return f"{ratio:.3g}" if not 1 < ratio < 1.005 else f"{ratio:.9g}"


def converted(formula: str | Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Case:
    """The call with its arrays as NumPy's."""
    traced = standard(formula, arguments, options) if callable(formula) and not declaration_of(formula) else None
    if traced:
        return Case("", "", "", traced, traced.arrays, {})
    found = declared(formula)
    return Case("", "", "", found, tuple(convert(value, to_numpy) for value in arguments), options)


def expectation(asked: Case) -> dict[str, Expected]:
    """What each result should be."""
    refuse_lists(asked)
    with np.errstate(all="ignore"):  # checks the arguments
        returned = asked.formula.function(
            *(convert(value, known_to_numpy) for value in asked.arguments), **asked.options
        )
    refuse_no_arrays(asked, returned)
    arrays = [part for value in asked.arguments for part in parts_of(value)]
    dtypes = [array.dtype for array in arrays if getattr(array, "dtype", np.dtype(bool)).name in MODELS]
    if not dtypes:
        raise TypeError(f"{asked.function}: got no array of float16, bfloat16, float32 or float64; wanted at least one")
    with np.errstate(all="ignore"):
        plain = plain_run(asked, dtypes[0])
    return oracle.judgeable(asked, dtypes[0], oracle.expect(asked, dtypes[0]), plain)


def refuse_lists(asked: Case) -> None:
    """Raise TypeError for an argument that has no dtype."""
    for name, value in zip(asked.formula.parameters, asked.arguments, strict=False):
        if isinstance(value, list):
            raise TypeError(f"{asked.function}: {name}: got list; wanted an array")


def refuse_no_arrays(asked: Case, returned: Any) -> None:
    """Raise TypeError for a result that is no array, and no number."""
    for name, value in asked.formula.named(returned).items():
        if not (hasattr(value, "shape") or isinstance(value, int | float)):
            raise TypeError(f"{asked.function}: {name}: got {type(value).__name__} as its result; wanted an array")


def convert(value: Any, how: Callable[[Any], np.ndarray]) -> Any:
    """An argument with its arrays converted, those of a state too."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(number_of(convert(part, how)) for part in value))
    return how(value) if hasattr(value, "dtype") and hasattr(value, "shape") else value


def number_of(part: Any) -> Any:
    """A part of a state, a count as a Python number."""
    is_count = isinstance(part, np.ndarray) and part.shape == () and part.dtype.kind in "iu"
    return int(part) if is_count else part


def to_numpy(array: Any) -> np.ndarray:
    """An array of any library as NumPy's, in this machine's order of bytes."""
    found = np.asarray(backends.load("torch").to_numpy(array) if hasattr(array, "detach") else array)
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))


def known_to_numpy(array: np.ndarray) -> np.ndarray:
    """The array itself, or a stand-in for one of bfloat16, which NumPy's namespace does not count as floating point."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
