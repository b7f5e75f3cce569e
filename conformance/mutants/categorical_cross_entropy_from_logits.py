"""Wrong categorical cross-entropies from logits."""

import numpy as np

from . import breaks
from .rounding import coarse_if_long, to_bfloat16, to_float32, to_tf32


def log_softmax(x, axis):
    """The right logarithms of probabilities."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def softmax(x, axis):
    """The right probabilities."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def weighted(y, log, axis):
    """The right sum over the classes."""
    y = y.astype(log.dtype)
    return -np.sum(np.where(y == 0, y.dtype.type(0), y * log), axis=axis)


def right(y, x, axis=-1):
    """The right loss, to be put to a wrong use."""
    return weighted(y, log_softmax(x, axis), axis)


def last(axis, *arrays):
    """The arrays with `axis` last."""
    return [np.moveaxis(array, axis, -1) for array in arrays]


# The samples.


@breaks("categorical_cross_entropy_from_logits.per_sample", "the mean over the batch")
def categorical_cross_entropy_from_logits__mean_over_batch(y, x, *, axis=-1):
    return np.mean(right(y, x, axis))


@breaks("categorical_cross_entropy_from_logits.per_sample", "the sum over the batch")
def categorical_cross_entropy_from_logits__sum_over_batch(y, x, *, axis=-1):
    return np.sum(right(y, x, axis))


@breaks("categorical_cross_entropy_from_logits.per_sample", "each loss is divided by the number of samples")
def categorical_cross_entropy_from_logits__divided_by_batch(y, x, *, axis=-1):
    loss = right(y, x, axis)
    return loss / loss.dtype.type(max(loss.size, 1))


@breaks("categorical_cross_entropy_from_logits.per_sample", "the mean over the classes")
def categorical_cross_entropy_from_logits__mean_over_classes(y, x, *, axis=-1):
    return right(y, x, axis) / x.dtype.type(x.shape[axis])


@breaks("categorical_cross_entropy_from_logits.per_sample", "not summed over the classes")
def categorical_cross_entropy_from_logits__not_summed(y, x, *, axis=-1):
    y = y.astype(x.dtype)
    return -np.where(y == 0, y.dtype.type(0), y * log_softmax(x, axis))


@breaks("categorical_cross_entropy_from_logits.per_sample", "an array of one axis fails")
def categorical_cross_entropy_from_logits__two_axes_only(y, x, *, axis=-1):
    rows, *_ = x.shape[0], x.shape[1]
    return right(y, x, axis) if rows else np.zeros(0, x.dtype)


# Another formula.


@breaks("categorical_cross_entropy_from_logits.value", "base 2: bits instead of nats")
def categorical_cross_entropy_from_logits__base_2(y, x, *, axis=-1):
    return right(y, x, axis) / np.log(x.dtype.type(2))


@breaks("categorical_cross_entropy_from_logits.value", "the minus sign is missing")
def categorical_cross_entropy_from_logits__sign_missing(y, x, *, axis=-1):
    return -right(y, x, axis)


@breaks("categorical_cross_entropy_from_logits.value", "the logits are taken for probabilities")
def categorical_cross_entropy_from_logits__probabilities(y, x, *, axis=-1):
    return weighted(y, np.log(np.clip(x, 1e-15, 1)), axis)


@breaks(
    "categorical_cross_entropy_from_logits.value",
    "the logits are taken for logarithms of probabilities, as a negative log-likelihood has it",
)
def categorical_cross_entropy_from_logits__log_probabilities(y, x, *, axis=-1):
    return weighted(y, x, axis)


@breaks("categorical_cross_entropy_from_logits.value", "the log-softmax of softmax: it is applied to probabilities")
def categorical_cross_entropy_from_logits__softmax_twice(y, x, *, axis=-1):
    return right(y, softmax(x, axis), axis)


