"""Wrong ReLUs."""

import math

import numpy as np

from . import breaks
from .rounding import flush, to_bfloat16, to_float16, to_float32, to_tf32


def right(x):
    """The right ReLU, to be put to a wrong use."""
    return np.maximum(x, x.dtype.type(0)).astype(x.dtype)


# NaN and infinities.


@breaks(
    "relu.nan", "NaN becomes 0, as where(x > 0, x, 0) or fmax gives", "https://github.com/apache/mxnet/issues/11115"
)
def relu__where_greater(x):
    return np.where(x > 0, x, np.zeros_like(x))


@breaks(
    "relu.nan", "NaN becomes 0, as where(x > 0, x, 0) or fmax gives", "https://github.com/pytorch/pytorch/issues/7999"
)
def relu__fmax(x):
    return np.fmax(x, x.dtype.type(0))


@breaks("relu.nan", "NaN becomes 0 and infinity the largest float, as nan_to_num gives")
def relu__nan_to_num(x):
    return np.nan_to_num(right(x))


@breaks("relu.nan", "a NaN with its sign bit set becomes 0: its bits are taken for a sign or an integer")
def relu__sign_bit(x):
    return np.where(np.signbit(x), x.dtype.type(0), x)


@breaks("relu.nan", "a NaN with its sign bit set becomes 0: its bits are taken for a sign or an integer")
def relu__integer_maximum(x):
    return np.maximum(np.array(x).view(f"i{x.dtype.itemsize}"), 0).view(x.dtype)


@breaks("relu.nan", "a NaN anywhere makes every element NaN")
def relu__nan_spreads(x):
    return right(x + 0 * np.sum(np.where(np.isnan(x), x, x.dtype.type(0))))


@breaks("relu.infinity", "x times (x > 0): NaN instead of 0 for -infinity")
def relu__product_with_mask(x):
    return x * (x > 0)


@breaks("relu.infinity", "(x + |x|) / 2: NaN for -infinity, and infinite for the largest floats")
def relu__half_of_sum(x):
    return (x + np.abs(x)) / 2


@breaks("relu.infinity", "(x + sqrt(x^2)) / 2: overflows and underflows")
def relu__root_of_square(x):
    return (x + np.sqrt(x * x)) / 2


@breaks("relu.infinity", "infinity becomes the largest float")
def relu__largest_float(x):
    return np.minimum(right(x), np.finfo(x.dtype).max)


@breaks("relu.infinity", "infinity becomes NaN")
def relu__infinity_to_nan(x):
    return right(x) + 0 * x


# Another formula.


@breaks(
    "relu.value",
    "leaky: a slope of 0.01 below 0",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html",
)
def relu__leaky(x):
    return np.where(x < 0, 0.01 * x, x)


@breaks("relu.value", "leaky: a slope of 1e-30 below 0")
def relu__barely_leaky(x):
    return np.where(x < 0, 1e-30 * x, x)


@breaks("relu.value", "ReLU6: capped at 6")
def relu__capped_at_6(x):
    return np.minimum(right(x), 6)


@breaks("relu.value", "capped at 65504, the largest float16")
def relu__capped_at_65504(x):
    return np.minimum(right(x), 65504)


@breaks("relu.value", "ELU: exp(x) - 1 below 0")
def relu__elu(x):
    return np.where(x < 0, np.expm1(x), x)


@breaks("relu.value", "softplus: log(1 + exp(x))")
def relu__softplus(x):
    return np.logaddexp(x, x.dtype.type(0))


@breaks("relu.value", "SiLU: x times its sigmoid")
def relu__silu(x):
    return x / (1 + np.exp(-x))


