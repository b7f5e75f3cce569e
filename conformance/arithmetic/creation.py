"""Arrays that are made of numbers: constants, ranges, masks. Those of integers and booleans are NumPy's."""

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from . import exact, operand_errors
from .bounded import INFLATION, Bounded
from .decisions import not_equal, trunc
from .discrete import Discrete, discrete
from .exact import Exact
from .kinds import core, is_real
from .numbers import CastNumber
from .rounding import HOST, MODELS

Array = Any
Number = Any


def zeros_of(x: Array) -> Array:
    """Zeros in the shape of an array."""
    return core(x).zeros_like(x) if is_real(x) else np.zeros_like(x)


def filled_with(number: Number, x: Array) -> Array:
    """An array of one number, with the error that is known of the number."""
    if isinstance(number, CastNumber) and isinstance(x, Bounded):
        x.error = x.error + number.error * INFLATION
    return x


# Of `reference.special`: real numbers that no format has, as balls of the working precision.
CONSTANTS: dict[str, Callable[[], Any]] = {
    "sqrt(1/2)": lambda: arb(0.5).sqrt(),
    "sqrt(2/pi)": lambda: (2 / arb.pi()).sqrt(),
    "1/sqrt(2 pi)": lambda: 1 / (2 * arb.pi()).sqrt(),
    "0.044715": lambda: arb(44715) / 1000000,
}


class Creation:
    """The functions that make arrays of one kind, bounded or exact."""

    def __init__(self, is_exact: bool) -> None:
        self.is_exact = is_exact

    def make(self, numbers: Number, dtype: Any, error: Number = 0.0) -> Array:
        """Numbers as an array; one that the dtype does not have is rounded to it. Whole ones that it has are exact."""
        dtype = np.dtype(dtype)
        if self.is_exact:
            return Exact(exact.to_balls(numbers), dtype)
        model, number = MODELS[dtype.name], Bounded(numbers, 0, HOST, dtype)
        value, off = operand_errors.cast(number.value, number.error, model)
        if np.asarray(numbers).dtype.kind in "biu":
            with np.errstate(over="ignore"):
                off = np.where(value.astype(dtype).astype(np.float64) == value, 0.0, off)
        return Bounded(value, off + error, model, dtype)

    def _constant(self, name: str, beside: Array, /) -> Array:
        """A real number that no format has: a ball, or the nearest number of the host, which is off by half an ulp."""
        ball = CONSTANTS[name]()
        value = float(ball.mid())
        if self.is_exact:
            return Exact(ball, beside.dtype)
        return Bounded(value, HOST.unit * abs(value), HOST, beside.dtype)

    def full(self, shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Array:
        if dtype is None and isinstance(fill_value, float):
            raise ValueError("full: got no dtype; wanted one, since libraries have different defaults")
        return filled_with(fill_value, self.asarray(np.full(shape, fill_value), dtype=dtype))

    def zeros(self, shape: Any, *, dtype: Any = None, device: Any = None) -> Array:
        return self.of_one(0, "zeros", shape, dtype)

    def ones(self, shape: Any, *, dtype: Any = None, device: Any = None) -> Array:
        return self.of_one(1, "ones", shape, dtype)

    def of_one(self, number: int, name: str, shape: Any, dtype: Any) -> Array:
        """An array of one whole number."""
        if dtype is None:
            raise ValueError(f"{name}: got no dtype; wanted one, since libraries have different defaults")
        return self.full(shape, number, dtype=dtype)

    def full_like(self, x: Array, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Array:
        return self.full(x.shape, fill_value, dtype=dtype or x.dtype)

    def zeros_like(self, x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
        return zeros_of(x) if dtype is None else self.zeros(x.shape, dtype=dtype)

    def ones_like(self, x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
        if dtype is None:
            return core(x).ones_like(x) if is_real(x) else np.ones_like(x)
        return self.ones(x.shape, dtype=dtype)

    def eye(
        self, rows: int, columns: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None
    ) -> Array:
        if dtype is None:
            raise ValueError("eye: got no dtype; wanted one, since libraries have different defaults")
        return self.asarray(np.eye(rows, columns, k), dtype=dtype)

    def arange(self, *limits: Any, dtype: Any = None, device: Any = None, **named: Any) -> Array:
        """Of whole numbers. Libraries compute others in different ways: multiply a range of whole numbers."""
        if not all(float(each).is_integer() for each in (*limits, *named.values())):
            raise ValueError(f"arange: got {limits}; wanted whole numbers, to multiply the range by the step")
        return self.asarray(np.arange(*limits, **named), dtype=dtype)

    def linspace(self, start: float, stop: float, /, num: int, *, dtype: Any = None, endpoint: bool = True) -> Array:
        """start + i step, or the same from the other end; the step is rounded too."""
        if dtype is None:
            raise ValueError("linspace: got no dtype; wanted one, since libraries have different defaults")
        count = num - 1 if endpoint else num
        if self.is_exact:
            index = Exact(exact.to_balls(np.arange(num)), np.dtype(dtype))
            return start + index * (arb(stop) - arb(start)) / count if count else index + start
        value, own = np.linspace(start, stop, num, endpoint), MODELS[np.dtype(dtype).name].gamma(6)
        return self.make(value, dtype, own * (abs(start) + abs(stop)))

    def asarray(self, x: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Array:
        if is_real(x) or isinstance(x, Discrete):
            return x if dtype is None else self.astype(x, dtype)
        if np.asarray(x).dtype.kind == "f" and dtype is None and not hasattr(x, "dtype"):
            raise ValueError("asarray: got no dtype; wanted one, since libraries have different defaults")
        values = np.asarray(x)
        return self.made(values, values.dtype if dtype is None else dtype)

    def made(self, values: np.ndarray, dtype: Any) -> Array:
        """NumPy's values in a dtype."""
        return self.make(values, dtype) if np.dtype(dtype).name in MODELS else values.astype(dtype)

    def astype(self, x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
        """Of numbers to integers: cut, where that is certain. Of undecided answers to numbers: 0 or 1, or anything."""
        dtype = np.dtype(dtype)
        if is_real(x) and dtype.name in MODELS:
            return core(x).astype(x, dtype)
        if is_real(x):
            if dtype.kind == "b":
                return not_equal(x, 0)
            whole = trunc(x)
            value, error = (whole.value, whole.error) if isinstance(whole, Bounded) else centres(whole)
            return discrete(value.astype(dtype), error == 0)
        if not isinstance(x, Discrete):
            return self.made(x, dtype)
        if dtype.name not in MODELS:
            return discrete(x.value.astype(dtype), x.sure)
        off = np.where(x.sure, 0.0, 1.0 if x.dtype.kind == "b" else np.inf)
        if self.is_exact:
            unsure: Any = arb(0.5, 0.5 if x.dtype.kind == "b" else np.inf)
            either = np.where(x.sure, exact.to_balls(x.value), unsure)
            return Exact(either, dtype)
        return Bounded(x.value, off, MODELS[dtype.name], dtype)


def centres(x: Exact) -> tuple[np.ndarray, np.ndarray]:
    """The middle of each ball, and 0 where it is the only integer in it."""
    middle = np.asarray(np.frompyfunc(lambda ball: float(ball.mid()), 1, 1)(x.balls), np.float64)
    return middle, np.asarray(np.frompyfunc(lambda ball: 0.0 if ball.rad() < 0.5 else 1.0, 1, 1)(x.balls), np.float64)
