"""Wrong gradients of ReLU."""

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import flush, to_bfloat16, to_float16, to_float32, to_tf32


def right(x, g):
    """The right gradient, to be put to a wrong use."""
    return np.where(x > 0, g, g.dtype.type(0))


# The derivative.


@breaks("relu_vjp.at_zero", "the derivative at 0 is 1, as where(x >= 0, g, 0) gives")
def relu_vjp__one_at_zero(x, g):
    return np.where(x >= 0, g, g.dtype.type(0))


@breaks("relu_vjp.at_zero", "the derivative at 0 is 1/2, as automatic differentiation of maximum(x, 0) gives")
def relu_vjp__half_at_zero(x, g):
    return np.where(x == 0, g / 2, right(x, g))


@breaks("relu_vjp.at_zero", "the derivative at 0 is 1 and at -0 it is 0: the sign bit decides")
def relu_vjp__sign_bit(x, g):
    return np.where(np.signbit(x), g.dtype.type(0), g)


@breaks("relu_vjp.value", "g is ignored: the derivative alone")
def relu_vjp__g_ignored(x, g):
    return (x > 0).astype(x.dtype)


@breaks("relu_vjp.value", "x is ignored: g itself, as straight-through estimators have it")
def relu_vjp__straight_through(x, g):
    return g.copy()


@breaks("relu_vjp.value", "x in the place of g: the value, not the gradient")
def relu_vjp__forward(x, g):
    return np.maximum(x, 0)


@breaks("relu_vjp.value", "the gradient is multiplied by the value")
def relu_vjp__times_value(x, g):
    return right(x, g * x)


@breaks("relu_vjp.value", "the sign is wrong")
def relu_vjp__negated(x, g):
    return -right(x, g)


@breaks("relu_vjp.value", "g where x < 0 instead of x > 0")
def relu_vjp__where_negative(x, g):
    return np.where(x < 0, g, g.dtype.type(0))


@breaks("relu_vjp.value", "the sign of g decides in the place of that of x")
def relu_vjp__sign_of_g(x, g):
    return np.maximum(g, 0)


@breaks("relu_vjp.value", "guided: a negative g becomes 0 too", "https://arxiv.org/abs/1412.6806")
def relu_vjp__guided(x, g):
    return right(x, np.maximum(g, 0))


@breaks("relu_vjp.value", "leaky: 0.01 g where x < 0")
def relu_vjp__leaky(x, g):
    return np.where(x < 0, g / 100, right(x, g))


@breaks("relu_vjp.value", "0 above 6, as ReLU6 has it")
def relu_vjp__capped_at_6(x, g):
    return np.where(x < 6, right(x, g), g.dtype.type(0))


@breaks("relu_vjp.value", "x up to 1e-30 counts as 0")
def relu_vjp__threshold(x, g):
    return np.where(x > 1e-30, g, g.dtype.type(0))


@breaks("relu_vjp.value", "the gradient is clipped to [-1e3, 1e3]")
def relu_vjp__g_clipped(x, g):
    return right(x, np.clip(g, -1e3, 1e3))


@breaks("relu_vjp.value", "the gradient is divided by the number of elements")
def relu_vjp__mean(x, g):
    return right(x, g / max(g.size, 1)).astype(g.dtype)


# NaN, infinity, subnormal numbers and precision.


@breaks("relu_vjp.infinity", "g times (x > 0): infinity times 0, and NaN times 0, are NaN")
def relu_vjp__product_with_mask(x, g):
    return g * (x > 0)


@breaks("relu_vjp.nan", "NaN in g becomes 0 and infinity the largest float, as nan_to_num gives")
def relu_vjp__nan_to_num(x, g):
    return right(x, np.nan_to_num(g))


@breaks("relu_vjp.nan", "NaN in g passes where x <= 0")
def relu_vjp__nan_passes(x, g):
    return np.where(np.isnan(g), g, right(x, g))


@breaks("relu_vjp.infinity", "g times x / |x|: NaN where x is infinite or 0")
def relu_vjp__sign_by_division(x, g):
    return np.where(x == 0, x.dtype.type(0), right(x, g * (x / np.abs(x))))


@breaks("relu_vjp.infinity", "an infinite g becomes the largest float")
def relu_vjp__largest_float(x, g):
    return right(x, np.clip(g, -np.finfo(g.dtype).max, np.finfo(g.dtype).max))


@breaks("relu_vjp.subnormal", "a subnormal g is flushed to 0, undeclared")
def relu_vjp__g_flushed(x, g):
    return right(x, flush(g))


@breaks("relu_vjp.subnormal", "a subnormal x counts as 0, undeclared")
def relu_vjp__x_flushed(x, g):
    return right(flush(x), g)


@breaks("relu_vjp.value", "g is rounded to bfloat16")
def relu_vjp__bfloat16(x, g):
    return right(x, to_bfloat16(g))


@breaks("relu_vjp.value", "g is rounded to TF32")
def relu_vjp__tf32(x, g):
    return right(x, to_tf32(g))


@breaks("relu_vjp.value", "x is rounded to float16, where small numbers are 0")
def relu_vjp__x_in_float16(x, g):
    return right(to_float16(x), g)


@breaks("relu_vjp.value", "float32 inside")
def relu_vjp__float32_inside(x, g):
    return right(to_float32(x), to_float32(g))


# Elements that are left out, memory, dtype, shape and layout.


@breaks("relu_vjp.value", "elements beyond 4096 stay 0")
def relu_vjp__elements_beyond_4096(x, g):
    gx = right(x, g)
    gx.reshape(-1)[4096:] = 0
    return gx


@breaks("relu_vjp.value", "the last n % 8 elements are left as they are, where there are at least 8")
def relu_vjp__remainder_of_8(x, g):
    gx, flat = right(x, g), np.ravel(g)
    n = flat.size - flat.size % 8 or flat.size
    gx.reshape(-1)[n:] = flat[n:]
    return gx


@breaks("relu_vjp.value", "arrays without axes fail")
def relu_vjp__no_axes_fails(x, g):
    return right(x, g) if len(x) else g.copy()


@breaks("relu_vjp.pure", "written into g")
def relu_vjp__in_place(x, g):
    g[x <= 0] = 0
    return g


@breaks("relu_vjp.pure", "g itself is returned where no x is negative")
def relu_vjp__alias_if_positive(x, g):
    return g if np.all(x > 0) else right(x, g)


@breaks("relu_vjp.pure", "every call returns the same memory")
def relu_vjp__buffer_reused(x, g):
    gx = buffer(g.shape, g.dtype)
    gx[...] = right(x, g)
    return gx


@breaks("relu_vjp.dtype", "the result is always float64")
def relu_vjp__always_float64(x, g):
    return right(x, g).astype(np.float64)


@breaks("relu_vjp.dtype", "the result is always float32")
def relu_vjp__always_float32(x, g):
    return right(x, g).astype(np.float32)


@breaks("relu_vjp.shape", "the result is flattened")
def relu_vjp__flattened(x, g):
    return np.ravel(right(x, g))


@breaks("relu_vjp.empty", "arrays without elements fail")
def relu_vjp__fails_when_empty(x, g):
    np.max(x)
    return right(x, g)


@breaks("relu_vjp.layout", "x is read as it lies in memory")
def relu_vjp__x_strides_ignored(x, g):
    return right(memory(x), g)


@breaks("relu_vjp.layout", "g is read as it lies in memory")
def relu_vjp__g_strides_ignored(x, g):
    return right(x, memory(g))