@breaks("relu.value", "GELU, by tanh")
def relu__gelu(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@breaks("relu.value", "the absolute value")
def relu__absolute(x):
    return np.abs(x)


@breaks("relu.value", "the identity")
def relu__identity(x):
    return x.copy()


@breaks("relu.value", "min(0, x) instead of max(0, x)")
def relu__minimum(x):
    return np.minimum(x, x.dtype.type(0))


@breaks("relu.value", "-max(0, x)")
def relu__negated(x):
    return -right(x)


@breaks("relu.value", "the derivative instead of the value")
def relu__derivative(x):
    return np.where(np.isnan(x), x, x > 0).astype(x.dtype)


@breaks("relu.value", "the square of ReLU")
def relu__squared(x):
    return right(x) ** 2


@breaks("relu.value", "1 instead of 0 is the threshold")
def relu__maximum_with_1(x):
    return np.maximum(x, x.dtype.type(1))


@breaks("relu.value", "x is shifted down by 1e-6 first")
def relu__shifted(x):
    return right(x - x.dtype.type(1e-6))


@breaks("relu.value", "a positive x below 1e-6 becomes 0")
def relu__threshold_1e_6(x):
    return np.where(x < 1e-6, x.dtype.type(0), x)


@breaks("relu.value", "a positive x below 1e-30 becomes 0")
def relu__threshold_1e_30(x):
    return np.where(x < 1e-30, x.dtype.type(0), x)


@breaks("relu.value", "1e-7 is added, to keep the result above 0")
def relu__epsilon_added(x):
    return right(x) + 1e-7


@breaks("relu.value", "x below -1e30 passes")
def relu__large_negative_passes(x):
    return np.where(x < -1e30, x, right(x))


@breaks("relu.value", "the mean is subtracted first")
def relu__centred(x):
    return right(x - np.mean(x, dtype=x.dtype))


# Precision.


@breaks("relu.value", "rounded to bfloat16")
def relu__bfloat16(x):
    return to_bfloat16(right(x))


@breaks("relu.value", "rounded to TF32")
def relu__tf32(x):
    return to_tf32(right(x))


@breaks("relu.value", "rounded to float16")
def relu__float16(x):
    return to_float16(right(x))


@breaks("relu.value", "float32 inside")
def relu__float32_inside(x):
    return to_float32(right(x))


@breaks("relu.value", "the last bit is lost")
def relu__last_bit(x):
    y = right(x)
    return (y.view(f"u{x.dtype.itemsize}") & ~np.uint64(1).astype(f"u{x.dtype.itemsize}")).view(x.dtype)


@breaks("relu.subnormal", "subnormal numbers are flushed to 0, undeclared")
def relu__flushed(x):
    return flush(right(x))


@breaks("relu.subnormal", "the smallest normal number is added to a tiny x and subtracted again, which loses bits")
def relu__two_roundings(x):
    one = np.finfo(x.dtype).smallest_normal * 2
    return np.where(np.abs(x) < 1e-30, (right(x) + one) - one, right(x))


# Elements that are left out.


@breaks("relu.value", "the last n % 8 elements are left as they are, where there are at least 8")
def relu__remainder_of_8(x):
    y = np.array(x)
    flat = y.reshape(-1)
    n = flat.size - flat.size % 8 or flat.size
    flat[:n] = right(flat[:n])
    return y


@breaks("relu.value", "elements beyond 4096 stay 0")
def relu__elements_beyond_4096(x):
    y = np.array(right(x))
    y.reshape(-1)[4096:] = 0
    return y


@breaks("relu.value", "elements beyond 4096 are left as they are")
def relu__untouched_beyond_4096(x):
    flat = np.ravel(x)
    return np.concatenate([right(flat[:4096]), flat[4096:]]).reshape(x.shape)


@breaks("relu.value", "the first element is left as it is")
def relu__first_element(x):
    y = np.array(right(x))
    y.reshape(-1)[:1] = np.ravel(x)[:1]
    return y


# Inputs, memory, dtype, shape and layout.


@breaks("relu.pure", "written into the input")
def relu__in_place(x):
    return np.maximum(x, 0, out=x)


@breaks("relu.pure", "negative elements of the input itself become 0, and a copy is returned")
def relu__input_changed(x):
    y = right(x)
    x[x < 0] = 0
    return y


@breaks("relu.pure", "the input itself is returned where no element is negative")
def relu__alias_if_positive(x):
    return x if np.all(x >= 0) else right(x)


@breaks("relu.pure", "one buffer for each shape is reused, so that a later call changes an earlier result")
def relu__buffer_reused(x):
    buffer = BUFFERS.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    buffer[...] = right(x)
    return buffer


BUFFERS = {}


@breaks("relu.dtype", "always float32")
def relu__always_float32(x):
    return right(x).astype(np.float32)


@breaks("relu.dtype", "float64 comes back, always or by way of a NumPy scalar")
def relu__always_float64(x):
    return right(x).astype(np.float64)


@breaks("relu.dtype", "float64 comes back, always or by way of a NumPy scalar")
def relu__numpy_zero(x):
    return np.maximum(x, np.float64(0))


@breaks("relu.shape", "the result is flattened")
def relu__flattened(x):
    return np.ravel(right(x))


@breaks("relu.shape", "an array without axes gets one")
def relu__at_least_one_axis(x):
    return np.atleast_1d(right(x))


@breaks("relu.shape", "the result is transposed")
def relu__transposed(x):
    return right(x).T.copy()


@breaks("relu.value", "an array without axes fails")
def relu__no_axes_fails(x):
    return right(x) if len(x) else x.copy()


@breaks("relu.value", "more than two axes fail")
def relu__at_most_two_axes(x):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x)


@breaks("relu.empty", "an array without elements fails")
def relu__fails_when_empty(x):
    return np.clip(right(x), None, np.max(np.abs(x)))


@breaks("relu.empty", "an array without elements loses its shape")
def relu__shapeless_when_empty(x):
    return right(x) if x.size else np.zeros(0, x.dtype)


@breaks("relu.layout", "elements are read in the order of memory, so that a transposed array is scrambled")
def relu__memory_order(x):
    return right(x.ravel(order="K").reshape(x.shape))


@breaks("relu.layout", "strides are ignored: elements are read from the start of the memory that a view belongs to")
def relu__strides_ignored(x):
    return right(x if x.base is None else x.base.ravel(order="K")[: x.size].reshape(x.shape))


@breaks("relu.layout", "an array that is not contiguous fails")
def relu__contiguous_only(x):
    return right(np.reshape(x, -1, copy=False)).reshape(x.shape)


@breaks("relu.layout", "leading axes are joined as a view, which fails where three axes are not contiguous")
def relu__joined_as_view(x):
    return right(np.reshape(x, (-1, x.shape[-1]), copy=False)).reshape(x.shape) if x.ndim > 1 else right(x)


@breaks("relu.layout", "the input serves as scratch memory and is put back, so that a read-only one fails")
def relu__input_as_scratch(x):
    kept = np.array(x)
    x *= x.dtype.type(1)
    x[...] = kept
    return right(x)


@breaks("relu.empty", "it asks for an element, which an empty array has not")
def relu__looks_at_first_element(x):
    x.item(0)
    return np.maximum(x, 0)
