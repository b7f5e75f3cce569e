"""PyTorch's operations on each number, made of functions of the Array API standard.

A function here is called as the operation of its name is, with the namespace of the arrays before it. Those that the
standard has too are in `SAME`, by the name that it has for them.
"""

import math
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.correlated import widened
from ..arithmetic.grids import GRIDS, on_grid
from ..arithmetic.kinds import is_real
from ..arithmetic.rounding import MODELS

Array = Any
Namespace = Any

# Of one array, or of two: PyTorch's name, and the standard's where it is another.
ONE = """exp exp2 expm1 log log1p log2 log10 sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf
    erfc sigmoid abs neg=negative floor ceil trunc round sign sgn=sign reciprocal square isnan isinf isfinite
    logical_not bitwise_not=logical_not"""
TWO = """mul=multiply div=divide true_divide=divide maximum minimum fmax=maximum fmin=minimum lt=less le=less_equal
    gt=greater ge=greater_equal eq=equal ne=not_equal pow remainder hypot atan2 logaddexp logical_and logical_or
    logical_xor bitwise_and=logical_and bitwise_or=logical_or bitwise_xor=logical_xor floor_divide"""
SAME = {name: standard or name for name, _, standard in (each.partition("=") for each in f"{ONE} {TWO}".split())}


def add(xp: Namespace, a: Array, b: Array, *, alpha: float = 1) -> Array:
    return a + (b if alpha == 1 else b * alpha)


def sub(xp: Namespace, a: Array, b: Array, *, alpha: float = 1) -> Array:
    return a - (b if alpha == 1 else b * alpha)


def rsub(xp: Namespace, a: Array, b: Array, alpha: float = 1) -> Array:
    return b - (a if alpha == 1 else a * alpha)


def div(xp: Namespace, a: Array, b: Array, *, rounding_mode: str | None = None) -> Array:
    return a / b if rounding_mode is None else getattr(xp, rounding_mode)(a / b)


def fmod(xp: Namespace, a: Array, b: Array) -> Array:
    return a - xp.trunc(a / b) * b


def frac(xp: Namespace, x: Array) -> Array:
    return x - xp.trunc(x)


def addcmul(xp: Namespace, x: Array, a: Array, b: Array, *, value: float = 1) -> Array:
    return x + (a * b if value == 1 else a * b * value)


def addcdiv(xp: Namespace, x: Array, a: Array, b: Array, *, value: float = 1) -> Array:
    return x + (a / b if value == 1 else a / b * value)


def lerp(xp: Namespace, a: Array, b: Array, weight: Array) -> Array:
    return a + weight * (b - a)


def ldexp(xp: Namespace, a: Array, b: Array) -> Array:
    return a * 2.0 ** xp.astype(b, a.dtype)


def where(xp: Namespace, condition: Array, a: Array, b: Array) -> Array:
    return xp.where(condition, a, b)


def masked_fill(xp: Namespace, x: Array, mask: Array, value: Any) -> Array:
    return xp.where(mask, filled(xp, x, value), x)


def filled(xp: Namespace, x: Array, value: Any) -> Array:
    """One number in the shape of an array."""
    return xp.full(x.shape, value, dtype=x.dtype) if isinstance(value, int | float) else xp.zeros_like(x) + value


def full_like(xp: Namespace, x: Array, value: Any, **_: Any) -> Array:
    return filled(xp, x, value)


def fill(xp: Namespace, x: Array, value: Any) -> Array:
    return filled(xp, x, value)


def zeros_like(xp: Namespace, x: Array, **_: Any) -> Array:
    return xp.zeros_like(x)


def ones_like(xp: Namespace, x: Array, **_: Any) -> Array:
    return xp.ones_like(x)


def new_zeros(xp: Namespace, x: Array, shape: Any, **_: Any) -> Array:
    return xp.zeros(tuple(shape), dtype=x.dtype)


def new_ones(xp: Namespace, x: Array, shape: Any, **_: Any) -> Array:
    return xp.ones(tuple(shape), dtype=x.dtype)


def new_full(xp: Namespace, x: Array, shape: Any, value: Any, **_: Any) -> Array:
    return xp.zeros(tuple(shape), dtype=x.dtype) + value


def xlogy(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.where(a == 0, xp.zeros_like(b), a * xp.log(xp.where(a == 0, xp.ones_like(b), b)))


def logit(xp: Namespace, x: Array, eps: float | None = None) -> Array:
    x = x if eps is None else xp.clip(x, eps, 1 - eps)
    return xp.log(x / (1 - x))


def heaviside(xp: Namespace, x: Array, at_zero: Array) -> Array:
    return xp.where(x == 0, at_zero, xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x)))


def clamp(xp: Namespace, x: Array, min: Any = None, max: Any = None) -> Array:  # noqa: A002
    return xp.clip(x, min, max)


def clamp_min(xp: Namespace, x: Array, min: Any) -> Array:  # noqa: A002
    return xp.clip(x, min)


