"""Functions of one number: each with how far its argument's error reaches, and the accuracy that is assumed of it.

`Function.inherited(x, e)` is at least |f(x + d) - f(x)| for every |d| <= e: by the mean value theorem, e times the
largest slope within the error. The accuracy is in ulp of float32 and of float64; that of half precision is in
`assumed`. Where they come from is said in `source`: the largest float32 errors in ulp that
`benchmarks/function_accuracy.py` found among 8 million arguments, of NumPy, PyTorch and XLA on CPU, and what NVIDIA's
CUDA C++ Programming Guide says of single precision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from . import bounded, bounded_functions
from .bounded import Bounded
from .device_arrays import function_of
from .exact import Exact
from .first_order import Followed
from .kinds import core, is_real, lifted
from .operand_errors import finite
from .rounding import HOST, Model
from .slopes import SLOPES, absolute, by_name, follows
from .specials import any_true, settled

Array = Any
Number = Any

FUNCTIONS: dict[str, "Function"] = {}  # all of them, by name


@dataclass(frozen=True)
class Function:
    """A library function; `exact_at` is the argument whose result every library has exactly."""

    name: str
    value: Callable[[Number], Number]
    ball: Callable[[Any], Any]
    inherited: Callable[[Number, Number], Number]
    reach: str  # `inherited` in words
    ulp: tuple[float, float]
    source: str
    argument: float = 0.0  # roundings of the argument, since some libraries scale or shift it before they take exp
    exact_at: float = np.nan

    def __call__(self, x: Array, /) -> Array:
        x = real(self.name, x)
        if isinstance(x, Exact):
            return Exact(np.frompyfunc(lambda ball: ball if ball.is_nan() else self.ball(ball), 1, 1)(x.balls), x.dtype)
        with np.errstate(all="ignore"):
            y = self.value(x.value)
            e = x.error + self.argument * x.model.unit * finite(far(x.value, x.error))
            error = self.inherited(x.value, e)
            error = np.where(np.isnan(error), np.inf, error)
            error = np.where(e == 0, 0.0, np.where(np.isinf(e), np.inf, error))  # infinite: it may be NaN, and stays so
            error = settled(self.value, y, error, x.model.unit, (x.value, e))
            ulp = x.model.accuracy(self.name, assumed(self.ulp, x.model))
            found = overflowing(bounded_functions.elementary(x, y, error, ulp, x.model.underflow, self.exact_at))
            return by_name(self.name)(found, x) if isinstance(x, Followed) and self.name in SLOPES else found


def function(name: str, *fields: Any, **options: Any) -> Function:
    """A function that the table has."""
    FUNCTIONS[name] = Function(name, *fields, **options)
    return FUNCTIONS[name]


def real(name: str, x: Array) -> Array:
    """An argument as a bounded or exact array; TypeError for integers, of which the standard has no such function."""
    x = lifted(x)
    if not is_real(x):
        got = f"an array of {x.dtype}" if hasattr(x, "dtype") else type(x).__name__
        raise TypeError(f"xp.{name}: got {got}; wanted one of floating-point numbers, such as xp.astype(x, xp.float32)")
    return x


def assumed(ulp: tuple[float, float], model: Model) -> float:
    """The accuracy in an arithmetic; in half precision 2 ulp, since XLA rounds some steps; the host's is good to 1."""
    if model is HOST or model.accumulator:
        return 1.0 if model is HOST else 2.0
    return ulp[0] if model.precision == 24 else ulp[1]


def overflowing(y: Bounded) -> Bounded:
    """A result that may be beyond the largest number of its format."""
    size, number = np.abs(y.value), np.isfinite(y.value)
    may = number & (size + y.error > y.model.largest)
    if not any_true(may):
        return y
    must = number & (size - y.error > y.model.largest)
    value = np.where(must, np.copysign(np.inf, y.value), y.value)
    error = np.where(must, 0.0, np.where(may, np.inf, y.error / bounded.INFLATION))
    return Bounded(value, error, y.model, y.dtype, y.nonnegative)


def near(x: Number, e: Number) -> Number:
    """The end that is nearest to 0, in absolute value."""
    return np.maximum(np.abs(x) - e, 0)


def far(x: Number, e: Number) -> Number:
    """The end that is farthest from 0, in absolute value."""
    return np.abs(x) + e


def within(condition: Number, error: Number) -> Number:
    """An error where the whole interval lies in the domain; else the result may be NaN, and anything."""
    return np.where(condition, error, np.inf)


def of_logarithm(x: Number, e: Number) -> Number:
    return within(e < x, -np.log1p(-e / x))


def log_of_ball(base: int) -> Callable[[Any], Any]:
    return lambda ball: ball.log() / arb(base).log() if ball != 0 else arb("-inf")


def of_tangent(x: Number, e: Number) -> Number:
    pole = np.arcsin(np.minimum(np.abs(np.cos(x)), 1))  # the distance to it
    return within(e < pole, e / np.sin(pole - e) ** 2)


TWO_OVER_ROOT_PI = 2 / np.sqrt(np.pi)

