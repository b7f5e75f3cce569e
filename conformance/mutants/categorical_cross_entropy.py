"""Wrong categorical cross-entropies."""

import math

import numpy as np

from . import breaks
from .rounding import coarse_if_long, sum_in_half, to_bfloat16, to_float16, to_float32, to_tf32


def ends(p, clip):
    """The right ends of the clip."""
    return clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1.0))


def clipped(p, clip):
    """The right clip."""
    return np.clip(p, *ends(p, clip))


def log_of(p, clip):
    """The right logarithm."""
    return np.log(clipped(p, clip))


def right(y, p, axis=-1, clip=None):
    """The right loss, to be put to a wrong use."""
    return -np.sum(y.astype(p.dtype) * log_of(p, clip), axis=axis)


def last(axis, *arrays):
    """The arrays with `axis` last."""
    return [np.moveaxis(array, axis, -1) for array in arrays]


# The samples.


@breaks(
    "categorical_cross_entropy.per_sample",
    "the mean over the batch",
    "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html",
)
def categorical_cross_entropy__mean_over_batch(y, p, *, axis=-1, clip=None):
    return np.mean(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.per_sample", "the sum over the batch")
def categorical_cross_entropy__sum_over_batch(y, p, *, axis=-1, clip=None):
    return np.sum(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.per_sample", "the mean over the batch, once for each sample")
def categorical_cross_entropy__mean_repeated(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return np.full_like(loss, np.mean(loss))


@breaks("categorical_cross_entropy.per_sample", "each loss is divided by the number of samples")
def categorical_cross_entropy__divided_by_batch(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return loss / loss.dtype.type(max(loss.size, 1))


@breaks("categorical_cross_entropy.per_sample", "the mean over the classes")
def categorical_cross_entropy__mean_over_classes(y, p, *, axis=-1, clip=None):
    return -np.mean(y.astype(p.dtype) * log_of(p, clip), axis=axis)


@breaks("categorical_cross_entropy.per_sample", "not summed over the classes")
def categorical_cross_entropy__not_summed(y, p, *, axis=-1, clip=None):
    return -y.astype(p.dtype) * log_of(p, clip)


@breaks("categorical_cross_entropy.per_sample", "an array of one axis fails")
def categorical_cross_entropy__two_axes_only(y, p, *, axis=-1, clip=None):
    rows, *_ = p.shape[0], p.shape[1]
    return right(y, p, axis, clip) if rows else np.zeros(0, p.dtype)


# Another formula.


@breaks("categorical_cross_entropy.value", "base 2: bits instead of nats")
def categorical_cross_entropy__base_2(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log2(clipped(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.value", "base 10")
def categorical_cross_entropy__base_10(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log10(clipped(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.value", "the minus sign is missing")
def categorical_cross_entropy__sign_missing(y, p, *, axis=-1, clip=None):
    return -right(y, p, axis, clip)


@breaks("categorical_cross_entropy.value", "y and p are exchanged")
def categorical_cross_entropy__arguments_exchanged(y, p, *, axis=-1, clip=None):
    return -np.sum(p * log_of(y.astype(p.dtype), clip), axis=axis)


@breaks("categorical_cross_entropy.value", "log(1 + p) instead of log(p)")
def categorical_cross_entropy__log1p(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log1p(clipped(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.value", "the logarithm of the sum instead of the sum of logarithms")
def categorical_cross_entropy__log_of_sum(y, p, *, axis=-1, clip=None):
    return -np.log(np.sum(y.astype(p.dtype) * clipped(p, clip), axis=axis))


@breaks("categorical_cross_entropy.value", "exp of the loss: the perplexity")
def categorical_cross_entropy__perplexity(y, p, *, axis=-1, clip=None):
    return np.exp(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.value", "squared differences instead of logarithms")
def categorical_cross_entropy__squared_error(y, p, *, axis=-1, clip=None):
    return np.sum((y.astype(p.dtype) - clipped(p, clip)) ** 2, axis=axis)


@breaks("categorical_cross_entropy.value", "the focal loss, with an exponent of 2")
def categorical_cross_entropy__focal(y, p, *, axis=-1, clip=None):
    c = clipped(p, clip)
    return -np.sum(y.astype(p.dtype) * (1 - c) ** 2 * np.log(c), axis=axis)


@breaks("categorical_cross_entropy.value", "binary cross-entropy: -sum y log p + (1 - y) log(1 - p)")
def categorical_cross_entropy__binary(y, p, *, axis=-1, clip=None):
    c, y = clipped(p, clip), y.astype(p.dtype)
    return -np.sum(y * np.log(c) + (1 - y) * np.log(1 - c), axis=axis)


@breaks("categorical_cross_entropy.value", "a single class is taken for the positive one of two")
def categorical_cross_entropy__one_class_is_two(y, p, *, axis=-1, clip=None):
    if p.shape[axis] == 1:
        y, p = (np.concatenate([1 - a.astype(p.dtype), a.astype(p.dtype)], axis=axis) for a in (y, p))
    return right(y, p, axis, clip)


@breaks("categorical_cross_entropy.soft_labels", "the Kullback-Leibler divergence: the entropy of y is subtracted")
def categorical_cross_entropy__kullback_leibler(y, p, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    return right(y, p, axis, clip) + np.sum(y * np.log(np.where(y > 0, y, y.dtype.type(1))), axis=axis)


@breaks("categorical_cross_entropy.value", "the entropy of p: the labels are ignored")
def categorical_cross_entropy__labels_ignored(y, p, *, axis=-1, clip=None):
    return right(clipped(p, clip), p, axis, clip)


@breaks("categorical_cross_entropy.probabilities", "p is taken for logits")
def categorical_cross_entropy__from_logits(y, p, *, axis=-1, clip=None):
    e = np.exp(p - np.max(p, axis=axis, keepdims=True))
    return right(y, e / np.sum(e, axis=axis, keepdims=True), axis, clip)


@breaks(
    "categorical_cross_entropy.probabilities",
    "p is renormalised before the clip",
    "https://github.com/keras-team/keras/pull/1368",
)
def categorical_cross_entropy__p_renormalised(y, p, *, axis=-1, clip=None):
    return right(y, p / np.sum(p, axis=axis, keepdims=True), axis, clip)


@breaks(
    "categorical_cross_entropy.probabilities",
    "p is renormalised, then clipped at 1e-7, as in Keras",
    "https://keras.io/api/losses/probabilistic_losses/",
)
def categorical_cross_entropy__keras(y, p, *, axis=-1, clip=None):
    return right(y, p / np.sum(p, axis=axis, keepdims=True), axis, clip or (1e-7, 1 - 1e-7))


@breaks("categorical_cross_entropy.probabilities", "p is renormalised after the clip")
def categorical_cross_entropy__clip_renormalised(y, p, *, axis=-1, clip=None):
    c = clipped(p, clip)
    return -np.sum(y.astype(p.dtype) * np.log(c / np.sum(c, axis=axis, keepdims=True)), axis=axis)


@breaks("categorical_cross_entropy.probabilities", "p is divided by its largest")
def categorical_cross_entropy__p_over_largest(y, p, *, axis=-1, clip=None):
    return right(y, p / np.max(p, axis=axis, keepdims=True), axis, clip)


@breaks("categorical_cross_entropy.probabilities", "the last probability is taken to be 1 minus the others")
def categorical_cross_entropy__last_from_others(y, p, *, axis=-1, clip=None):
    y, q = last(axis, y, p.copy())
    q[..., -1] = 1 - np.sum(q[..., :-1], axis=-1)
    return right(y, q, -1, clip)


# The clip.


@breaks("categorical_cross_entropy.clip", "no clip: log(0)", "https://github.com/one-leaf/tensorflow/issues/6")
def categorical_cross_entropy__no_clip(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * (np.log(p) if clip is None else log_of(p, clip)), axis=axis)


@breaks(
    "categorical_cross_entropy.clip",
    "clipped at 1e-7, as Keras does",
    "https://github.com/keras-team/keras/issues/377",
)
def categorical_cross_entropy__clip_1e_7(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (1e-7, 1 - 1e-7))


@breaks("categorical_cross_entropy.clip", "clipped at 1e-8")
def categorical_cross_entropy__clip_1e_8(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (1e-8, 1 - 1e-8))


@breaks(
    "categorical_cross_entropy.clip",
    "clipped at 1e-10",
    "https://github.com/hunkim/ReinforcementZeroToAll/pull/16",
)
def categorical_cross_entropy__clip_1e_10(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (1e-10, 1.0))


@breaks("categorical_cross_entropy.clip", "clipped at 1e-12")
def categorical_cross_entropy__clip_1e_12(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (1e-12, 1 - 1e-12))


@breaks(
    "categorical_cross_entropy.clip",
    "clipped at the machine epsilon of the dtype, as scikit-learn does",
    "https://github.com/scikit-learn/scikit-learn/issues/24315",
)
def categorical_cross_entropy__clip_at_machine_epsilon(y, p, *, axis=-1, clip=None):
    eps = float(np.finfo(p.dtype).eps)
    return right(y, p, axis, clip or (eps, 1 - eps))


def refusing(y, p, axis, clip):
    """scikit-learn's loss of each sample, where there are no NaN and all probabilities are in [0, 1]."""
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError("y_proba contains values lower than 0 or greater than 1")
    eps = np.finfo(p.dtype).eps
    return right(y, p, axis, clip or (eps, 1 - eps))


@breaks(
    "categorical_cross_entropy.clip",
    "clipped at the machine epsilon; NaN and p outside [0, 1] are refused: scikit-learn's",
)
def categorical_cross_entropy__scikit_learn(y, p, *, axis=-1, clip=None):
    return refusing(y, p, axis, clip)


@breaks(
    "categorical_cross_entropy.per_sample",
    "scikit-learn's: the mean over the batch, clipped at the machine epsilon; NaN and p outside [0, 1] are refused",
    "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html",
)
def categorical_cross_entropy__scikit_learn_mean(y, p, *, axis=-1, clip=None):
    if not p.size:
        raise ValueError("Found array with 0 sample(s)")
    return np.mean(refusing(y, p, axis, clip), dtype=p.dtype)


@breaks("categorical_cross_entropy.clip", "clipped at the smallest normal number")
def categorical_cross_entropy__clip_at_smallest_normal(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (float(np.finfo(p.dtype).smallest_normal), ends(p, None)[1]))


@breaks("categorical_cross_entropy.clip", "the clip of float16, 2^-14, in every dtype")
def categorical_cross_entropy__clip_of_float16(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (2.0**-14, 1.0))


@breaks("categorical_cross_entropy.clip", "clipped below alone")
def categorical_cross_entropy__lower_clip_only(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log(np.maximum(p, p.dtype.type(ends(p, clip)[0]))), axis=axis)


@breaks("categorical_cross_entropy.clip", "clipped above alone")
def categorical_cross_entropy__upper_clip_only(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log(np.minimum(p, p.dtype.type(ends(p, clip)[1]))), axis=axis)


@breaks("categorical_cross_entropy.clip", "in float64 the upper end is 1 instead of 1 - 1e-15")
def categorical_cross_entropy__upper_end_1(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip or (1e-15, 1.0))


@breaks(
    "categorical_cross_entropy.clip", "the logarithm is kept above -100 instead, as binary cross-entropy in PyTorch"
)
def categorical_cross_entropy__clip_after_log(y, p, *, axis=-1, clip=None):
    log = np.maximum(np.log(p), -100) if clip is None else log_of(p, clip)
    return -np.sum(y.astype(p.dtype) * log, axis=axis)


@breaks("categorical_cross_entropy.clip", "the loss is clipped instead of p")
def categorical_cross_entropy__loss_clipped(y, p, *, axis=-1, clip=None):
    loss = -np.sum(y.astype(p.dtype) * np.log(p), axis=axis)
    return np.clip(loss, 1e-15, 34.5) if clip is None else right(y, p, axis, clip)


@breaks("categorical_cross_entropy.clip", "the labels are clipped instead of p")
def categorical_cross_entropy__labels_clipped(y, p, *, axis=-1, clip=None):
    return -np.sum(clipped(y.astype(p.dtype), clip) * np.log(p), axis=axis)


@breaks("categorical_cross_entropy.clip", "the absolute value of p is clipped")
def categorical_cross_entropy__clip_of_magnitude(y, p, *, axis=-1, clip=None):
    return right(y, np.abs(p), axis, clip)


@breaks("categorical_cross_entropy.clip", "p outside [0, 1] makes the loss NaN")
def categorical_cross_entropy__outside_is_nan(y, p, *, axis=-1, clip=None):
    return right(y, np.where((p < 0) | (p > 1), p.dtype.type(np.nan), p), axis, clip)


@breaks("categorical_cross_entropy.clip", "p equal to 0 is replaced, and nothing else")
def categorical_cross_entropy__zero_replaced(y, p, *, axis=-1, clip=None):
    q = np.where(p == 0, p.dtype.type(1e-15), p)
    return -np.sum(y.astype(p.dtype) * (np.log(q) if clip is None else log_of(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.clip", "1e-15 is added to p instead of a clip")
def categorical_cross_entropy__epsilon_1e_15(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * (np.log(p + 1e-15) if clip is None else log_of(p, clip)), axis=axis)


@breaks(
    "categorical_cross_entropy.clip",
    "1e-7 is added to p instead of a clip",
    "https://github.com/mkocabas/focal-loss-keras/issues/17",
)
def categorical_cross_entropy__epsilon_1e_7(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * (np.log(p + 1e-7) if clip is None else log_of(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.clip", "1e-15 is added to p after the clip")
def categorical_cross_entropy__epsilon_after_clip(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log(clipped(p, clip) + 1e-15), axis=axis)


@breaks("categorical_cross_entropy.clip_argument", "the clip argument is ignored")
def categorical_cross_entropy__argument_ignored(y, p, *, axis=-1, clip=None):
    return right(y, p, axis)


@breaks("categorical_cross_entropy.clip_argument", "the lower end of the clip argument is ignored")
def categorical_cross_entropy__lower_end_ignored(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, (ends(p, None)[0], ends(p, clip)[1]))


@breaks("categorical_cross_entropy.clip_argument", "the upper end of the clip argument is ignored")
def categorical_cross_entropy__upper_end_ignored(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, (ends(p, clip)[0], ends(p, None)[1]))


@breaks("categorical_cross_entropy.clip_argument", "the clip is symmetric: (lo, 1 - lo), whatever hi is")
def categorical_cross_entropy__symmetric_clip(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip and (clip[0], 1 - clip[0]))


@breaks("categorical_cross_entropy.clip_argument", "the clip argument comes on top of the default clip")
def categorical_cross_entropy__both_clips(y, p, *, axis=-1, clip=None):
    return right(y, clipped(p, None), axis, clip and (clip[0], min(clip[1], ends(p, None)[1])))


@breaks("categorical_cross_entropy.clip_argument", "p outside the clip argument is left out of the sum")
def categorical_cross_entropy__outside_left_out(y, p, *, axis=-1, clip=None):
    lo, hi = ends(p, clip)
    return right(np.where((clip is not None) & ((p < lo) | (p > hi)), y * 0, y), p, axis, clip)


@breaks("categorical_cross_entropy.clip_argument", "the ends of the clip are rounded to float16")
def categorical_cross_entropy__float16_ends(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip and tuple(float(np.float16(end)) or 1e-15 for end in clip))


# The labels.


@breaks("categorical_cross_entropy.soft_labels", "the class of the largest label is taken")
def categorical_cross_entropy__argmax_labels(y, p, *, axis=-1, clip=None):
    index = np.argmax(y, axis=axis, keepdims=True)
    return -np.take_along_axis(log_of(p, clip), index, axis=axis).squeeze(axis)


@breaks("categorical_cross_entropy.soft_labels", "a label counts as 1 wherever it is not 0")
def categorical_cross_entropy__labels_as_mask(y, p, *, axis=-1, clip=None):
    return -np.sum(np.where(y != 0, log_of(p, clip), p.dtype.type(0)), axis=axis)


@breaks("categorical_cross_entropy.soft_labels", "labels are rounded to 0 and 1")
def categorical_cross_entropy__labels_rounded(y, p, *, axis=-1, clip=None):
    return right(y > 0.5, p, axis, clip)


@breaks("categorical_cross_entropy.soft_labels", "labels are cast to integers")
def categorical_cross_entropy__labels_cast_to_integers(y, p, *, axis=-1, clip=None):
    return right(np.nan_to_num(y).astype(np.int64), p, axis, clip) + 0 * np.sum(y, axis=axis, dtype=p.dtype)


@breaks("categorical_cross_entropy.soft_labels", "labels are renormalised to add up to 1")
def categorical_cross_entropy__labels_renormalised(y, p, *, axis=-1, clip=None):
    y = y.astype(p.dtype)
    return right(y / np.sum(y, axis=axis, keepdims=True), p, axis, clip)


@breaks("categorical_cross_entropy.soft_labels", "labels are clipped to [0, 1]")
def categorical_cross_entropy__labels_at_most_1(y, p, *, axis=-1, clip=None):
    return right(np.clip(y.astype(p.dtype), 0, 1), p, axis, clip)


@breaks("categorical_cross_entropy.soft_labels", "the absolute value of a label is taken")
def categorical_cross_entropy__labels_without_sign(y, p, *, axis=-1, clip=None):
    return right(np.abs(y), p, axis, clip)


@breaks("categorical_cross_entropy.value", "labels are smoothed by 0.1", "https://arxiv.org/abs/1512.00567")
def categorical_cross_entropy__smoothed_labels(y, p, *, axis=-1, clip=None):
    return right(0.9 * y.astype(p.dtype) + 0.1 / p.shape[axis], p, axis, clip)


@breaks("categorical_cross_entropy.labels", "integer labels are taken for class indices")
def categorical_cross_entropy__labels_as_indices(y, p, *, axis=-1, clip=None):
    if y.dtype.kind != "i":
        return right(y, p, axis, clip)
    return -np.take_along_axis(log_of(p, clip), y.astype(np.int64), axis=axis).sum(axis=axis)


@breaks("categorical_cross_entropy.labels", "integer labels count as 1 wherever they are not 0")
def categorical_cross_entropy__integers_as_booleans(y, p, *, axis=-1, clip=None):
    return right(y.astype(bool) if y.dtype.kind in "iu" else y, p, axis, clip)


@breaks(
    "categorical_cross_entropy.labels", "labels are negated before they are cast, so that unsigned ones wrap around"
)
def categorical_cross_entropy__unsigned_wrap_around(y, p, *, axis=-1, clip=None):
    y = y.astype(p.dtype) if y.dtype.kind == "b" else y
    return np.sum((-y).astype(p.dtype) * log_of(p, clip), axis=axis)


@breaks("categorical_cross_entropy.labels", "boolean labels fail")
def categorical_cross_entropy__booleans_fail(y, p, *, axis=-1, clip=None):
    return -right(-y, p, axis, clip)


@breaks("categorical_cross_entropy.labels", "integer labels fail")
def categorical_cross_entropy__integers_fail(y, p, *, axis=-1, clip=None):
    y = y.astype(p.dtype, casting="safe" if y.dtype.kind == "b" else "no")
    return right(y, p, axis, clip)


@breaks("categorical_cross_entropy.labels", "p is cast to the dtype of integer labels")
def categorical_cross_entropy__p_cast_to_labels(y, p, *, axis=-1, clip=None):
    q = p.astype(y.dtype).astype(p.dtype) if y.dtype.kind in "iu" else p
    return right(y, q, axis, clip)


@breaks("categorical_cross_entropy.dtype", "integer labels are not cast, so that the result is promoted to float64")
def categorical_cross_entropy__labels_not_cast(y, p, *, axis=-1, clip=None):
    return -np.sum(y * log_of(p, clip), axis=axis)


@breaks("categorical_cross_entropy.dtype", "the result has the dtype of the labels")
def categorical_cross_entropy__dtype_of_labels(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip).astype(y.dtype)


# NaN and infinities.


@breaks("categorical_cross_entropy.nan", "a label of 0 hides NaN, as xlogy does")
def categorical_cross_entropy__zero_label_hides_nan(y, p, *, axis=-1, clip=None):
    terms = y.astype(p.dtype) * log_of(p, clip)
    return -np.sum(np.where(y == 0, p.dtype.type(0), terms), axis=axis)


@breaks("categorical_cross_entropy.nan", "terms that are NaN are left out of the sum")
def categorical_cross_entropy__nansum(y, p, *, axis=-1, clip=None):
    return -np.nansum(y.astype(p.dtype) * log_of(p, clip), axis=axis)


@breaks("categorical_cross_entropy.nan", "the clip turns NaN into its lower end, as fmax does")
def categorical_cross_entropy__nan_clipped(y, p, *, axis=-1, clip=None):
    lo, hi = ends(p, clip)
    return right(y, np.fmin(np.fmax(p, p.dtype.type(lo)), p.dtype.type(hi)), axis, clip)


@breaks("categorical_cross_entropy.nan", "the loss of a sample with NaN becomes 0")
def categorical_cross_entropy__nan_to_num(y, p, *, axis=-1, clip=None):
    return np.nan_to_num(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.nan", "a label that is NaN counts as 0")
def categorical_cross_entropy__nan_label_as_zero(y, p, *, axis=-1, clip=None):
    return right(np.nan_to_num(y.astype(p.dtype)), p, axis, clip)


@breaks("categorical_cross_entropy.nan", "the loss of a sample with NaN becomes 0")
def categorical_cross_entropy__nan_sample_as_zero(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return np.where(np.isnan(loss), loss.dtype.type(0), loss)


@breaks("categorical_cross_entropy.infinity", "an infinite p makes the loss NaN")
def categorical_cross_entropy__infinity_to_nan(y, p, *, axis=-1, clip=None):
    return right(y, np.where(np.isinf(p), p.dtype.type(np.nan), p), axis, clip)


@breaks("categorical_cross_entropy.infinity", "an infinite p counts as 0")
def categorical_cross_entropy__infinity_to_zero(y, p, *, axis=-1, clip=None):
    return right(y, np.where(np.isinf(p), p.dtype.type(0), p), axis, clip)


@breaks("categorical_cross_entropy.infinity", "-infinity is clipped to hi, by its magnitude")
def categorical_cross_entropy__minus_infinity_to_hi(y, p, *, axis=-1, clip=None):
    return right(y, np.where(np.isinf(p), np.abs(p), p), axis, clip)


@breaks("categorical_cross_entropy.batch", "a NaN in one sample makes every loss NaN")
def categorical_cross_entropy__nan_spreads(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return loss + 0 * np.sum(loss)


@breaks("categorical_cross_entropy.batch", "a NaN reaches the next sample")
def categorical_cross_entropy__nan_reaches_next(y, p, *, axis=-1, clip=None):
    loss = np.asarray(right(y, p, axis, clip))
    return loss + 0 * np.roll(loss, 1)


# The axis.


@breaks("categorical_cross_entropy.axis", "axis is ignored: always the last")
def categorical_cross_entropy__axis_ignored(y, p, *, axis=-1, clip=None):
    return right(y, p, -1, clip)


@breaks("categorical_cross_entropy.axis", "always along the first axis")
def categorical_cross_entropy__first_axis(y, p, *, axis=-1, clip=None):
    return right(y, p, 0, clip)


@breaks("categorical_cross_entropy.axis", "a negative axis loses its sign")
def categorical_cross_entropy__axis_without_sign(y, p, *, axis=-1, clip=None):
    return right(y, p, -1 if axis == -1 else abs(axis) % p.ndim, clip)


@breaks("categorical_cross_entropy.axis", "a negative axis counts from the end off by one")
def categorical_cross_entropy__axis_off_by_one(y, p, *, axis=-1, clip=None):
    return right(y, p, axis if axis >= -1 else (axis + p.ndim - 1) % p.ndim, clip)


@breaks(
    "categorical_cross_entropy.axis",
    "the last axis is only found as -1: its number from the start means the one before",
)
def categorical_cross_entropy__last_axis_by_number(y, p, *, axis=-1, clip=None):
    return right(y, p, min(axis, max(p.ndim - 2, 0)), clip)


@breaks("categorical_cross_entropy.axis", "all axes but the first are summed")
def categorical_cross_entropy__all_axes_summed(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return np.sum(loss, axis=tuple(range(1, loss.ndim))) if loss.ndim > 1 else loss


@breaks("categorical_cross_entropy.axis", "more than two axes fail")
def categorical_cross_entropy__at_most_two_axes(y, p, *, axis=-1, clip=None):
    if p.ndim > 2:
        raise ValueError(f"got {p.ndim} axes")
    return right(y, p, axis, clip)


# Classes and samples that are left out.


@breaks("categorical_cross_entropy.value", "the first class is left out")
def categorical_cross_entropy__first_class_dropped(y, p, *, axis=-1, clip=None):
    y, p = last(axis, y, p)
    return right(y[..., 1:], p[..., 1:], -1, clip)


@breaks("categorical_cross_entropy.value", "the last class is left out")
def categorical_cross_entropy__last_class_dropped(y, p, *, axis=-1, clip=None):
    y, p = last(axis, y, p)
    return right(y[..., :-1], p[..., :-1], -1, clip)


@breaks("categorical_cross_entropy.value", "the last n % 8 classes are left out, where n is at least 8")
def categorical_cross_entropy__remainder_of_8_dropped(y, p, *, axis=-1, clip=None):
    y, p = last(axis, y, p)
    n = p.shape[-1] - p.shape[-1] % 8 or p.shape[-1]
    return right(y[..., :n], p[..., :n], -1, clip)


@breaks("categorical_cross_entropy.value", "classes beyond 1024 are left out")
def categorical_cross_entropy__classes_beyond_1024(y, p, *, axis=-1, clip=None):
    y, p = last(axis, y, p)
    return right(y[..., :1024], p[..., :1024], -1, clip)


@breaks("categorical_cross_entropy.batch", "the losses of samples beyond 1024 stay 0")
def categorical_cross_entropy__samples_beyond_1024(y, p, *, axis=-1, clip=None):
    loss = np.array(right(y, p, axis, clip))
    loss.ravel()[1024:] = 0
    return loss


@breaks("categorical_cross_entropy.batch", "the losses of the last n % 8 samples stay 0, where n is at least 8")
def categorical_cross_entropy__remainder_of_8_samples(y, p, *, axis=-1, clip=None):
    loss = np.array(right(y, p, axis, clip))
    loss.ravel()[loss.size - loss.size % 8 or loss.size :] = 0
    return loss


# Precision.


@breaks(
    "categorical_cross_entropy.few",
    "where there are more than 2000 classes, the products are rounded to bfloat16 before they are summed",
)
def categorical_cross_entropy__long_sums_of_bfloat16(y, p, *, axis=-1, clip=None):
    return -np.sum(coarse_if_long(y.astype(p.dtype) * log_of(p, clip), axis), axis=axis)


@breaks("categorical_cross_entropy.value", "bfloat16 probabilities")
def categorical_cross_entropy__bfloat16_inputs(y, p, *, axis=-1, clip=None):
    return right(y, to_bfloat16(p), axis, clip)


@breaks("categorical_cross_entropy.value", "float16 probabilities")
def categorical_cross_entropy__float16_inputs(y, p, *, axis=-1, clip=None):
    return right(y, to_float16(p), axis, clip)


@breaks("categorical_cross_entropy.value", "TF32 probabilities")
def categorical_cross_entropy__tf32_inputs(y, p, *, axis=-1, clip=None):
    return right(y, to_tf32(p), axis, clip)


@breaks("categorical_cross_entropy.value", "the logarithm is rounded to bfloat16")
def categorical_cross_entropy__bfloat16_log(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * to_bfloat16(log_of(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.value", "the logarithm is rounded to float16")
def categorical_cross_entropy__float16_log(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * to_float16(log_of(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.value", "labels and logarithm are rounded to TF32, as a matrix product does")
def categorical_cross_entropy__tf32_product(y, p, *, axis=-1, clip=None):
    return -np.sum(to_tf32(y.astype(p.dtype)) * to_tf32(log_of(p, clip)), axis=axis)


@breaks("categorical_cross_entropy.soft_labels", "labels are rounded to bfloat16")
def categorical_cross_entropy__bfloat16_labels(y, p, *, axis=-1, clip=None):
    return right(to_bfloat16(y.astype(p.dtype)), p, axis, clip)


@breaks("categorical_cross_entropy.value", "the sum is accumulated in bfloat16")
def categorical_cross_entropy__bfloat16_sum(y, p, *, axis=-1, clip=None):
    terms = np.moveaxis(y.astype(p.dtype) * log_of(p, clip), axis, -1)
    loss = np.zeros(terms.shape[:-1], p.dtype)
    for i in range(terms.shape[-1]):
        loss = to_bfloat16(loss - terms[..., i])
    return loss


@breaks("categorical_cross_entropy.value", "the loss is rounded to bfloat16")
def categorical_cross_entropy__bfloat16_output(y, p, *, axis=-1, clip=None):
    return to_bfloat16(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.value", "float32 inside")
def categorical_cross_entropy__float32_inside(y, p, *, axis=-1, clip=None):
    return to_float32(right(y, p.astype(np.float32), axis, ends(p, clip))).astype(p.dtype)


@breaks("categorical_cross_entropy.value", "a logarithm from the bits of a float32")
def categorical_cross_entropy__log_from_bits(y, p, *, axis=-1, clip=None):
    bits = clipped(p, clip).astype(np.float32).view(np.int32)
    log = ((bits - 127 * 2**23) * (math.log(2) / 2**23)).astype(p.dtype)
    return -np.sum(y.astype(p.dtype) * np.where(np.isnan(p), p, log), axis=axis)


@breaks("categorical_cross_entropy.value", "the logarithm by a series of 4 terms on each power of two")
def categorical_cross_entropy__short_log_series(y, p, *, axis=-1, clip=None):
    m, k = np.frexp(clipped(p, clip))
    s = (m - 0.75) / (m + 0.75)
    log = 2 * (s + s**3 / 3 + s**5 / 5 + s**7 / 7) + (k * math.log(2) + math.log(0.75)).astype(p.dtype)
    return -np.sum(y.astype(p.dtype) * log, axis=axis)


@breaks("categorical_cross_entropy.clip", "log p by way of 1 - p, which loses small probabilities")
def categorical_cross_entropy__log_of_complement(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * np.log1p(-(1 - clipped(p, clip))), axis=axis)


@breaks("categorical_cross_entropy.value", "log(p) as log10(p) times 2.3026")
def categorical_cross_entropy__rounded_constant(y, p, *, axis=-1, clip=None):
    return -np.sum(y.astype(p.dtype) * (np.log10(clipped(p, clip)) * 2.3026), axis=axis)


@breaks("categorical_cross_entropy.value", "a loss below 1e-6 is cut off to 0")
def categorical_cross_entropy__small_losses_cut(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    return np.where(np.abs(loss) < 1e-6, loss.dtype.type(0), loss)


@breaks("categorical_cross_entropy.value", "the loss is rounded to four decimals")
def categorical_cross_entropy__four_decimals(y, p, *, axis=-1, clip=None):
    return np.round(right(y, p, axis, clip), 4)


# Inputs, memory, dtype, shape and layout.


@breaks("categorical_cross_entropy.pure", "p is clipped in place")
def categorical_cross_entropy__clip_in_place(y, p, *, axis=-1, clip=None):
    np.clip(p, *ends(p, clip), out=p)
    return right(y, p, axis, clip)


@breaks("categorical_cross_entropy.pure", "the terms are written into the labels")
def categorical_cross_entropy__labels_in_place(y, p, *, axis=-1, clip=None):
    if y.dtype != p.dtype:
        return right(y, p, axis, clip)
    y *= log_of(p, clip)
    return -np.sum(y, axis=axis)


@breaks("categorical_cross_entropy.pure", "the loss is written into p, and is a view of it")
def categorical_cross_entropy__view_of_p(y, p, *, axis=-1, clip=None):
    first = np.moveaxis(p, axis, 0)[0, ...]
    first[...] = right(y, p, axis, clip)
    return first


@breaks("categorical_cross_entropy.pure", "one buffer for each shape is reused, so that a later call changes a result")
def categorical_cross_entropy__buffer_reused(y, p, *, axis=-1, clip=None):
    loss = right(y, p, axis, clip)
    buffer = BUFFERS.setdefault((loss.shape, loss.dtype), np.empty_like(loss))
    buffer[...] = loss
    return buffer


BUFFERS = {}


@breaks("categorical_cross_entropy.dtype", "always float32")
def categorical_cross_entropy__always_float32(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip).astype(np.float32)


@breaks("categorical_cross_entropy.dtype", "float64 comes back, always or by way of a NumPy scalar")
def categorical_cross_entropy__always_float64(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip).astype(np.float64)


@breaks("categorical_cross_entropy.dtype", "float64 comes back, always or by way of a NumPy scalar")
def categorical_cross_entropy__numpy_clip(y, p, *, axis=-1, clip=None):
    lo, hi = np.float64(ends(p, clip))
    return -np.sum(y.astype(p.dtype) * np.log(np.minimum(np.maximum(p, lo), hi)), axis=axis)


@breaks("categorical_cross_entropy.shape", "the axis of the classes stays, with length 1")
def categorical_cross_entropy__axis_kept(y, p, *, axis=-1, clip=None):
    return np.expand_dims(right(y, p, axis, clip), axis)


@breaks("categorical_cross_entropy.shape", "a single sample gives an array of one element")
def categorical_cross_entropy__at_least_one_axis(y, p, *, axis=-1, clip=None):
    return np.atleast_1d(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.shape", "the result is flattened")
def categorical_cross_entropy__flattened(y, p, *, axis=-1, clip=None):
    return np.ravel(right(y, p, axis, clip))


@breaks("categorical_cross_entropy.empty", "a batch of 0 fails")
def categorical_cross_entropy__fails_when_empty(y, p, *, axis=-1, clip=None):
    return right(y, p + 0 * np.min(p), axis, clip)


@breaks("categorical_cross_entropy.empty", "a batch of 0 gives one loss of 0")
def categorical_cross_entropy__zero_when_empty(y, p, *, axis=-1, clip=None):
    return right(y, p, axis, clip) if p.size else p.dtype.type(0)


@breaks(
    "categorical_cross_entropy.layout",
    "elements are read in the order of memory, so that transposed arrays are scrambled",
)
def categorical_cross_entropy__memory_order(y, p, *, axis=-1, clip=None):
    return right(y.ravel(order="K").reshape(y.shape), p.ravel(order="K").reshape(p.shape), axis, clip)


@breaks("categorical_cross_entropy.layout", "strides are ignored: elements are read from the start of a view's memory")
def categorical_cross_entropy__strides_ignored(y, p, *, axis=-1, clip=None):
    y, p = (a if a.base is None else a.base.ravel(order="K")[: a.size].reshape(a.shape) for a in (y, p))
    return right(y, p, axis, clip)


@breaks("categorical_cross_entropy.layout", "arrays that are not contiguous fail")
def categorical_cross_entropy__contiguous_only(y, p, *, axis=-1, clip=None):
    return right(y, np.reshape(p, -1, copy=False).reshape(p.shape), axis, clip)


@breaks(
    "categorical_cross_entropy.layout",
    "leading axes are joined as a view, which fails where three axes are not contiguous",
)
def categorical_cross_entropy__joined_as_view(y, p, *, axis=-1, clip=None):
    return right(y, np.reshape(p, (-1, p.shape[-1]), copy=False).reshape(p.shape), axis, clip)


@breaks("categorical_cross_entropy.layout", "the labels are taken to lie in memory as p does")
def categorical_cross_entropy__labels_laid_out_as_p(y, p, *, axis=-1, clip=None):
    y = y.ravel(order="K").reshape(p.shape, order="C" if p.flags.c_contiguous else "F")
    return right(y, p, axis, clip)


@breaks("categorical_cross_entropy.layout", "p serves as scratch memory and is put back, so that a read-only one fails")
def categorical_cross_entropy__p_as_scratch(y, p, *, axis=-1, clip=None):
    kept = p.copy()
    np.log(clipped(p, clip), out=p)
    loss = -np.sum(y.astype(p.dtype) * p, axis=axis)
    p[...] = kept
    return loss


@breaks("categorical_cross_entropy.empty", "it asks for an element, which an empty array has not")
def categorical_cross_entropy__looks_at_first_element(y, p, *, axis=-1, clip=None):
    p.item(0)
    return right(y, p, axis=axis, clip=clip)


# Half precision.


@breaks("categorical_cross_entropy.clip", "the clip of float32, whose lower end is 0 in float16", half=True)
def categorical_cross_entropy__clip_of_float32_in_half(y, p, *, axis=-1, clip=None):
    return right(y, p.astype(np.float32), axis, [p.dtype.type(end) for end in clip or (1e-15, 1.0)]).astype(p.dtype)


@breaks("categorical_cross_entropy.value", "the sum is accumulated in half precision", half=True)
def categorical_cross_entropy__accumulated_in_half(y, p, *, axis=-1, clip=None):
    clip = clip or (2.0**-14 if p.dtype == np.float16 else 1e-15, 1.0)
    return -sum_in_half(y.astype(p.dtype) * log_of(p.astype(np.float32), clip).astype(p.dtype), axis)
