"""Wrong softmaxes."""

import math

import numpy as np

from . import breaks
from .rounding import coarse_if_long, flush, fused, kept_bits, sum_in_half, to_bfloat16, to_float16, to_float32, to_tf32


def top(x, axis):
    """The right shift."""
    return np.max(x, axis=axis, keepdims=True)


def total(e, axis):
    """The right sum."""
    return np.sum(e, axis=axis, keepdims=True)


def shifted(x, axis):
    """The right numerators."""
    return np.exp(x - top(x, axis))


def right(x, axis=-1):
    """The right softmax, to be put to a wrong use."""
    e = shifted(x, axis)
    return e / total(e, axis)


# The shift.


@breaks(
    "softmax.shift",
    "the maximum is not subtracted, so that exp overflows",
    "https://github.com/uTensor/uTensor/issues/175",
)
def softmax__unshifted(x, *, axis=-1):
    e = np.exp(x)
    return e / total(e, axis)


@breaks("softmax.shift", "the maximum of the whole array is subtracted from every row, so that low rows become 0 / 0")
def softmax__global_maximum(x, *, axis=-1):
    e = np.exp(x - np.max(x, initial=-np.inf))
    return e / total(e, axis)


@breaks("softmax.spread", "the shifted logits are clipped at -64, as in Paddle")
def softmax__clipped_at_minus_64(x, *, axis=-1):
    e = np.exp(np.maximum(x - top(x, axis), x.dtype.type(-64)))
    return e / total(e, axis)


@breaks("softmax.spread", "the first logit is subtracted instead of the maximum")
def softmax__shift_by_first(x, *, axis=-1):
    e = np.exp(x - np.take(x, [0], axis=axis))
    return e / total(e, axis)


@breaks("softmax.spread", "the last logit is subtracted instead of the maximum")
def softmax__shift_by_last(x, *, axis=-1):
    e = np.exp(x - np.take(x, [-1], axis=axis))
    return e / total(e, axis)


@breaks("softmax.spread", "the mean is subtracted instead of the maximum")
def softmax__shift_by_mean(x, *, axis=-1):
    e = np.exp(x - np.mean(x, axis=axis, keepdims=True))
    return e / total(e, axis)


@breaks("softmax.spread", "the median is subtracted instead of the maximum")
def softmax__shift_by_median(x, *, axis=-1):
    e = np.exp(x - np.quantile(x, 0.5, axis=axis, keepdims=True, method="lower"))
    return e / total(e, axis)


@breaks("softmax.spread", "the minimum is subtracted instead of the maximum")
def softmax__shift_by_minimum(x, *, axis=-1):
    e = np.exp(x - np.min(x, axis=axis, keepdims=True))
    return e / total(e, axis)


@breaks(
    "softmax.shift",
    "the maximum starts from 0, so that nothing is subtracted from a negative row and it becomes 0 / 0",
    "https://github.com/m0at/rvllm/pull/1",
)
def softmax__maximum_with_0(x, *, axis=-1):
    e = np.exp(x - np.maximum(top(x, axis), 0))
    return e / total(e, axis)


@breaks("softmax.shift", "the maximum starts from -1e4, a stand-in for -infinity, so that rows below it become 0 / 0")
def softmax__maximum_with_minus_10000(x, *, axis=-1):
    e = np.exp(x - np.maximum(top(x, axis), -1e4))
    return e / total(e, axis)


@breaks("softmax.shift", "the largest absolute value is subtracted instead of the maximum")
def softmax__shift_by_largest_magnitude(x, *, axis=-1):
    return normalised(np.exp(x - top(np.abs(x), axis)), axis)


@breaks("softmax.shift", "the maximum is taken along another axis than the sum")
def softmax__maximum_of_other_axis(x, *, axis=-1):
    other = axis - 1 if x.ndim > 1 else axis
    return normalised(np.exp(x - np.max(x, axis=other % x.ndim, keepdims=True, initial=-np.inf)), axis)


@breaks("softmax.shift", "half of the maximum is subtracted")
def softmax__half_shift(x, *, axis=-1):
    return normalised(np.exp(x - top(x, axis) / 2), axis)


@breaks("softmax.shift", "the numerator is shifted, the denominator is not")
def softmax__denominator_unshifted(x, *, axis=-1):
    return shifted(x, axis) / total(np.exp(x), axis)


@breaks("softmax.shift", "exp is divided by its maximum, which comes after the overflow that it should prevent")
def softmax__shift_after_exp(x, *, axis=-1):
    e = np.exp(x)
    return normalised(e / top(e, axis), axis)


