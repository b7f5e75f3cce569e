"""Exact arrays: each value is a ball of real numbers that surely encloses the true one.

This module is their Array API namespace, as far as the formulas need one. The balls are python-flint's Arb
(Johansson 2017, doi:10.1109/TC.2017.2690633): an enclosure, with proof.
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import flint
import numpy as np
from flint import arb

from .discrete import discrete
from .operators import Operators
from .rounding import finfo as finfo
from .rounding import isdtype as isdtype

float32, float64 = np.dtype("float32"), np.dtype("float64")
# Of integer labels, which stay NumPy's.
any, arange = np.any, np.arange  # noqa: A001
__array_namespace_info__ = np.__array_namespace_info__

# Bits. A ball's radius is then about 2^-100 of the bound that it is compared with.
PRECISION = 160
MANY_PRODUCTS = 10_000  # of two matrices, for which Arb's own blocks are faster: ten times at 300 000

Number = Any
Compared = Callable[[Any, Any], Any]
is_nan: Any = np.frompyfunc(arb.is_nan, 1, 1)


class Exact(Operators):
    """An array of balls; `dtype` is that of the input, as a tag."""

    def __init__(self, balls: Number, dtype: Any) -> None:
        if not (isinstance(balls, np.ndarray) and balls.dtype == object):
            balls, given = np.empty(np.shape(balls), object), balls
            balls[...] = given
        self.balls: Any = balls
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.balls.shape)

    @property
    def ndim(self) -> int:
        return int(self.balls.ndim)

    def __getitem__(self, index: Any) -> "Exact":
        return Exact(self.balls[index], self.dtype)

    def __neg__(self) -> "Exact":
        return Exact(-self.balls, self.dtype)

    def __add__(self, other: Number) -> "Exact":
        return Exact(self.balls + balls_of(other), self.dtype)

    def __sub__(self, other: Number) -> "Exact":
        return Exact(self.balls - balls_of(other), self.dtype)

    def __rsub__(self, other: Number) -> "Exact":
        return Exact(balls_of(other) - self.balls, self.dtype)

    def __mul__(self, other: Number) -> "Exact":
        return Exact(self.balls * balls_of(other), self.dtype)

    def __truediv__(self, other: Number) -> "Exact":
        return Exact(self.balls / balls_of(other), self.dtype)

    def __rtruediv__(self, other: Number) -> "Exact":
        return Exact(balls_of(other) / self.balls, self.dtype)

    __radd__, __rmul__ = __add__, __mul__

    def compared(self, other: Number, operation: Compared, opposite: Compared) -> Any:
        """A condition; it is undecided where neither it nor its opposite is certain of two balls that overlap."""
        balls = balls_of(other)
        holds, fails = (np.asarray(each(self.balls, balls), np.bool_) for each in (operation, opposite))
        nan = np.asarray(is_nan(self.balls) | is_nan(balls), np.bool_)
        return discrete(holds, holds | fails | nan)

    def __le__(self, other: Number) -> Any:
        return self.compared(other, operator.le, operator.gt)

    def __ge__(self, other: Number) -> Any:
        return self.compared(other, operator.ge, operator.lt)

    def __lt__(self, other: Number) -> Any:
        return self.compared(other, operator.lt, operator.ge)

    def __gt__(self, other: Number) -> Any:
        return self.compared(other, operator.gt, operator.le)

    def __eq__(self, other: object) -> Any:
        return self.compared(other, operator.eq, operator.ne)

    __hash__ = None


def balls_of(number: Number) -> Number:
    if isinstance(number, np.ndarray | np.generic):
        return to_balls(number)
    return number.balls if isinstance(number, Exact) else arb(number)


def to_balls(values: Number) -> Number:
    return np.frompyfunc(arb, 1, 1)(np.asarray(values, np.float64).astype(object))


def lift(number: Number, dtype: Any) -> Exact:
    """A floating-point input as the real number that it is."""
    return Exact(to_balls(number), dtype)


def working_precision(bits: int = PRECISION) -> Any:
    """A context manager: the precision of the balls that are made inside."""
    return flint.ctx.workprec(bits)


def elementwise(function: Callable[[arb], arb]) -> Callable[[Exact], Exact]:
    """A function of one ball as a function of an array of them."""
    each = np.frompyfunc(function, 1, 1)
    return lambda x: Exact(each(x.balls), x.dtype)


exp = elementwise(operator.methodcaller("exp"))
expm1 = elementwise(operator.methodcaller("expm1"))
log = elementwise(lambda ball: ball.log() if ball != 0 else arb("-inf"))
sqrt = elementwise(operator.methodcaller("sqrt"))

ZERO: Any = arb(0)
larger: Any = np.frompyfunc(arb.max, 2, 1)
union: Any = np.frompyfunc(arb.union, 2, 1)


def sum(x: Exact, /, *, axis: int | None = None, keepdims: Any = False) -> Exact:  # noqa: A001
    return Exact(np.sum(x.balls, axis=axis, keepdims=keepdims, initial=ZERO), x.dtype)


def matmul(a: Exact, b: Exact, /) -> Exact:
    if a.ndim > 1 and b.ndim > 1 and a.shape[-2] * a.shape[-1] * b.shape[-1] > MANY_PRODUCTS:
        return Exact(matrix_products(a.balls, b.balls), a.dtype)
    return Exact(np.matmul(a.balls, b.balls) + ZERO, a.dtype)  # a sum of no terms is Python's 0 without it


@partial(np.vectorize, otypes=[object], signature="(n,k),(k,m)->(n,m)")
def matrix_products(a: Any, b: Any) -> Any:
    """The products of large matrices, which Arb multiplies by blocks."""
    (rows, length), columns = a.shape, b.shape[1]
    product = flint.arb_mat(rows, length, a.ravel().tolist()) * flint.arb_mat(length, columns, b.ravel().tolist())
    return np.array(product.entries(), object).reshape(rows, columns)


def max(x: Exact, /, *, axis: int | None = None, keepdims: Any = False) -> Exact:  # noqa: A001
    return Exact(larger.reduce(x.balls, axis=axis, keepdims=keepdims), x.dtype)


def where(condition: Any, a: Number, b: Exact, /) -> Exact:
    return Exact(np.where(condition, balls_of(a), b.balls), b.dtype)


def astype(x: Exact, dtype: Any, /) -> Any:
    return Exact(x.balls, dtype) if isinstance(x, Exact) else np.astype(x, dtype)


def concat(arrays: list[Exact], /, *, axis: int = 0) -> Exact:
    return Exact(np.concatenate([x.balls for x in arrays], axis), arrays[0].dtype)


def reshape(x: Exact, shape: tuple[int, ...], /) -> Exact:
    return Exact(x.balls.reshape(shape), x.dtype)


def matrix_transpose(x: Exact, /) -> Exact:
    return Exact(np.matrix_transpose(x.balls), x.dtype)


def take_along_axis(x: Exact, indices: Any, /, *, axis: int = -1) -> Exact:
    return Exact(np.take_along_axis(x.balls, indices, axis), x.dtype)


def squeeze(x: Exact, /, axis: int) -> Exact:
    return Exact(np.squeeze(x.balls, axis), x.dtype)


def expand_dims(x: Any, /, *, axis: int) -> Any:
    if not isinstance(x, Exact):
        return np.expand_dims(x, axis)  # labels
    return Exact(np.expand_dims(x.balls, axis), x.dtype)


def zeros_like(x: Exact, /) -> Exact:
    return Exact(np.full(x.shape, arb(0)), x.dtype)


def ones_like(x: Exact, /) -> Exact:
    return Exact(np.full(x.shape, arb(1)), x.dtype)
