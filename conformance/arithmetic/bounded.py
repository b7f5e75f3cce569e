"""Bounded arrays: each value carries the largest error that correct arithmetic can make in it.

This module has the arrays and their operators; `bounded_functions` has the functions. Values and bounds are float64.
Every bound is that of `rounding.Model`, and covers any order of summation, fused multiply-add, wider accumulation,
reciprocals for divisions, and exp by way of exp2. Each rule is proved in spec/proofs/rules.v, and that they compose in
spec/proofs/soundness.v.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .device_arrays import asarray
from .discrete import discrete
from .doublewords import two_sum
from .numbers import CastNumber
from .operand_errors import cast, coarse, counts, finite, reciprocal_loss
from .operators import Operators
from .rounding import HOST, MODELS, Model, promoted, stricter
from .specials import all_finite, all_true, any_true, settled

# The bounds are computed in float64 themselves; this covers that.
INFLATION = 1 + 1e-7

Number = Any

NONE: Number = 0.0  # no partial sums, no error


class Bounded(Operators):
    """An array of values, each with a bound of its error, in the arithmetic `model`."""

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
        self.model, self.dtype = model, dtype
        self.sign: bool | None = nonnegative or None
        self.rounds_nothing: Any = False  # where it is what every arithmetic gives, whatever its error says

    @property
    def nonnegative(self) -> bool:
        """Whether no correct arithmetic gives a negative number: as said, or as the errors have it."""
        if self.sign is None:
            self.sign = not any_true((self.value < self.error) | np.isinf(self.error))
        return self.sign

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
        found = Bounded(-self.value, self.error / INFLATION, self.model, self.dtype)
        found.rounds_nothing = self.rounds_nothing
        return found

    def __add__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y, sign = a + b, nonnegative(self, other)
        error = settled(np.add, y, e + f, model.unit, (a, e), (b, f))
        found = rounded(y, error, model, dtype_beside(self, other), underflow=model.flushed, nonnegative=sign)
        return told(found, self, other, two_sum(a, b)[1] == 0) if model.tells_exact else found

    def __sub__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y = a - b
        error = settled(np.subtract, y, e + f, model.unit, (a, e), (b, f))
        found = rounded(y, error, model, dtype_beside(self, other), underflow=model.flushed)
        return told(found, self, other, two_sum(a, -b)[1] == 0) if model.tells_exact else found

    def __mul__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        e, f = coarse(a, e, model), coarse(b, f, model)
        error = finite(np.abs(a)) * f + finite(np.abs(b)) * e + e * f
        y = a * b
        error = settled(np.multiply, y, error, model.unit, (a, e), (b, f))
        sign = self is other or nonnegative(self, other)
        underflow = model.underflow if all_true(y != 0) else np.where(counts(a, e) & counts(b, f), model.underflow, 0.0)
        found = rounded(y, error, model, dtype_beside(self, other), underflow=underflow, nonnegative=sign)
        return told(found, self, other, is_power_of_2(a) | is_power_of_2(b)) if model.tells_exact else found

    def __truediv__(self, other: Number) -> "Bounded":
        model, a, e, b, f = operands(self, other)
        y, least = a / b, np.abs(b) - f
        error = np.where(least > 0, (e + finite(np.abs(y)) * f) / least, np.inf)
        error = settled(np.divide, y, error, model.unit, (a, e), (b, f))
        lost = model.division * model.underflow
        underflow = lost if all_true(y != 0) else np.where(counts(a, e), lost, 0.0)
        underflow = underflow + reciprocal_loss(a, e, b, f, model)
        sign = nonnegative(self, other)
        found = rounded(y, error, model, dtype_beside(self, other), model.division, underflow, nonnegative=sign)
        return told(found, self, other, is_power_of_2(b)) if model.tells_exact else found

    def __rsub__(self, other: Number) -> "Bounded":
        return (-self).__add__(other)

    def __rtruediv__(self, other: Number) -> "Bounded":
        return Bounded(other, 0, HOST, self.dtype) / self

    __radd__, __rmul__ = __add__, __mul__

    @property
    def deciding(self) -> Number:
        """The error that a step sees: none where it rounds nothing."""
        return np.where(self.rounds_nothing, 0.0, self.error)

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
    return Bounded(number, number.error if isinstance(number, CastNumber) else 0, HOST, beside.dtype)


def ends(number: Number) -> tuple[Number, Number]:
    """The least and the largest number that may be compared; a host scalar is compared as it is, not as cast."""
    if isinstance(number, Bounded):
        return number.value - number.deciding, number.value + number.deciding
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
        return b.model, *cast(a.value, a.error, b.model), b.value, b.error
    if b.model is HOST and a.model is not HOST:
        return a.model, a.value, a.error, *cast(b.value, b.error, a.model)
    return stricter(a.model, b.model), a.value, a.error, b.value, b.error


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


def told(y: Bounded, a: Bounded, b: Number, exact: Any) -> Bounded:
    """A result that knows where it is what every arithmetic gives: an exact one of exact operands, in the format."""
    b = constant(b, a)
    for x in (a, b):
        off = cast(x.value, x.error, y.model)[1] if x.model is HOST else x.error
        exact = exact & (np.equal(off, 0) | x.rounds_nothing)
    if any_true(exact):
        is_normal = (y.value == 0) | (np.abs(y.value) >= y.model.smallest_normal)
        y.rounds_nothing = exact & is_normal & (y.value.astype(y.dtype).astype(np.float64) == y.value)
    return y


def is_power_of_2(number: Number) -> Any:
    """Whether a product by a number, or a quotient, only changes the exponent."""
    return np.abs(np.frexp(number)[0]) == 0.5


@functools.lru_cache
def model_of(dtype: Any, like: Model) -> Model:
    """The arithmetic of a format, with what else is said of `like`."""
    return MODELS[dtype.name].like(like)
