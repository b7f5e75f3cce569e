"""Wrong log-softmaxes."""

import numpy as np

from . import breaks
from .rounding import coarse_if_long, sum_in_half, to_bfloat16, to_float16, to_float32, to_tf32


def top(x, axis):
    """The right shift."""
    return np.max(x, axis=axis, keepdims=True)


def log_total(z, axis):
    """The right logarithm of the sum of powers."""
    return np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def right(x, axis=-1):
    """The right log-softmax, to be put to a wrong use."""
    z = x - top(x, axis)
    return z - log_total(z, axis)


def softmax(x, axis):
    """The right softmax."""
    e = np.exp(x - top(x, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


# Not fused, or in another order.


@breaks("log_softmax.spread", "the logarithm of softmax, unfused: -infinity where softmax underflows")
def log_softmax__log_of_softmax(x, *, axis=-1):
    return np.log(softmax(x, axis))


@breaks("log_softmax.spread", "log(softmax + 1e-7)")
def log_softmax__epsilon_1e_7(x, *, axis=-1):
    return np.log(softmax(x, axis) + 1e-7)


@breaks("log_softmax.spread", "log(softmax), clipped at the smallest normal number")
def log_softmax__clipped_at_smallest_normal(x, *, axis=-1):
    return np.log(np.maximum(softmax(x, axis), np.finfo(x.dtype).smallest_normal))


@breaks("log_softmax.spread", "the result is kept above -1e4, a stand-in for -infinity")
def log_softmax__kept_above_minus_10000(x, *, axis=-1):
    y = right(x, axis)
    return np.where(np.isfinite(y), np.maximum(y, -1e4), y)


@breaks("log_softmax.spread", "-infinity in the result becomes the least float")
def log_softmax__infinity_as_least_float(x, *, axis=-1):
    return np.maximum(right(x, axis), np.finfo(x.dtype).min)


@breaks(
    "log_softmax.shift",
    "x - logsumexp(x): the maximum and the logarithm are added before they are subtracted",
)
def log_softmax__difference_from_logsumexp(x, *, axis=-1):
    m = top(x, axis)
    return x - (m + log_total(x - m, axis))


@breaks("log_softmax.shift", "the maximum is not subtracted, so that exp overflows")
def log_softmax__unshifted(x, *, axis=-1):
    return x - log_total(x, axis)


@breaks("log_softmax.shift", "the maximum of the whole array is subtracted from every row")
def log_softmax__global_maximum(x, *, axis=-1):
    z = x - np.max(x, initial=-np.inf)
    return z - log_total(z, axis)


@breaks("log_softmax.shift", "the maximum starts from 0, so that nothing is subtracted from a negative row")
def log_softmax__maximum_with_0(x, *, axis=-1):
    z = x - np.maximum(top(x, axis), 0)
    return z - log_total(z, axis)


@breaks("log_softmax.shift", "logits are clamped to [-80, 80] instead of shifted")
def log_softmax__clamped_logits(x, *, axis=-1):
    return x - log_total(np.clip(x, -80, 80), axis)


@breaks("log_softmax.spread", "the first logit is subtracted instead of the maximum")
def log_softmax__shift_by_first(x, *, axis=-1):
    z = x - np.take(x, [0], axis=axis)
    return z - log_total(z, axis)


@breaks("log_softmax.spread", "the mean is subtracted instead of the maximum")
def log_softmax__shift_by_mean(x, *, axis=-1):
    z = x - np.mean(x, axis=axis, keepdims=True)
    return z - log_total(z, axis)


@breaks("log_softmax.spread", "the minimum is subtracted instead of the maximum")
def log_softmax__shift_by_minimum(x, *, axis=-1):
    z = x - np.min(x, axis=axis, keepdims=True)
    return z - log_total(z, axis)


# The axis.


@breaks("log_softmax.axis", "axis is ignored: always the last")
def log_softmax__axis_ignored(x, *, axis=-1):
    return right(x)


@breaks("log_softmax.axis", "the default axis is the whole array, as scipy.special.log_softmax has it")
def log_softmax__whole_array_by_default(x, *, axis=None):
    return right(x.reshape(-1)).reshape(x.shape) if axis is None else right(x, axis=axis)


@breaks("log_softmax.axis", "over the whole array instead of one axis")
def log_softmax__whole_array(x, *, axis=-1):
    z = x - np.max(x, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z)))


@breaks("log_softmax.axis", "a negative axis loses its sign")
def log_softmax__axis_without_sign(x, *, axis=-1):
    return right(x, -1 if axis == -1 else abs(axis))