sin = function(
    "sin", np.sin, arb.sin, lambda x, e: np.minimum(e * np.minimum(1, np.abs(np.cos(x)) + e), 2),
    "e min(1, abs(cos x) + e)", (3, 2), "found 1.5, 0.6, 0.6; CUDA 2", exact_at=0,
)  # fmt: skip
cos = function(
    "cos", np.cos, arb.cos, lambda x, e: np.minimum(e * np.minimum(1, np.abs(np.sin(x)) + e), 2),
    "e min(1, abs(sin x) + e)", (3, 2), "found 1.5, 0.6, 0.6; CUDA 2", exact_at=0,
)  # fmt: skip
tan = function(
    "tan", np.tan, arb.tan, of_tangent, "e / sin(d - e)^2, d the distance to the pole", (5, 4),
    "found 3.3, 0.6, 1.3; CUDA 4", exact_at=0,
)  # fmt: skip
asin = function(
    "asin", np.arcsin, arb.asin, lambda x, e: within(far(x, e) < 1, e / np.sqrt(1 - far(x, e) ** 2)),
    "e / sqrt(1 - x^2) at the far end", (5, 4), "found 3.1, 0.8, 2.4; CUDA 2", exact_at=0,
)  # fmt: skip
acos = function(
    "acos", np.arccos, arb.acos, lambda x, e: within(far(x, e) < 1, e / np.sqrt(1 - far(x, e) ** 2)),
    "e / sqrt(1 - x^2) at the far end", (5, 4), "found 2.1, 0.8, 2.2; CUDA 2", exact_at=1,
)  # fmt: skip
atan = function(
    "atan", np.arctan, arb.atan, lambda x, e: np.minimum(e / (1 + near(x, e) ** 2), np.pi),
    "e / (1 + x^2) at the near end", (3, 3), "found 2.0, 0.6, 0.9; CUDA 2", exact_at=0,
)  # fmt: skip
sinh = function(
    "sinh", np.sinh, arb.sinh, lambda x, e: e * np.cosh(far(x, e)), "e cosh x at the far end", (4, 4),
    "found 1.5, 0.6, 24.9; CUDA 3", argument=2, exact_at=0,
)  # fmt: skip
cosh = function(
    "cosh", np.cosh, arb.cosh, lambda x, e: e * np.sinh(far(x, e)), "e sinh x at the far end", (4, 4),
    "found 2.5, 0.5, 24.9; CUDA 2", argument=2, exact_at=0,
)  # fmt: skip
tanh = function(
    "tanh", np.tanh, arb.tanh, lambda x, e: np.minimum(e / np.cosh(np.minimum(near(x, e), 350)) ** 2, 2),
    "e / cosh(x)^2 at the near end", (6, 6), "found 1.4, 0.6, 4.8; CUDA 2", exact_at=0,
)  # fmt: skip
asinh = function(
    "asinh", np.arcsinh, arb.asinh, lambda x, e: e / np.hypot(1, near(x, e)), "e / sqrt(1 + x^2) at the near end",
    (5, 5), "found 1.0, 1.6, 2.9; CUDA 3", exact_at=0,
)  # fmt: skip
acosh = function(
    "acosh", np.arccosh, arb.acosh, lambda x, e: within(x - e > 1, e / np.sqrt((x - e) ** 2 - 1)),
    "e / sqrt(x^2 - 1) at the lower end", (5, 5), "found 1.1, 1.9, 3.8; CUDA 4", exact_at=1,
)  # fmt: skip
atanh = function(
    "atanh", np.arctanh, arb.atanh, lambda x, e: within(far(x, e) < 1, e / (1 - far(x, e) ** 2)),
    "e / (1 - x^2) at the far end", (5, 5), "found 1.4, 0.6, 2.9; CUDA 3", exact_at=0,
)  # fmt: skip
exp2 = function(
    "exp2", np.exp2, lambda ball: arb(2) ** ball, lambda x, e: np.exp2(x) * np.expm1(e * np.log(2)),
    "2^x (2^e - 1)", (3, 2), "found 1.0, 0.9, 67.8; CUDA 2", argument=2, exact_at=0,
)  # fmt: skip
log1p = function(
    "log1p", np.log1p, arb.log1p, lambda x, e: within(e < 1 + x, -np.log1p(-e / (1 + x))),
    "-log(1 - e / (1 + x))", (3, 2), "found 1.9, 0.6, 2.5; CUDA 1", exact_at=0,
)  # fmt: skip
log2 = function(
    "log2", np.log2, log_of_ball(2), lambda x, e: of_logarithm(x, e) / np.log(2), "-log2(1 - e / x)", (3, 2),
    "found 2.2, 0.6, 2.3; CUDA 1", exact_at=1,
)  # fmt: skip
log10 = function(
    "log10", np.log10, log_of_ball(10), lambda x, e: of_logarithm(x, e) / np.log(10), "-log10(1 - e / x)", (4, 2),
    "found 3.3, 0.6, 2.6; CUDA 2", exact_at=1,
)  # fmt: skip
erf = function(
    "erf", function_of("erf"), arb.erf, lambda x, e: np.minimum(e * TWO_OVER_ROOT_PI * np.exp(-(near(x, e) ** 2)), 2),
    "e 2/sqrt(pi) exp(-x^2) at the near end", (8, 4), "found 0.5, 1.0, 6.8; CUDA 2", exact_at=0,
)  # fmt: skip


