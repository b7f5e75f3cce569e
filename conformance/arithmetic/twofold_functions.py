"""The functions of twofold arrays: their Array API namespace, as far as the formulas need one.

A function that is missing here has no radius; docs/twofold.md derives those of the others.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import flint
import numpy as np
from flint import arb

from . import doublewords
from .doublewords import fast_two_sum, two_square, two_sum
from .rounding import finfo as finfo
from .rounding import isdtype as isdtype
from .twofold import INFLATION, TINY, UU, Number, Twofold, absent, is_zero, of

float32, float64 = np.dtype("float32"), np.dtype("float64")
# Of integer labels, which stay NumPy's.
any, arange = np.any, np.arange  # noqa: A001
__array_namespace_info__ = np.__array_namespace_info__
SCALAR_BITS = 200


class NoRadiusError(AttributeError):
    """A function that has no radius."""


def __getattr__(name: str) -> Any:
    raise NoRadiusError(name)


def sum(  # noqa: A001
    x: Twofold, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Twofold:
    """By halves: a level loses at most 3 u^2 of the sum of all absolute values, and a last odd term counts as one."""
    moved = x.mapped(np.ravel if axis is None else partial(with_last, axis))
    h, e, n, levels = moved.hi, moved.lo, moved.shape[-1], 0
    while h.shape[-1] > 1:
        half, odd = h.shape[-1] // 2, h.shape[-1] % 2
        s, f = halves_added(h[..., :half], h[..., half : 2 * half], *(
            (0.0, 0.0) if absent(e) else (e[..., :half], e[..., half : 2 * half])))  # fmt: skip
        if odd:
            last = 0.0 if absent(e) else e[..., -1]
            s[..., 0], f[..., 0] = halves_added(s[..., 0], h[..., -1], f[..., 0], last)
        h, e, levels = s, f, levels + 1 + odd
    radii = 0.0 if absent(moved.rad) else np.sum(moved.rad, axis=-1)
    size = np.sum(np.abs(moved.hi), axis=-1)
    rad = (radii + size * (4 * UU * levels)) * (INFLATION + n * 2.0**-52)
    total = np.zeros(h.shape[:-1]), np.zeros(h.shape[:-1])
    if n:
        total = h[..., 0], np.zeros(h.shape[:-1]) if absent(e) else e[..., 0]
    found = Twofold(*total, rad, x.dtype)
    if not keepdims:
        return found
    return found.mapped(lambda each: each.reshape((1,) * x.ndim) if axis is None else np.expand_dims(each, axis))


def with_last(axis: int | tuple[int, ...], array: Any) -> Any:
    """An array with an axis moved to the end, or several made one there."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    array = np.moveaxis(array, axes, range(-len(axes), 0))
    kept = array.ndim - len(axes)
    return array.reshape((*array.shape[:kept], math.prod(array.shape[kept:]))) if len(axes) > 1 else array


