"""Wrong gradients of categorical cross-entropy, towards the probabilities."""

import numpy as np

from . import breaks
from .categorical_cross_entropy import ends
from .gradients import OF_ANY, mutants_of, softmax
from .rounding import to_bfloat16


def inside(p, clip):
    """Whether the clip leaves p as it is, or p is NaN."""
    lo, hi = ends(p, clip)
    return ~((p < lo) | (p > hi))


def masked(y, p, g, axis, clip, slope):
    """The right gradient where y / p is given."""
    return np.where(inside(p, clip), -np.expand_dims(g, axis) * slope, p.dtype.type(0))


def right(y, p, g, *, axis=-1, clip=None):
    """The right gradient, to be put to a wrong use."""
    return masked(y, p, g, axis, clip, y.astype(p.dtype) / p)


globals().update(mutants_of("categorical_cross_entropy_vjp", (OF_ANY, right)))

# Another formula.


@breaks("categorical_cross_entropy_vjp.value", "base 2: over log 2")
def categorical_cross_entropy_vjp__base_2(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip) / np.log(p.dtype.type(2))


@breaks("categorical_cross_entropy_vjp.value", "base 10: over log 10")
def categorical_cross_entropy_vjp__base_10(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip) / np.log(p.dtype.type(10))


@breaks("categorical_cross_entropy_vjp.value", "not divided by p")
def categorical_cross_entropy_vjp__not_divided(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype))


@breaks("categorical_cross_entropy_vjp.value", "multiplied by p instead of divided")
def categorical_cross_entropy_vjp__multiplied(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) * p)


@breaks("categorical_cross_entropy_vjp.value", "divided by the square of p")
def categorical_cross_entropy_vjp__over_square(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) / p / p)


@breaks("categorical_cross_entropy_vjp.value", "the loss's logarithm times y, not its derivative")
def categorical_cross_entropy_vjp__logarithm(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) * np.log(np.abs(p)))


@breaks("categorical_cross_entropy_vjp.value", "the gradient towards the labels")
def categorical_cross_entropy_vjp__towards_labels(y, p, g, *, axis=-1, clip=None):
    return -np.expand_dims(g, axis) * np.log(np.clip(p, *ends(p, clip)))


@breaks("categorical_cross_entropy_vjp.value", "p - y, the gradient towards the logits of a softmax")
def categorical_cross_entropy_vjp__towards_logits(y, p, g, *, axis=-1, clip=None):
    return np.expand_dims(g, axis) * (p - y.astype(p.dtype))


@breaks("categorical_cross_entropy_vjp.value", "the gradient of squared differences")
def categorical_cross_entropy_vjp__squared_error(y, p, g, *, axis=-1, clip=None):
    return np.expand_dims(g, axis) * 2 * (p - y.astype(p.dtype))


@breaks("categorical_cross_entropy_vjp.value", "binary cross-entropy: (1 - y) / (1 - p) too")
def categorical_cross_entropy_vjp__binary(y, p, g, *, axis=-1, clip=None):
    y, hi = y.astype(p.dtype), p.dtype.type(ends(p, clip)[1])
    return masked(y, p, g, axis, clip, y / p - (1 - y) / (1 - np.minimum(p, hi - np.finfo(p.dtype).epsneg)))


@breaks("categorical_cross_entropy_vjp.value", "1e-7 is added to p, as an epsilon in the logarithm")
def categorical_cross_entropy_vjp__epsilon_1e_7(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) / (p + p.dtype.type(1e-7)))


@breaks("categorical_cross_entropy_vjp.value", "p is rounded to bfloat16")
def categorical_cross_entropy_vjp__bfloat16_p(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) / to_bfloat16(p))


@breaks("categorical_cross_entropy_vjp.value", "-g y exp(-log p), whose error grows with the logarithm")
def categorical_cross_entropy_vjp__exp_of_log(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) * np.exp(-np.log(p)))


@breaks("categorical_cross_entropy_vjp.probabilities", "p is renormalised, and its sum taken for a constant")
def categorical_cross_entropy_vjp__p_renormalised(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y.astype(p.dtype) / (p / np.sum(p, axis=axis, keepdims=True)))