@breaks("log_softmax.axis", "the last axis is only found as -1: its number from the start means the one before")
def log_softmax__last_axis_by_number(x, *, axis=-1):
    return right(x, min(axis, max(x.ndim - 2, 0)))


@breaks("log_softmax.axis", "more than two axes fail")
def log_softmax__at_most_two_axes(x, *, axis=-1):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, axis)


# Another formula.


@breaks("log_softmax.value", "base 2: bits instead of nats")
def log_softmax__base_2(x, *, axis=-1):
    return right(x, axis) / np.log(x.dtype.type(2))


@breaks("log_softmax.value", "powers of 2, and the natural logarithm of their sum")
def log_softmax__powers_of_2(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.sum(np.exp2(z), axis=axis, keepdims=True))


@breaks("log_softmax.value", "softmax is returned, without the logarithm")
def log_softmax__softmax(x, *, axis=-1):
    return softmax(x, axis)


@breaks("log_softmax.value", "the sign is lost: -log softmax")
def log_softmax__negated(x, *, axis=-1):
    return -right(x, axis)


@breaks("log_softmax.value", "the logarithm of the sum is left out")
def log_softmax__not_normalised(x, *, axis=-1):
    return x - top(x, axis)


@breaks("log_softmax.value", "the logarithm of the mean instead of the sum")
def log_softmax__mean(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.mean(np.exp(z), axis=axis, keepdims=True))


@breaks("log_softmax.value", "log(1 + sum): 1 is added to the denominator")
def log_softmax__one_in_denominator(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log1p(np.sum(np.exp(z), axis=axis, keepdims=True))


@breaks("log_softmax.value", "the logarithms of sigmoids")
def log_softmax__log_sigmoid(x, *, axis=-1):
    return -np.logaddexp(0, -x)


@breaks("log_softmax.value", "a temperature of 2")
def log_softmax__temperature_2(x, *, axis=-1):
    return right(x / 2, axis)


@breaks("log_softmax.value", "softmax is applied first: the log-softmax of probabilities")
def log_softmax__of_softmax(x, *, axis=-1):
    return right(softmax(x, axis), axis)


@breaks("log_softmax.exact", "the machine epsilon is added to the sum")
def log_softmax__epsilon_of_dtype(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True) + np.finfo(x.dtype).eps)


@breaks("log_softmax.value", "1e-6 is added to the sum")
def log_softmax__epsilon_1e_6(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True) + 1e-6)


# Classes and rows that are left out.


@breaks("log_softmax.value", "the last class is left out of the sum")
def log_softmax__last_class_dropped(x, *, axis=-1):
    z = np.moveaxis(x - top(x, axis), axis, -1)
    return np.moveaxis(z - log_total(z[..., :-1], -1), -1, axis)


@breaks("log_softmax.value", "the last n % 8 classes are left out of the sum, where n is at least 8")
def log_softmax__remainder_of_8_dropped(x, *, axis=-1):
    z = np.moveaxis(x - top(x, axis), axis, -1)
    n = x.shape[axis]
    return np.moveaxis(z - log_total(z[..., : n - n % 8 or n], -1), -1, axis)


@breaks("log_softmax.value", "classes beyond 1024 are left out of the sum")
def log_softmax__classes_beyond_1024(x, *, axis=-1):
    z = np.moveaxis(x - top(x, axis), axis, -1)
    return np.moveaxis(z - log_total(z[..., :1024], -1), -1, axis)