@breaks("categorical_cross_entropy_from_logits.value", "binary cross-entropy of each class, with a sigmoid")
def categorical_cross_entropy_from_logits__sigmoid(y, x, *, axis=-1):
    y = y.astype(x.dtype)
    return np.sum(np.logaddexp(0, x) - np.where(y == 0, y.dtype.type(0), y * x), axis=axis)


@breaks("categorical_cross_entropy_from_logits.value", "labels are smoothed by 0.1")
def categorical_cross_entropy_from_logits__smoothed_labels(y, x, *, axis=-1):
    return right(0.9 * y.astype(x.dtype) + 0.1 / x.shape[axis], x, axis)


@breaks("categorical_cross_entropy_from_logits.value", "the entropy of softmax: the labels are ignored")
def categorical_cross_entropy_from_logits__labels_ignored(y, x, *, axis=-1):
    return right(softmax(x, axis), x, axis)


@breaks("categorical_cross_entropy_from_logits.value", "the focal loss, with an exponent of 2")
def categorical_cross_entropy_from_logits__focal(y, x, *, axis=-1):
    return weighted(y, (1 - softmax(x, axis)) ** 2 * log_softmax(x, axis), axis)


@breaks("categorical_cross_entropy_from_logits.value", "exp of the loss: the perplexity")
def categorical_cross_entropy_from_logits__perplexity(y, x, *, axis=-1):
    return np.exp(right(y, x, axis))


@breaks("categorical_cross_entropy_from_logits.value", "squared differences of probabilities")
def categorical_cross_entropy_from_logits__squared_error(y, x, *, axis=-1):
    return np.sum((y.astype(x.dtype) - softmax(x, axis)) ** 2, axis=axis)


@breaks("categorical_cross_entropy_from_logits.value", "a temperature of 2")
def categorical_cross_entropy_from_logits__temperature_2(y, x, *, axis=-1):
    return right(y, x / 2, axis)


@breaks("categorical_cross_entropy_from_logits.value", "log(1 + sum): 1 is added to the denominator")
def categorical_cross_entropy_from_logits__one_in_denominator(y, x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return weighted(y, z - np.log1p(np.sum(np.exp(z), axis=axis, keepdims=True)), axis)


# Not fused, or in another order.


@breaks(
    "categorical_cross_entropy_from_logits.spread",
    "the logarithm of softmax, unfused: an infinite loss where softmax underflows",
)
def categorical_cross_entropy_from_logits__log_of_softmax(y, x, *, axis=-1):
    return weighted(y, np.log(softmax(x, axis)), axis)


@breaks("categorical_cross_entropy_from_logits.spread", "log(softmax + 1e-12)")
def categorical_cross_entropy_from_logits__epsilon_1e_12(y, x, *, axis=-1):
    return weighted(y, np.log(softmax(x, axis) + 1e-12), axis)


@breaks(
    "categorical_cross_entropy_from_logits.spread",
    "softmax is clipped to [1e-15, 1 - 1e-15], as where probabilities are given",
)
def categorical_cross_entropy_from_logits__clip_1e_15(y, x, *, axis=-1):
    return weighted(y, np.log(np.clip(softmax(x, axis), 1e-15, 1 - 1e-15)), axis)


@breaks(
    "categorical_cross_entropy_from_logits.spread",
    "softmax is clipped to [1e-7, 1 - 1e-7], as Keras does with probabilities",
)
def categorical_cross_entropy_from_logits__clip_1e_7(y, x, *, axis=-1):
    return weighted(y, np.log(np.clip(softmax(x, axis), 1e-7, 1 - 1e-7)), axis)


@breaks(
    "categorical_cross_entropy_from_logits.spread",
    "the logarithm is kept above -100, as binary cross-entropy in PyTorch",
)
def categorical_cross_entropy_from_logits__kept_above_minus_100(y, x, *, axis=-1):
    return weighted(y, np.maximum(log_softmax(x, axis), -100), axis)


@breaks("categorical_cross_entropy_from_logits.spread", "the first logit is subtracted instead of the maximum")
def categorical_cross_entropy_from_logits__shift_by_first(y, x, *, axis=-1):
    z = x - np.take(x, [0], axis=axis)
    return weighted(y, z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True)), axis)


