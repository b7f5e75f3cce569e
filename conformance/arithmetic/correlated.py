"""Functions of several numbers whose errors act together, with bounds that use it: softmax, its kin, and the variance.

Step by step, the error of a number counts each time that the number is used: four times in a softmax. Here what is
inherited is that of the function as a whole, to which the roundings of its steps are added, in the closed forms of
spec/proofs/formulas.v. No bound is wider than that of the steps, which alone counts in half precision, for coarse
factors and where a number is infinite or NaN.
"""

from typing import Any, NamedTuple

import numpy as np

from . import bounded, reductions, slopes
from .bounded import Bounded
from .first_order import Followed
from .functions import exp, log
from .rounding import Model
from .slopes import bare, follows, narrowed_to

Array = Any
Number = Any

# So far below the largest number that its exponential is 0 in every format, whatever its error is.
NEGLIGIBLE = 800.0


def largest(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The maximum along axes. Its error is the largest of those numbers that may be it, not of all."""
    y = reductions.max(x, axis=axis, keepdims=keepdims)
    if not isinstance(y, Bounded) or not np.all(np.isfinite(y.value)):
        return y
    axis = tuple(axis) if isinstance(axis, list) else axis
    least = np.max(x.value - x.error, axis=axis, keepdims=True)
    error = np.max(np.where(x.value + x.error >= least, x.error, 0.0), axis=axis, keepdims=keepdims)
    return narrower(y, error)


@follows(slopes.widened)
def widened(y: Array, more: Number) -> Array:
    """The same numbers with a larger bound: as other ways to compute them may be off by more."""
    if not isinstance(y, Bounded):
        return y
    return Bounded(y.value, y.error / bounded.INFLATION + more, y.model, y.dtype, y.nonnegative)


@follows(narrowed_to)
def narrower(y: Bounded, error: Number) -> Bounded:
    """A result with the smaller one of two bounds, where both are numbers."""
    usable = np.isfinite(error) & np.isfinite(y.value)
    error = np.where(usable, np.minimum(y.error / bounded.INFLATION, error), y.error / bounded.INFLATION)
    return Bounded(y.value, error, y.model, y.dtype, y.nonnegative)


class Shares(NamedTuple):
    """What the exponentials of computed numbers are of their sum, along an axis."""

    model: Model
    axis: Any
    p: Number
    e: Number  # the error of each number
    distance: Number  # how far each may be below the largest
    rises: Number  # how far a share may rise by the errors of all numbers, and fall, relatively
    falls: Number

    @property
    def inherited(self) -> Number:
        return self.p * np.maximum(self.rises, self.falls)

    def relative(self) -> tuple[Number, Number]:
        """What each exponential is off by, and their sum, relatively: A and F of the closed form."""
        model, count = self.model, np.size(self.p) // max(np.size(np.sum(self.p, axis=self.axis)), 1)
        step, ulp = model.gamma(1), 2 * model.accuracy("exp") * model.unit
        argument = (step + 2 * model.inner_unit * (1 + step)) * self.distance + model.flushed
        each = np.expm1(argument) * (1 + ulp) + ulp
        most = np.max(each, axis=self.axis, keepdims=True)
        total = most + model.gamma_of_sum(count - 1) * (1 + most) + 2 * count * self.lost
        return each, np.where(total < 0.5, total, np.inf)

    @property
    def lost(self) -> float:
        """What an exponential may lose by underflow; the sum of them is at least that of the largest, 1."""
        model = self.model
        return model.smallest_normal if model.flushes else model.accuracy("exp") * model.smallest_subnormal

    def own(self) -> Number:
        """The roundings of each share, wherever in its hull it is."""
        each, total = self.relative()
        off = (1 + each) / (1 - total) * (1 + self.model.gamma(self.model.division)) - 1
        return off * (self.p + self.inherited) + 2 * self.lost + self.model.division * self.model.underflow


def shares(x: Array, axis: Any) -> Shares | None:
    """The shares of computed numbers. A share rises most where its own number rises and all others fall."""
    if not isinstance(x, Bounded) or x.model.accumulator or x.model.factor or not np.any(x.error):
        return None
    top, least = (np.max(each, axis=axis, keepdims=True) for each in (x.value, x.value - x.error))
    counts = x.value + x.error > least - NEGLIGIBLE
    e, below = np.where(counts, x.error, 0.0), np.where(counts, top - x.value, 0.0)
    p = np.exp(x.value - top)
    p = p / np.sum(p, axis=axis, keepdims=True)
    up, down = p * np.expm1(e), -p * np.expm1(-e)
    others_up, others_down = (np.sum(each, axis=axis, keepdims=True) - each for each in (up, down))
    rises = (np.expm1(e) * (1 - p) + others_down) / (1 + up - others_down)
    falls = (-np.expm1(-e) * (1 - p) + others_up) / (1 - down + others_up)
    distance = below + 2 * np.max(e, axis=axis, keepdims=True)
    return Shares(x.model, axis, p, e, distance, rises, falls)


def softmax(x: Array, axis: Any) -> Array:
    """exp(x_i) / sum_j exp(x_j)."""
    if isinstance(x, Followed):
        return as_one(softmax(bare(x), axis), x, axis)
    with np.errstate(all="ignore"):
        e = exp(x - largest(x, axis, True))
        y = e / reductions.sum(e, axis=axis, keepdims=True)
        parts = shares(x, axis)
        return y if parts is None else narrower(y, parts.inherited + parts.own())


def as_one(y: Bounded, x: Followed, axis: Any) -> Bounded:
    """A softmax as one step: the logarithm of a share moves by d_i - log sum_j p_j exp(d_j), and of that
    d_i - sum_j p_j d_j is the first order; the rest is at most half of the square of the largest d.
    """
    parts = shares(bare(x), axis)
    if parts is None:
        return slopes.as_one(y, x, y.error, lambda g: g)
    p, first = parts.p, parts.e + np.sum(parts.p * parts.e, axis=axis, keepdims=True)
    rest = np.max(parts.e, axis=axis, keepdims=True) ** 2 / 2
    along = axis % x.ndim if isinstance(axis, int) else tuple(i % x.ndim for i in axis)

    def pull(g: Number) -> Number:
        return p[..., None] * (g - np.sum(p[..., None] * g, axis=along, keepdims=True))

    local = (parts.own() + p * (np.expm1(first + rest) - first)) * bounded.INFLATION
    return slopes.as_one(y, x, local, pull)


def log_softmax(x: Array, axis: Any) -> Array:
    """x_i - log(sum_j exp(x_j))."""
    with np.errstate(all="ignore"):
        z = x - largest(x, axis, True)
        y = z - log(reductions.sum(exp(z), axis=axis, keepdims=True))
        parts = shares(x, axis)
        if parts is None:
            return y
        inherited = np.maximum(np.log1p(parts.rises), -np.log1p(-parts.falls))
        own = of_logarithm(parts) + x.model.gamma(1) * parts.distance + x.model.flushed
        return narrower(y, inherited + own + x.model.gamma(1) * (np.abs(y.value) + inherited + own))


def logsumexp(x: Array, axis: Any) -> Array:
    """log(sum_j exp(x_j)), along axes that stay: it moves by the logarithm of the weighted mean of exp(d_j)."""
    with np.errstate(all="ignore"):
        top = largest(x, axis, True)
        y = log(reductions.sum(exp(x - top), axis=axis, keepdims=True)) + top
        parts = shares(x, axis)
        if parts is None:
            return y
        up, down = (np.sum(parts.p * np.expm1(each), axis=axis, keepdims=True) for each in (parts.e, -parts.e))
        inherited, own = np.maximum(np.log1p(up), -np.log1p(down)), of_logarithm(parts)
        return narrower(y, inherited + own + x.model.gamma(1) * (np.abs(y.value) + inherited + own))


def of_logarithm(parts: Shares) -> Number:
    """What the logarithm of the sum of exponentials is off by of its own."""
    _, total = parts.relative()
    of_sum, count = -np.log1p(-total), parts.p.size // max(total.size, 1)
    return of_sum + 2 * parts.model.accuracy("log") * parts.model.unit * (np.log(count) + of_sum)


def weighted(x: Array, v: Array) -> Array:
    """softmax(x) v. Errors d_j of x change it by sum_j p_j (exp(d_j) - 1) (v_j - y) / sum_j p_j exp(d_j)."""
    y = reductions.matmul(softmax(x, -1), v)
    with np.errstate(all="ignore"):
        parts = shares(x, -1)
        if parts is None or not isinstance(v, Bounded):
            return y
        p, moved = parts.p, parts.p * np.expm1(parts.e)
        middle = np.mean(v.value, axis=-2, keepdims=True)
        apart = np.abs(y.value - middle) + p @ v.error
        inherited = moved @ (np.abs(v.value - middle) + v.error) + np.sum(moved, axis=-1, keepdims=True) * apart
        inherited = inherited / np.sum(p * np.exp(-parts.e), axis=-1, keepdims=True)
        exactly = reductions.matmul(Bounded(p, parts.own(), x.model, x.dtype), v)
        keys = p.shape[-1]
        more = x.model.gamma_of_products(keys, keys) * (parts.inherited @ (np.abs(v.value) + v.error))
        return narrower(y, inherited + exactly.error + more)


@follows(slopes.var)
def var(x: Array, axis: Any, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Deviations add up to 0, so the error of the mean does not count beside theirs, but in the second order."""
    y = reductions.var(x, axis=axis, correction=correction, keepdims=keepdims)
    if not isinstance(y, Bounded) or y.model.accumulator or not np.any(x.error):
        return y
    with np.errstate(all="ignore"):
        apart = np.abs(x.value - np.mean(x.value, axis=axis, keepdims=True))
        twice = 2 * np.sum(apart, axis=axis, keepdims=keepdims) * np.mean(x.error, axis=axis, keepdims=keepdims)
        return narrower(y, y.error - twice / (reductions.count_of(x, axis) - correction))