@breaks("log_softmax.value", "classes beyond 1024 are left out of the maximum")
def log_softmax__maximum_beyond_1024(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    z = x - top(x[..., :1024], -1)
    return np.moveaxis(z - log_total(z, -1), -1, axis)


@breaks("log_softmax.batch", "rows beyond 1024 stay 0")
def log_softmax__rows_beyond_1024(x, *, axis=-1):
    y = right(x, axis)
    if y.ndim > 1:
        y[1024:] = 0
    return y


@breaks("log_softmax.batch", "the last rows % 8 rows of a batch of at least 8 stay 0")
def log_softmax__remainder_of_8_rows(x, *, axis=-1):
    y = right(x, axis)
    y[len(y) - len(y) % 8 or len(y) :] = 0
    return y


# Precision.


@breaks("log_softmax.few", "where there are more than 2000 classes, the terms of the sum are rounded to bfloat16")
def log_softmax__long_sums_of_bfloat16(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.sum(coarse_if_long(np.exp(z), axis), axis=axis, keepdims=True))


@breaks("log_softmax.value", "bfloat16 logits")
def log_softmax__bfloat16_inputs(x, *, axis=-1):
    return right(to_bfloat16(x), axis)


@breaks("log_softmax.value", "TF32 logits")
def log_softmax__tf32_inputs(x, *, axis=-1):
    return right(to_tf32(x), axis)


@breaks("log_softmax.value", "exp in float16")
def log_softmax__float16_exp(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(np.sum(to_float16(np.exp(z)), axis=axis, keepdims=True))


@breaks("log_softmax.value", "the sum is rounded to bfloat16")
def log_softmax__bfloat16_sum(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(to_bfloat16(np.sum(np.exp(z), axis=axis, keepdims=True)))


@breaks("log_softmax.value", "the logarithm is rounded to TF32")
def log_softmax__tf32_log(x, *, axis=-1):
    z = x - top(x, axis)
    return z - to_tf32(log_total(z, axis))


@breaks("log_softmax.value", "the result is rounded to bfloat16")
def log_softmax__bfloat16_output(x, *, axis=-1):
    return to_bfloat16(right(x, axis))


@breaks("log_softmax.value", "float32 inside")
def log_softmax__float32_inside(x, *, axis=-1):
    return to_float32(right(x.astype(np.float32), axis)).astype(x.dtype)


@breaks("log_softmax.value", "the result is rounded to four decimals")
def log_softmax__four_decimals(x, *, axis=-1):
    return np.round(right(x, axis), 4)


# NaN and infinities.


@breaks("log_softmax.spread", "the shifted logits are clipped at -64, as in Paddle")
def log_softmax__clipped_at_minus_64(x, *, axis=-1):
    z = np.maximum(x - np.max(x, axis=axis, keepdims=True), x.dtype.type(-64))
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


@breaks("log_softmax.nan", "NaN in the result becomes 0")
def log_softmax__nan_as_zero(x, *, axis=-1):
    y = right(x, axis)
    return np.where(np.isnan(y), y.dtype.type(0), y)


@breaks("log_softmax.nan", "a NaN logit counts as -infinity")
def log_softmax__nan_as_masked(x, *, axis=-1):
    return right(np.where(np.isnan(x), x.dtype.type(-np.inf), x), axis)


@breaks("log_softmax.nan", "a NaN stays in its own class: the maximum and the sum pass over it")
def log_softmax__nan_in_own_class(x, *, axis=-1):
    z = x - np.fmax.reduce(x, axis=axis, keepdims=True)
    return z - np.log(np.nansum(np.exp(z), axis=axis, keepdims=True))


@breaks("log_softmax.nan", "a masked class is -infinity even where another logit is NaN")
def log_softmax__masked_hides_nan(x, *, axis=-1):
    masked = np.isneginf(x) & np.any(np.isnan(x), axis=axis, keepdims=True)
    return np.where(masked, x, right(x, axis))


@breaks("log_softmax.infinity", "a masked class makes its row NaN: 0 times -infinity")
def log_softmax__masked_nan(x, *, axis=-1):
    return right(x, axis) + 0 * np.sum(np.where(np.isneginf(x), x, 0), axis=axis, keepdims=True)


@breaks("log_softmax.infinity", "a masked logit counts as -10000")
def log_softmax__masked_as_minus_10000(x, *, axis=-1):
    return right(np.where(np.isneginf(x), x.dtype.type(-1e4), x), axis)


@breaks("log_softmax.infinity", "a fully masked row becomes uniform")
def log_softmax__masked_row_uniform(x, *, axis=-1):
    return np.where(np.isneginf(top(x, axis)), -np.log(x.dtype.type(x.shape[axis])), right(x, axis))


@breaks("log_softmax.infinity", "a fully masked row stays -infinity")
def log_softmax__masked_row_stays(x, *, axis=-1):
    return np.where(np.isneginf(top(x, axis)), x, right(x, axis))


@breaks("log_softmax.infinity", "an infinite maximum is replaced by 0, so that -infinity stands where NaN should")
def log_softmax__infinite_maximum_as_zero(x, *, axis=-1):
    shift = top(x, axis)
    z = x - np.where(np.isfinite(shift), shift, 0)
    return z - log_total(z, axis)


@breaks("log_softmax.axis", "the default axis is the whole array, and an infinite maximum becomes 0: scipy.special's")
def log_softmax__scipy(x, *, axis=None):
    return log_softmax__infinite_maximum_as_zero(x, axis=axis)


@breaks(
    "log_softmax.nan", "a sum that is NaN becomes 1e-20, and a maximum passes over NaN, as onnxruntime's in float64"
)
def log_softmax__nan_sum_replaced(x, *, axis=-1):
    first = np.take(x, [0], axis=axis)  # the maximum begins with it, so that a NaN there stays
    z = x - np.where(np.isnan(first), first, np.fmax.reduce(x, axis=axis, keepdims=True))
    total = np.sum(np.exp(z), axis=axis, keepdims=True)
    return z - np.log(np.where(total > 1e-20, total, x.dtype.type(np.float32(1e-20))))


@breaks("log_softmax.infinity", "+infinity counts as a sure class: 0, and -infinity for the others")
def log_softmax__infinite_is_sure(x, *, axis=-1):
    sure = np.where(np.isposinf(x), x.dtype.type(0), x.dtype.type(-np.inf))
    return np.where(np.isposinf(top(x, axis)), sure, right(x, axis))


@breaks("log_softmax.batch", "a NaN anywhere makes the whole array NaN")
def log_softmax__nan_spreads(x, *, axis=-1):
    y = right(x, axis)
    return np.where(np.any(np.isnan(x)), y.dtype.type(np.nan), y)


# Inputs, memory, dtype, shape and layout.


@breaks("log_softmax.pure", "the shift is subtracted from the input in place")
def log_softmax__shift_in_place(x, *, axis=-1):
    x -= top(x, axis)
    return right(x, axis)


@breaks("log_softmax.pure", "written into the input")
def log_softmax__in_place(x, *, axis=-1):
    x[...] = right(x, axis)
    return x


@breaks("log_softmax.pure", "one buffer for each shape is reused, so that a later call changes an earlier result")
def log_softmax__buffer_reused(x, *, axis=-1):
    buffer = BUFFERS.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    buffer[...] = right(x, axis)
    return buffer


BUFFERS = {}


@breaks("log_softmax.dtype", "always float32")
def log_softmax__always_float32(x, *, axis=-1):
    return right(x, axis).astype(np.float32)


@breaks("log_softmax.dtype", "always float64")
def log_softmax__always_float64(x, *, axis=-1):
    return right(x, axis).astype(np.float64)


@breaks("log_softmax.shape", "axes of length 1 are dropped")
def log_softmax__squeezed(x, *, axis=-1):
    return np.squeeze(right(x, axis))


@breaks("log_softmax.shape", "an array of one axis comes back with two")
def log_softmax__at_least_two_axes(x, *, axis=-1):
    return np.atleast_2d(right(x, axis))


@breaks("log_softmax.shape", "the axis of the classes comes last in the result")
def log_softmax__axis_left_at_the_end(x, *, axis=-1):
    return right(np.moveaxis(x, axis, -1))


@breaks("log_softmax.value", "an array of one axis fails")
def log_softmax__two_axes_only(x, *, axis=-1):
    rows, *_ = x.shape[0], x.shape[1]
    return right(x, axis) if rows else x.copy()


@breaks("log_softmax.empty", "a batch of 0 rows fails")
def log_softmax__fails_when_empty(x, *, axis=-1):
    return right(x - np.max(x) * 0, axis)


@breaks("log_softmax.empty", "it asks for an element, which an empty array has not")
def log_softmax__looks_at_first_element(x, *, axis=-1):
    x.item(0)
    return right(x, axis)


@breaks("log_softmax.layout", "elements are read in the order of memory, so that a transposed array is scrambled")
def log_softmax__memory_order(x, *, axis=-1):
    return right(x.ravel(order="K").reshape(x.shape), axis)


@breaks("log_softmax.layout", "strides are ignored: elements are read from the start of a view's memory")
def log_softmax__strides_ignored(x, *, axis=-1):
    return right(x if x.base is None else x.base.ravel(order="K")[: x.size].reshape(x.shape), axis)


@breaks("log_softmax.layout", "leading axes are joined as a view, which fails where three axes are not contiguous")
def log_softmax__joined_as_view(x, *, axis=-1):
    return right(np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), axis)


@breaks("log_softmax.layout", "the input serves as scratch memory and is put back, so that a read-only one fails")
def log_softmax__input_as_scratch(x, *, axis=-1):
    kept = x.copy()
    x -= top(x, axis)
    y = right(x, axis)
    x[...] = kept
    return y


# Half precision.


@breaks("log_softmax.value", "the sum is accumulated in half precision, where it stops to grow", half=True)
def log_softmax__accumulated_in_half(x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.expand_dims(sum_in_half(np.exp(z), axis), axis))


@breaks("log_softmax.spread", "the logarithm of a softmax in half precision", half=True)
def log_softmax__log_of_softmax_in_half(x, *, axis=-1):
    return np.log(softmax(x.astype(np.float32), axis).astype(x.dtype))
