"""Comparisons, choices and steps: what rounding errors may change is said to be undecided, or covered by the bound."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from . import bounded, exact
from .bounded import Bounded
from .discrete import Discrete, discrete, parts
from .exact import Exact, is_nan
from .kinds import core, is_real, lifted, scalar, together
from .slopes import either, follows
from .specials import same, settled

Array = Any
Number = Any
INFINITY: Any = arb("inf")
NAN: Any = arb("nan")


def less(a: Array, b: Array, /) -> Any:
    return a < b


def less_equal(a: Array, b: Array, /) -> Any:
    return a <= b


def greater(a: Array, b: Array, /) -> Any:
    return a > b


def greater_equal(a: Array, b: Array, /) -> Any:
    return a >= b


def equal(a: Array, b: Array, /) -> Any:
    return a == b


def not_equal(a: Array, b: Array, /) -> Any:
    return logical_not(a == b)


def logical_and(a: Array, b: Array, /) -> Any:
    return truth(a) & truth(b)


def logical_or(a: Array, b: Array, /) -> Any:
    return truth(a) | truth(b)


def logical_xor(a: Array, b: Array, /) -> Any:
    return truth(a) ^ truth(b)


def logical_not(a: Array, /) -> Any:
    return ~truth(a)


def truth(x: Any) -> Any:
    """A mask: of numbers, whether they are not 0."""
    if is_real(lifted(x)):
        return not_equal(lifted(x), 0)
    return x if isinstance(x, Discrete) else np.asarray(x, np.bool_)


def all(x: Any, /, *, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A001
    return logical_not(any(logical_not(x), axis=axis, keepdims=keepdims))


def any(x: Any, /, *, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A001
    """Certain where one is certainly true, or all are certain."""
    value, sure = parts(truth(x))
    sure = np.broadcast_to(sure, value.shape)
    certain = np.any(value & sure, axis=axis, keepdims=keepdims) | np.all(sure, axis=axis, keepdims=keepdims)
    return discrete(np.any(value, axis=axis, keepdims=keepdims), certain)


def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: Any = False) -> Any:
    value, sure = parts(truth(x))
    count = np.asarray(np.count_nonzero(value, axis=axis, keepdims=keepdims))
    return discrete(count, np.all(np.broadcast_to(sure, value.shape), axis=axis, keepdims=keepdims))


@follows(either)
def where(condition: Any, a: Any, b: Any, /) -> Any:
    """The hull of both where the condition is undecided."""
    pick, sure = parts(condition)
    a, b = together(a, b) if isinstance(a, Exact) or isinstance(b, Exact) else (lifted(a), lifted(b))
    if not is_real(a) and not is_real(b):
        (x, s), (y, t) = parts(a), parts(b)
        return discrete(np.where(pick, x, y), sure & np.where(pick, s, t))
    if np.all(sure) and is_real(b):
        return core(b).where(pick, a, b)
    if np.all(sure) and scalar(b) is not None:
        return core(a).where(~np.asarray(pick, np.bool_), b, a)
    a, b = together(a, b)
    if isinstance(a, Exact):
        return Exact(np.where(sure, np.where(pick, a.balls, b.balls), exact.union(a.balls, b.balls)), a.dtype)
    value, error = np.where(pick, a.value, b.value), np.where(pick, a.error, b.error)
    other, off = np.where(pick, b.value, a.value), np.where(pick, b.error, a.error)
    value, error = hull(value, error, other, off, ~np.broadcast_to(sure, value.shape))
    return Bounded(value, error / bounded.INFLATION, a.model, a.dtype, bounded.nonnegative(a, b))


def hull(value: Number, error: Number, other: Number, off: Number, unsure: Number) -> tuple[Number, Number]:
    """`value` with an error that reaches over `other` too, where unsure; infinite where either is infinite or NaN."""
    with np.errstate(invalid="ignore"):
        reach = np.maximum(error, np.abs(other - value) + off)
    same = (value == other) | (np.isnan(value) & np.isnan(other))
    special = unsure & ~same & ~(np.isfinite(value) & np.isfinite(other))
    error = np.where(unsure, np.where(same, np.maximum(error, off), reach), error)
    return np.where(special, 0.0, value), np.where(special, np.inf, error)


def step(function: Callable[[Number], Number], of_ball: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """A function that rises in steps: the bound reaches over what both ends of the interval give."""
    union = np.frompyfunc(lambda ball: arb.union(of_ball(ball.lower()), of_ball(ball.upper())), 1, 1)

    def stepped(x: Array, /) -> Array:
        x = lifted(x)
        if isinstance(x, Exact):
            return Exact(union(x.balls), x.dtype)
        if not isinstance(x, Bounded):
            return function(x)
        with np.errstate(invalid="ignore"):
            off = x.deciding
            y, low, high = (function(each) for each in (x.value, x.value - off, x.value + off))
            error = np.where(np.isinf(off), np.inf, np.maximum(high - y, y - low))
            error = settled(function, y, error, 0.0, (x.value, off))
        return Bounded(y, error, x.model, x.dtype)

    return stepped


def to_even(end: Any) -> Any:
    """A number without a radius rounded to the nearest integer, ties to even."""
    above = (end + arb(0.5)).floor()
    return above - 1 if above - end == 0.5 and (above / 2).floor() * 2 != above else above


floor = step(np.floor, arb.floor)
ceil = step(np.ceil, arb.ceil)
trunc = step(np.trunc, lambda end: end.floor() if end >= 0 else end.ceil())
round = step(np.round, to_even)  # noqa: A001
sign = step(np.sign, lambda end: end if end.is_nan() else end.sgn())


def floor_divide(a: Array, b: Array, /) -> Array:
    return floor(a / b)


def remainder(a: Array, b: Array, /) -> Array:
    return a - floor(a / b) * b


def isnan(x: Array, /) -> Any:
    return classified(np.isnan, x)


def isinf(x: Array, /) -> Any:
    return classified(np.isinf, x)


def isfinite(x: Array, /) -> Any:
    return classified(np.isfinite, x)


def classified(function: Callable[[Number], Number], x: Array) -> Any:
    """Special values are decided by the run in float64, but where the bound is infinite."""
    if isinstance(x, Exact):
        return function(np.asarray(np.frompyfunc(lambda ball: float(ball.mid()), 1, 1)(x.balls), np.float64))
    return discrete(function(x.value), np.isfinite(x.error)) if isinstance(x, Bounded) else function(x)


def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """Certain where one candidate is left, or all of them are exact: then the first is it, as the standard says."""
    value, error = ends(lifted(x))
    candidate = value + error >= np.max(value - error, axis=axis, keepdims=True)
    alone = np.sum(candidate, axis=axis, keepdims=keepdims) <= 1
    known = np.max(np.where(candidate, error, 0), axis=axis, keepdims=keepdims) == 0
    special = np.any(np.isnan(value), axis=axis, keepdims=keepdims)  # the first NaN, unless one may be hidden
    hidden = np.any(np.isinf(error), axis=axis, keepdims=keepdims)
    return discrete(np.argmax(value, axis=axis, keepdims=keepdims), (alone | known | special) & ~hidden)


def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    return argmax(-x, axis=axis, keepdims=keepdims)


def sort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The k-th number rises with each of them, so it lies between the k-th of the lower and of the upper ends."""
    x = lifted(x)
    if isinstance(x, Exact):
        nan = np.asarray(is_nan(x.balls), np.bool_)  # they are last, and smaller than nothing
        ends: Any = (np.frompyfunc(end, 1, 1)(x.balls) for end in (arb.lower, arb.upper))
        low, high = (np.where(nan, INFINITY, each) for each in ends)
        united = exact.union(np.sort(low, axis), np.sort(high, axis))
        found: Array = Exact(np.where(np.sort(nan, axis), NAN, united), x.dtype)
    elif isinstance(x, Bounded):
        value, low, high = (np.sort(each, axis) for each in (x.value, x.value - x.error, x.value + x.error))
        with np.errstate(invalid="ignore"):
            error = np.nan_to_num(np.maximum(high - value, value - low), nan=np.inf)
        error = np.where(np.isfinite(value), error, np.where(same(low, high) & same(low, value), 0.0, np.inf))
        found = Bounded(value, error, x.model, x.dtype)
    else:
        found = np.sort(x, axis)
    return found[tuple([slice(None)] * (axis % x.ndim) + [slice(None, None, -1)])] if descending else found