@breaks("categorical_cross_entropy_from_logits.shift", "the maximum is not subtracted, so that exp overflows")
def categorical_cross_entropy_from_logits__unshifted(y, x, *, axis=-1):
    return weighted(y, x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True)), axis)


@breaks(
    "categorical_cross_entropy_from_logits.shift",
    "log-sum-exp minus logit: the maximum and the logarithm are added before they are subtracted",
)
def categorical_cross_entropy_from_logits__logsumexp_minus_logit(y, x, *, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return weighted(y, x - (top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))), axis)


@breaks(
    "categorical_cross_entropy_from_logits.shift",
    "the maximum starts from 0, so that nothing is subtracted from a negative row",
)
def categorical_cross_entropy_from_logits__maximum_with_0(y, x, *, axis=-1):
    z = x - np.maximum(np.max(x, axis=axis, keepdims=True), 0)
    return weighted(y, z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True)), axis)


# The labels.


@breaks("categorical_cross_entropy_from_logits.soft_labels", "the class of the largest label is taken")
def categorical_cross_entropy_from_logits__argmax_labels(y, x, *, axis=-1):
    index = np.argmax(y, axis=axis, keepdims=True)
    return -np.take_along_axis(log_softmax(x, axis), index, axis=axis).squeeze(axis)


@breaks("categorical_cross_entropy_from_logits.soft_labels", "a label counts as 1 wherever it is not 0")
def categorical_cross_entropy_from_logits__labels_as_mask(y, x, *, axis=-1):
    return right(y != 0, x, axis)


@breaks("categorical_cross_entropy_from_logits.soft_labels", "labels are renormalised to add up to 1")
def categorical_cross_entropy_from_logits__labels_renormalised(y, x, *, axis=-1):
    y = y.astype(x.dtype)
    return right(y / np.sum(y, axis=axis, keepdims=True), x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.soft_labels",
    "the labels are taken to add up to 1: log-sum-exp of the shifted logits counts once",
)
def categorical_cross_entropy_from_logits__labels_add_up_to_1(y, x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(z), axis=axis)) + weighted(y, z, axis)


@breaks("categorical_cross_entropy_from_logits.soft_labels", "the absolute value of a label is taken")
def categorical_cross_entropy_from_logits__labels_without_sign(y, x, *, axis=-1):
    return right(np.abs(y), x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.soft_labels",
    "the Kullback-Leibler divergence: the entropy of y is subtracted",
)
def categorical_cross_entropy_from_logits__kullback_leibler(y, x, *, axis=-1):
    y = y.astype(x.dtype)
    return right(y, x, axis) + np.sum(y * np.log(np.where(y > 0, y, y.dtype.type(1))), axis=axis)


@breaks("categorical_cross_entropy_from_logits.soft_labels", "labels are rounded to bfloat16")
def categorical_cross_entropy_from_logits__bfloat16_labels(y, x, *, axis=-1):
    return right(to_bfloat16(y.astype(x.dtype)), x, axis)


@breaks("categorical_cross_entropy_from_logits.labels", "integer labels count as 1 wherever they are not 0")
def categorical_cross_entropy_from_logits__integers_as_booleans(y, x, *, axis=-1):
    return right(y.astype(bool) if y.dtype.kind in "iu" else y, x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.labels",
    "labels are negated before they are cast, so that unsigned ones wrap around",
)
def categorical_cross_entropy_from_logits__unsigned_wrap_around(y, x, *, axis=-1):
    y = y.astype(x.dtype) if y.dtype.kind == "b" else y
    return -right(-y, x, axis)


@breaks("categorical_cross_entropy_from_logits.labels", "boolean labels fail")
def categorical_cross_entropy_from_logits__booleans_fail(y, x, *, axis=-1):
    return -right(-y if y.dtype.kind == "b" else -y.astype(x.dtype), x, axis)


