"""The expected value and the largest admissible error of each element, from the reference itself."""

from typing import Any

import numpy as np

from ..arithmetic import exact, steps
from ..arithmetic.rounding import MODELS, PRECISIONS, TRUNCATING, Model, finfo
from ..arithmetic.running import Expected, enclosed, running
from ..formulas import Case, Formula
from ..formulas.axes import summed
from ..formulas.forms import admitted

# A bound that is no more than this many smallest subnormals judges, however small the results are.
UNDERFLOWS = 1000
LARGEST_RUN_AGAIN = 10_000_000  # elements, where a bound is explained


class EmptyToleranceError(ValueError):
    """A tolerance that would let everything pass."""


def expect(
    call: Case, dtype: np.dtype[Any], subnormals: str = "gradual", precision: str = "full"
) -> dict[str, Expected]:
    """What each result should be: below float64 from the float64 run, in float64 from the exact one."""
    factor = PRECISIONS[precision.removesuffix(TRUNCATING)] if has_classes(call.formula, dtype) else 0.0
    truncates = precision.endswith(TRUNCATING)
    model = MODELS[dtype.name]._replace(flush=subnormals == "flush", factor=factor, truncates=truncates)
    expected = bounded_run(call, dtype, model)
    return exactly(expected, call, dtype) if any(map(is_float64, expected.values())) else expected


def bounded_run(call: Case, dtype: np.dtype[Any], model: Model) -> dict[str, Expected]:
    """The values in float64, and the largest of the running bounds of the reference and its admitted forms."""
    if call.steps and call.formula.over_steps:
        return dict(call.formula.over_steps(call, dtype, model))
    return running(call, dtype, model, [call.formula.function, *admitted(call.formula, dtype).values()])


def exactly(expected: dict[str, Expected], call: Case, dtype: np.dtype[Any]) -> dict[str, Expected]:
    """`expected` with its finite values replaced by the centres of the exact balls, each split into two floats."""
    balls = enclosed(call, dtype)
    return {name: centred(each, balls[name]) if name in balls else each for name, each in expected.items()}


def is_float64(expected: Expected) -> bool:
    """Whether a result has the format of the run itself: an array of float64, alone or beside others, makes it so."""
    return expected.dtype == np.float64


def centred(expected: Expected, balls: np.ndarray) -> Expected:
    """A ball's centre as ``value + remainder``; its radius is far below the bound and is left out."""
    finite = np.isfinite(expected.value)
    value, remainder = expected.value.copy(), expected.remainder.copy()
    chosen = balls[finite]
    with exact.working_precision():
        value[finite] = near = np.array(list(map(float, chosen)), np.float64)
        remainder[finite] = np.array(list(map(float, chosen - near.astype(object))), np.float64)
    return expected._replace(value=value, remainder=remainder, certain=True)


def is_full(precision: str) -> bool:
    """Whether products are in full precision, though they may be cut: integers stay exact."""
    return precision.removesuffix(TRUNCATING) == "full"


def has_classes(formula: Formula, dtype: np.dtype[Any]) -> bool:
    """Whether the products of a formula may be declared to be of a coarser numerics class."""
    return formula.products and dtype == np.float32


def judgeable(
    call: Case, dtype: np.dtype[Any], expected: dict[str, Expected], plain: dict[str, np.ndarray] | None = None
) -> dict[str, Expected]:
    """`expected` with an infinite bound for each element that nobody judges.

    These are what the formula leaves open, and what a `plain` run of the reference in float64, or the exact one, has
    otherwise, since something overflows on its way to the result.

    Raises
    ------
    EmptyToleranceError
        A bound of another element is infinite, or so wide that it judges nothing; or there is no other element.
    """
    masks = open_elements(call, expected)
    if plain is not None:
        others = differing(call, dtype, expected, plain)
        left = any(np.any(~mask) for mask in masks.values())
        masks = {name: masks[name] | others[name] for name in expected}
        if left and all(np.all(mask) for mask in masks.values()):
            what = "the formula itself overflows on the way to every element"
            raise EmptyToleranceError(f"cannot judge {call.function} ({dtype}): {what}")
    refuse_empty(call, dtype, {name: opened(each, masks[name], bound=0.0) for name, each in expected.items()})
    return {name: opened(each, masks[name]) for name, each in expected.items()}


