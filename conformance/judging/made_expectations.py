"""What the results of a made case should be: the compact call's, spread."""

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ...worker.text import one_line
from ..arithmetic.device_arrays import asarray, called, wrapped
from ..arithmetic.rounding import finfo, scattered
from ..arithmetic.running import Expected
from ..cases import Made, made
from ..cases.draw import of_parts, unpack, wide
from ..formulas import Case
from ..tracing import Traced
from . import oracle, tolerance
from .kept_expectations import kept
from .lock import alone

NOTHING = "no element of it has a tolerance that is finite and not left open"


def made_cases(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str = "gradual", precision: str = "full"
) -> Iterator[tuple[Case, dict[str, Expected]]]:
    """Yield the made cases of a formula in their whole shape, each with what its results should be."""
    for each, found in compact_cases(formula, dtype, seed, subnormals, precision):
        yield each.whole(), {name: spread(each, name, one) for name, one in found.items()}


def compact_cases(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str = "gradual", precision: str = "full"
) -> tuple[tuple[Made, dict[str, Expected]], ...]:
    """The made cases that can be judged, with what their compact calls should give: the same for every subject."""
    return sorted_out(formula, dtype, seed, subnormals, precision)[0]


def left_out(formula: str | Callable[..., Any], dtype: str, seed: int) -> dict[str, str]:
    """Why made cases cannot be judged, by name."""
    return sorted_out(formula, dtype, seed, "gradual", "full")[1]


@alone
@lru_cache(maxsize=8)  # of few: all formulas in two dtypes are half a gigabyte
def sorted_out(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str, precision: str
) -> tuple[tuple[tuple[Made, dict[str, Expected]], ...], dict[str, str]]:
    """The made cases that can be judged, and why the others cannot, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of anybody's formula, as of a variance of one number
        return sorted_out_of(list(made(formula, np.dtype(dtype), seed)), formula, dtype, seed, subnormals, precision)


def sorted_out_of(
    cases: list[Made], formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str, precision: str
) -> tuple[tuple[tuple[Made, dict[str, Expected]], ...], dict[str, str]]:
    """The same of cases that are made."""
    compact, raised = {id(each.compact): each.compact for each in cases}, dict[int, str]()

    def compute() -> list[dict[str, Expected] | None]:
        return [expected_or_none(each) for each in compact.values()]

    def expected_or_none(case: Case) -> dict[str, Expected] | None:
        try:
            return expected(case, np.dtype(dtype), subnormals, precision)
        except (Exception, SystemExit) as error:
            if case.formula.is_own:
                raise
            raised[id(case)] = why(error)
            return None

    known = dict(zip(compact, kept(("made", formula, dtype, seed, subnormals, precision), compute), strict=True))
    judged, left = [], {}
    for each in cases:
        found = known[id(each.compact)]
        if not found:
            left[each.name] = raised.get(id(each.compact), NOTHING)
        elif words := disagreement(each, found, np.dtype(dtype)):
            left[each.name] = words
        else:
            judged.append((each, found))
    return tuple(judged), left


def why(error: BaseException) -> str:
    """Why a case cannot be judged on which anybody's formula raises."""
    return f"the formula raised {one_line(error)}"


def disagreement(made: Made, found: dict[str, Expected], dtype: np.dtype[Any]) -> str:
    """Why the whole of a case is not what its compact call says, or nothing."""
    try:
        return "" if agrees(made, found, dtype) else "it differs from a part of it"
    except (Exception, SystemExit) as error:
        if made.compact.formula.is_own:
            raise
        return why(error)


def agrees(made: Made, found: dict[str, Expected], dtype: np.dtype[Any]) -> bool:
    """Whether a run on the whole arrays gives what is spread: how elements behave is known from small arrays alone.

    Of gaugeblock's own formulas a test knows it.
    """
    if made.compact.formula.is_own:
        return True
    with np.errstate(all="ignore"):
        plain = plain_run(made.whole(), dtype)
        wanted = {name: spread(made, name, one) for name, one in found.items()}
        return all(
            plain[name].shape == each.value.shape and bool(np.all(oracle.ratios(plain[name], each)[0] <= 1))
            for name, each in wanted.items()
        )


def spread(made: Made, name: str, expected: Expected) -> Expected:
    """A result's expectation in the whole shape."""
    value, remainder, bound = (made.spread(name, array) for array in expected[:3])
    return expected._replace(value=value, remainder=remainder, bound=bound)