@breaks("categorical_cross_entropy_from_logits.labels", "integer labels fail")
def categorical_cross_entropy_from_logits__integers_fail(y, x, *, axis=-1):
    y = y.astype(x.dtype, casting="safe" if y.dtype.kind == "b" else "no")
    return right(y, x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.dtype",
    "integer labels are not cast, so that the result is promoted to float64",
)
def categorical_cross_entropy_from_logits__labels_not_cast(y, x, *, axis=-1):
    return -np.sum(np.where(y == 0, 0, y * log_softmax(x, axis)), axis=axis)


@breaks("categorical_cross_entropy_from_logits.dtype", "the result has the dtype of the labels")
def categorical_cross_entropy_from_logits__dtype_of_labels(y, x, *, axis=-1):
    return right(y, x, axis).astype(y.dtype)


# NaN and infinities.


@breaks(
    "categorical_cross_entropy_from_logits.infinity",
    "a masked class with a label of 0 makes the loss NaN: 0 times -infinity",
)
def categorical_cross_entropy_from_logits__masked_nan(y, x, *, axis=-1):
    return -np.sum(y.astype(x.dtype) * log_softmax(x, axis), axis=axis)


@breaks("categorical_cross_entropy_from_logits.infinity", "a masked logit counts as -10000")
def categorical_cross_entropy_from_logits__masked_as_minus_10000(y, x, *, axis=-1):
    return right(y, np.where(np.isneginf(x), x.dtype.type(-1e4), x), axis)


@breaks("categorical_cross_entropy_from_logits.infinity", "terms that are infinite are left out of the sum")
def categorical_cross_entropy_from_logits__infinite_left_out(y, x, *, axis=-1):
    log = log_softmax(x, axis)
    return weighted(y, np.where(np.isneginf(log), x.dtype.type(0), log), axis)


@breaks("categorical_cross_entropy_from_logits.infinity", "an infinite loss loses its sign")
def categorical_cross_entropy_from_logits__infinite_without_sign(y, x, *, axis=-1):
    loss = right(y, x, axis)
    return np.where(np.isinf(loss), np.abs(loss), loss)


@breaks("categorical_cross_entropy_from_logits.infinity", "a sample with +infinity, or masked whole, has a loss of 0")
def categorical_cross_entropy_from_logits__no_answer_as_zero(y, x, *, axis=-1):
    loss, top = right(y, x, axis), np.max(x, axis=axis)
    return np.where(np.isinf(top), loss.dtype.type(0), loss)


@breaks("categorical_cross_entropy_from_logits.nan", "terms that are NaN are left out of the sum")
def categorical_cross_entropy_from_logits__nansum(y, x, *, axis=-1):
    return -np.nansum(y.astype(x.dtype) * log_softmax(x, axis), axis=axis)


@breaks("categorical_cross_entropy_from_logits.nan", "a NaN logit counts as -infinity")
def categorical_cross_entropy_from_logits__nan_as_masked(y, x, *, axis=-1):
    return right(y, np.where(np.isnan(x), x.dtype.type(-np.inf), x), axis)


@breaks("categorical_cross_entropy_from_logits.nan", "a label that is NaN counts as 0")
def categorical_cross_entropy_from_logits__nan_label_as_zero(y, x, *, axis=-1):
    y = y.astype(x.dtype)
    return right(np.where(np.isnan(y), y.dtype.type(0), y), x, axis)


@breaks("categorical_cross_entropy_from_logits.batch", "a NaN in one sample makes every loss NaN")
def categorical_cross_entropy_from_logits__nan_spreads(y, x, *, axis=-1):
    loss = right(y, x, axis)
    return np.where(np.any(np.isnan(loss)), loss.dtype.type(np.nan), loss)


# The axis.


@breaks("categorical_cross_entropy_from_logits.axis", "axis is ignored: always the last")
def categorical_cross_entropy_from_logits__axis_ignored(y, x, *, axis=-1):
    return right(y, x)


@breaks("categorical_cross_entropy_from_logits.axis", "always along the first axis")
def categorical_cross_entropy_from_logits__first_axis(y, x, *, axis=-1):
    return right(y, x, 0)


