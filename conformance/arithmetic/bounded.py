"""Bounded arrays: each value carries the largest error that correct arithmetic can make in it.

This module is their Array API namespace, as far as the formulas need one: a reference function that is
given such arrays returns its own tolerance. Values and bounds are float64; every bound is that of
`rounding.Model`, and covers any order of summation, fused multiply-add, wider accumulation, reciprocals
for divisions, and exp by way of exp2.
"""

from typing import Any

import numpy as np

from .operators import Operators
from .rounding import HOST, MODELS, Model, stricter
from .rounding import finfo as finfo
from .rounding import isdtype as isdtype

float32, float64 = np.dtype("float32"), np.dtype("float64")
# Of integer labels, which stay NumPy's.
any, arange = np.any, np.arange  # noqa: A001
__array_namespace_info__ = np.__array_namespace_info__

# The bounds are computed in float64 themselves; this covers that.
INFLATION = 1 + 1e-7

Number = Any


class Bounded(Operators):
    """An array of values, each with a bound of its error, in the arithmetic `model`."""

    __array_ufunc__ = None  # so that NumPy leaves the operators to this class

    def __init__(self, value: Number, error: Number, model: Model, dtype: Any) -> None:
        self.value = np.asarray(value, np.float64)
        # NaN and infinite results are decided by the value, and compared exactly.
        error = np.asarray(error, np.float64) * INFLATION
        error = np.where(np.isnan(error), np.inf, error)  # such as 0 roundings of what may be infinite
        self.error = np.where(np.isfinite(self.value), error, 0.0)
        self.model, self.dtype = model, dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    def __getitem__(self, index: Any) -> "Bounded":
        return Bounded(self.value[index], self.error[index] / INFLATION, self.model, self.dtype)

    def __neg__(self) -> "Bounded":
        return Bounded(-self.value, self.error / INFLATION, self.model, self.dtype)

    def __add__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        return rounded(a + b, e + f, model, self.dtype, underflow=model.flushed)

    def __sub__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        return rounded(a - b, e + f, model, self.dtype, underflow=model.flushed)

    def __mul__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        c, d = coarseness(a, model), coarseness(b, model)
        coarse = finite(np.abs(a) * d) + finite(np.abs(b) * c) + c * d
        error = finite(np.abs(a) * f) + finite(np.abs(b) * e) + e * f + coarse
        return rounded(a * b, error, model, self.dtype, underflow=model.underflow)

    def __truediv__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y, least = a / b, np.abs(b) - f
        error = np.where(least > 0, (e + finite(np.abs(y) * f)) / least, np.inf)
        return rounded(y, error, model, self.dtype, model.division, model.division * model.underflow)

    def __rsub__(self, other: Number) -> "Bounded":
        return (-self).__add__(other)

    def __rtruediv__(self, other: Number) -> "Bounded":
        return Bounded(other, 0, HOST, self.dtype) / self

    __radd__, __rmul__ = __add__, __mul__

    def __le__(self, other: Number) -> Any:
        return self.value <= value_of(other)

    def __ge__(self, other: Number) -> Any:
        return self.value >= value_of(other)

    def __lt__(self, other: Number) -> Any:
        return self.value < value_of(other)

    def __gt__(self, other: Number) -> Any:
        return self.value > value_of(other)

    def __eq__(self, other: object) -> Any:
        return self.value == value_of(other)

    __hash__ = None


def value_of(number: Number) -> Number:
    return number.value if isinstance(number, Bounded) else number


def lift(number: Number, model: Model, dtype: Any) -> Bounded:
    """An input as a bounded array: exact, but that subnormal numbers may be flushed to 0."""
    value = np.asarray(number, np.float64)
    tiny = np.abs(value) < model.smallest_normal
    return Bounded(value, np.where(tiny, np.abs(value), 0.0) if model.flushes else 0.0, model, dtype)


def operands(a: Bounded, b: Number) -> tuple[Model, Number, Number, Number, Number]:
    """The model of an operation, then value and error of both operands; a host scalar is cast to the other's model."""
    if not isinstance(b, Bounded):
        b = Bounded(b, 0, HOST, a.dtype)
    if a.model is HOST and b.model is not HOST:
        return b.model, a.value, cast_error(a, b.model), b.value, b.error
    if b.model is HOST and a.model is not HOST:
        return a.model, a.value, a.error, b.value, cast_error(b, a.model)
    return stricter(a.model, b.model), a.value, a.error, b.value, b.error