def differing(
    call: Case, dtype: np.dtype[Any], expected: dict[str, Expected], plain: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The elements of each result that another run has otherwise, as masks."""
    plain = plain | beyond_float64(call, dtype, expected)
    return {name: differs(each, plain[name]) for name, each in expected.items()}


def differs(expected: Expected, plain: np.ndarray) -> np.ndarray:
    """Where a value is another one in a plain run that is rounded once: a wider format overflows less."""
    with np.errstate(all="ignore"):
        apart = np.abs(plain - np.asarray(expected.value, np.float64) - expected.remainder) > expected.bound
        fits = np.isfinite(plain) & np.isfinite(plain.astype(expected.dtype).astype(np.float64))
    return np.asarray(np.where(np.isfinite(expected.value), apart & np.isfinite(plain), fits))


def beyond_float64(call: Case, dtype: np.dtype[Any], expected: dict[str, Expected]) -> dict[str, np.ndarray]:
    """The exact values of results in float64 that have special ones, which no wider format may have."""
    special = [name for name, e in expected.items() if is_float64(e) and not np.all(np.isfinite(e.value))]
    balls = enclosed(call, dtype) if special else {}
    return {name: np.array([float(b) for b in balls[name].flat]).reshape(balls[name].shape) for name in special}


def open_elements(call: Case, expected: dict[str, Expected]) -> dict[str, np.ndarray]:
    """The elements of each result that the formula leaves open, as masks."""
    with np.errstate(all="ignore"):
        masks = call.formula.open(*call.arguments, **call.options) if call.formula.open and not call.steps else False
    masks = masks if isinstance(masks, tuple) else (masks,) * len(expected)
    pairs = zip(expected.items(), masks, strict=True)
    return {name: np.broadcast_to(mask, each.value.shape) for (name, each), mask in pairs}


def opened(expected: Expected, mask: np.ndarray, bound: float = np.inf) -> Expected:
    """An expectation whose elements under a mask have another bound, infinite where any value will do."""
    value = np.where(mask, expected.value.dtype.type(0), expected.value)
    return expected._replace(value=value, bound=np.where(mask, bound, expected.bound))


def refuse_empty(call: Case, dtype: np.dtype[Any], expected: dict[str, Expected]) -> None:
    """Raise EmptyToleranceError for a bound that is infinite, or so wide that it judges nothing."""
    for name, each in expected.items():
        worst = float(np.max(each.bound, initial=0.0))
        what = f"cannot judge {call.id if call.requirement else call.function} ({dtype}): "
        if each.dtype.kind in "biu":  # an integer that rounding errors may change has an infinite bound
            if each.bound.size and np.all(np.isinf(each.bound)):
                raise EmptyToleranceError(f"{what}rounding errors may change every element of {name}")
            continue
        if worst <= UNDERFLOWS * float(finfo(each.dtype).smallest_subnormal):
            continue
        limit = 0.1 * largest_term(call, name, each)
        if not worst < limit:
            step = step_in_words(call, dtype)
            if np.isinf(worst):
                why = "because a number on the way may overflow, or be where a function is not defined"
                raise EmptyToleranceError(f"{what}the derived tolerance is infinite, {why}{step}")
            raise EmptyToleranceError(
                f"{what}the derived tolerance is {worst:.3g}, and {limit:.3g} would already let anything pass; "
                f"the result cancels beyond what the arithmetic resolves{step}"
            )


def step_in_words(call: Case, dtype: np.dtype[Any]) -> str:
    """Which step widens the bound most, where the call is not too large to be run again."""
    if call.steps or sum(np.size(each) for each in call.arguments) > LARGEST_RUN_AGAIN:
        return ""
    step = steps.widest(lambda: bounded_run(call, dtype, MODELS[dtype.name]))
    if step is None or step.factor < 2:
        return ""
    wider = "infinite" if np.isinf(step.factor) else f"{step.factor:.3g} times as wide, relative to its result"
    return f"; the step that makes it so is {step.name} of {step.size} elements: it makes the bound {wider}"


def largest_term(call: Case, name: str, expected: Expected) -> float:
    """The scale of a result: by default the formula's value on the absolute values of its arrays."""
    terms = (call.formula.scale or on_absolute_values)(call, name)
    largest = [np.abs(array[np.isfinite(array)]) for array in (expected.value, np.asarray(terms))]
    return float(max(np.max(each, initial=0.0) for each in largest))


def on_absolute_values(call: Case, name: str) -> np.ndarray:
    """A result of the formula where no terms cancel."""
    absolute = [
        np.abs(a.astype(np.float64)) if getattr(a, "dtype", np.dtype(int)).name in MODELS else a for a in call.arguments
    ]
    with np.errstate(all="ignore"):
        return np.asarray(call.formula.named(call.formula.function(*absolute, **call.options))[name])


def may_be_nan(call: Case, name: str, precision: str = "full") -> bool:
    """Whether infinity may come out as NaN in the result `name`, since it is subtracted from itself.

    A compensated sum (Kahan's) of several products does that, and so does splitting a factor into parts.
    """
    if not (call.formula.products or call.formula.compensated):
        return False
    return not is_full(precision) or summed(call.formula, call, name) > 1


def ratios(output: np.ndarray, expected: Expected, nan_for_infinity: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Error / bound, and the error, for each element; special values are compared exactly (infinite or 0).

    An element with an infinite bound is one that nobody judges.
    """
    with np.errstate(all="ignore"):
        got = output.astype(np.float64)
        error = np.abs((got - expected.value) - expected.remainder)
        ratio = np.where(error == 0, 0.0, error / expected.bound)
        special = ~np.isfinite(expected.value) | ~np.isfinite(got)
        admits_nan = ~np.isfinite(expected.value) if nan_for_infinity else np.isnan(expected.value)
        same = (got == expected.value) | (np.isnan(got) & admits_nan)
        error = np.where(special, np.where(same, 0.0, np.inf), error)
        is_open = np.isinf(expected.bound)
        return np.where(is_open, 0.0, np.where(special, error, ratio)), np.where(is_open, 0.0, error)