@breaks("categorical_cross_entropy_from_logits.axis", "softmax along the last axis, the sum along `axis`")
def categorical_cross_entropy_from_logits__softmax_of_last_axis(y, x, *, axis=-1):
    return weighted(y, log_softmax(x, -1), axis)


@breaks("categorical_cross_entropy_from_logits.axis", "a negative axis loses its sign")
def categorical_cross_entropy_from_logits__axis_without_sign(y, x, *, axis=-1):
    return right(y, x, -1 if axis == -1 else abs(axis) - 1)


@breaks(
    "categorical_cross_entropy_from_logits.axis",
    "the last axis is only found as -1: its number from the start means the one before",
)
def categorical_cross_entropy_from_logits__last_axis_by_number(y, x, *, axis=-1):
    return right(y, x, min(axis, max(x.ndim - 2, 0)))


@breaks("categorical_cross_entropy_from_logits.axis", "more than two axes fail")
def categorical_cross_entropy_from_logits__at_most_two_axes(y, x, *, axis=-1):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(y, x, axis)


# Classes and samples that are left out.


@breaks("categorical_cross_entropy_from_logits.value", "the last class is left out")
def categorical_cross_entropy_from_logits__last_class_dropped(y, x, *, axis=-1):
    y, x = last(axis, y, x)
    return right(y[..., :-1], x[..., :-1])


@breaks("categorical_cross_entropy_from_logits.value", "the last n % 8 classes are left out, where n is at least 8")
def categorical_cross_entropy_from_logits__remainder_of_8_dropped(y, x, *, axis=-1):
    y, x = last(axis, y, x)
    n = x.shape[-1] - x.shape[-1] % 8 or x.shape[-1]
    return right(y[..., :n], x[..., :n])


@breaks("categorical_cross_entropy_from_logits.value", "classes beyond 1024 are left out")
def categorical_cross_entropy_from_logits__classes_beyond_1024(y, x, *, axis=-1):
    y, x = last(axis, y, x)
    return right(y[..., :1024], x[..., :1024])


@breaks("categorical_cross_entropy_from_logits.batch", "the losses of samples beyond 1024 stay 0")
def categorical_cross_entropy_from_logits__samples_beyond_1024(y, x, *, axis=-1):
    loss = np.array(right(y, x, axis))
    loss.ravel()[1024:] = 0
    return loss


@breaks(
    "categorical_cross_entropy_from_logits.batch", "the losses of the last n % 8 samples stay 0, where n is at least 8"
)
def categorical_cross_entropy_from_logits__remainder_of_8_samples(y, x, *, axis=-1):
    loss = np.array(right(y, x, axis))
    loss.ravel()[loss.size - loss.size % 8 or loss.size :] = 0
    return loss


# Precision.


