"""Booleans and integers that rounding errors may change: the answer of the run in float64, and where it is certain.

A comparison of numbers whose errors overlap has three answers: certainly, certainly not, undecided. Where all is
certain, plain NumPy arrays are used instead, so code that meets no undecided comparison never sees this class.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .device_arrays import asarray
from .numpy_calls import OF_CONDITIONS, NumPyCalls
from .specials import all_true

Number = Any


class UndecidedError(ValueError):
    """A branch or an index that rounding errors may change."""


class Discrete(NumPyCalls):
    """An array of booleans or integers, and where each is certain."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Number, sure: Number) -> None:
        self.value, self.sure = np.broadcast_arrays(asarray(value), asarray(sure))
        self.dtype, self.shape, self.ndim, self.size = (
            self.value.dtype,
            self.value.shape,
            self.value.ndim,
            self.value.size,
        )

    @property
    def error(self) -> np.ndarray:
        """As a result: what is not certain is not judged."""
        return np.where(self.sure, 0.0, np.inf)

    def __bool__(self) -> bool:
        if not all_true(self.sure):
            raise UndecidedError(self.refused())
        return bool(self.value)

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise UndecidedError(self.refused())

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function.__name__ not in OF_CONDITIONS.split():
            raise UndecidedError(self.refused())
        return super().__array_function__(function, types, arguments, options)

    def count(self) -> str:
        """How many elements are not sure, in words."""
        return f"{np.count_nonzero(~self.sure)} of {self.sure.size}"

    def doubt(self) -> str:
        """What there is no plain answer to."""
        return f"got answers that rounding errors may change ({self.count()})"

    def refused(self) -> str:
        """Why there is no plain answer."""
        return (
            f"condition: got comparisons that rounding errors may turn ({self.count()}); wanted values further apart "
            "than their errors; use where(condition, a, b), whose bound covers both branches"
        )

    def __getitem__(self, index: Any) -> Any:
        return discrete(self.value[index], self.sure[index])

    def __invert__(self) -> Any:
        return discrete(~self.value, self.sure)

    def __and__(self, other: Number) -> Any:
        (a, s), (b, t) = parts(self), parts(other)  # a certain no decides (Kleene)
        return discrete(a & b, (s & t) | (s & ~a) | (t & ~b) if a.dtype == b.dtype == np.bool_ else s & t)

    def __or__(self, other: Number) -> Any:
        (a, s), (b, t) = parts(self), parts(other)
        return discrete(a | b, (s & t) | (s & a) | (t & b) if a.dtype == b.dtype == np.bool_ else s & t)

    def __add__(self, other: Number) -> Any:
        return both(operator.add, self, other)

    def __sub__(self, other: Number) -> Any:
        return both(operator.sub, self, other)

    def __rsub__(self, other: Number) -> Any:
        return both(operator.sub, other, self)

    def __mul__(self, other: Number) -> Any:
        return both(operator.mul, self, other)

    def __floordiv__(self, other: Number) -> Any:
        return both(operator.floordiv, self, other)

    def __mod__(self, other: Number) -> Any:
        return both(operator.mod, self, other)

    def __xor__(self, other: Number) -> Any:
        return both(operator.xor, self, other)

    def __lt__(self, other: Number) -> Any:
        return both(operator.lt, self, other)

    def __le__(self, other: Number) -> Any:
        return both(operator.le, self, other)

    def __gt__(self, other: Number) -> Any:
        return both(operator.gt, self, other)

    def __ge__(self, other: Number) -> Any:
        return both(operator.ge, self, other)

    def __eq__(self, other: object) -> Any:
        return both(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return both(operator.ne, self, other)

    __rand__, __ror__, __radd__, __rmul__, __rxor__ = __and__, __or__, __add__, __mul__, __xor__


def parts(x: Number) -> tuple[Number, Number]:
    """The answers, and where they are certain."""
    return (x.value, x.sure) if isinstance(x, Discrete) else (asarray(x), np.True_)


def discrete(value: Number, sure: Number) -> Any:
    """Plain NumPy where everything is certain."""
    return asarray(value) if all_true(sure) else Discrete(value, sure)


def both(function: Callable[[Any, Any], Any], a: Number, b: Number) -> Any:
    """A function of two answers, certain where both are; numbers with errors do it themselves."""
    if any(hasattr(each, "__array_namespace__") and not isinstance(each, np.ndarray | np.generic) for each in (a, b)):
        return NotImplemented
    (x, s), (y, t) = parts(a), parts(b)
    return discrete(function(x, y), s & t)