def argsort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Certain where all before are below and all after are above; exact rows are sorted as they are, ties in order."""
    value, error = ends(lifted(x))
    order = np.argsort(-value if descending else value, axis, kind="stable")
    v, e = (np.moveaxis(np.take_along_axis(each, order, axis), axis, -1) for each in (value, error))
    low, high = (v - e, v + e) if not descending else (-v - e, -v + e)
    before, after = (
        np.maximum.accumulate(high, -1)[..., :-1],
        np.flip(np.minimum.accumulate(np.flip(low, -1), -1), -1)[..., 1:],
    )
    apart = (after > before) | (np.max(e, -1, keepdims=True, initial=0) == 0)
    edge = np.ones((*v.shape[:-1], 1), np.bool_)
    sure = np.concatenate([edge, apart], -1) & np.concatenate([apart, edge], -1)
    return discrete(order, np.moveaxis(sure, -1, axis))


def ends(x: Array) -> tuple[Number, Number]:
    """Middle and radius."""
    if isinstance(x, Exact):
        middle, radius = (np.asarray(np.frompyfunc(lambda b, f=f: float(f(b)), 1, 1)(x.balls), np.float64)
                          for f in (arb.mid, arb.rad))  # fmt: skip
        return middle, np.where(radius > 0, radius + np.abs(middle) * 2.0**-52, 0)
    return (x.value, x.error) if isinstance(x, Bounded) else (np.asarray(x), np.zeros(np.shape(x)))