def cast_error(scalar: Bounded, model: Model) -> Number:
    """The error of a host scalar after its cast: a constant costs exactly what rounding it costs."""
    if model.accumulator:  # the constant stays in float32 in some libraries, and is rounded in others
        return finite(np.abs(scalar.value)) * model.unit + model.smallest_subnormal + scalar.error * (1 + model.unit)
    nearest = scalar.value.astype(np.float32).astype(np.float64) if model.precision == 24 else scalar.value
    return finite(np.abs(nearest - scalar.value)) + scalar.error * (1 + model.unit)


def coarseness(factor: Number, model: Model) -> Number:
    """What a factor is off by, since it is kept in fewer bits, which end at bfloat16's smallest subnormal, 2^-133."""
    size = finite(np.abs(factor))
    return np.where((size == 0) | (model.factor == 0), 0.0, model.factor * size + 2.0**-133)


def finite(values: Number) -> Number:
    """Terms of a bound: what comes of infinite operands is decided by the value."""
    return np.where(np.isfinite(values), values, 0.0)


def rounded(
    value: Number,
    error: Number,
    model: Model,
    dtype: Any,
    roundings: int = 1,
    underflow: Number = 0.0,
    partial: Number = 0.0,
) -> Bounded:
    """The result of an operation: its inherited error, and its own roundings and underflow.

    Where the result, or a `partial` sum on the way, may overflow and may not, the bound is infinite.
    """
    magnitude = np.abs(value)
    error = error + model.gamma(roundings) * (magnitude + error) + underflow
    reach = np.maximum(magnitude + error, partial)
    if not np.any(reach > model.largest):
        return Bounded(value, error, model, dtype)
    surely = (magnitude - error > model.largest) & (partial <= magnitude * INFLATION)
    value = np.where(surely, np.copysign(np.inf, value), value)
    return Bounded(value, np.where((reach > model.largest) & ~surely, np.inf, error), model, dtype)