def erfc(x: Array, /) -> Array:
    """For large x libraries compute exp(-x^2) times a fraction, so the rounding of x^2 counts: 2 u x^2, relatively."""
    x = lifted(x)
    if isinstance(x, Exact):
        return Exact(np.frompyfunc(arb.erfc, 1, 1)(x.balls), x.dtype)
    model = x.model
    with np.errstate(all="ignore"):
        y = of_erfc(x.value)
        inherited = np.minimum(finite(x.error * TWO_OVER_ROOT_PI * np.exp(-(near(x.value, x.error) ** 2))), 2)
        inherited = np.where(np.isinf(x.error), np.inf, inherited)
        size, square = y + inherited, np.maximum(x.value + x.error, 0) ** 2
        # Beyond 100 the result is below every format, where the square of the argument would only add infinities.
        ulp = model.accuracy("erfc", assumed(ERFC_ULP, model))
        own = 2 * (ulp * model.unit + np.minimum(square, 1e4) * model.inner_unit) * size
        underflow = np.where(y < 8 * model.smallest_normal, model.smallest_normal, 0)
        error = settled(of_erfc, y, inherited + own + underflow, model.unit, (x.value, x.error))
    return Bounded(y, error, model, x.dtype)


ERFC_ULP = (5, 5)
of_erfc = function_of("erfc")


@follows(by_name("sigmoid"))
def sigmoid(x: Array, /) -> Array:
    """1 / (1 + exp(-x)) and exp(x) / (1 + exp(x)) for either sign; where exp(-x) overflows the result may be 0."""
    x = lifted(x)
    if isinstance(x, Exact):
        return Exact(np.frompyfunc(sigmoid_of_ball, 1, 1)(x.balls), x.dtype)
    model = x.model
    with np.errstate(all="ignore"):
        y, rest, least = 1 / (1 + np.exp(-x.value)), 1 / (1 + np.exp(x.value)), near(x.value, x.error)
        inherited = np.minimum(finite(x.error * np.exp(-least) / (1 + np.exp(-least)) ** 2), 1)
        inherited = np.where(np.isinf(x.error), np.inf, inherited)
        scaled = np.minimum(finite(far(x.value, x.error)), 1100)  # beyond it, the result is 0 or 1 in every format
        of_exp = 2 * model.accuracy("exp") * model.unit + 2 * model.inner_unit * scaled
        relative = (rest + inherited) * np.expm1(of_exp) + model.gamma(2 + model.division)
        underflow = np.where(y < 8 * model.smallest_normal, model.smallest_normal, 0)
        error = inherited + relative * (y + inherited) + underflow
        # Where exp(-x) is too small to change 1, the result is 1; so is y, but for its own rounding.
        is_one = (x.value > x.error) & (np.exp(x.error - x.value) * np.exp(of_exp) < model.inner_unit / 4)
        distance = 1.001 * np.exp(x.error - x.value) + np.where(y == 1, 0.0, 2.0**-52)
        error = np.where(is_one, distance, error)
        error = settled(np.exp, y, error, model.unit, (x.value, x.error))  # special where exp is: it is NaN
    return Bounded(y, error, model, x.dtype)


def sigmoid_of_ball(ball: Any) -> Any:
    """Of what is negative by e^x, which does not overflow."""
    return ball.exp() / (1 + ball.exp()) if ball < 0 else 1 / (1 + (-ball).exp())


def exp(x: Array, /) -> Array:
    """The core's, and whether it overflows."""
    return checked("exp", x)


def expm1(x: Array, /) -> Array:
    return checked("expm1", x)


def log(x: Array, /) -> Array:
    return checked("log", x)


def sqrt(x: Array, /) -> Array:
    return checked("sqrt", x)


def checked(name: str, x: Array) -> Array:
    """A function of the core, of constants too."""
    x = real(name, x)
    y = getattr(core(x), name)(x)
    return y if isinstance(y, Exact) else overflowing(y)


@follows(absolute)
def abs(x: Array, /) -> Array:  # noqa: A001
    if isinstance(x, Exact):
        return Exact(np.abs(x.balls), x.dtype)
    return (
        Bounded(np.abs(x.value), x.error / bounded.INFLATION, x.model, x.dtype, True)
        if isinstance(x, Bounded)
        else np.abs(x)
    )


def negative(x: Array, /) -> Array:
    return -x


def positive(x: Array, /) -> Array:
    return x


def square(x: Array, /) -> Array:
    return x * x


def reciprocal(x: Array, /) -> Array:
    return 1 / x


def rsqrt(x: Array, /) -> Array:
    return 1 / sqrt(x)
