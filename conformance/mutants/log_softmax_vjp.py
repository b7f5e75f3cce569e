"""Wrong gradients of log-softmax."""

import numpy as np

from . import breaks
from .gradients import mutants_of, softmax
from .gradients_of_rows import OF_POWERS, OF_ROWS, moved, top, total
from .rounding import coarse_if_long, to_bfloat16, to_float16, to_tf32


def pulled_back(p, g, axis):
    """The right product with the transposed Jacobian."""
    return g - p * total(g, axis)


def right(x, g, axis=-1):
    """The right gradient, to be put to a wrong use."""
    return pulled_back(softmax(x, axis), g, axis)


globals().update(mutants_of("log_softmax_vjp", (OF_ROWS, right), (OF_POWERS, pulled_back)))


# The Jacobian.


@breaks("log_softmax_vjp.value", "the gradient of softmax: p (g - sum(g p))")
def log_softmax_vjp__of_softmax(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - total(g * p, axis))


@breaks("log_softmax_vjp.value", "g - sum(g p): the product with the Jacobian, not with its transpose")
def log_softmax_vjp__not_transposed(x, g, *, axis=-1):
    return g - total(g * softmax(x, axis), axis)


@breaks("log_softmax_vjp.value", "the diagonal alone: g (1 - p)")
def log_softmax_vjp__diagonal(x, g, *, axis=-1):
    return g * (1 - softmax(x, axis))


@breaks("log_softmax_vjp.value", "g - p: the sum of g is taken for 1")
def log_softmax_vjp__sum_taken_for_1(x, g, *, axis=-1):
    return g - softmax(x, axis)


@breaks("log_softmax_vjp.value", "g + p: the sum of g is taken for -1, that of a one-hot loss")
def log_softmax_vjp__sum_taken_for_minus_1(x, g, *, axis=-1):
    return g + softmax(x, axis)


@breaks("log_softmax_vjp.value", "g comes back less its mean, as if all p were 1/n")
def log_softmax_vjp__mean_subtracted(x, g, *, axis=-1):
    return g - np.mean(g, axis=axis, keepdims=True) + 0 * softmax(x, axis)


@breaks("log_softmax_vjp.value", "the sign is lost: p sum(g) - g")
def log_softmax_vjp__negated(x, g, *, axis=-1):
    return -right(x, g, axis)


@breaks("log_softmax_vjp.value", "a plus for the minus: g + p sum(g)")
def log_softmax_vjp__plus(x, g, *, axis=-1):
    return g + softmax(x, axis) * total(g, axis)


@breaks("log_softmax_vjp.value", "the mean of g instead of its sum")
def log_softmax_vjp__mean(x, g, *, axis=-1):
    return g - softmax(x, axis) * np.mean(g, axis=axis, keepdims=True)


@breaks("log_softmax_vjp.value", "the sum of the magnitudes of g")
def log_softmax_vjp__sum_of_magnitudes(x, g, *, axis=-1):
    return g - softmax(x, axis) * total(np.abs(g), axis)


@breaks("log_softmax_vjp.value", "the class itself is left out of the sum")
def log_softmax_vjp__others_only(x, g, *, axis=-1):
    return g - softmax(x, axis) * (total(g, axis) - g)


@breaks("log_softmax_vjp.value", "e^(x - max) instead of p: not normalised")
def log_softmax_vjp__not_normalised(x, g, *, axis=-1):
    return pulled_back(np.exp(x - top(x, axis)), g, axis)


@breaks("log_softmax_vjp.value", "x is taken for the logarithms, as PyTorch's backward kernel takes the result")
def log_softmax_vjp__x_as_logarithms(x, g, *, axis=-1):
    return pulled_back(np.exp(x), g, axis)


@breaks("log_softmax_vjp.value", "the logarithms of probabilities in place of the probabilities")
def log_softmax_vjp__logarithms_for_probabilities(x, g, *, axis=-1):
    return pulled_back(np.log(softmax(x, axis)), g, axis)


@breaks("log_softmax_vjp.value", "the largest logit gets the gradient of the maximum: sum(g) is subtracted there")
def log_softmax_vjp__maximum_gets_the_sum(x, g, *, axis=-1):
    s = total(g, axis)
    return right(x, g, axis) - np.where(x == top(x, axis), s, s.dtype.type(0))


# The logits: their shift, and those far from the largest.


@breaks(
    "log_softmax_vjp.shift", "p is exp(x - logsumexp(x)), the maximum added to the logarithm before they are subtracted"
)
def log_softmax_vjp__exp_of_difference_from_logsumexp(x, g, *, axis=-1):
    m = top(x, axis)
    return pulled_back(np.exp(x - (m + np.log(total(np.exp(x - m), axis)))), g, axis)