def clamp_max(xp: Namespace, x: Array, max: Any) -> Array:  # noqa: A002
    return xp.clip(x, None, max)


def hardtanh(xp: Namespace, x: Array, low: float = -1.0, high: float = 1.0) -> Array:
    return xp.clip(x, low, high)


def relu(xp: Namespace, x: Array) -> Array:
    return xp.maximum(x, 0.0)


def relu6(xp: Namespace, x: Array) -> Array:
    return xp.clip(x, 0.0, 6.0)


def leaky_relu(xp: Namespace, x: Array, slope: float = 0.01) -> Array:
    return xp.where(x > 0, x, x * slope)


def _prelu_kernel(xp: Namespace, x: Array, slope: Array) -> Array:
    return xp.where(x > 0, x, x * slope)


def threshold(xp: Namespace, x: Array, limit: float, value: float) -> Array:
    return xp.where(x > limit, x, filled(xp, x, value))


def hardshrink(xp: Namespace, x: Array, limit: float = 0.5) -> Array:
    return xp.where(xp.abs(x) > limit, x, xp.zeros_like(x))


def softshrink(xp: Namespace, x: Array, limit: float = 0.5) -> Array:
    return xp.maximum(x - limit, 0.0) + xp.minimum(x + limit, 0.0)


def silu(xp: Namespace, x: Array) -> Array:
    return x * xp.sigmoid(x)


def mish(xp: Namespace, x: Array) -> Array:
    return x * xp.tanh(softplus(xp, x))


def hardsigmoid(xp: Namespace, x: Array) -> Array:
    return xp.clip(x + 3.0, 0.0, 6.0) / 6.0


def hardswish(xp: Namespace, x: Array) -> Array:
    return x * xp.clip(x + 3.0, 0.0, 6.0) / 6.0


def elu(xp: Namespace, x: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    negative = xp.expm1(xp.minimum(x if input_scale == 1 else x * input_scale, 0.0)) * (alpha * scale)
    return xp.where(x > 0, x if scale == 1 else x * scale, negative)


def softplus(xp: Namespace, x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    z = x if beta == 1 else x * beta
    y = xp.log1p(xp.exp(xp.minimum(z, threshold + 1)))
    return xp.where(z > threshold, x, y if beta == 1 else y / beta)


def log_sigmoid_forward(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """And exp(-|x|), which its gradient takes."""
    small = xp.exp(-xp.abs(x))
    return xp.minimum(x, 0.0) - xp.log1p(small), small


# In float32 the vectorised erf of PyTorch's GELU, which is not torch.erf, is Abramowitz and Stegun's 7.1.26: it is off
# by 1.5e-7, and by the roundings of a polynomial that is taken from 1.
FAST_ERF, ITS_ROUNDINGS = 1.5e-7, 4


def fast_erf(xp: Namespace, x: Array) -> Array:
    """The erf of GELU and its gradient."""
    erf = xp.erf(x)
    if not isinstance(erf, Bounded) or erf.model.precision > 24:
        return erf
    return widened(erf, FAST_ERF + ITS_ROUNDINGS * erf.model.inner_unit)


def gelu(xp: Namespace, x: Array, *, approximate: str = "none") -> Array:
    if approximate == "none":
        return 0.5 * x * (1 + fast_erf(xp, x * math.sqrt(0.5)))
    return 0.5 * x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def rrelu_with_noise_functional(
    xp: Namespace, x: Array, noise: Array, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *_: Any
) -> Any:
    """Not while it is trained, when slopes are drawn."""
    return leaky_relu(xp, x, (lower + upper) / 2), noise


def rrelu_with_noise(xp: Namespace, *arguments: Any) -> Array:
    return rrelu_with_noise_functional(xp, *arguments)[0]


def signbit(xp: Namespace, x: Array) -> Array:
    """Of a zero that rounding may make, it is not known."""
    negative = xp.less(x, 0)
    of_zero = np.signbit(plain(x)) & np.asarray(plain(x) == 0)
    return negative | xp.logical_and(xp.equal(x, 0), of_zero)


def copysign(xp: Namespace, x: Array, y: Array) -> Array:
    size = xp.abs(x)
    return xp.where(signbit(xp, y) if is_real(y) else np.signbit(y), -size, size)


def plain(x: Array) -> np.ndarray:
    """The values alone."""
    return x.value if isinstance(x, Bounded) else np.asarray(np.frompyfunc(float, 1, 1)(x.balls), np.float64)


def _to_copy(xp: Namespace, x: Array, *, dtype: Any = None, **_: Any) -> Array:
    """Of a format: the interpreter casts what comes out. Numbers of 8 bits stay in the format that they came from."""
    name = str(dtype).removeprefix("torch.")
    if name in GRIDS:
        return on_grid(x, name)
    return x if dtype is None or (is_real(x) and name in MODELS) else xp.astype(x, np.dtype(name))
