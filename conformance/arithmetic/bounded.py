"""Bounded arrays: each value carries the largest error that correct arithmetic can make in it.

This module is their Array API namespace, as far as the formulas need one: a reference function that is
given such arrays returns its own tolerance. Values and bounds are float64; every bound is that of
`rounding.Model`, and covers any order of summation, fused multiply-add, wider accumulation, reciprocals
for divisions, and exp by way of exp2. What is exactly 0 rounds nothing: 0 w = 0 and 0 + s = s in every order. Each rule
is proved in spec/proofs/rules.v, and that they compose in spec/proofs/soundness.v.
"""

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .discrete import discrete, parts
from .elsewhere import asarray
from .operators import Operators
from .rounding import HOST, MODELS, Model, promoted, stricter
from .rounding import finfo as finfo
from .rounding import isdtype as isdtype
from .specials import all_finite, all_true, any_true, of_products, of_sum, overflows, settled

float32, float64 = np.dtype("float32"), np.dtype("float64")
# Of integer labels, which stay NumPy's.
any, arange = np.any, np.arange  # noqa: A001
__array_namespace_info__ = np.__array_namespace_info__

# The bounds are computed in float64 themselves; this covers that.
INFLATION = 1 + 1e-7

Number = Any

NONE: Number = 0.0  # no partial sums, no error


class Bounded(Operators):
    """An array of values, each with a bound of its error, in the arithmetic `model`."""

    __array_ufunc__ = None  # so that NumPy leaves the operators to this class

    def __init__(
        self, value: Number, error: Number, model: Model, dtype: Any, nonnegative: bool = False, is_finite: bool = False
    ) -> None:
        self.value: Any = asarray(value, np.float64)
        # An error that is NaN is inf times 0. NaN and infinite results have none, or an infinite one: see specials.py.
        self.error = np.multiply(error, INFLATION, dtype=np.float64)
        is_finite = is_finite or (all_finite(self.error) and all_finite(self.value))
        if self.error.shape != self.value.shape or not is_finite:
            error = np.where(np.isnan(self.error), np.inf, self.error)
            self.error = np.where(np.isfinite(self.value) | np.isinf(error), error, 0.0)
        self.model, self.dtype, self.said = model, dtype, nonnegative

    @functools.cached_property
    def nonnegative(self) -> bool:
        """Whether no correct arithmetic gives a negative number: as said, or as the errors have it."""
        return self.said or not any_true((self.value < self.error) | np.isinf(self.error))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def ndim(self) -> int:
        return int(self.value.ndim)

    def mapped(self, function: Callable[[Any], Any]) -> "Bounded":
        """Some of its elements, in another shape: nothing is rounded."""
        return Bounded(function(self.value), function(self.error) / INFLATION, self.model, self.dtype, self.nonnegative)

    def __getitem__(self, index: Any) -> "Bounded":
        return self.mapped(lambda each: each[index])

    def __neg__(self) -> "Bounded":
        return Bounded(-self.value, self.error / INFLATION, self.model, self.dtype)

    def __add__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y, sign = a + b, nonnegative(self, other)
        error = settled(np.add, y, e + f, model.unit, (a, e), (b, f))
        return rounded(y, error, model, dtype_beside(self, other), underflow=model.flushed, nonnegative=sign)

    def __sub__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y = a - b
        error = settled(np.subtract, y, e + f, model.unit, (a, e), (b, f))
        return rounded(y, error, model, dtype_beside(self, other), underflow=model.flushed)

    def __mul__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        e, f = coarse(a, e, model), coarse(b, f, model)
        error = finite(np.abs(a)) * f + finite(np.abs(b)) * e + e * f
        y = a * b
        error = settled(np.multiply, y, error, model.unit, (a, e), (b, f))
        sign = self is other or nonnegative(self, other)
        underflow = model.underflow if all_true(y != 0) else np.where(counts(a, e) & counts(b, f), model.underflow, 0.0)
        return rounded(y, error, model, dtype_beside(self, other), underflow=underflow, nonnegative=sign)

    def __truediv__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y, least = a / b, np.abs(b) - f
        error = np.where(least > 0, (e + finite(np.abs(y)) * f) / least, np.inf)
        error = settled(np.divide, y, error, model.unit, (a, e), (b, f))
        lost = model.division * model.underflow
        underflow = lost if all_true(y != 0) else np.where(counts(a, e), lost, 0.0)
        underflow = underflow + reciprocal_loss(a, e, b, f, model)
        sign = nonnegative(self, other)
        return rounded(y, error, model, dtype_beside(self, other), model.division, underflow, nonnegative=sign)

    def __rsub__(self, other: Number) -> "Bounded":
        return (-self).__add__(other)

    def __rtruediv__(self, other: Number) -> "Bounded":
        return Bounded(other, 0, HOST, self.dtype) / self

    __radd__, __rmul__ = __add__, __mul__

    def compared(self, other: Number, operation: Callable[[Any, Any], Any]) -> Any:
        """A condition that remembers where errors may turn it: where its answers at opposite ends differ."""
        (low, high), (least, most) = ends(self), ends(other)
        known = np.isfinite(self.error) & np.isfinite(other.error if isinstance(other, Bounded) else 0.0)
        sure = known & (operation(low, most) == operation(high, least))
        return discrete(operation(self.value, value_of(other)), sure)

    def __le__(self, other: Number) -> Any:
        return self.compared(other, operator.le)

    def __ge__(self, other: Number) -> Any:
        return self.compared(other, operator.ge)

    def __lt__(self, other: Number) -> Any:
        return self.compared(other, operator.lt)

    def __gt__(self, other: Number) -> Any:
        return self.compared(other, operator.gt)

    def __eq__(self, other: object) -> Any:
        if other is self:  # as libraries ask whether a number is NaN
            return discrete(~np.isnan(self.value), np.isfinite(self.error))
        return (self <= other) & (self >= other)

    __hash__ = None