@breaks(
    "log_softmax_vjp.spread", "the unfused gradient, through log(p): g / p overflows, and p g / p is NaN where p is 0"
)
def log_softmax_vjp__unfused(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g / p) - p * total(p * (g / p), axis)


@breaks("log_softmax_vjp.spread", "0 times an infinite difference of logits makes NaN")
def log_softmax_vjp__zero_times_infinity(x, g, *, axis=-1):
    z = x - top(x, axis)
    return right(x, g, axis) + 0 * np.where(np.isneginf(x), 0, z)


@breaks("log_softmax_vjp.spread", "the gradient is 0 where p is below 1e-30")
def log_softmax_vjp__cut_at_1e_30(x, g, *, axis=-1):
    p = softmax(x, axis)
    return np.where(p < 1e-30, p.dtype.type(0), pulled_back(p, g, axis))


# The axis.


@breaks("log_softmax_vjp.axis", "the axis of the sum of g is ignored: always the last")
def log_softmax_vjp__axis_of_sum_ignored(x, g, *, axis=-1):
    return pulled_back(softmax(x, axis), g, -1)


@breaks("log_softmax_vjp.value", "g is added up over the whole array")
def log_softmax_vjp__sum_over_batch(x, g, *, axis=-1):
    return g - softmax(x, axis) * np.sum(g)


# Classes and rows that are left out.


@breaks("log_softmax_vjp.value", "the last class is left out of the sum of g")
def log_softmax_vjp__last_class_dropped(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    return np.moveaxis(g - p * total(g[..., :-1], -1), -1, axis)


@breaks("log_softmax_vjp.value", "the last n % 8 classes are left out of the sum of g, where n is at least 8")
def log_softmax_vjp__remainder_of_8_dropped(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    n = x.shape[axis]
    return np.moveaxis(g - p * total(g[..., : n - n % 8 or n], -1), -1, axis)


@breaks("log_softmax_vjp.value", "classes beyond 1024 are left out of the sum of g")
def log_softmax_vjp__classes_beyond_1024(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    return np.moveaxis(g - p * total(g[..., :1024], -1), -1, axis)


# Precision.


@breaks("log_softmax_vjp.few", "where there are more than 2000 classes, g is rounded to bfloat16 before it is summed")
def log_softmax_vjp__long_sums_of_bfloat16(x, g, *, axis=-1):
    return g - softmax(x, axis) * total(coarse_if_long(g, axis), axis)


@breaks("log_softmax_vjp.value", "the logarithms of probabilities were kept in float16")
def log_softmax_vjp__float16_logarithms(x, g, *, axis=-1):
    z = x - top(x, axis)
    return pulled_back(np.exp(to_float16(z - np.log(total(np.exp(z), axis)))), g, axis)


@breaks("log_softmax_vjp.value", "the product is made of TF32 factors")
def log_softmax_vjp__tf32_product(x, g, *, axis=-1):
    return g - to_tf32(softmax(x, axis)) * to_tf32(total(g, axis))


@breaks("log_softmax_vjp.value", "the sum of g is rounded to bfloat16")
def log_softmax_vjp__bfloat16_sum(x, g, *, axis=-1):
    return g - softmax(x, axis) * to_bfloat16(total(g, axis))


# NaN and infinities.


@breaks("log_softmax_vjp.nan", "a NaN of g stays in its own class: the sum passes over it")
def log_softmax_vjp__nan_in_own_class(x, g, *, axis=-1):
    return g - softmax(x, axis) * np.nansum(g, axis=axis, keepdims=True)


@breaks("log_softmax_vjp.nan", "a class of probability 0 gets g, even where another g is NaN")
def log_softmax_vjp__zero_hides_nan(x, g, *, axis=-1):
    p = softmax(x, axis)
    return np.where(p == 0, g, pulled_back(p, g, axis))


@breaks("log_softmax_vjp.infinity", "a masked class gets 0, not g")
def log_softmax_vjp__masked_zero(x, g, *, axis=-1):
    gx = right(x, g, axis)
    return np.where(np.isneginf(x) & ~np.isnan(gx), gx.dtype.type(0), gx)


@breaks("log_softmax_vjp.infinity", "the g of a masked class counts nothing in the sum")
def log_softmax_vjp__masked_g_left_out(x, g, *, axis=-1):
    return g - softmax(x, axis) * total(np.where(np.isneginf(x) & ~np.isnan(g), g.dtype.type(0), g), axis)
