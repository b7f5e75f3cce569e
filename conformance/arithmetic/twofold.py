"""Twofold arrays: a pair of floats as the centre, and the largest distance of the real number from it.

This module has the arrays and their operators; `twofold_functions` has the functions. The arrays enclose what `exact`
encloses, in about 106 bits and without an object for each element; what they cannot decide is left to Arb.
docs/twofold.md derives each radius, from u = 2^-53 and Joldes, Muller and Popescu 2017, doi:10.1145/3121432.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .discrete import UndecidedError
from .doublewords import fast_two_sum, two_product, two_sum
from .operators import Operators

Number = Any

UU = 2.0**-106
INFLATION = 1 + 2.0**-40  # the radii are computed in float64 themselves
TINY = 2.0**-1060  # what a product or quotient may lose by underflow


class Twofold(Operators):
    """An array of centres ``hi + lo`` and radii; `lo` and `rad` are the number 0.0 where nothing was rounded."""

    def __init__(self, hi: Number, lo: Number, rad: Number, dtype: Any) -> None:
        self.hi = np.asarray(hi, np.float64)
        shape = self.hi.shape
        self.lo, self.rad = (x if absent(x) or x.shape == shape else np.broadcast_to(x, shape) for x in (lo, rad))
        self.dtype = dtype

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        from . import twofold_functions  # which needs these arrays

        return twofold_functions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.hi.shape

    @property
    def ndim(self) -> int:
        return self.hi.ndim

    @property
    def is_exact(self) -> bool:
        """Whether it is one of floats, as inputs are."""
        return absent(self.lo) and absent(self.rad)

    def mapped(self, function: Callable[[Any], Any]) -> "Twofold":
        """Some of its elements, in another shape."""
        hi, lo, rad = (x if absent(x) else function(x) for x in (self.hi, self.lo, self.rad))
        return Twofold(hi, lo, rad, self.dtype)

    def __getitem__(self, index: Any) -> "Twofold":
        return self.mapped(lambda each: each[index])

    def __neg__(self) -> "Twofold":
        return Twofold(-self.hi, -self.lo, self.rad, self.dtype)

    def __add__(self, other: Number) -> "Twofold":
        """Joldes, Muller and Popescu's algorithm 6: at most 3 u^2 + 13 u^3, relatively."""
        a, b = self, of(other, self)
        y, e = two_sum(a.hi, b.hi)
        rad = a.rad + b.rad
        if a.is_exact and b.is_exact:
            return Twofold(y, e, rad, a.dtype)
        t, f = two_sum(a.lo, b.lo)
        h, e = fast_two_sum(y, e + t)
        h, e = fast_two_sum(h, e + f)
        h = np.where(np.isinf(y), y, h)  # as of a score that is masked
        return Twofold(h, e, (rad + np.abs(h) * (4 * UU)) * INFLATION, a.dtype)

    def __sub__(self, other: Number) -> "Twofold":
        return self + -of(other, self)

    def __rsub__(self, other: Number) -> "Twofold":
        return of(other, self) + -self

    def __mul__(self, other: Number) -> "Twofold":
        a, b = self, of(other, self)
        h, e = two_product(a.hi, b.hi)
        rad = TINY
        if not (absent(a.lo) and absent(b.lo)):
            h, e = fast_two_sum(h, e + (a.hi * b.lo + a.lo * b.hi))
            rad = np.abs(h) * (10 * UU) + TINY
        if not (absent(a.rad) and absent(b.rad)):
            rad = rad + (np.abs(a.hi) * b.rad + (np.abs(b.hi) + b.rad) * a.rad)
        zero = is_zero(a) | is_zero(b)
        return Twofold(h, e, np.where(zero, 0.0, rad * INFLATION), a.dtype)

    def __truediv__(self, other: Number) -> "Twofold":
        a, b = self, of(other, self)
        q = a.hi / b.hi
        p, e = two_product(q, b.hi)
        size = np.abs(b.hi)
        h, e = fast_two_sum(q, (((a.hi - p) - e) + (a.lo - q * b.lo)) / b.hi)
        rad = np.abs(h) * (16 * UU) + TINY / np.minimum(size, 1.0)
        if not (absent(a.rad) and absent(b.rad)):
            least = size * (1 - 2.0**-50) - b.rad
            rad = rad + np.where(least > 0, (a.rad + np.abs(h) * b.rad) / least, np.inf)
        return Twofold(h, e, np.where(is_zero(a), 0.0, rad * INFLATION), a.dtype)

    def __rtruediv__(self, other: Number) -> "Twofold":
        return of(other, self) / self

    __radd__, __rmul__ = __add__, __mul__

    def __le__(self, other: Number) -> Any:
        return compared(self, other, operator.le)

    def __ge__(self, other: Number) -> Any:
        return compared(self, other, operator.ge)

    def __lt__(self, other: Number) -> Any:
        return compared(self, other, operator.lt)

    def __gt__(self, other: Number) -> Any:
        return compared(self, other, operator.gt)

    def __eq__(self, other: object) -> Any:
        return (self <= other) & (self >= other)

    __hash__ = None


def of(number: Number, like: Twofold) -> Twofold:
    """A Python number as an array."""
    return number if isinstance(number, Twofold) else Twofold(number, 0.0, 0.0, like.dtype)


def compared(a: Twofold, b: Number, operation: Callable[[Any, Any], Any]) -> Any:
    """A comparison of real numbers; UndecidedError where their radii leave an answer open."""
    (low, high), (least, most) = ends(a), ends(b)
    answer = operation(low, most)
    if np.any(answer != operation(high, least)):
        raise UndecidedError("comparison: got numbers whose radii overlap; wanted others")
    return answer


def ends(number: Number) -> tuple[Number, Number]:
    """Floats between which a real number is; twice the one that an input is."""
    if not isinstance(number, Twofold):
        return number, number
    if number.is_exact:
        return number.hi, number.hi
    reach = (np.abs(number.lo) + number.rad) * INFLATION
    reach = np.where(reach > 0, reach + np.abs(number.hi) * 2.0**-52, 0.0)
    return number.hi - reach, number.hi + reach


def absent(x: Number) -> bool:
    """Whether it is the number 0.0 that stands for no low parts or radii; those of no axes are NumPy's."""
    return type(x) is float


def is_zero(x: Twofold) -> Number:
    return (x.hi == 0) & (np.equal(x.rad, 0))


def lift(number: Number, dtype: Any) -> Twofold:
    """A floating-point input as the real number that it is."""
    return Twofold(number, 0.0, 0.0, dtype)
