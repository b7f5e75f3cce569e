"""The expected value and the largest admissible error of each element, from the reference itself."""

from typing import Any

import numpy as np

from ..arithmetic.device_arrays import to_numpy
from ..arithmetic.rounding import MODELS, OF_ANYBODY, Model, numerics
from ..arithmetic.running import Expected, running
from ..formulas import Case, Formula
from ..formulas.axes import summed
from ..formulas.forms import admitted, each_rounded
from .blocks import converted
from .lock import alone
from .precise_values import exactly as exactly
from .precise_values import precisely

# A ratio that is no farther from 1 is decided by balls.
NEAR = 1e-6


def expect(
    call: Case, dtype: np.dtype[Any], subnormals: str = "gradual", precision: str = "full", opening: bool = False
) -> dict[str, Expected]:
    """What each result should be: below float64 from the float64 run, in float64 from the exact one."""
    declared = numerics(precision).in_dtype(dtype, call.formula.products)
    usual = () if call.formula.is_own else OF_ANYBODY.get(dtype.name, ())
    flush, brought = subnormals == "flush", usual + call.accuracy
    model = MODELS[dtype.name]._replace(flush=flush, brought=brought, tells_exact=not call.formula.is_own, **declared)
    expected = bounded_run(call, dtype, model, opening)
    return precisely(expected, call, dtype) if any(map(is_float64, expected.values())) else expected


def bounded_run(call: Case, dtype: np.dtype[Any], model: Model, opening: bool = False) -> dict[str, Expected]:
    """The values in float64, and the largest of the running bounds of the reference and its admitted forms.

    With `opening`, what a form makes anything of whose operations are each rounded has an infinite bound.
    """
    formula = call.formula
    if call.steps and formula.over_steps:
        return dict(formula.over_steps(call, dtype, model))
    each = each_rounded(formula, dtype) if opening else {}
    others = [form for name, form in admitted(formula, dtype).items() if name not in each]
    return running(call, dtype, model, [formula.function, *others], each.values())


def is_float64(expected: Expected) -> bool:
    """Whether a result has the format of the run itself: an array of float64, alone or beside others, makes it so."""
    return expected.dtype == np.float64


def keeps_integers(formula: Formula, dtype: np.dtype[Any], precision: str) -> bool:
    """Whether sums of products of integers are exact in what a subject declares."""
    return numerics(precision).is_full or not has_classes(formula, dtype)


def has_classes(formula: Formula, dtype: np.dtype[Any]) -> bool:
    """Whether the products of a formula may be declared to be of a coarser numerics class."""
    return formula.products and dtype == np.float32


def may_be_nan(call: Case, name: str, precision: str = "full") -> bool:
    """Whether infinity may come out as NaN in the result `name`, since it is subtracted from itself.

    A compensated sum (Kahan's) of several products does that, and so does splitting a factor into parts.
    """
    if not (call.formula.products or call.formula.compensated):
        return False
    return not numerics(precision).is_full or summed(call.formula, call, name) > 1


def ratios(output: np.ndarray, expected: Expected, nan_for_infinity: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Error / bound, and the error, for each element; special values are compared exactly (infinite or 0).

    An element with an infinite bound is one that nobody judges.
    """
    with np.errstate(all="ignore"):
        got = output.astype(np.float64)
        error = np.abs((got - expected.value) - expected.remainder)
        ratio = np.where(error == 0, 0.0, error / expected.bound)
        if not np.isfinite(error).all():  # as where the value or what came out is special
            special = ~np.isfinite(expected.value) | ~np.isfinite(got)
            admits_nan = ~np.isfinite(expected.value) if nan_for_infinity else np.isnan(expected.value)
            same = (got == expected.value) | (np.isnan(got) & admits_nan)
            error = np.where(special, np.where(same, 0.0, np.inf), error)
            ratio = np.where(special, error, ratio)
        is_open = np.isinf(expected.bound)
        if not np.any(is_open):
            return ratio, error
        return np.where(is_open, 0.0, ratio), np.where(is_open, 0.0, error)


def settled(
    output: np.ndarray, expected: Expected, call: Case, name: str, admits_nan: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The ratios of a result and its errors; where one is so near to 1 that a run in float64 may be wrong, by balls."""
    ratio, error = ratios(output, expected, admits_nan)
    near = np.abs(ratio - 1) < NEAR
    if expected.certain or not np.any(near):
        return ratio, error
    value, remainder, bound = map(to_numpy, expected[:3])
    host = call._replace(arguments=converted(call.arguments, to_numpy))
    exact = alone(exactly)({name: Expected(value, remainder, bound, expected.dtype)}, host, expected.dtype)[name]
    return ratios(to_numpy(output), exact, admits_nan)