@breaks("categorical_cross_entropy_vjp.probabilities", "p is renormalised by the loss: sum y / sum p is subtracted")
def categorical_cross_entropy_vjp__loss_renormalises(y, p, g, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    own = np.sum(y, axis=axis, keepdims=True) / np.sum(p, axis=axis, keepdims=True)
    return masked(y, p, g, axis, clip, y / p - own)


@breaks("categorical_cross_entropy_vjp.probabilities", "p is taken for logits")
def categorical_cross_entropy_vjp__from_logits(y, p, g, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    return np.expand_dims(g, axis) * (softmax(p, axis) * np.sum(y, axis=axis, keepdims=True) - y)


@breaks("categorical_cross_entropy_vjp.probabilities", "the mean over the classes is subtracted: p keeps its sum")
def categorical_cross_entropy_vjp__on_the_simplex(y, p, g, *, axis=-1, clip=None):
    gp = right(y, p, g, axis=axis, clip=clip)
    return gp - np.mean(gp, axis=axis, keepdims=True)


# The clip.


@breaks("categorical_cross_entropy_vjp.clip", "no clip")
def categorical_cross_entropy_vjp__no_clip(y, p, g, *, axis=-1, clip=None):
    return -np.expand_dims(g, axis) * (y.astype(p.dtype) / p)


@breaks("categorical_cross_entropy_vjp.clip", "no derivative of the clip: -g y / c everywhere (straight-through)")
def categorical_cross_entropy_vjp__straight_through(y, p, g, *, axis=-1, clip=None):
    return -np.expand_dims(g, axis) * y.astype(p.dtype) / np.clip(p, *ends(p, clip))


@breaks("categorical_cross_entropy_vjp.clip", "clipped at 1e-7, as Keras does")
def categorical_cross_entropy_vjp__clip_1e_7(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip or (1e-7, 1 - 1e-7))


@breaks("categorical_cross_entropy_vjp.clip", "clipped at 1e-12")
def categorical_cross_entropy_vjp__clip_1e_12(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip or (1e-12, 1 - 1e-12))


@breaks("categorical_cross_entropy_vjp.clip", "clipped at the machine epsilon of the dtype, as scikit-learn does")
def categorical_cross_entropy_vjp__clip_at_machine_epsilon(y, p, g, *, axis=-1, clip=None):
    eps = float(np.finfo(p.dtype).eps)
    return right(y, p, g, axis=axis, clip=clip or (eps, 1 - eps))


@breaks("categorical_cross_entropy_vjp.clip", "clipped below alone")
def categorical_cross_entropy_vjp__lower_clip_only(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=(ends(p, clip)[0], np.inf))


@breaks("categorical_cross_entropy_vjp.clip", "clipped above alone")
def categorical_cross_entropy_vjp__upper_clip_only(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=(-np.inf, ends(p, clip)[1]))


@breaks("categorical_cross_entropy_vjp.clip", "in float64 the upper end is 1 instead of 1 - 1e-15")
def categorical_cross_entropy_vjp__upper_end_1(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip or (1e-15, 1.0))


@breaks("categorical_cross_entropy_vjp.clip", "p outside the clip makes NaN")
def categorical_cross_entropy_vjp__outside_is_nan(y, p, g, *, axis=-1, clip=None):
    return np.where(inside(p, clip), right(y, p, g, axis=axis, clip=clip), p.dtype.type(np.nan))


@breaks("categorical_cross_entropy_vjp.clip", "one p outside makes all of its sample 0")
def categorical_cross_entropy_vjp__sample_of_zeros(y, p, g, *, axis=-1, clip=None):
    whole = np.all(inside(p, clip), axis=axis, keepdims=True)
    return np.where(whole, right(y, p, g, axis=axis, clip=clip), p.dtype.type(0))


@breaks("categorical_cross_entropy_vjp.ends", "the derivative of the clip is 0 at both ends")
def categorical_cross_entropy_vjp__open_interval(y, p, g, *, axis=-1, clip=None):
    lo, hi = (p.dtype.type(end) for end in ends(p, clip))
    return np.where((p == lo) | (p == hi), p.dtype.type(0), right(y, p, g, axis=axis, clip=clip))


@breaks(
    "categorical_cross_entropy_vjp.ends",
    "the derivative of the clip is 1/2 at both ends, as automatic differentiation in JAX gives it",
)
def categorical_cross_entropy_vjp__half_at_the_ends(y, p, g, *, axis=-1, clip=None):
    lo, hi = (p.dtype.type(end) for end in ends(p, clip))
    gp = right(y, p, g, axis=axis, clip=clip)
    return np.where((p == lo) | (p == hi), gp / 2, gp)


@breaks("categorical_cross_entropy_vjp.ends", "the derivative of the clip is 0 at the lower end")
def categorical_cross_entropy_vjp__open_below(y, p, g, *, axis=-1, clip=None):
    lo = p.dtype.type(ends(p, clip)[0])
    return np.where(p == lo, p.dtype.type(0), right(y, p, g, axis=axis, clip=clip))


@breaks("categorical_cross_entropy_vjp.ends", "the derivative of the clip is 0 at the upper end")
def categorical_cross_entropy_vjp__open_above(y, p, g, *, axis=-1, clip=None):
    hi = p.dtype.type(ends(p, clip)[1])
    return np.where(p == hi, p.dtype.type(0), right(y, p, g, axis=axis, clip=clip))


@breaks("categorical_cross_entropy_vjp.clip_argument", "the clip argument is ignored")
def categorical_cross_entropy_vjp__argument_ignored(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis)


@breaks("categorical_cross_entropy_vjp.clip_argument", "the lower end of the clip argument is ignored")
def categorical_cross_entropy_vjp__lower_end_ignored(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=(ends(p, None)[0], ends(p, clip)[1]))


@breaks("categorical_cross_entropy_vjp.clip_argument", "the upper end of the clip argument is ignored")
def categorical_cross_entropy_vjp__upper_end_ignored(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=(ends(p, clip)[0], ends(p, None)[1]))


@breaks("categorical_cross_entropy_vjp.clip_argument", "the default clip is put on top of the argument")
def categorical_cross_entropy_vjp__default_on_top(y, p, g, *, axis=-1, clip=None):
    return np.where(inside(p, None), right(y, p, g, axis=axis, clip=clip), p.dtype.type(0))


# The labels.


@breaks("categorical_cross_entropy_vjp.soft_labels", "the class of the largest label is taken")
def categorical_cross_entropy_vjp__argmax_labels(y, p, g, *, axis=-1, clip=None):
    own = np.zeros_like(p)
    np.put_along_axis(own, np.argmax(y, axis=axis, keepdims=True), 1, axis=axis)
    return right(own, p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.soft_labels", "a label counts as 1 wherever it is not 0")
def categorical_cross_entropy_vjp__labels_as_mask(y, p, g, *, axis=-1, clip=None):
    return right(y != 0, p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.soft_labels", "labels are renormalised to add up to 1")
def categorical_cross_entropy_vjp__labels_renormalised(y, p, g, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    return right(y / np.sum(y, axis=axis, keepdims=True), p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.soft_labels", "the absolute value of a label is taken")
def categorical_cross_entropy_vjp__labels_without_sign(y, p, g, *, axis=-1, clip=None):
    return right(np.abs(y), p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.soft_labels", "labels are rounded to bfloat16")
def categorical_cross_entropy_vjp__bfloat16_labels(y, p, g, *, axis=-1, clip=None):
    return right(to_bfloat16(y.astype(p.dtype)), p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.labels", "integer labels count as 1 wherever they are not 0")
def categorical_cross_entropy_vjp__integers_as_booleans(y, p, g, *, axis=-1, clip=None):
    return right(y.astype(bool) if y.dtype.kind in "iu" else y, p, g, axis=axis, clip=clip)


@breaks(
    "categorical_cross_entropy_vjp.labels",
    "labels are negated before they are cast, so that unsigned ones wrap around",
)
def categorical_cross_entropy_vjp__unsigned_wrap_around(y, p, g, *, axis=-1, clip=None):
    return -right(-y if y.dtype.kind != "b" else -y.astype(p.dtype), p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.labels", "boolean labels fail")
def categorical_cross_entropy_vjp__booleans_fail(y, p, g, *, axis=-1, clip=None):
    return -right(-y if y.dtype.kind == "b" else -y.astype(p.dtype), p, g, axis=axis, clip=clip)


@breaks(
    "categorical_cross_entropy_vjp.dtype",
    "integer labels are not cast, so that the result is promoted to float64",
)
def categorical_cross_entropy_vjp__labels_not_cast(y, p, g, *, axis=-1, clip=None):
    return masked(y, p, g, axis, clip, y / p)


@breaks("categorical_cross_entropy_vjp.dtype", "the ends of the clip as float64 numbers make the result float64")
def categorical_cross_entropy_vjp__promoted_by_the_clip(y, p, g, *, axis=-1, clip=None):
    gp = right(y, p, g, axis=axis, clip=clip)
    return gp if clip is None else gp * np.float64(1)


# NaN and infinities.


@breaks(
    "categorical_cross_entropy_vjp.nan", "0 where p is NaN, as automatic differentiation of the clip in PyTorch gives"
)
def categorical_cross_entropy_vjp__nan_as_clipped(y, p, g, *, axis=-1, clip=None):
    return np.where(np.isnan(p), p.dtype.type(0), right(y, p, g, axis=axis, clip=clip))


@breaks("categorical_cross_entropy_vjp.nan", "0 where the label is 0, even where p is NaN")
def categorical_cross_entropy_vjp__label_hides_nan(y, p, g, *, axis=-1, clip=None):
    return np.where(y == 0, p.dtype.type(0), right(y, p, g, axis=axis, clip=clip))


@breaks("categorical_cross_entropy_vjp.nan", "a label that is NaN counts as 0")
def categorical_cross_entropy_vjp__nan_label_as_zero(y, p, g, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    return right(np.where(np.isnan(y), y.dtype.type(0), y), p, g, axis=axis, clip=clip)


@breaks("categorical_cross_entropy_vjp.nan", "one NaN makes all of its sample NaN")
def categorical_cross_entropy_vjp__nan_over_the_sample(y, p, g, *, axis=-1, clip=None):
    gp = right(y, p, g, axis=axis, clip=clip)
    return np.where(np.any(np.isnan(gp), axis=axis, keepdims=True), gp.dtype.type(np.nan), gp)


@breaks("categorical_cross_entropy_vjp.infinity", "an infinite p makes NaN")
def categorical_cross_entropy_vjp__infinite_is_nan(y, p, g, *, axis=-1, clip=None):
    return right(y, p, g, axis=axis, clip=clip) + 0 * p


@breaks("categorical_cross_entropy_vjp.infinity", "an infinite p gets the gradient at the end that it is clipped to")
def categorical_cross_entropy_vjp__infinite_at_the_end(y, p, g, *, axis=-1, clip=None):
    q = np.where(np.isinf(p), np.clip(p, *(p.dtype.type(end) for end in ends(p, clip))), p)
    return right(y, q, g, axis=axis, clip=clip)
