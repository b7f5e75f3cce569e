"""The errors that operands bring to an operation: of a cast, of fewer bits, of a reciprocal; and which count at all."""

import functools
import math
from typing import Any

import numpy as np

from .device_arrays import asarray
from .rounding import Model
from .specials import all_finite, any_true

Number = Any


def cast(value: Number, error: Number, model: Model) -> tuple[Number, Number]:
    """A host scalar in an array's format: infinite beyond its largest number, where the run in float64 goes on."""
    is_number = type(value) is np.ndarray and value.ndim == 0
    if is_number and type(error) is np.float64 and not error:
        number = float(value)
        return cast_number(number, math.copysign(1, number), model)
    return cast_array(value, error, model)


@functools.lru_cache(maxsize=4096)  # the same few constants, again and again
def cast_number(number: float, sign: float, model: Model) -> tuple[Number, Number]:
    """The same of a number without an error."""
    return cast_array(asarray(number, np.float64), np.float64(0), model)


def cast_array(value: Number, off: Number, model: Model) -> tuple[Number, Number]:
    """The same of any."""
    error, size = cast_error(value, off, model), np.abs(value)
    beyond = size - off >= model.overflow
    error = np.where(beyond, 0.0, np.where(np.isfinite(size) & (size + off >= model.overflow), np.inf, error))
    return np.where(beyond, np.copysign(np.inf, value), value), error


def cast_error(value: Number, off: Number, model: Model) -> Number:
    """The error of a host scalar after its cast: a constant costs exactly what rounding it costs."""
    size = finite(np.abs(value))
    if model.accumulator:  # the constant stays in float32 in some libraries, and is rounded in others
        error = size * model.unit + model.smallest_subnormal + off * (1 + model.unit)
    elif model.precision == 24:  # near the middle of two numbers an error counts twice
        nearest = value.astype(np.float32).astype(np.float64)
        error = finite(np.abs(nearest - value)) + 2 * off
    else:
        error = off
    if not model.flushes:
        return error
    return np.where(size - off < model.smallest_normal, np.maximum(error, size), error)


def coarse(factor: Number, error: Number, model: Model) -> Number:
    """The error of a factor that is kept in fewer bits, which end at bfloat16's smallest subnormal, 2^-133.

    It is infinite for the largest numbers, which may be rounded up to infinity.
    """
    if model.factor == 0:
        return error
    size = finite(np.abs(factor)) + error
    found = np.where(size == 0, 0.0, error + model.factor * size + 2.0**-133)
    return np.where(size + found - error > model.largest, np.inf, found)


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
