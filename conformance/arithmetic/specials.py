"""Whether a result that is infinite or NaN is certain: its error is 0 where it is, else infinite.

The run in float64 may hit a pole exactly that correct arithmetic misses, as of 1 / (10 x - y) at x = 0.1 and y = 1.
"""

import operator
from collections.abc import Callable
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

Number = Any


def settled(
    function: Callable[..., Number], value: Number, error: Number, unit: float, *operands: tuple[Number, Number]
) -> Number:
    """`error`, but for special results of a function of operands with errors, which rises or falls in each.

    Such a result is certain where it is the same at all ends of its operands. The ends are a few roundings further
    away, so that one that only just overflows is not. What is made of a NaN that is certain is certain too.
    """
    if all_finite(value):
        return error
    special = ~np.isfinite(value)
    reach = [e + 4 * unit * np.where(np.isfinite(x), np.abs(x), 0.0) for x, e in operands]
    ends = ((x - r, x + r) for (x, _), r in zip(operands, reach, strict=True))
    certain = reduce(operator.and_, (same(function(*corner), value) for corner in product(*ends)))
    for _, e in operands:
        certain = certain & np.isfinite(e)
    for x, e in operands:
        certain = certain | (np.isnan(x) & (e == 0))
    return np.where(special, np.where(certain, 0.0, np.inf), error)


def all_finite(values: Number) -> bool:
    """Whether none is infinite or NaN."""
    return all_true(np.isfinite(values))


def all_true(mask: Any) -> bool:
    """Whether a mask is true everywhere: to count takes NumPy a fifth of the time."""
    if type(mask) is np.ndarray:
        return bool(np.count_nonzero(mask) == mask.size)
    return bool(mask if type(mask) is np.bool_ else np.all(mask))


def any_true(mask: Any) -> bool:
    """Whether a mask is true anywhere."""
    if type(mask) is np.ndarray:
        return bool(np.count_nonzero(mask) > 0)
    return bool(mask if type(mask) is np.bool_ else np.any(mask))


def same(a: Number, b: Number) -> Number:
    """Whether two numbers are equal, or both NaN."""
    return (a == b) | (np.isnan(a) & np.isnan(b))


def unsure(value: Number, error: Number) -> Number:
    """Where a number may be 0, or of either sign: by an infinite number it may be NaN, or infinite of either sign."""
    return (np.abs(value) <= error) & (error > 0)


def of_sum(value: Number, error: Number, sizes: Number, largest: float, known: Number) -> Number:
    """`error`, but for special sums: these are certain where they are known, or the finite terms cannot overflow."""
    if all_finite(value):
        return error
    certain = known | (sizes + error <= largest)
    return np.where(np.isfinite(value), error, np.where(certain, 0.0, np.inf))


def overflows(summed: Callable[..., Number], sizes: Number, largest: float, *operands: tuple[Number, Number]) -> Number:
    """Where a sum, of numbers or of products, overflows float64 itself in every order, since no terms cancel."""
    if all_finite(sizes):
        return np.False_
    scale, limit = 2.0**-600, largest
    for _ in operands:
        limit *= scale
    value = np.abs(summed(*(x * scale for x, _ in operands)))
    sizes = summed(*(np.abs(x) * scale for x, _ in operands))
    reach = summed(*((np.abs(x) + e) * scale for x, e in operands))
    # One part in a million is more than what the roundings of any sum in float64 make of it.
    return np.isfinite(reach) & (value - (reach - sizes) > limit * (1 + 1e-6)) & (sizes <= value * (1 + 1e-7))


def of_products(
    summed: Callable[[Number, Number], Number], a: Number, e: Number, b: Number, f: Number
) -> tuple[Number, Number]:
    """Where a sum of products has a factor that is certainly NaN, and where one that is infinite by an unsure one."""

    def meet(left: Number, right: Number) -> Number:
        masks = (np.broadcast_to(mask, np.shape(x)).astype(float) for mask, x in ((left, a), (right, b)))
        return summed(*masks) > 0

    everywhere = np.True_
    nan = meet(np.isnan(a) & (e == 0), everywhere) | meet(everywhere, np.isnan(b) & (f == 0))
    return nan, meet(~np.isfinite(a), unsure(b, f)) | meet(unsure(a, e), ~np.isfinite(b))