def value_of(number: Number) -> Number:
    return number.value if isinstance(number, Bounded) else number


def dtype_beside(a: Bounded, b: Number) -> Any:
    """The dtype of what is computed of two numbers: the one that holds both arrays', whatever a host scalar's is."""
    b = constant(b, a)
    if a.model is HOST or b.model is HOST:
        return a.dtype if b.model is HOST else b.dtype
    return promoted(a.dtype, b.dtype)


def constant(number: Number, beside: Bounded) -> Bounded:
    """A number of a formula as a bounded array: a host scalar, or an array of NumPy's, which has its own format."""
    if isinstance(number, Bounded):
        return number
    if isinstance(number, np.ndarray) and number.dtype.name in MODELS:
        return lift(number, MODELS[number.dtype.name], number.dtype)
    return Bounded(number, 0, HOST, beside.dtype)


def ends(number: Number) -> tuple[Number, Number]:
    """The least and the largest number that may be compared; a host scalar is compared as it is, not as cast."""
    if isinstance(number, Bounded):
        return number.value - number.error, number.value + number.error
    return number, number


def nonnegative(*numbers: Number) -> bool:
    """Whether none is negative in any correct arithmetic."""
    return all(x.nonnegative if isinstance(x, Bounded) else not any_true(asarray(x) < 0) for x in numbers)


def lift(number: Number, model: Model, dtype: Any) -> Bounded:
    """An input as a bounded array: exact, but that subnormal numbers may be flushed to 0."""
    value, error = asarray(number, np.float64), NONE
    if model.flushes:
        error = np.where(np.abs(value) < model.smallest_normal, np.abs(value), 0.0)
    return Bounded(value, error, model, dtype, nonnegative(value))


def operands(a: Bounded, b: Number) -> tuple[Model, Number, Number, Number, Number]:
    """The model of an operation, then value and error of both operands; a host scalar is cast to the other's model."""
    b = constant(b, a)
    if a.model is HOST and b.model is not HOST:
        return b.model, *cast(a, b.model), b.value, b.error
    if b.model is HOST and a.model is not HOST:
        return a.model, a.value, a.error, *cast(b, a.model)
    return stricter(a.model, b.model), a.value, a.error, b.value, b.error


def cast(scalar: Bounded, model: Model) -> tuple[Number, Number]:
    """A host scalar in an array's format: infinite beyond its largest number, where the run in float64 goes on."""
    is_number = type(scalar.value) is np.ndarray and scalar.value.ndim == 0
    if is_number and type(scalar.error) is np.float64 and not scalar.error:
        number = float(scalar.value)
        return cast_number(number, math.copysign(1, number), model)
    return cast_array(scalar, model)


@functools.lru_cache(maxsize=4096)  # the same few constants, again and again
def cast_number(number: float, sign: float, model: Model) -> tuple[Number, Number]:
    """The same of a number without an error."""
    return cast_array(Bounded(number, 0, HOST, float64), model)


def cast_array(scalar: Bounded, model: Model) -> tuple[Number, Number]:
    """The same of any."""
    value, error, size = scalar.value, cast_error(scalar, model), np.abs(scalar.value)
    beyond = size - scalar.error >= model.overflow
    error = np.where(beyond, 0.0, np.where(np.isfinite(size) & (size + scalar.error >= model.overflow), np.inf, error))
    return np.where(beyond, np.copysign(np.inf, value), value), error


def cast_error(scalar: Bounded, model: Model) -> Number:
    """The error of a host scalar after its cast: a constant costs exactly what rounding it costs."""
    size = finite(np.abs(scalar.value))
    if model.accumulator:  # the constant stays in float32 in some libraries, and is rounded in others
        error = size * model.unit + model.smallest_subnormal + scalar.error * (1 + model.unit)
    elif model.precision == 24:  # near the middle of two numbers an error counts twice
        nearest = scalar.value.astype(np.float32).astype(np.float64)
        error = finite(np.abs(nearest - scalar.value)) + 2 * scalar.error
    else:
        error = scalar.error
    if not model.flushes:
        return error
    return np.where(size - scalar.error < model.smallest_normal, np.maximum(error, size), error)