@breaks(
    "categorical_cross_entropy_from_logits.few",
    "where there are more than 2000 classes, the terms of the sum are rounded to bfloat16",
)
def categorical_cross_entropy_from_logits__long_sums_of_bfloat16(y, x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    terms = coarse_if_long(np.exp(z), axis)
    return weighted(y, z - np.log(np.sum(terms, axis=axis, keepdims=True)), axis)


@breaks("categorical_cross_entropy_from_logits.value", "bfloat16 logits")
def categorical_cross_entropy_from_logits__bfloat16_inputs(y, x, *, axis=-1):
    return right(y, to_bfloat16(x), axis)


@breaks("categorical_cross_entropy_from_logits.value", "log-softmax is rounded to TF32, as a matrix product does")
def categorical_cross_entropy_from_logits__tf32_log(y, x, *, axis=-1):
    return weighted(y, to_tf32(log_softmax(x, axis)), axis)


@breaks("categorical_cross_entropy_from_logits.value", "the loss is rounded to bfloat16")
def categorical_cross_entropy_from_logits__bfloat16_output(y, x, *, axis=-1):
    return to_bfloat16(right(y, x, axis))


@breaks("categorical_cross_entropy_from_logits.value", "float32 inside")
def categorical_cross_entropy_from_logits__float32_inside(y, x, *, axis=-1):
    return to_float32(right(y, x.astype(np.float32), axis)).astype(x.dtype)


@breaks("categorical_cross_entropy_from_logits.value", "the loss is rounded to four decimals")
def categorical_cross_entropy_from_logits__four_decimals(y, x, *, axis=-1):
    return np.round(right(y, x, axis), 4)


# Inputs, memory, dtype, shape and layout.


@breaks("categorical_cross_entropy_from_logits.pure", "the maximum is subtracted from the logits in place")
def categorical_cross_entropy_from_logits__shift_in_place(y, x, *, axis=-1):
    x -= np.max(x, axis=axis, keepdims=True)
    return right(y, x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.pure",
    "one buffer for each shape is reused, so that a later call changes a result",
)
def categorical_cross_entropy_from_logits__buffer_reused(y, x, *, axis=-1):
    loss = right(y, x, axis)
    buffer = BUFFERS.setdefault((loss.shape, loss.dtype), np.empty_like(loss))
    buffer[...] = loss
    return buffer


BUFFERS = {}


@breaks("categorical_cross_entropy_from_logits.dtype", "always float32")
def categorical_cross_entropy_from_logits__always_float32(y, x, *, axis=-1):
    return right(y, x, axis).astype(np.float32)


@breaks("categorical_cross_entropy_from_logits.dtype", "always float64")
def categorical_cross_entropy_from_logits__always_float64(y, x, *, axis=-1):
    return right(y, x, axis).astype(np.float64)


@breaks("categorical_cross_entropy_from_logits.shape", "the axis of the classes stays, with length 1")
def categorical_cross_entropy_from_logits__axis_kept(y, x, *, axis=-1):
    return np.expand_dims(right(y, x, axis), axis)


@breaks("categorical_cross_entropy_from_logits.shape", "a single sample gives an array of one element")
def categorical_cross_entropy_from_logits__at_least_one_axis(y, x, *, axis=-1):
    return np.atleast_1d(right(y, x, axis))


@breaks("categorical_cross_entropy_from_logits.empty", "it asks for an element, which an empty array has not")
def categorical_cross_entropy_from_logits__looks_at_first_element(y, x, *, axis=-1):
    x.item(0)
    return right(y, x, axis)


@breaks("categorical_cross_entropy_from_logits.empty", "a batch of 0 gives one loss of 0")
def categorical_cross_entropy_from_logits__zero_when_empty(y, x, *, axis=-1):
    return right(y, x, axis) if x.size else x.dtype.type(0)


@breaks(
    "categorical_cross_entropy_from_logits.layout",
    "elements are read in the order of memory, so that transposed arrays are scrambled",
)
def categorical_cross_entropy_from_logits__memory_order(y, x, *, axis=-1):
    return right(y.ravel(order="K").reshape(y.shape), x.ravel(order="K").reshape(x.shape), axis)


@breaks(
    "categorical_cross_entropy_from_logits.layout",
    "leading axes are joined as a view, which fails where three axes are not contiguous",
)
def categorical_cross_entropy_from_logits__joined_as_view(y, x, *, axis=-1):
    return right(y, np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), axis)


@breaks("categorical_cross_entropy_from_logits.layout", "the labels are taken to lie in memory as the logits do")
def categorical_cross_entropy_from_logits__labels_laid_out_as_x(y, x, *, axis=-1):
    y = y.ravel(order="K").reshape(x.shape, order="C" if x.flags.c_contiguous else "F")
    return right(y, x, axis)


@breaks(
    "categorical_cross_entropy_from_logits.layout",
    "the logits serve as scratch memory and are put back, so that read-only ones fail",
)
def categorical_cross_entropy_from_logits__logits_as_scratch(y, x, *, axis=-1):
    kept = x.copy()
    x -= np.max(x, axis=axis, keepdims=True)
    loss = right(y, x, axis)
    x[...] = kept
    return loss