@breaks("softmax.shift", "logits are clamped to [-80, 80] instead of shifted")
def softmax__clamped_logits(x, *, axis=-1):
    return normalised(np.exp(np.clip(x, -80, 80)), axis)


@breaks("softmax.spread", "exp's argument is kept above -50, so that tiny probabilities come out too large")
def softmax__argument_kept_above_minus_50(x, *, axis=-1):
    return normalised(np.exp(np.maximum(x - top(x, axis), -50)), axis)


@breaks(
    "softmax.shift", "exp2(x log2 e - max log2 e), both products rounded: the logits are scaled before they are shifted"
)
def softmax__scaled_before_shift(x, *, axis=-1):
    return normalised(np.exp2(x * LOG2_E - top(x, axis) * LOG2_E), axis)


@breaks(
    "softmax.exact",
    "exp2 of one fused multiply-add, x log2 e - (max log2 e): the scaled maximum is rounded, so exp(0) is not 1",
)
def softmax__scaled_before_shift_fused(x, *, axis=-1):
    return normalised(np.exp2(fused(x, LOG2_E, -(top(x, axis) * LOG2_E))), axis)


@breaks("softmax.shift", "exp(x - logsumexp(x)): the maximum and the logarithm are added before they are subtracted")
def softmax__exp_of_difference_from_logsumexp(x, *, axis=-1):
    m = top(x, axis)
    return np.exp(x - (m + np.log(total(np.exp(x - m), axis))))


@breaks("softmax.shift", "nothing is subtracted along other axes than the last")
def softmax__unshifted_along_other_axes(x, *, axis=-1):
    return right(x, axis) if axis in (-1, x.ndim - 1) else normalised(np.exp(x), axis)


@breaks("softmax.spread", "an online softmax that does not rescale its sum when the maximum grows")
def softmax__online_without_rescaling(x, *, axis=-1):
    running = np.maximum.accumulate(x, axis=axis)
    return np.exp(x - top(x, axis)) / total(np.exp(x - running), axis)


