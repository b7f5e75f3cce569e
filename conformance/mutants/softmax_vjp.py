"""Wrong gradients of softmax."""

import numpy as np

from . import breaks
from .gradients import mutants_of, softmax
from .gradients_of_rows import OF_POWERS, OF_ROWS, moved, top, total
from .rounding import coarse_if_long, flush, to_bfloat16, to_float16, to_float32, to_tf32


def pulled_back(p, g, axis):
    """The right product with the Jacobian."""
    return p * (g - total(g * p, axis))


def right(x, g, axis=-1):
    """The right gradient, to be put to a wrong use."""
    return pulled_back(softmax(x, axis), g, axis)


globals().update(mutants_of("softmax_vjp", (OF_ROWS, right), (OF_POWERS, pulled_back)))


# The Jacobian.


@breaks("softmax_vjp.value", "the diagonal alone, p (1 - p), as the logistic function has it")
def softmax_vjp__diagonal(x, g, *, axis=-1):
    p = softmax(x, axis)
    return g * p * (1 - p)


@breaks("softmax_vjp.value", "the diagonal p alone: the normalisation is taken for a constant")
def softmax_vjp__constant_denominator(x, g, *, axis=-1):
    return softmax(x, axis) * g


@breaks("softmax_vjp.value", "the gradient of log-softmax: g - p sum(g)")
def softmax_vjp__of_log_softmax(x, g, *, axis=-1):
    return g - softmax(x, axis) * total(g, axis)


@breaks("softmax_vjp.value", "p - y, the gradient of the cross-entropy, with g for the labels")
def softmax_vjp__of_cross_entropy(x, g, *, axis=-1):
    return softmax(x, axis) - g


@breaks("softmax_vjp.value", "g is ignored: the gradient of the probability of the first class")
def softmax_vjp__of_first_class(x, g, *, axis=-1):
    p = softmax(np.moveaxis(x, axis, -1), -1)
    first = np.zeros_like(p)
    first[..., 0] = 1
    return np.moveaxis(pulled_back(p, first, -1), -1, axis)


@breaks("softmax_vjp.value", "the sign is lost: p (sum - g)")
def softmax_vjp__negated(x, g, *, axis=-1):
    return -right(x, g, axis)


@breaks("softmax_vjp.value", "a plus for the minus: p (g + sum)")
def softmax_vjp__plus(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g + total(g * p, axis))


@breaks("softmax_vjp.value", "the sum of g is not weighted by p")
def softmax_vjp__unweighted_sum(x, g, *, axis=-1):
    return softmax(x, axis) * (g - total(g, axis))


@breaks("softmax_vjp.value", "the mean of the products instead of their sum")
def softmax_vjp__mean(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - np.mean(g * p, axis=axis, keepdims=True))


@breaks("softmax_vjp.value", "the mean of g instead of its mean under p")
def softmax_vjp__mean_of_g(x, g, *, axis=-1):
    return softmax(x, axis) * (g - np.mean(g, axis=axis, keepdims=True))


@breaks("softmax_vjp.value", "the factor p is missing outside")
def softmax_vjp__without_outer_p(x, g, *, axis=-1):
    return g - total(g * softmax(x, axis), axis)


@breaks("softmax_vjp.value", "p twice outside: the gradient is scaled by p again")
def softmax_vjp__p_squared(x, g, *, axis=-1):
    return softmax(x, axis) * right(x, g, axis)


@breaks("softmax_vjp.value", "x is taken for the probabilities, as PyTorch's backward kernel takes the result")
def softmax_vjp__x_as_probabilities(x, g, *, axis=-1):
    return pulled_back(x, g, axis)


@breaks("softmax_vjp.value", "softmax is applied to the probabilities again")
def softmax_vjp__softmax_twice(x, g, *, axis=-1):
    return pulled_back(softmax(softmax(x, axis), axis), g, axis)


@breaks("softmax_vjp.value", "the class itself is left out of the sum")
def softmax_vjp__others_only(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - (total(g * p, axis) - g * p))


@breaks("softmax_vjp.value", "the largest logit gets the gradient of the maximum: sum(g p) is subtracted there")
def softmax_vjp__maximum_gets_the_sum(x, g, *, axis=-1):
    s = total(g * softmax(x, axis), axis)
    return right(x, g, axis) - np.where(x == top(x, axis), s, s.dtype.type(0))


# The shift of the logits.


@breaks(
    "softmax_vjp.shift", "p is exp(x - logsumexp(x)), the maximum and the logarithm added before they are subtracted"
)
def softmax_vjp__exp_of_difference_from_logsumexp(x, g, *, axis=-1):
    m = top(x, axis)
    return pulled_back(np.exp(x - (m + np.log(total(np.exp(x - m), axis)))), g, axis)


@breaks("softmax_vjp.spread", "the difference of logits times p: NaN where the one is infinite and the other 0")
def softmax_vjp__zero_times_infinity(x, g, *, axis=-1):
    z = x - top(x, axis)
    return right(x, g, axis) + 0 * np.where(np.isneginf(x), 0, z)