def expected(
    compact: Case, dtype: np.dtype[Any], subnormals: str = "gradual", precision: str = "full"
) -> dict[str, Expected] | None:
    """What the compact call should give; an element that nobody judges has an infinite bound. None if all are such."""
    with np.errstate(all="ignore"):
        if compact.exact and oracle.keeps_integers(compact.formula, dtype, precision):
            return exact_integers(compact, dtype)
        found = oracle.expect(compact, dtype, subnormals, scattered(precision), opening=True)
        found = differing(compact, found, plain_run(compact, dtype))
        if subnormals == "flush":
            found = differing(compact, found, plain_run(flushed(compact), dtype))
        masks = tolerance.open_elements(compact, found)
        found = {name: opened(each, masks[name]) for name, each in found.items()}
        sharp = [is_sharp(compact, name, each) for name, each in found.items()]
    return found if any(sharp) else None


def plain_run(compact: Case, dtype: np.dtype[Any]) -> dict[str, np.ndarray]:
    """The results of the reference on NumPy's arrays in float64, with the defaults of the dtype."""
    options = {**compact.formula.defaults(dtype), **compact.options}
    results = compact.formula.named(called(compact.formula.function, tuple(map(wide, compact.arguments)), options))
    return {name: as_numbers(wrapped(value)) for name, value in results.items() if name not in compact.formula.counts}


def refuse_random(call: Case, dtype: np.dtype[Any], found: dict[str, Expected], plain: dict[str, np.ndarray]) -> None:
    """Raise ValueError for anybody's function that gives other numbers when it is called again.

    Two runs of one function are apart by no more than two bounds. A library's random operations are refused by name.
    """
    if call.formula.is_own or isinstance(call.formula, Traced):
        return
    again = plain_run(call, dtype)
    with np.errstate(all="ignore"):
        if any(np.any(np.abs(again[name] - plain[name]) > 2 * each.bound) for name, each in found.items()):
            wanted = "a function that its arguments decide: give it the random numbers"
            raise ValueError(f"{call.function}: it returned other numbers for the same arrays; wanted {wanted}")


def as_numbers(value: Any) -> Any:
    """A result as an array of numbers: a boolean is 0 or 1."""
    found = asarray(value)
    return found.astype(np.float64) if found.dtype.kind == "b" else found


def exact_integers(compact: Case, dtype: np.dtype[Any]) -> dict[str, Expected]:
    """Sums of integers that float64 has exactly: the nearest number of the dtype, and no bound."""
    found = {}
    for name, value in plain_run(compact, dtype).items():
        nearest = value.astype(dtype).astype(np.float64)
        found[name] = Expected(nearest, np.zeros(value.shape), np.zeros(value.shape), dtype, True)
    return found


def differing(compact: Case, found: dict[str, Expected], plain: dict[str, np.ndarray]) -> dict[str, Expected]:
    """Leave open, where all arguments are finite, what is infinite or differs from another run by more than its bound.

    It differs where something overflows on the reference's way to the result, or where a subnormal number that counts
    as 0 is on the other side of a condition.
    """
    if not all(is_finite(value) for value in unpack(compact.arguments)):
        return found
    return {
        name: opened(
            each, ~(np.abs(plain[name] - each.value - each.remainder) <= each.bound) | ~np.isfinite(each.value)
        )
        for name, each in found.items()
    }


def flushed(compact: Case) -> Case:
    """The call with 0 for each subnormal number."""

    def flush(value: Any) -> Any:
        if getattr(value, "dtype", np.dtype(int)).kind in "iub":
            return value
        return np.where(np.abs(value) < float(finfo(value.dtype).smallest_normal), 0, value).astype(value.dtype)

    return compact._replace(arguments=tuple(of_parts(flush, each) for each in compact.arguments))


def is_finite(value: Any) -> bool:
    """Whether all numbers of an argument are finite."""
    return bool(np.all(np.isfinite(np.asarray(value, np.float64))))


def opened(expected: Expected, mask: Any) -> Expected:
    """An expectation that nobody is judged by under a mask, nor where its bound is infinite."""
    return tolerance.opened(expected, mask | ~np.isfinite(expected.bound))


def is_sharp(compact: Case, name: str, expected: Expected) -> bool:
    """Whether an element is judged: special, or by a bound that is small beside the largest term, or by underflow."""
    if not expected.value.size:
        return True
    smallest = tolerance.UNDERFLOWS * float(finfo(expected.dtype).smallest_subnormal)
    small = np.maximum(0.1 * tolerance.largest_term(compact, name, expected), smallest)
    return bool(np.any(~np.isfinite(expected.value) | (expected.bound <= small)))