def sum(x: Bounded, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    model, count = x.model, x.value.size if axis is None else x.value.shape[axis]
    value = np.sum(x.value, axis=axis, keepdims=keepdims)
    error = np.sum(x.error, axis=axis, keepdims=keepdims)
    total = finite(np.sum(np.abs(x.value), axis=axis, keepdims=keepdims)) + error
    additions = count - 1 if count else 0
    own = model.gamma_of_sum(additions) * total + additions * model.flushed
    return accumulated(value, error + own, total, x)


def accumulated(value: Number, error: Number, total: Number, x: Bounded) -> Bounded:
    """A sum whose terms are `total` in absolute value: rounded to the format, where the accumulator is wider."""
    if x.model.accumulator:
        return rounded(value, error, x.model, x.dtype)
    return rounded(value, error, x.model, x.dtype, 0, partial=total)


def matmul(a: Bounded, b: Bounded, /) -> Bounded:
    model, count = a.model, a.shape[-1]
    absolute_a, absolute_b = finite(np.abs(a.value)), finite(np.abs(b.value))
    error = a.error @ absolute_b + absolute_a @ b.error + a.error @ b.error
    coarse_a, coarse_b = coarseness(a.value, model), coarseness(b.value, model)
    coarse = coarse_a @ absolute_b + absolute_a @ coarse_b + coarse_a @ coarse_b
    error, total = error + coarse, absolute_a @ absolute_b + error
    gamma = model.gamma_of_sum(count)
    own = gamma * total + (1 + gamma) * count * (model.underflow + model.flushed)
    return accumulated(a.value @ b.value, error + own, total, a)


def max(x: Bounded, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    error = np.max(x.error, axis=axis, keepdims=keepdims)
    return Bounded(np.max(x.value, axis=axis, keepdims=keepdims), error, x.model, x.dtype)


def where(condition: Any, a: Number, b: Bounded, /) -> Bounded:
    _, b_value, b_error, a_value, a_error = operands(b, a)
    return Bounded(np.where(condition, a_value, b_value), np.where(condition, a_error, b_error), b.model, b.dtype)


def astype(x: Bounded, dtype: Any, /) -> Bounded:
    """Another format: exact in a wider one, one rounding in a narrower."""
    if not isinstance(x, Bounded):
        return np.astype(x, dtype)
    model = model_of(dtype, x.model)
    if not isdtype(x.dtype, "real floating") or dtype.itemsize > x.dtype.itemsize:
        return Bounded(x.value, x.error / INFLATION, model, dtype)
    zero = (x.value == 0) & (x.error == 0)
    return rounded(x.value, x.error, model, dtype, underflow=np.where(zero, 0, model.underflow))


def model_of(dtype: Any, like: Model) -> Model:
    """The arithmetic of a format, with what else is said of `like`."""
    return MODELS[dtype.name]._replace(flush=like.flush, factor=like.factor)


def concat(arrays: list[Bounded], /, *, axis: int = 0) -> Bounded:
    value, error = (np.concatenate([getattr(x, name) for x in arrays], axis) for name in ("value", "error"))
    return Bounded(value, error, arrays[0].model, arrays[0].dtype)


def reshape(x: Bounded, shape: tuple[int, ...], /) -> Bounded:
    return Bounded(x.value.reshape(shape), x.error.reshape(shape), x.model, x.dtype)


def matrix_transpose(x: Bounded, /) -> Bounded:
    return Bounded(np.matrix_transpose(x.value), np.matrix_transpose(x.error), x.model, x.dtype)


def take_along_axis(x: Bounded, indices: Any, /, *, axis: int = -1) -> Bounded:
    value, error = (np.take_along_axis(each, indices, axis) for each in (x.value, x.error))
    return Bounded(value, error, x.model, x.dtype)


def squeeze(x: Bounded, /, axis: int) -> Bounded:
    return Bounded(np.squeeze(x.value, axis), np.squeeze(x.error, axis), x.model, x.dtype)


def expand_dims(x: Any, /, *, axis: int) -> Any:
    if not isinstance(x, Bounded):
        return np.expand_dims(x, axis)  # labels
    return Bounded(np.expand_dims(x.value, axis), np.expand_dims(x.error, axis), x.model, x.dtype)


def zeros_like(x: Bounded, /) -> Bounded:
    return Bounded(np.zeros(x.shape), 0, x.model, x.dtype)


def ones_like(x: Bounded, /) -> Bounded:
    return Bounded(np.ones(x.shape), 0, x.model, x.dtype)


def exp(x: Bounded, /) -> Bounded:
    y = np.exp(x.value)
    argument = x.error + 2 * x.model.inner_unit * finite(np.abs(x.value))  # GPUs take exp2 of a scaled argument
    underflow = x.model.smallest_normal if x.model.flushes else x.model.exp * x.model.smallest_subnormal
    error = np.where(argument < 1, y * np.expm1(argument), np.exp(x.value + argument))
    return elementary(x, y, error, x.model.exp, np.where(y < 4 * x.model.smallest_normal, underflow, 0))


def expm1(x: Bounded, /) -> Bounded:
    error = np.exp(x.value) * np.expm1(x.error)
    return elementary(x, np.expm1(x.value), error, x.model.expm1, x.model.underflow)


def log(x: Bounded, /) -> Bounded:
    error = np.where(x.error < x.value, -np.log1p(-x.error / x.value), np.inf)
    return elementary(x, np.log(x.value), error, x.model.log, 0, exact_at=1)


def sqrt(x: Bounded, /) -> Bounded:
    y, least = np.sqrt(x.value), np.sqrt(np.maximum(x.value - x.error, 0))
    error = np.where(x.error < x.value, x.error / (y + least), np.sqrt(np.maximum(x.value, 0) + x.error))
    return elementary(x, y, error, x.model.sqrt, x.model.flushed)


def elementary(
    x: Bounded, y: Number, error: Number, accuracy: float, underflow: Number, exact_at: float = 0.0
) -> Bounded:
    """A library function, good to `accuracy` ulp; exp(0), expm1(0), log(1) and sqrt(0) are exact."""
    error = error + 2 * accuracy * x.model.unit * (np.abs(y) + error) + underflow
    return Bounded(y, np.where((x.value == exact_at) & (x.error == 0), 0.0, error), x.model, x.dtype)