@breaks("softmax.value", "an online softmax that rescales by the inverse factor when the maximum grows")
def softmax__online_inverse_rescaling(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    m, s = x[..., :1], np.ones_like(x[..., :1])
    for i in range(1, x.shape[-1]):
        new = np.maximum(m, x[..., i : i + 1])
        m, s = new, s * np.exp(new - m) + np.exp(x[..., i : i + 1] - new)
    return np.moveaxis(np.exp(x - m) / s, -1, axis)


def normalised(e, axis):
    """The right division."""
    return e / total(e, axis)


LOG2_E = math.log2(math.e)


# The axis.


@breaks("softmax.axis", "axis is ignored: always the last", "https://github.com/paiml/aprender/pull/2152")
def softmax__axis_ignored(x, *, axis=-1):
    return right(x)


@breaks("softmax.value", "always along the first axis")
def softmax__first_axis(x, *, axis=-1):
    return normalised(np.exp(x - np.max(x, axis=0, initial=-np.inf)), 0)


@breaks("softmax.axis", "over the whole array instead of one axis", "https://github.com/nntrainer/nntrainer/pull/430")
def softmax__whole_array(x, *, axis=-1):
    return normalised(np.exp(x - np.max(x, initial=-np.inf)), None)


@breaks("softmax.axis", "a negative axis loses its sign")
def softmax__axis_without_sign(x, *, axis=-1):
    return right(x, -1 if axis == -1 else abs(axis))


@breaks("softmax.axis", "a negative axis counts from the end off by one")
def softmax__axis_off_by_one(x, *, axis=-1):
    return right(x, axis if axis >= -1 else (axis + x.ndim - 1) % x.ndim)


@breaks("softmax.axis", "every axis but the first is taken for the last")
def softmax__first_or_last_axis(x, *, axis=-1):
    return right(x, 0 if axis in (0, -x.ndim) else -1)


@breaks("softmax.axis", "the last axis is only found as -1: its number from the start means the one before")
def softmax__last_axis_by_number(x, *, axis=-1):
    return right(x, min(axis, max(x.ndim - 2, 0)))


@breaks("softmax.axis", "the array is flattened to two axes at `axis`, as ONNX's Softmax was before opset 13")
def softmax__flattened_from_axis(x, *, axis=-1):
    rows = math.prod(x.shape[: axis % x.ndim])
    return right(x.reshape(rows, -1)).reshape(x.shape) if x.size else x.copy()


@breaks("softmax.axis", "the axis is moved to the end and not moved back")
def softmax__axis_not_moved_back(x, *, axis=-1):
    return right(np.moveaxis(x, axis, -1).copy()).reshape(x.shape)


@breaks("softmax.batch", "the sum runs over the batch too")
def softmax__sum_over_batch(x, *, axis=-1):
    e = shifted(x, axis)
    return e / np.sum(e)


# Another formula.


@breaks("softmax.value", "base 2: 2^x instead of e^x", "https://arxiv.org/abs/2103.09301")
def softmax__base_2(x, *, axis=-1):
    return normalised(np.exp2(x - top(x, axis)), axis)


@breaks("softmax.value", "base 10: 10^x instead of e^x")
def softmax__base_10(x, *, axis=-1):
    return normalised(np.power(x.dtype.type(10), x - top(x, axis)), axis)


@breaks("softmax.value", "e is written as 2.718")
def softmax__base_2_718(x, *, axis=-1):
    return normalised(np.power(x.dtype.type(2.718), x - top(x, axis)), axis)


@breaks("softmax.value", "a temperature of 2")
def softmax__temperature_2(x, *, axis=-1):
    return right(x / 2, axis)


@breaks("softmax.value", "the logits are divided by sqrt(n), as attention scores are")
def softmax__scaled_by_root_of_length(x, *, axis=-1):
    return right(x / math.sqrt(x.shape[axis]), axis)


@breaks("softmax.value", "the logits are negated: a softmin")
def softmax__softmin(x, *, axis=-1):
    return right(-x, axis)


@breaks(
    "softmax.value",
    "1 is added to the denominator: softmax1, or quiet softmax",
    "https://www.evanmiller.org/attention-is-off-by-one.html",
)
def softmax__one_in_denominator(x, *, axis=-1):
    m = np.maximum(top(x, axis), 0)
    e = np.exp(x - m)
    return e / (np.exp(-m) + total(e, axis))


@breaks(
    "softmax.value",
    "1 is added to the denominator after the shift",
    "https://github.com/kyegomez/AttentionIsOFFByOne/issues/5",
)
def softmax__one_in_shifted_denominator(x, *, axis=-1):
    e = shifted(x, axis)
    return e / (1 + total(e, axis))


@breaks("softmax.exact", "1e-6 is added to the denominator")
def softmax__epsilon_1e_6(x, *, axis=-1):
    e = shifted(x, axis)
    return e / (total(e, axis) + 1e-6)


@breaks("softmax.exact", "an epsilon as small as the dtype's is added to the denominator")
def softmax__epsilon_of_dtype(x, *, axis=-1):
    e = shifted(x, axis)
    return e / (total(e, axis) + np.finfo(x.dtype).eps)


@breaks("softmax.exact", "1e-12 is added to the denominator")
def softmax__epsilon_1e_12(x, *, axis=-1):
    e = shifted(x, axis)
    return e / (total(e, axis) + 1e-12)


@breaks("softmax.spread", "probabilities are clamped to [1e-7, 1 - 1e-7]")
def softmax__clamped_1e_7(x, *, axis=-1):
    return np.clip(right(x, axis), 1e-7, 1 - 1e-7)


@breaks("softmax.spread", "1e-12 is added to the probabilities")
def softmax__epsilon_in_output(x, *, axis=-1):
    return right(x, axis) + 1e-12


@breaks("softmax.spread", "probabilities below the machine epsilon are cut off to 0")
def softmax__cut_at_epsilon(x, *, axis=-1):
    y = right(x, axis)
    return np.where(y < np.finfo(x.dtype).eps, x.dtype.type(0), y)


@breaks("softmax.spread", "probabilities below 1e-30 are cut off to 0")
def softmax__cut_at_1e_30(x, *, axis=-1):
    y = right(x, axis)
    return np.where(y < 1e-30, x.dtype.type(0), y)


@breaks("softmax.value", "a sigmoid of each logit")
def softmax__sigmoid(x, *, axis=-1):
    return 1 / (1 + np.exp(-x))


@breaks("softmax.value", "the logarithm of softmax is returned")
def softmax__log_softmax(x, *, axis=-1):
    z = x - top(x, axis)
    return z - np.log(total(np.exp(z), axis))


@breaks("softmax.value", "not normalised")
def softmax__not_normalised(x, *, axis=-1):
    return shifted(x, axis)


@breaks("softmax.value", "divided by the largest exp instead of the sum")
def softmax__divided_by_maximum(x, *, axis=-1):
    e = shifted(x, axis)
    return e / top(e, axis)


@breaks("softmax.value", "divided by the Euclidean norm instead of the sum")
def softmax__divided_by_norm(x, *, axis=-1):
    e = shifted(x, axis)
    return e / np.sqrt(total(e * e, axis))


@breaks("softmax.value", "divided by the mean instead of the sum")
def softmax__divided_by_mean(x, *, axis=-1):
    e = shifted(x, axis)
    return e / np.mean(e, axis=axis, keepdims=True)


@breaks("softmax.value", "divided by a running sum, as if the classes were a sequence")
def softmax__cumulative_sum(x, *, axis=-1):
    e = shifted(x, axis)
    return e / np.cumsum(e, axis=axis)


@breaks("softmax.value", "the sum leaves out the class itself: odds instead of probabilities")
def softmax__odds(x, *, axis=-1):
    e = shifted(x, axis)
    return e / (total(e, axis) - e)


@breaks("softmax.value", "1 for the largest logit and 0 for the others")
def softmax__hardmax(x, *, axis=-1):
    return (x == top(x, axis)).astype(x.dtype)


@breaks("softmax.value", "softmax is applied twice")
def softmax__twice(x, *, axis=-1):
    return right(right(x, axis), axis)


@breaks("softmax.value", "the probabilities come out sorted")
def softmax__sorted(x, *, axis=-1):
    return np.sort(right(x, axis), axis=axis)


@breaks("softmax.value", "the probabilities are rounded to four decimals")
def softmax__four_decimals(x, *, axis=-1):
    return np.round(right(x, axis), 4)


@breaks("softmax.value", "exp is replaced by 1 + x + x^2 / 2: a Taylor softmax")
def softmax__taylor(x, *, axis=-1):
    return normalised(1 + x + x * x / 2, axis)


# Classes, rows and elements that are left out or made up.


@breaks("softmax.value", "the first class is left out of the sum")
def softmax__first_class_dropped(x, *, axis=-1):
    e = shifted(np.moveaxis(x, axis, -1), -1)
    return np.moveaxis(e / total(e[..., 1:], -1), -1, axis)


@breaks("softmax.value", "the last class is left out of the sum")
def softmax__last_class_dropped(x, *, axis=-1):
    e = shifted(np.moveaxis(x, axis, -1), -1)
    return np.moveaxis(e / total(e[..., :-1], -1), -1, axis)


@breaks("softmax.value", "the last n % 8 classes are left out of the sum, where n is at least 8")
def softmax__remainder_of_8_dropped(x, *, axis=-1):
    e = shifted(np.moveaxis(x, axis, -1), -1)
    n = x.shape[axis]
    return np.moveaxis(e / total(e[..., : n - n % 8 or n], -1), -1, axis)


@breaks("softmax.value", "the row is padded with zeros to a multiple of 8, and exp(0) is added for each")
def softmax__padded_with_zeros(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % 8)])
    return np.moveaxis(right(padded)[..., : x.shape[-1]], -1, axis)


