"""Functions of two numbers."""

from typing import Any

import numpy as np
from flint import arb

from . import bounded, bounded_functions, exact
from .bounded import Bounded
from .exact import Exact
from .first_order import Followed
from .functions import abs as absolute
from .functions import assumed, exp, far, log1p, overflowing
from .kinds import is_real, lifted, scalar, together
from .operand_errors import finite
from .rounding import Model
from .slopes import as_one, follows, larger
from .slopes import power as power_followed
from .specials import settled

Array = Any
Number = Any

# In ulp of float32 and float64; the sources are in `SOURCES`.
POW_ULP, HYPOT_ULP, ATAN2_ULP = (9, 4), (4, 3), (4, 3)
LARGEST_POWER = 16  # whole exponents up to it may be computed by products


def add(a: Array, b: Array, /) -> Array:
    return a + b


def subtract(a: Array, b: Array, /) -> Array:
    return a - b


def multiply(a: Array, b: Array, /) -> Array:
    return a * b


def divide(a: Array, b: Array, /) -> Array:
    return a / b


@follows(larger)
def maximum(a: Array, b: Array, /) -> Array:
    """No rounding. Where the intervals are apart, the larger one's error; else the larger error."""
    if not is_real(lifted(a)) and not is_real(lifted(b)):
        return np.maximum(a, b)
    a, b = together(a, b)
    if isinstance(a, Exact):
        return Exact(exact.larger(a.balls, b.balls), a.dtype)
    x, e, y, f = a.value, a.error, b.value, b.error
    with np.errstate(invalid="ignore"):
        error = np.where(x - y > e + f, e, np.where(y - x > e + f, f, np.maximum(e, f)))
    error = np.where(np.isinf(e) | np.isinf(f), np.inf, error)
    sign = a.nonnegative or b.nonnegative
    return Bounded(np.maximum(x, y), error / bounded.INFLATION, a.model, a.dtype, sign)


def minimum(a: Array, b: Array, /) -> Array:
    if not is_real(lifted(a)) and not is_real(lifted(b)):
        return np.minimum(a, b)
    a, b = together(a, b)
    found = -maximum(-a, -b)
    if isinstance(found, Bounded):
        found.sign = bounded.nonnegative(a, b)
    return found


def clip(x: Array, /, min: Any = None, max: Any = None) -> Array:  # noqa: A002
    x = x if min is None else maximum(x, min)
    return x if max is None else minimum(x, max)


def pow(a: Array, b: Array, /) -> Array:  # noqa: A001
    """A small whole exponent: by products and a division, or by the library. Else exp(b log a), by the library."""
    whole = scalar(b)
    if isinstance(a, Exact) or isinstance(b, Exact):
        a, b = together(a, b)
        integer = whole is not None and whole.is_integer()
        return Exact(a.balls ** (int(whole) if integer else b.balls), a.dtype)  # type: ignore[arg-type]
    a = lifted(a)
    if whole is not None and isinstance(a, Bounded) and whole.is_integer() and -LARGEST_POWER <= whole <= LARGEST_POWER:
        return power(a, int(whole))
    return general_power(*together(a, b))


@follows(power_followed)
def power(a: Bounded, n: int) -> Bounded:
    """a^n for a small whole n."""
    model, size = a.model, np.abs(a.value)
    if n == 0:
        return bounded_functions.ones_like(a)
    with np.errstate(all="ignore"):
        y = a.value ** float(n)
        steepest = far(size, a.error) if n > 0 else size - a.error
        inherited = np.where(steepest > 0, np.abs(n) * a.error * steepest ** float(n - 1), np.inf)
        inherited = np.where(a.error == 0, 0.0, inherited)
        # A division may come last, or first: the reciprocal is then multiplied |n| times.
        products = model.gamma(np.abs(n) - 1 + max(model.division, -n) * (n < 0))
        relative = products if n in (1, 2) else max(products, 2 * accuracy("pow", model) * model.unit)
        steps = np.abs(n) - 1 + (n < 0)
        underflow = steps * model.underflow * np.maximum(1, far(size, a.error)) ** max(n - 1, 0)
        error = inherited + relative * (finite(np.abs(y)) + inherited) + finite(underflow)
        if n < 0:  # a power that underflows has lost its digits before the division, and one that overflows gives 0
            error = np.where(np.abs(y) > model.largest / 8, np.inf, error + np.where(
                np.abs(y) < 8 * model.smallest_normal, model.smallest_normal, 0))  # fmt: skip
        error = settled(lambda base: base ** float(n), y, error, model.unit, (a.value, a.error))
    return overflowing(Bounded(y, error, model, a.dtype, nonnegative=n % 2 == 0))