def mean(x: Twofold, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Twofold:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return sum(x, axis=axis, keepdims=keepdims) / math.prod(x.shape[each] for each in axes)


def square(x: Twofold, /) -> Twofold:
    return x * x


def halves_added(a: Number, b: Number, a_low: Number, b_low: Number) -> doublewords.Pair:
    """a + b, off by at most 3 u^2 (|a| + |b|), whatever their signs."""
    h, e = two_sum(a, b)
    return two_sum(h, e + (a_low + b_low))


def matmul(a: Twofold, b: Twofold, /) -> Twofold:
    """The product of the floats, and in float64 those of floats by low parts."""
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    axes = (-2,) * (a.ndim == 1) + (-1,) * (b.ndim == 1)
    hi, lo, rad = doublewords.matmul(left.hi, right.hi)
    if not (a.is_exact and b.is_exact):
        (p, d, r), (q, e, s) = map(whole, (left, right))
        size, other = np.abs(p) + np.abs(d), np.abs(q) + np.abs(e)
        crossed, n = p @ e + d @ q, p.shape[-1]
        hi, rest = two_sum(hi, lo + crossed)
        own = (np.abs(lo) + np.abs(crossed) + (n + 1) * (size @ np.abs(e) + np.abs(d) @ other)) * 2.0**-52
        rad = rad + own + np.abs(d) @ np.abs(e) + doublewords.terms(size, other) * TINY
        lo, rad = rest, (rad + size @ s + r @ (other + s)) * (INFLATION + n * 2.0**-52)
    hi, lo, rad = (np.squeeze(each, axes) for each in (hi, lo, rad))
    return Twofold(hi, lo, rad, a.dtype)


def whole(x: Twofold) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Floats, low parts and radii as arrays of the whole shape."""
    hi, lo, rad = (np.broadcast_to(each, x.shape) for each in (x.hi, x.lo, x.rad))
    return hi, lo, rad


def max(x: Twofold, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Twofold:  # noqa: A001
    """That of the centres: it is as near to the real one as the farthest of them from its own."""
    largest = partial(np.max, axis=axis, keepdims=keepdims)
    if x.is_exact:
        return Twofold(largest(x.hi), 0.0, 0.0, x.dtype)
    hi, lo, rad = whole(x)
    high = np.max(hi, axis=axis, keepdims=True)
    low = largest(np.where(hi == high, lo, -np.inf))
    return Twofold(largest(hi), low, largest(rad), x.dtype)


def exp(x: Twofold, /) -> Twofold:
    if x.ndim == 0:
        return scalar(x, arb.exp)
    h, e = doublewords.exp(np.clip(x.hi, -800, 709), x.lo)
    rad = h * doublewords.EXP
    if not absent(x.rad):
        rad = rad + np.where(x.rad < 1, h * x.rad * (1 + x.rad), np.inf)
    outside = (x.hi <= -620) | (x.hi > 709)  # 2^LEAST is e^-623.8
    if np.any(outside):
        least, gone = 2.0**doublewords.LEAST, x.hi == -np.inf
        rad = np.where(x.hi > 709, np.inf, np.where(outside, np.where(gone, 0.0, 4 * np.maximum(h, least)), rad))
        h, e = np.where(gone, 0.0, h), np.where(gone, 0.0, e)
    return Twofold(h, e, rad * INFLATION, x.dtype)


def log(x: Twofold, /) -> Twofold:
    if x.ndim == 0:
        return scalar(x, arb.log)
    h, e = doublewords.log(x.hi, x.lo)
    rad = np.where((x.hi == 1) & np.equal(x.lo, 0), 0.0, doublewords.LOG)
    if not absent(x.rad):
        rad = rad + np.where(
            x.rad < x.hi * 0.5, x.rad / (x.hi * (1 - 2.0**-50) - x.rad), np.where(x.rad == 0, 0, np.inf)
        )
    rad = np.where((x.hi > 2.0**-900) & (x.hi < 2.0**900), rad, np.inf)
    return Twofold(h, e, rad * INFLATION, x.dtype)


def sqrt(x: Twofold, /) -> Twofold:
    if x.ndim == 0:
        return scalar(x, arb.sqrt)
    y = np.sqrt(x.hi)
    p, e = two_square(y)
    h, e = fast_two_sum(y, np.where(x.hi == 0, 0.0, (((x.hi - p) - e) + x.lo) / (2 * y)))
    rad = np.where(x.hi < 2.0**-900, np.inf, h * (8 * UU))
    if not absent(x.rad):
        rad = rad + np.where(x.rad < x.hi * 0.5, x.rad / h, np.where(x.rad == 0, 0, np.inf))
    return Twofold(h, e, np.where(is_zero(x), 0.0, rad * INFLATION), x.dtype)


def expm1(x: Twofold, /) -> Twofold:
    return scalar(x, arb.expm1)


def scalar(x: Twofold, function: Callable[[Any], Any]) -> Twofold:
    """A function of a hyper-parameter, by Arb."""
    if x.ndim:
        raise NoRadiusError("of an array with axes")
    with flint.ctx.workprec(SCALAR_BITS):
        ball = function(arb(arb(float(x.hi)) + arb(float(x.lo)), float(x.rad)))
        h = float(ball.mid())
        rest = ball - arb(h)
        e = float(rest.mid())
        return Twofold(h, np.asarray(e), np.asarray(float((rest - arb(e)).abs_upper()) * INFLATION + TINY), x.dtype)


def where(condition: Any, a: Number, b: Number, /) -> Twofold:
    like = b if isinstance(b, Twofold) else a
    a, b = of(a, like), of(b, like)
    parts = ((a.hi, b.hi), (a.lo, b.lo), (a.rad, b.rad))
    hi, lo, rad = (0.0 if absent(x) and absent(y) else np.where(condition, x, y) for x, y in parts)
    return Twofold(hi, lo, rad, like.dtype)


def astype(x: Any, dtype: Any, /) -> Any:
    """Integers and booleans stay NumPy's until they are real numbers, as a count of samples is."""
    if isinstance(x, Twofold):
        return Twofold(x.hi, x.lo, x.rad, dtype)
    array = np.astype(x, dtype)
    return Twofold(array, 0.0, 0.0, dtype) if array.dtype.kind == "f" else array


def asarray(x: Any, /, *, dtype: Any, device: Any = None) -> Twofold:
    """A Python number, which is a real one."""
    return Twofold(x, 0.0, 0.0, dtype)


def full_like(x: Twofold, /, fill_value: float) -> Twofold:
    return Twofold(np.full(x.shape, fill_value), 0.0, 0.0, x.dtype)


def repeat(x: Twofold, repeats: int, /, *, axis: int) -> Twofold:
    return x.mapped(lambda each: np.repeat(each, repeats, axis))


def concat(arrays: list[Twofold], /, *, axis: int = 0) -> Twofold:
    hi, lo, rad = (np.concatenate(each, axis) for each in zip(*map(whole, arrays), strict=True))
    return Twofold(hi, lo, rad, arrays[0].dtype)


def reshape(x: Any, shape: tuple[int, ...], /) -> Any:
    if not isinstance(x, Twofold):
        return np.reshape(x, shape)  # labels
    return x.mapped(lambda each: each.reshape(shape))


def matrix_transpose(x: Twofold, /) -> Twofold:
    return x.mapped(np.matrix_transpose)


def take_along_axis(x: Twofold, indices: Any, /, *, axis: int = -1) -> Twofold:
    return x.mapped(lambda each: np.take_along_axis(each, indices, axis))


def squeeze(x: Twofold, /, axis: int) -> Twofold:
    return x.mapped(lambda each: np.squeeze(each, axis))


def expand_dims(x: Any, /, *, axis: int) -> Any:
    if not isinstance(x, Twofold):
        return np.expand_dims(x, axis)  # labels
    return x.mapped(lambda each: np.expand_dims(each, axis))


def broadcast_to(x: Twofold, /, shape: tuple[int, ...]) -> Twofold:
    return x.mapped(lambda each: np.broadcast_to(each, shape))


def zeros_like(x: Twofold, /) -> Twofold:
    return Twofold(np.zeros(x.shape), 0.0, 0.0, x.dtype)


def ones_like(x: Twofold, /) -> Twofold:
    return Twofold(np.ones(x.shape), 0.0, 0.0, x.dtype)