@breaks("softmax.value", "classes beyond 1024 are left out of the sum")
def softmax__classes_beyond_1024(x, *, axis=-1):
    e = shifted(np.moveaxis(x, axis, -1), -1)
    return np.moveaxis(e / total(e[..., :1024], -1), -1, axis)


@breaks("softmax.value", "classes beyond 1024 are left out of the maximum")
def softmax__maximum_beyond_1024(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    return np.moveaxis(normalised(np.exp(x - top(x[..., :1024], -1)), -1), -1, axis)


@breaks("softmax.value", "each block of 256 classes is normalised by itself")
def softmax__blocks_of_256(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    return np.moveaxis(np.concatenate([right(x[..., i : i + 256]) for i in range(0, x.shape[-1], 256)], -1), -1, axis)


@breaks("softmax.batch", "rows beyond 1024 stay 0")
def softmax__rows_beyond_1024(x, *, axis=-1):
    y = right(x, axis)
    if y.ndim > 1:
        y[1024:] = 0
    return y


@breaks("softmax.batch", "columns beyond 1024 stay 0, where the sum runs over the first axis")
def softmax__columns_beyond_1024(x, *, axis=-1):
    y = right(x, axis)
    if axis % x.ndim == 0:
        y[..., 1024:] = 0 if y.ndim > 1 else y[..., 1024:]
    return y


@breaks("softmax.batch", "elements beyond 4096 stay 0")
def softmax__elements_beyond_4096(x, *, axis=-1):
    y = right(x, axis)
    y.ravel()[4096:] = 0
    return y


@breaks("softmax.batch", "the last rows % 8 rows of a batch of at least 8 stay 0")
def softmax__remainder_of_8_rows(x, *, axis=-1):
    y = right(x, axis)
    y[len(y) - len(y) % 8 or len(y) :] = 0
    return y


# Precision.


@breaks("softmax.few", "where there are more than 2000 classes, the terms of the sum are rounded to bfloat16")
def softmax__long_sums_of_bfloat16(x, *, axis=-1):
    e = shifted(x, axis)
    return e / total(coarse_if_long(e, axis), axis)


@breaks("softmax.renormalised", "where there are more than 3000 classes, exp is kept in 16 bits of 24")
def softmax__coarse_exp_of_many(x, *, axis=-1):
    e = shifted(x, axis)
    e = kept_bits(e, 8) if x.shape[axis] > 3000 else e
    return e / total(e, axis)


@breaks("softmax.value", "bfloat16 logits")
def softmax__bfloat16_inputs(x, *, axis=-1):
    return right(to_bfloat16(x), axis)


@breaks("softmax.value", "TF32 logits")
def softmax__tf32_inputs(x, *, axis=-1):
    return right(to_tf32(x), axis)


@breaks("softmax.value", "float16 logits")
def softmax__float16_inputs(x, *, axis=-1):
    return right(to_float16(x), axis)


@breaks("softmax.value", "float16 logits after the shift")
def softmax__float16_shifted(x, *, axis=-1):
    return normalised(np.exp(to_float16(x - top(x, axis))), axis)


@breaks("softmax.value", "exp in bfloat16")
def softmax__bfloat16_exp(x, *, axis=-1):
    return normalised(to_bfloat16(shifted(x, axis)), axis)


@breaks("softmax.value", "exp in TF32")
def softmax__tf32_exp(x, *, axis=-1):
    return normalised(to_tf32(shifted(x, axis)), axis)


@breaks("softmax.value", "exp in float16")
def softmax__float16_exp(x, *, axis=-1):
    return normalised(to_float16(shifted(x, axis)), axis)


@breaks("softmax.value", "the sum is accumulated in bfloat16")
def softmax__bfloat16_sum(x, *, axis=-1):
    e = np.moveaxis(shifted(x, axis), axis, -1)
    s = np.zeros_like(e[..., :1])
    for i in range(e.shape[-1]):
        s = to_bfloat16(s + e[..., i : i + 1])
    return np.moveaxis(e / s, -1, axis)


@breaks("softmax.value", "the sum is accumulated in float16")
def softmax__float16_sum(x, *, axis=-1):
    e = np.moveaxis(shifted(x, axis), axis, -1)
    s = np.zeros_like(e[..., :1])
    for i in range(e.shape[-1]):
        s = to_float16(s + e[..., i : i + 1])
    return np.moveaxis(e / s, -1, axis)


@breaks("softmax.value", "the terms of the sum are rounded to TF32, as a matrix product with ones does")
def softmax__tf32_sum(x, *, axis=-1):
    e = shifted(x, axis)
    return e / total(to_tf32(e), axis)


@breaks("softmax.value", "probabilities rounded to bfloat16")
def softmax__bfloat16_output(x, *, axis=-1):
    return to_bfloat16(right(x, axis))


@breaks("softmax.value", "probabilities rounded to TF32")
def softmax__tf32_output(x, *, axis=-1):
    return to_tf32(right(x, axis))


@breaks("softmax.value", "probabilities rounded to float16")
def softmax__float16_output(x, *, axis=-1):
    return to_float16(right(x, axis))


@breaks("softmax.value", "float32 inside")
def softmax__float32_inside(x, *, axis=-1):
    return right(x.astype(np.float32), axis).astype(x.dtype)


@breaks("softmax.value", "exp in float32")
def softmax__float32_exp(x, *, axis=-1):
    return normalised(to_float32(shifted(x, axis)), axis)


@breaks("softmax.value", "exp(log_softmax), the logarithm in float16")
def softmax__float16_log_softmax(x, *, axis=-1):
    return np.exp(to_float16(softmax__log_softmax(x, axis=axis)))


@breaks("softmax.value", "exp by Schraudolph's bit trick", "doi:10.1162/089976699300016467")
def softmax__schraudolph(x, *, axis=-1):
    z = np.maximum(x - top(x, axis), -80).astype(np.float32)
    e = (z * (2**23 * LOG2_E) + (127 * 2**23 - 366393)).astype(np.int32).view(np.float32)
    return normalised(e.astype(x.dtype), axis)


@breaks("softmax.value", "exp by a cubic polynomial on each power of two")
def softmax__cubic_exp(x, *, axis=-1):
    return normalised(polynomial_exp(x - top(x, axis), 3), axis)


@breaks("softmax.value", "exp by a polynomial of degree 4 on each power of two")
def softmax__quartic_exp(x, *, axis=-1):
    return normalised(polynomial_exp(x - top(x, axis), 4), axis)


@breaks("softmax.value", "exp by a polynomial of degree 7 on each power of two, enough for float32 alone")
def softmax__degree_7_exp(x, *, axis=-1):
    return normalised(polynomial_exp(x - top(x, axis), 7), axis)


def polynomial_exp(z, degree):
    """2^k times the Taylor polynomial of exp at the remainder, at most log(2) / 2 in size."""
    k = np.round(z * LOG2_E)
    r = z - k * math.log(2)
    p = sum(r**i / math.factorial(i) for i in range(degree + 1))
    return np.where(
        np.isfinite(k), np.ldexp(p, np.where(np.isfinite(k), np.maximum(k, -9999), 0).astype(int)), np.exp(z)
    )


@breaks("softmax.value", "exp by (1 + x / 1024)^1024")
def softmax__compound_interest(x, *, axis=-1):
    return normalised(np.maximum(1 + (x - top(x, axis)) / 1024, 0) ** 1024, axis)


@breaks("softmax.value", "exp from a table in steps of 1 / 256")
def softmax__table_exp(x, *, axis=-1):
    return normalised(np.exp(np.round((x - top(x, axis)) * 256) / 256), axis)


@breaks("softmax.value", "the reciprocal of the sum is an estimate of 12 bits, without a Newton step")
def softmax__reciprocal_estimate(x, *, axis=-1):
    e = shifted(x, axis)
    return e * to_tf32(1 / total(e, axis))


@breaks("softmax.value", "the reciprocal of the sum is by the magic constant and one Newton step")
def softmax__magic_reciprocal(x, *, axis=-1):
    e = shifted(x, axis)
    s = total(e, axis)
    r = (np.int32(0x7EF311C3) - s.astype(np.float32).view(np.int32)).view(np.float32).astype(x.dtype)
    return e * (r * (2 - s * r))


@breaks("softmax.subnormal", "subnormal numbers are flushed to 0, undeclared")
def softmax__flushed_output(x, *, axis=-1):
    return flush(right(x, axis))


@breaks("softmax.subnormal", "subnormal numbers are flushed to 0, undeclared")
def softmax__flushed_exp(x, *, axis=-1):
    return normalised(flush(shifted(x, axis)), axis)


# NaN and infinities.


@breaks("softmax.nan", "NaN in the result becomes 0")
def softmax__nan_to_num(x, *, axis=-1):
    return np.nan_to_num(right(x, axis))


@breaks("softmax.nan", "a NaN logit counts as 0")
def softmax__nan_as_zero(x, *, axis=-1):
    return right(np.where(np.isnan(x), x.dtype.type(0), x), axis)


@breaks("softmax.nan", "a NaN logit counts as -infinity")
def softmax__nan_as_masked(x, *, axis=-1):
    return right(np.where(np.isnan(x), x.dtype.type(-np.inf), x), axis)


@breaks("softmax.nan", "a NaN stays in its own class: the maximum and the sum pass over it")
def softmax__nan_in_own_class(x, *, axis=-1):
    e = np.exp(x - np.fmax.reduce(x, axis=axis, keepdims=True))
    return e / np.nansum(e, axis=axis, keepdims=True)


@breaks(
    "softmax.nan",
    "a row with NaN becomes 0, taken for a fully masked one",
    "https://github.com/intel/torch-xpu-ops/pull/5022",
)
def softmax__nan_row_as_zero(x, *, axis=-1):
    y = right(x, axis)
    return np.where(np.any(np.isnan(x), axis=axis, keepdims=True), x.dtype.type(0), y)


@breaks("softmax.nan", "a masked class is 0 even where another logit is NaN")
def softmax__masked_hides_nan(x, *, axis=-1):
    masked = np.isneginf(x) & ~np.isneginf(top(x, axis)) & ~np.isposinf(np.fmax.reduce(x, axis=axis, keepdims=True))
    return np.where(masked, x.dtype.type(0), right(x, axis))


@breaks(
    "softmax.nan",
    "NaN becomes 0 along other axes than the last",
    "https://github.com/intel/torch-xpu-ops/pull/5022",
)
def softmax__nan_lost_along_other_axes(x, *, axis=-1):
    return right(x, axis) if axis in (-1, x.ndim - 1) else np.nan_to_num(right(x, axis))


@breaks("softmax.infinity", "a masked logit makes NaN along other axes than the last")
def softmax__masked_nan_along_other_axes(x, *, axis=-1):
    return right(x, axis) if axis in (-1, x.ndim - 1) else softmax__masked_nan(x, axis=axis)


@breaks(
    "softmax.infinity",
    "a masked logit makes its row NaN",
    "https://github.com/gabrieldemarmiesse/torch-mojo-backend/pull/319",
)
def softmax__masked_nan(x, *, axis=-1):
    z = x - top(x, axis)
    return normalised(np.exp(np.where(np.isinf(z), z - z, z)), axis)


@breaks("softmax.infinity", "a fully masked row becomes uniform, as where masked logits are the smallest float")
def softmax__masked_as_least_float(x, *, axis=-1):
    return right(np.maximum(x, np.finfo(x.dtype).min), axis)


@breaks("softmax.infinity", "a masked logit counts as -20")
def softmax__masked_as_minus_20(x, *, axis=-1):
    return right(np.where(np.isneginf(x), x.dtype.type(-20), x), axis)


@breaks("softmax.infinity", "a fully masked row becomes 0", "https://github.com/pytorch/pytorch/pull/131060")
def softmax__safe(x, *, axis=-1):
    return np.where(np.isneginf(top(x, axis)), x.dtype.type(0), right(x, axis))


@breaks(
    "softmax.infinity",
    "a fully masked row becomes uniform, as where masked logits are the smallest float",
    "https://github.com/tenstorrent/tt-metal/issues/56056",
)
def softmax__masked_row_uniform(x, *, axis=-1):
    return np.where(np.isneginf(top(x, axis)), x.dtype.type(1 / x.shape[axis]), right(x, axis))


@breaks(
    "softmax.infinity",
    "a row with +infinity becomes one-hot, as where it counts as the largest float",
    "https://github.com/pytorch/pytorch/issues/6864",
)
def softmax__infinite_one_hot(x, *, axis=-1):
    one_hot = normalised(np.isposinf(x).astype(x.dtype), axis)
    return np.where(np.isposinf(top(x, axis)), one_hot, right(x, axis))


@breaks("softmax.infinity", "a row with +infinity becomes one-hot, as where it counts as the largest float")
def softmax__infinite_as_largest_float(x, *, axis=-1):
    return right(np.minimum(x, np.finfo(x.dtype).max), axis)


@breaks("softmax.infinity", "NaN in a row with +infinity stays in the infinite classes, the others are 0")
def softmax__infinite_others_zero(x, *, axis=-1):
    others = np.isposinf(top(x, axis)) & np.isfinite(x)
    return np.where(others, x.dtype.type(0), right(x, axis))


@breaks("softmax.batch", "a NaN anywhere makes the whole array NaN")
def softmax__nan_spreads(x, *, axis=-1):
    return right(x, axis) + 0 * np.sum(x)


@breaks("softmax.batch", "a NaN reaches the next row")
def softmax__nan_reaches_next_row(x, *, axis=-1):
    y = right(x, axis)
    return np.where(np.isnan(np.roll(y, 1, axis=0)), np.roll(y, 1, axis=0), y) if y.ndim > 1 else y


# Inputs, memory, dtype, shape and layout.


@breaks("softmax.pure", "written into the input", "https://github.com/JuliaGPU/CUDA.jl/issues/592")
def softmax__in_place(x, *, axis=-1):
    x[...] = right(x, axis)
    return x


@breaks("softmax.pure", "the shift is subtracted from the input in place")
def softmax__shift_in_place(x, *, axis=-1):
    x -= top(x, axis)
    return right(x, axis)


@breaks("softmax.pure", "NaN logits are replaced in the input itself, and the result is NaN all the same")
def softmax__nan_replaced_in_input(x, *, axis=-1):
    y = right(x, axis)
    if x.flags.writeable:
        x[np.isnan(x)] = 0
    return y


@breaks("softmax.pure", "one buffer for each shape is reused, so that a later call changes an earlier result")
def softmax__buffer_reused(x, *, axis=-1):
    buffer = BUFFERS.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    buffer[...] = right(x, axis)
    return buffer


BUFFERS = {}


@breaks("softmax.dtype", "always float32")
def softmax__always_float32(x, *, axis=-1):
    return right(x, axis).astype(np.float32)


@breaks("softmax.dtype", "float64 comes back, always or by way of a NumPy scalar")
def softmax__always_float64(x, *, axis=-1):
    return right(x, axis).astype(np.float64)


@breaks("softmax.dtype", "float64 comes back, always or by way of a NumPy scalar")
def softmax__numpy_scalar(x, *, axis=-1):
    return normalised(np.exp2((x - top(x, axis)) * np.log2(np.e)), axis)


@breaks("softmax.dtype", "the result is float16")
def softmax__half_result(x, *, axis=-1):
    return right(x, axis).astype(np.float16)


@breaks("softmax.shape", "axes of length 1 are dropped")
def softmax__squeezed(x, *, axis=-1):
    return np.squeeze(right(x, axis))


@breaks("softmax.shape", "an array of one axis comes back with two")
def softmax__at_least_two_axes(x, *, axis=-1):
    return np.atleast_2d(right(x, axis))


@breaks("softmax.shape", "the result is flattened")
def softmax__flattened(x, *, axis=-1):
    return right(x, axis).ravel()


@breaks("softmax.shape", "the axis of the classes comes last in the result")
def softmax__axis_left_at_the_end(x, *, axis=-1):
    return right(np.moveaxis(x, axis, -1))


@breaks("softmax.value", "an array of one axis fails")
def softmax__two_axes_only(x, *, axis=-1):
    rows, *_ = x.shape[0], x.shape[1]
    return right(x, axis) if rows else x.copy()


@breaks("softmax.axis", "more than two axes fail")
def softmax__at_most_two_axes(x, *, axis=-1):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, axis)


@breaks("softmax.empty", "a batch of 0 rows fails")
def softmax__fails_when_empty(x, *, axis=-1):
    return right(x - np.max(x) * 0, axis)


@breaks("softmax.empty", "a batch of 0 rows loses its shape")
def softmax__shapeless_when_empty(x, *, axis=-1):
    return right(x, axis) if x.size else np.zeros(0, x.dtype)


@breaks(
    "softmax.layout",
    "elements are read in the order of memory, so that a transposed array is scrambled",
    "https://github.com/tracel-ai/burn/issues/4815",
)
def softmax__memory_order(x, *, axis=-1):
    return right(x.ravel(order="K").reshape(x.shape), axis)


@breaks(
    "softmax.layout",
    "strides are ignored: elements are read from the start of the memory that a view belongs to",
    "https://github.com/ROCm/rocm-libraries/issues/11387",
)
def softmax__strides_ignored(x, *, axis=-1):
    return right(x if x.base is None else x.base.ravel(order="K")[: x.size].reshape(x.shape), axis)


@breaks("softmax.layout", "an array that is not contiguous fails", "https://github.com/chainer/chainer/issues/2034")
def softmax__contiguous_only(x, *, axis=-1):
    return right(np.reshape(x, -1, copy=False).reshape(x.shape), axis)


@breaks(
    "softmax.layout",
    "leading axes are joined as a view, which fails where three axes are not contiguous",
    "https://github.com/kornia/kornia/pull/3972",
)
def softmax__joined_as_view(x, *, axis=-1):
    return right(np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), axis)


@breaks("softmax.layout", "the input serves as scratch memory and is put back, so that a read-only one fails")
def softmax__input_as_scratch(x, *, axis=-1):
    kept = x.copy()
    x -= top(x, axis)
    y = right(x, axis)
    x[...] = kept
    return y


@breaks("softmax.empty", "it asks for an element, which an empty array has not")
def softmax__looks_at_first_element(x, *, axis=-1):
    x.item(0)
    return right(x, axis=axis)


@breaks("softmax.axis", "the default axis is the whole array, as scipy.special.softmax has it")
def softmax__whole_array_by_default(x, *, axis=None):
    return right(x.reshape(-1)).reshape(x.shape) if axis is None else right(x, axis=axis)


# Half precision.


@breaks("softmax.exact", "the sum is accumulated in half precision, where it stops to grow", half=True)
def softmax__accumulated_in_half(x, *, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.expand_dims(sum_in_half(e, axis), axis)


@breaks(
    "softmax.shift",
    "the maximum is not subtracted, and exp overflows",
    half=True,
)
def softmax__unshifted_in_half(x, *, axis=-1):
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True, dtype=np.float32).astype(x.dtype)