@breaks("softmax_vjp.spread", "subnormal probabilities are flushed to 0")
def softmax_vjp__flushed(x, g, *, axis=-1):
    return pulled_back(flush(softmax(x, axis)), g, axis)


@breaks("softmax_vjp.spread", "probabilities are clamped to [1e-7, 1 - 1e-7]")
def softmax_vjp__clamped_1e_7(x, g, *, axis=-1):
    return pulled_back(np.clip(softmax(x, axis), 1e-7, 1 - 1e-7), g, axis)


@breaks("softmax_vjp.spread", "gradients below 1e-30 are cut off to 0")
def softmax_vjp__cut_at_1e_30(x, g, *, axis=-1):
    gx = right(x, g, axis)
    return np.where(np.abs(gx) < 1e-30, gx.dtype.type(0), gx)


@breaks("softmax_vjp.exact", "1e-12 is added to the denominator")
def softmax_vjp__epsilon_1e_12(x, g, *, axis=-1):
    e = np.exp(x - top(x, axis))
    return pulled_back(e / (total(e, axis) + 1e-12), g, axis)


# The axis.


@breaks("softmax_vjp.axis", "the axis of the sum of the products is ignored: always the last")
def softmax_vjp__axis_of_sum_ignored(x, g, *, axis=-1):
    return pulled_back(softmax(x, axis), g, -1)


@breaks("softmax_vjp.value", "the products are added up over the whole array")
def softmax_vjp__sum_over_batch(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - np.sum(g * p))


# Classes and rows that are left out.


@breaks("softmax_vjp.value", "the last class is left out of the sum of the products")
def softmax_vjp__last_class_dropped(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    return np.moveaxis(p * (g - total((g * p)[..., :-1], -1)), -1, axis)


@breaks("softmax_vjp.value", "the last n % 8 classes are left out of the sum of the products, where n is at least 8")
def softmax_vjp__remainder_of_8_dropped(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    n = x.shape[axis]
    return np.moveaxis(p * (g - total((g * p)[..., : n - n % 8 or n], -1)), -1, axis)


@breaks("softmax_vjp.value", "classes beyond 1024 are left out of the sum of the products")
def softmax_vjp__classes_beyond_1024(x, g, *, axis=-1):
    p, g = moved(axis, softmax(x, axis), g)
    return np.moveaxis(p * (g - total((g * p)[..., :1024], -1)), -1, axis)


# Precision.


@breaks("softmax_vjp.few", "where there are more than 2000 classes, softmax's sum is of bfloat16 numbers")
def softmax_vjp__long_sums_of_bfloat16(x, g, *, axis=-1):
    e = np.exp(x - top(x, axis))
    return pulled_back(e / total(coarse_if_long(e, axis), axis), g, axis)


@breaks("softmax_vjp.value", "the probabilities were kept in float16")
def softmax_vjp__float16_probabilities(x, g, *, axis=-1):
    return pulled_back(to_float16(softmax(x, axis)), g, axis)


@breaks("softmax_vjp.value", "the products are made of TF32 factors")
def softmax_vjp__tf32_products(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - total(to_tf32(g) * to_tf32(p), axis))


@breaks("softmax_vjp.value", "the sum of the products is rounded to bfloat16")
def softmax_vjp__bfloat16_sum(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - to_bfloat16(total(g * p, axis)))


@breaks("softmax_vjp.value", "the sum of the products is float32's")
def softmax_vjp__float32_sum(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - to_float32(total(g * p, axis)))


# NaN and infinities.


@breaks("softmax_vjp.nan", "NaN in g counts as 0")
def softmax_vjp__nan_in_g_as_zero(x, g, *, axis=-1):
    return right(x, np.where(np.isnan(g), g.dtype.type(0), g), axis)


@breaks("softmax_vjp.nan", "a NaN of g stays in its own class: the sum passes over it")
def softmax_vjp__nan_in_own_class(x, g, *, axis=-1):
    p = softmax(x, axis)
    return p * (g - np.nansum(g * p, axis=axis, keepdims=True))


@breaks("softmax_vjp.nan", "a class of probability 0 gets 0, even where g is NaN")
def softmax_vjp__zero_hides_nan(x, g, *, axis=-1):
    p = softmax(x, axis)
    return np.where(p == 0, p.dtype.type(0), pulled_back(p, g, axis))


@breaks("softmax_vjp.infinity", "a masked class gets NaN: 0 times -infinity in its own place")
def softmax_vjp__masked_class_nan(x, g, *, axis=-1):
    return right(x, g, axis) + 0 * np.where(np.isneginf(x), x, 0)


@breaks("softmax_vjp.infinity", "a fully masked row gets 0")
def softmax_vjp__masked_row_zero(x, g, *, axis=-1):
    return np.where(np.isneginf(top(x, axis)), x.dtype.type(0), right(x, g, axis))