def coarse(factor: Number, error: Number, model: Model) -> Number:
    """The error of a factor that is kept in fewer bits, which end at bfloat16's smallest subnormal, 2^-133."""
    if model.factor == 0:
        return error
    size = finite(np.abs(factor)) + error
    return np.where(size == 0, 0.0, error + model.factor * size + 2.0**-133)


def reciprocal_loss(a: Number, e: Number, b: Number, f: Number, model: Model) -> Number:
    """What a quotient may lose in addition, if it is a product by a reciprocal that is subnormal, or overflows."""
    if model.division < 2:
        return 0.0
    size = np.abs(b)
    small, large = (
        finite(size) + f > 1 / model.smallest_normal,
        size - f < 1 / model.largest_sum,
    )  # that of half precision is made in float32
    if not (any_true(small) or any_true(large)):
        return 0.0
    loss = np.where(small, (1 + model.gamma(1)) * (finite(np.abs(a)) + e) * model.underflow, 0.0)
    return np.where(large, np.inf, loss)


def counts(value: Number, error: Number) -> Any:
    """Where a number may be something else than 0: by an exact 0 a product is 0, and a sum what it was before."""
    return (value != 0) | (error != 0)


def finite(values: Number) -> Number:
    """Terms of a bound: what comes of infinite operands is decided by the value."""
    return values if all_finite(values) else np.where(np.isfinite(values), values, 0.0)


def rounded(
    value: Number,
    error: Number,
    model: Model,
    dtype: Any,
    roundings: int = 1,
    underflow: Number = 0.0,
    partial: Number = NONE,
    nonnegative: bool = False,
) -> Bounded:
    """The result of an operation: its inherited error, and its own roundings and underflow.

    Where the result, or one of the `partial` on the way, may overflow and may not, the bound is infinite.
    """
    magnitude = np.abs(value)
    charged = error + model.gamma(roundings) * (magnitude + error) + underflow
    fits = partial is NONE or all_true(partial + charged <= model.largest_sum)
    if fits and all_true(magnitude + charged <= model.largest):
        return Bounded(value, charged, model, dtype, nonnegative, is_finite=True)
    number = np.isfinite(value)
    error = charged if all_true(number) else np.where(number, charged, error)
    inside = partial + error <= model.largest_sum  # partial sums have rounding errors too
    may = number & ((magnitude + error > model.largest) | ~inside)
    if not any_true(may):
        return Bounded(value, error, model, dtype, nonnegative)
    surely = number & (magnitude - error > model.largest) & (inside | (partial <= magnitude * INFLATION))
    value, error = np.where(surely, np.copysign(np.inf, value), value), np.where(may, np.inf, error)
    return Bounded(value, np.where(surely, 0.0, error), model, dtype, nonnegative)


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
    count = counts(a.value, a.error).astype(np.float64) @ counts(b.value, b.error).astype(np.float64)
    return sum_of_products(np.matmul, a, b, count, a.shape[-1])


def sum_of_products(
    summed: Callable[[Number, Number], Number], a: Bounded, b: Bounded, terms: Number, length: int
) -> Bounded:
    """Sums of `length` products of elements of a and of b, of which so many terms are other than 0: `summed` runs on
    the values, and on absolute values for the bound (Higham 2002, section 3.5).
    """
    model, absolute_a, absolute_b = a.model, finite(np.abs(a.value)), finite(np.abs(b.value))
    e, f = coarse(a.value, a.error, model), coarse(b.value, b.error, model)
    error = summed(e, absolute_b) + summed(absolute_a, f) + summed(e, f)
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
    return Bounded(value, error / INFLATION, x.model, x.dtype, x.nonnegative)


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
        return Bounded(x.value, x.error / INFLATION, model, dtype, x.nonnegative)
    zero = (x.value == 0) & (x.error == 0)
    underflow = np.where(zero, 0, model.underflow)
    return rounded(x.value, x.error, model, dtype, underflow=underflow, nonnegative=x.nonnegative)


def model_of(dtype: Any, like: Model) -> Model:
    """The arithmetic of a format, with what else is said of `like`."""
    return MODELS[dtype.name].like(like)


def concat(arrays: list[Bounded], /, *, axis: int = 0) -> Bounded:
    value, error = (np.concatenate([getattr(x, name) for x in arrays], axis) for name in ("value", "error"))
    model = functools.reduce(stricter, (x.model for x in arrays))
    dtype = functools.reduce(promoted, (x.dtype for x in arrays))
    return Bounded(value, error / INFLATION, model, dtype, nonnegative(*arrays))


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
