"""The functions of bounded arrays: their Array API namespace, as far as the formulas need one.

A reference function that is given bounded arrays returns its own tolerance. What is exactly 0 rounds nothing: 0 w = 0
and 0 + s = s in every order.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import bounded
from .bounded import Bounded, Number, dtype_beside, model_of, nonnegative, operands, rounded
from .discrete import parts
from .operand_errors import coarse, counts, finite
from .rounding import finfo as finfo
from .rounding import isdtype as isdtype
from .rounding import promoted, stricter
from .specials import all_finite, all_true, any_true, of_products, of_sum, overflows, settled

float32, float64 = np.dtype("float32"), np.dtype("float64")
# Of integer labels, which stay NumPy's.
any, arange = np.any, np.arange  # noqa: A001
__array_namespace_info__ = np.__array_namespace_info__


def sum(x: Bounded, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    summed, model = functools.partial(np.sum, axis=axis, keepdims=keepdims), x.model
    count = summed(counts(x.value, x.error))
    value, error, sizes = summed(x.value), summed(x.error), summed(finite(np.abs(x.value)))
    additions = np.maximum(count - 1, 0)
    own = model.gamma_of_sum(additions) * (sizes + error) + additions * model.flushed
    known: Number = np.False_
    if not all_finite(value):
        nan = np.any(np.isnan(x.value) & (x.error == 0), axis=axis, keepdims=keepdims)
        known = nan | overflows(summed, sizes, model.largest, (x.value, x.error))
    return accumulated(value, error + own, sizes, x, nonnegative(x), known)


def accumulated(
    value: Number, error: Number, sizes: Number, x: Bounded, nonnegative: bool, known: Number = np.False_
) -> Bounded:
    """A sum whose finite terms are `sizes` in absolute value: rounded to the format, where the accumulator is wider."""
    error, roundings = of_sum(value, error, sizes, x.model.largest_sum, known), 1 if x.model.accumulator else 0
    return rounded(value, error, x.model, x.dtype, roundings, partial=sizes, nonnegative=nonnegative)


def matmul(a: Bounded, b: Bounded, /) -> Bounded:
    length, counted = a.shape[-1], [counts(x.value, x.error) for x in (a, b)]
    if all(map(all_true, counted)):
        return sum_of_products(np.matmul, a, b, length, length)
    count = np.matmul(*(each.astype(np.float64) for each in counted))
    return sum_of_products(np.matmul, a, b, count, length)


def sum_of_products(
    summed: Callable[[Number, Number], Number], a: Bounded, b: Bounded, terms: Number, length: int
) -> Bounded:
    """Sums of `length` products of elements of a and of b, of which so many terms are other than 0: `summed` runs on
    the values, and on absolute values for the bound (Higham 2002, section 3.5).
    """
    model, absolute_a, absolute_b = a.model, finite(np.abs(a.value)), finite(np.abs(b.value))
    e, f = coarse(a.value, a.error, model), coarse(b.value, b.error, model)
    error: Number = summed(e, absolute_b) if any_true(e) else 0.0
    if any_true(f):
        error = error + summed(absolute_a, f) + summed(e, f)
    sizes, gamma = summed(absolute_a, absolute_b), model.gamma_of_products(terms, length)
    own = gamma * (sizes + error) + (1 + gamma) * terms * (model.underflow + model.flushed)
    value, total, known = summed(a.value, b.value), error + own, np.False_
    if not all_finite(value):
        nan, doubt = of_products(summed, a.value, a.error, b.value, b.error)
        known = nan | overflows(summed, sizes, model.largest, (a.value, a.error), (b.value, b.error))
        total = np.where(doubt, np.inf, total)
    return accumulated(value, total, sizes, a, nonnegative(a, b), known)


def max(x: Bounded, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    value, error = (np.max(each, axis=axis, keepdims=keepdims) for each in (x.value, x.error))
    return Bounded(value, error / bounded.INFLATION, x.model, x.dtype, x.nonnegative)


def where(condition: Any, a: Number, b: Bounded, /) -> Bounded:
    """One of two branches; where errors may turn the condition, the bound covers both."""
    model, b_value, b_error, a_value, a_error = operands(b, a)
    chosen, sure = parts(condition)
    value: Number = np.where(chosen, a_value, b_value)
    error: Number = np.where(chosen, a_error, b_error)
    if not all_true(sure):
        other, off = np.where(chosen, b_value, a_value), np.where(chosen, b_error, a_error)
        same = (other == value) | (np.isnan(other) & np.isnan(value))
        error = np.where(sure, error, np.maximum(error, np.where(same, 0.0, np.abs(other - value)) + off))
        # A special value in one branch alone cannot be judged: a number stands for it whose bound is infinite.
        special = ~sure & ~same & ~(np.isfinite(value) & np.isfinite(other))
        value, error = np.where(special, 0.0, value), np.where(special, np.inf, error)
    return Bounded(value, error, model, dtype_beside(b, a), nonnegative(a, b))


def astype(x: Bounded, dtype: Any, /) -> Bounded:
    """Another format: exact in a wider one, one rounding in a narrower."""
    if not isinstance(x, Bounded):
        return np.astype(np.asarray(x), dtype)
    if x.dtype == dtype:
        return x
    model = model_of(dtype, x.model)
    if not isdtype(x.dtype, "real floating") or dtype.itemsize > x.dtype.itemsize:
        return Bounded(x.value, x.error / bounded.INFLATION, model, dtype, x.nonnegative)
    zero = (x.value == 0) & (x.error == 0)
    underflow = np.where(zero, 0, model.underflow)
    return rounded(x.value, x.error, model, dtype, underflow=underflow, nonnegative=x.nonnegative)


def concat(arrays: list[Bounded], /, *, axis: int = 0) -> Bounded:
    value, error = (np.concatenate([getattr(x, name) for x in arrays], axis) for name in ("value", "error"))
    model = functools.reduce(stricter, (x.model for x in arrays))
    dtype = functools.reduce(promoted, (x.dtype for x in arrays))
    return Bounded(value, error / bounded.INFLATION, model, dtype, nonnegative(*arrays))


def reshape(x: Bounded, shape: tuple[int, ...], /) -> Bounded:
    return x.mapped(lambda each: each.reshape(shape))


def matrix_transpose(x: Bounded, /) -> Bounded:
    return x.mapped(np.matrix_transpose)


def take_along_axis(x: Bounded, indices: Any, /, *, axis: int = -1) -> Bounded:
    return x.mapped(lambda each: np.take_along_axis(each, indices, axis))


def squeeze(x: Bounded, /, axis: int) -> Bounded:
    return x.mapped(lambda each: np.squeeze(each, axis))


def expand_dims(x: Any, /, *, axis: int) -> Any:
    if not isinstance(x, Bounded):
        return np.expand_dims(x, axis)  # labels
    return x.mapped(lambda each: np.expand_dims(each, axis))


def zeros_like(x: Bounded, /) -> Bounded:
    return Bounded(np.zeros(x.shape), 0, x.model, x.dtype)


def ones_like(x: Bounded, /) -> Bounded:
    return Bounded(np.ones(x.shape), 0, x.model, x.dtype)


def exp(x: Bounded, /) -> Bounded:
    y = np.exp(x.value)
    # GPUs take exp2 of a scaled argument, which is the argument as it is, its own error included.
    argument = x.error + 2 * x.model.inner_unit * (finite(np.abs(x.value)) + x.error)
    lost = x.model.smallest_normal if x.model.flushes else x.model.accuracy("exp") * x.model.smallest_subnormal
    underflow = np.where(y < 4 * x.model.smallest_normal, lost, 0)
    error = np.where(argument < 1, y * np.expm1(argument), np.exp(x.value + argument))
    underflow = np.where(x.value > -np.inf, underflow, 0)
    error = settled(np.exp, y, error, x.model.unit, (x.value, x.error))
    return elementary(x, y, error, x.model.accuracy("exp"), underflow, nonnegative=True)


def expm1(x: Bounded, /) -> Bounded:
    y, error = np.expm1(x.value), np.exp(x.value) * np.expm1(x.error)
    error = settled(np.expm1, y, error, x.model.unit, (x.value, x.error))
    return elementary(x, y, error, x.model.accuracy("expm1"), x.model.underflow)


def log(x: Bounded, /) -> Bounded:
    y, error = np.log(x.value), np.where(x.error < x.value, -np.log1p(-x.error / x.value), np.inf)
    error = settled(np.log, y, error, x.model.unit, (x.value, x.error))
    return elementary(x, y, error, x.model.accuracy("log"), 0, exact_at=1)


def sqrt(x: Bounded, /) -> Bounded:
    y, least = np.sqrt(x.value), np.sqrt(np.maximum(x.value - x.error, 0))
    error = np.where(x.error < x.value, x.error / (y + least), np.sqrt(np.maximum(x.value, 0) + x.error))
    if not x.nonnegative:  # the root of what may be negative may be NaN
        error = np.where(x.value < x.error, np.inf, error)
    error = settled(np.sqrt, y, error, x.model.unit, (x.value, x.error))
    return elementary(x, y, error, x.model.accuracy("sqrt"), x.model.flushed, nonnegative=True)


def elementary(
    x: Bounded,
    y: Number,
    error: Number,
    accuracy: float,
    underflow: Number,
    exact_at: float = 0.0,
    nonnegative: bool = False,
) -> Bounded:
    """A library function, good to `accuracy` ulp; exp(0), expm1(0), log(1) and sqrt(0) are exact."""
    charged = error + 2 * accuracy * x.model.unit * (np.abs(y) + error) + underflow
    error = np.where(np.isfinite(y), charged, error)  # special results are `settled` before
    error = np.where((x.value == exact_at) & (x.error == 0), 0.0, error)
    return Bounded(y, error, x.model, x.dtype, nonnegative)