def general_power(a: Bounded, b: Bounded) -> Bounded:
    model, x, e, y, f = bounded.operands(a, b)
    with np.errstate(all="ignore"):
        r, size = np.power(x, y), np.abs(x)
        of_log = np.where(e < size, -np.log1p(-e / size), np.inf)
        argument = finite_product(np.abs(y) + f, of_log) + finite_product(f, np.abs(np.log(size)) + of_log)
        inherited = np.where((size == 0) & (e == 0) & (y - f > 0), 0.0, finite_product(np.abs(r), np.expm1(argument)))
        inherited = np.where((e == 0) & (f == 0), 0.0, np.nan_to_num(inherited, nan=np.inf, posinf=np.inf))
        error = inherited + 2 * accuracy("pow", model) * model.unit * (finite(np.abs(r)) + inherited) + model.underflow
        error = settled(np.power, r, error, model.unit, (x, e), (y, f))
        error = np.where((x < 0) & (f > 0), np.inf, error)  # the exponent may be whole or not
    known = ((y == 0) & (f == 0)) | ((x == 1) & (e == 0))
    return overflowing(Bounded(r, np.where(known, 0.0, error), model, a.dtype))


def finite_product(a: Number, b: Number) -> Number:
    """A product in which 0 times infinity is 0."""
    return np.where((a == 0) | (b == 0), 0.0, a * b)


def hypot(a: Array, b: Array, /) -> Array:
    """The distance to (a, b) changes by no more than the distance that (a, b) moves."""
    a, b = together(a, b)
    if isinstance(a, Exact):
        return exact.sqrt(a * a + b * b)
    model, x, e, y, f = bounded.operands(a, b)
    return library(np.hypot(x, y), np.hypot(e, f), "hypot", model, a.dtype)


def atan2(a: Array, b: Array, /) -> Array:
    """Where a point moves by d at the distance r, its angle changes by asin(d / r), or jumps at the negative axis."""
    a, b = together(a, b)
    if isinstance(a, Exact):
        return Exact(np.frompyfunc(arb.atan2, 2, 1)(a.balls, b.balls), a.dtype)
    model, x, e, y, f = bounded.operands(a, b)
    with np.errstate(all="ignore"):
        moved, distance = np.hypot(e, f), np.hypot(x, y)
        error = np.where(moved < distance, np.arcsin(np.minimum(moved / distance, 1)), np.pi)
        error = np.where(moved == 0, 0.0, np.where((np.abs(x) <= e) & (y - f < 0), 2 * np.pi, error))
        error = np.where(np.isinf(moved), np.inf, error)
    return library(np.arctan2(x, y), error, "atan2", model, a.dtype)


def library(y: Number, inherited: Number, name: str, model: Any, dtype: Any) -> Bounded:
    """A library function of two numbers, as accurate as the table says."""
    error = inherited + 2 * accuracy(name, model) * model.unit * (finite(np.abs(y)) + inherited) + model.underflow
    return overflowing(Bounded(y, error, model, dtype))


def accuracy(name: str, model: Model) -> float:
    """The accuracy of a library function of two numbers, in ulp."""
    return model.accuracy(name, assumed(SOURCES[name][0], model))


def logaddexp(a: Array, b: Array, /) -> Array:
    """As NumPy, PyTorch and JAX do it: max(a, b) + log1p(exp(-|a - b|))."""
    a, b = together(a, b)
    y = maximum(a, b) + log1p(exp(-absolute(a - b)))
    if isinstance(y, Exact):
        return y
    with np.errstate(invalid="ignore"):
        return Bounded(np.logaddexp(a.value, b.value), y.error / bounded.INFLATION, y.model, y.dtype)


def softplus_as_one(y: Bounded, x: Followed) -> Bounded:
    """Its own errors are at most twice those at an end of the argument's; its second derivative is at most 1 / 4."""
    ends = [softplus(Bounded(x.value + s * x.error, 0, x.model, x.dtype)).error for s in (-1, 1)]
    slope = 1 / (1 + np.exp(-x.value))
    local = 2 * np.maximum(*ends) + x.error**2 / 8
    return as_one(y, x, local, lambda g: g * slope[..., None])


@follows(softplus_as_one)
def softplus(x: Array, /) -> Array:
    """As `logaddexp` of x and 0, or log1p(exp(x)), where that does not overflow: the larger bound."""
    found, other = logaddexp(x, 0), log1p(exp(x))
    if not isinstance(found, Bounded):
        return found
    other_error = np.where(np.isfinite(other.value) & np.isfinite(other.error), other.error, 0.0)
    error = np.maximum(found.error, other_error) / bounded.INFLATION
    return Bounded(found.value, error, found.model, found.dtype, nonnegative=True)


# What the accuracies of this module rest on.
SOURCES = {
    "pow": (POW_ULP, "found 1.0, 0.6, 0.5; CUDA 8"),
    "hypot": (HYPOT_ULP, "found 0.5, 0.5, 2.0; CUDA 3"),
    "atan2": (ATAN2_ULP, "found 3.3, 0.9, 1.5; CUDA 3"),
}
