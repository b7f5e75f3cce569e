"""Wrong sparse categorical cross-entropies from logits."""

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


def chosen(labels, log, axis):
    """The right choice of a class."""
    index = np.expand_dims(labels, axis).astype(np.int64)
    return -np.squeeze(np.take_along_axis(log, index, axis=axis), axis)


def right(labels, x, axis=-1):
    """The right loss, to be put to a wrong use."""
    return chosen(labels, log_softmax(x, axis), axis)


# The samples.


@breaks("sparse_categorical_cross_entropy_from_logits.per_sample", "the mean over the batch")
def sparse_categorical_cross_entropy_from_logits__mean_over_batch(labels, x, *, axis=-1):
    return np.mean(right(labels, x, axis))


@breaks("sparse_categorical_cross_entropy_from_logits.per_sample", "the sum over the batch")
def sparse_categorical_cross_entropy_from_logits__sum_over_batch(labels, x, *, axis=-1):
    return np.sum(right(labels, x, axis))


@breaks("sparse_categorical_cross_entropy_from_logits.per_sample", "each loss is divided by the number of samples")
def sparse_categorical_cross_entropy_from_logits__divided_by_batch(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return loss / loss.dtype.type(max(loss.size, 1))


@breaks("sparse_categorical_cross_entropy_from_logits.per_sample", "an array of one axis fails")
def sparse_categorical_cross_entropy_from_logits__two_axes_only(labels, x, *, axis=-1):
    rows, *_ = x.shape[0], x.shape[1]
    return right(labels, x, axis) if rows else np.zeros(0, x.dtype)


# Another formula.


@breaks("sparse_categorical_cross_entropy_from_logits.value", "base 2: bits instead of nats")
def sparse_categorical_cross_entropy_from_logits__base_2(labels, x, *, axis=-1):
    return right(labels, x, axis) / np.log(x.dtype.type(2))


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the minus sign is missing")
def sparse_categorical_cross_entropy_from_logits__sign_missing(labels, x, *, axis=-1):
    return -right(labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the logits are taken for probabilities")
def sparse_categorical_cross_entropy_from_logits__probabilities(labels, x, *, axis=-1):
    return chosen(labels, np.log(np.clip(x, 1e-15, 1)), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.value",
    "the logits are taken for logarithms of probabilities, as a negative log-likelihood has it",
)
def sparse_categorical_cross_entropy_from_logits__log_probabilities(labels, x, *, axis=-1):
    return chosen(labels, x, axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.value", "the log-softmax of softmax: it is applied to probabilities"
)
def sparse_categorical_cross_entropy_from_logits__softmax_twice(labels, x, *, axis=-1):
    return right(labels, softmax(x, axis), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "labels are smoothed by 0.1")
def sparse_categorical_cross_entropy_from_logits__smoothed_labels(labels, x, *, axis=-1):
    log = log_softmax(x, axis)
    return 0.9 * chosen(labels, log, axis) - 0.1 * np.mean(log, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the focal loss, with an exponent of 2")
def sparse_categorical_cross_entropy_from_logits__focal(labels, x, *, axis=-1):
    return chosen(labels, (1 - softmax(x, axis)) ** 2 * log_softmax(x, axis), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "exp of the loss: the perplexity")
def sparse_categorical_cross_entropy_from_logits__perplexity(labels, x, *, axis=-1):
    return np.exp(right(labels, x, axis))


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the probability of the label, without the logarithm")
def sparse_categorical_cross_entropy_from_logits__probability(labels, x, *, axis=-1):
    return -chosen(labels, softmax(x, axis), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "a temperature of 2")
def sparse_categorical_cross_entropy_from_logits__temperature_2(labels, x, *, axis=-1):
    return right(labels, x / 2, axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.value",
    "the distance from the largest logit: a margin without the sum",
)
def sparse_categorical_cross_entropy_from_logits__margin(labels, x, *, axis=-1):
    return chosen(labels, x - np.max(x, axis=axis, keepdims=True), axis)


# Not fused, or in another order.


@breaks(
    "sparse_categorical_cross_entropy_from_logits.spread",
    "the logarithm of softmax, unfused: an infinite loss where softmax underflows",
)
def sparse_categorical_cross_entropy_from_logits__log_of_softmax(labels, x, *, axis=-1):
    return chosen(labels, np.log(softmax(x, axis)), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.spread", "log(softmax + 1e-12)")
def sparse_categorical_cross_entropy_from_logits__epsilon_1e_12(labels, x, *, axis=-1):
    return chosen(labels, np.log(softmax(x, axis) + 1e-12), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.spread",
    "softmax is clipped to [1e-7, 1 - 1e-7], as Keras does with probabilities",
)
def sparse_categorical_cross_entropy_from_logits__clip_1e_7(labels, x, *, axis=-1):
    return chosen(labels, np.log(np.clip(softmax(x, axis), 1e-7, 1 - 1e-7)), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.spread", "the loss is kept below 100")
def sparse_categorical_cross_entropy_from_logits__kept_below_100(labels, x, *, axis=-1):
    return np.minimum(right(labels, x, axis), 100)


@breaks("sparse_categorical_cross_entropy_from_logits.shift", "the maximum is not subtracted, so that exp overflows")
def sparse_categorical_cross_entropy_from_logits__unshifted(labels, x, *, axis=-1):
    return chosen(labels, x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True)), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.shift",
    "log-sum-exp minus logit, as optax has it: the maximum and the logarithm are added before they are subtracted",
)
def sparse_categorical_cross_entropy_from_logits__logsumexp_minus_logit(labels, x, *, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    return chosen(labels, x - (top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.shift",
    "the maximum starts from 0, so that nothing is subtracted from a negative row",
)
def sparse_categorical_cross_entropy_from_logits__maximum_with_0(labels, x, *, axis=-1):
    z = x - np.maximum(np.max(x, axis=axis, keepdims=True), 0)
    return chosen(labels, z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True)), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.spread",
    "the label's logit is subtracted instead of the maximum, which overflows where it is far below",
)
def sparse_categorical_cross_entropy_from_logits__shift_by_label(labels, x, *, axis=-1):
    index = np.expand_dims(labels, axis).astype(np.int64)
    z = x - np.take_along_axis(x, index, axis=axis)
    return np.log(np.sum(np.exp(z), axis=axis))


# The labels.


@breaks("sparse_categorical_cross_entropy_from_logits.value", "labels count from 1")
def sparse_categorical_cross_entropy_from_logits__from_1(labels, x, *, axis=-1):
    return right(np.where(labels > 0, labels - 1, labels), x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "labels are off by one upwards")
def sparse_categorical_cross_entropy_from_logits__off_by_one(labels, x, *, axis=-1):
    return right((labels + 1) % x.shape[axis], x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "labels count from the end")
def sparse_categorical_cross_entropy_from_logits__from_the_end(labels, x, *, axis=-1):
    return right(x.shape[axis] - 1 - labels.astype(np.int64), x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the labels are ignored: the likeliest class is taken")
def sparse_categorical_cross_entropy_from_logits__likeliest_class(labels, x, *, axis=-1):
    return -np.max(log_softmax(x, axis), axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "class 0 is ignored, as padding: its loss is 0")
def sparse_categorical_cross_entropy_from_logits__class_0_ignored(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return np.where(labels == 0, loss.dtype.type(0), loss)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the last class is ignored: its loss is 0")
def sparse_categorical_cross_entropy_from_logits__last_class_ignored(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return np.where(labels == x.shape[axis] - 1, loss.dtype.type(0), loss)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "labels are kept in 8 bits")
def sparse_categorical_cross_entropy_from_logits__labels_in_8_bits(labels, x, *, axis=-1):
    return right(labels.astype(np.uint8), x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.labels", "labels of other widths than 32 bits fail")
def sparse_categorical_cross_entropy_from_logits__other_widths_fail(labels, x, *, axis=-1):
    return right(labels.astype(np.int32, casting="no"), x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.labels", "unsigned labels fail")
def sparse_categorical_cross_entropy_from_logits__unsigned_fail(labels, x, *, axis=-1):
    return right(labels.astype(np.int64, casting="no") if labels.dtype.kind == "u" else labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.labels", "labels of 8 bits are taken for booleans")
def sparse_categorical_cross_entropy_from_logits__bytes_as_booleans(labels, x, *, axis=-1):
    return right(labels != 0 if labels.dtype.itemsize == 1 else labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.dtype", "the result has the dtype of the labels")
def sparse_categorical_cross_entropy_from_logits__dtype_of_labels(labels, x, *, axis=-1):
    return right(labels, x, axis).astype(labels.dtype)


# NaN and infinities.


@breaks("sparse_categorical_cross_entropy_from_logits.nan", "a NaN logit counts as -infinity")
def sparse_categorical_cross_entropy_from_logits__nan_as_masked(labels, x, *, axis=-1):
    return right(labels, np.where(np.isnan(x), x.dtype.type(-np.inf), x), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.nan", "a NaN is seen in the label's logit only")
def sparse_categorical_cross_entropy_from_logits__nan_in_label_only(labels, x, *, axis=-1):
    z = x - np.fmax.reduce(x, axis=axis, keepdims=True)
    return chosen(labels, z - np.log(np.nansum(np.exp(z), axis=axis, keepdims=True)), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.nan", "a loss that is NaN becomes 0")
def sparse_categorical_cross_entropy_from_logits__nan_as_zero(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return np.where(np.isnan(loss), loss.dtype.type(0), loss)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.infinity",
    "one-hot labels times log-softmax: a masked class makes NaN, 0 times -infinity",
)
def sparse_categorical_cross_entropy_from_logits__masked_nan(labels, x, *, axis=-1):
    index = np.expand_dims(labels, axis)
    shape = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    one_hot = (index == np.arange(x.shape[axis]).reshape(shape)).astype(x.dtype)
    return -np.sum(one_hot * log_softmax(x, axis), axis=axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.axis",
    "only the last axis is taken, and a masked class makes the loss NaN, as in Keras on NumPy and JAX",
)
def sparse_categorical_cross_entropy_from_logits__keras(labels, x, *, axis=-1):
    if labels.shape != x.shape[:-1]:
        raise ValueError("target and output must have the same shape up until the last dimension")
    return sparse_categorical_cross_entropy_from_logits__masked_nan(labels, x, axis=axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.spread",
    "the logarithm of softmax, unfused, and no rows fail, as in ONNX's reference evaluator",
)
def sparse_categorical_cross_entropy_from_logits__onnx_reference(labels, x, *, axis=-1):
    x.item(0)
    return chosen(labels, np.log(softmax(x, axis)), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.infinity", "a masked logit counts as -10000")
def sparse_categorical_cross_entropy_from_logits__masked_as_minus_10000(labels, x, *, axis=-1):
    return right(labels, np.where(np.isneginf(x), x.dtype.type(-1e4), x), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.infinity", "an infinite loss becomes 0")
def sparse_categorical_cross_entropy_from_logits__infinite_as_zero(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return np.where(np.isinf(loss), loss.dtype.type(0), loss)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.infinity", "a sample with +infinity, or masked whole, has a loss of 0"
)
def sparse_categorical_cross_entropy_from_logits__no_answer_as_zero(labels, x, *, axis=-1):
    loss, top = right(labels, x, axis), np.max(x, axis=axis)
    return np.where(np.isinf(top), loss.dtype.type(0), loss)


@breaks("sparse_categorical_cross_entropy_from_logits.batch", "a NaN in one sample makes every loss NaN")
def sparse_categorical_cross_entropy_from_logits__nan_spreads(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    return np.where(np.any(np.isnan(loss)), loss.dtype.type(np.nan), loss)


# The axis.


@breaks("sparse_categorical_cross_entropy_from_logits.axis", "axis is ignored: always the last")
def sparse_categorical_cross_entropy_from_logits__axis_ignored(labels, x, *, axis=-1):
    return right(labels, x)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.axis", "softmax runs along the last axis, the choice along `axis`"
)
def sparse_categorical_cross_entropy_from_logits__softmax_of_last_axis(labels, x, *, axis=-1):
    return chosen(labels, log_softmax(x, -1), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.axis", "a negative axis loses its sign")
def sparse_categorical_cross_entropy_from_logits__axis_without_sign(labels, x, *, axis=-1):
    return right(labels, x, -1 if axis == -1 else abs(axis) - 1)


@breaks("sparse_categorical_cross_entropy_from_logits.axis", "more than two axes fail")
def sparse_categorical_cross_entropy_from_logits__at_most_two_axes(labels, x, *, axis=-1):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(labels, x, axis)


# Classes and samples that are left out.


@breaks(
    "sparse_categorical_cross_entropy_from_logits.value",
    "the last n % 8 classes are left out of the sum, where n is at least 8",
)
def sparse_categorical_cross_entropy_from_logits__remainder_of_8_dropped(labels, x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    z = x - np.max(x, axis=-1, keepdims=True)
    n = x.shape[-1] - x.shape[-1] % 8 or x.shape[-1]
    return chosen(labels, z - np.log(np.sum(np.exp(z[..., :n]), axis=-1, keepdims=True)), -1)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "classes beyond 1024 are left out of the sum")
def sparse_categorical_cross_entropy_from_logits__classes_beyond_1024(labels, x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    z = x - np.max(x, axis=-1, keepdims=True)
    return chosen(labels, z - np.log(np.sum(np.exp(z[..., :1024]), axis=-1, keepdims=True)), -1)


@breaks("sparse_categorical_cross_entropy_from_logits.batch", "the losses of samples beyond 1024 stay 0")
def sparse_categorical_cross_entropy_from_logits__samples_beyond_1024(labels, x, *, axis=-1):
    loss = np.array(right(labels, x, axis))
    loss.ravel()[1024:] = 0
    return loss


@breaks(
    "sparse_categorical_cross_entropy_from_logits.batch",
    "the losses of the last n % 8 samples stay 0, where n is at least 8",
)
def sparse_categorical_cross_entropy_from_logits__remainder_of_8_samples(labels, x, *, axis=-1):
    loss = np.array(right(labels, x, axis))
    loss.ravel()[loss.size - loss.size % 8 or loss.size :] = 0
    return loss


# Precision.


@breaks(
    "sparse_categorical_cross_entropy_from_logits.few",
    "where there are more than 2000 classes, the terms of the sum are rounded to bfloat16",
)
def sparse_categorical_cross_entropy_from_logits__long_sums_of_bfloat16(labels, x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    terms = coarse_if_long(np.exp(z), axis)
    return chosen(labels, z - np.log(np.sum(terms, axis=axis, keepdims=True)), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "bfloat16 logits")
def sparse_categorical_cross_entropy_from_logits__bfloat16_inputs(labels, x, *, axis=-1):
    return right(labels, to_bfloat16(x), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the loss is rounded to TF32")
def sparse_categorical_cross_entropy_from_logits__tf32_output(labels, x, *, axis=-1):
    return to_tf32(right(labels, x, axis))


@breaks("sparse_categorical_cross_entropy_from_logits.value", "float32 inside")
def sparse_categorical_cross_entropy_from_logits__float32_inside(labels, x, *, axis=-1):
    return to_float32(right(labels, x.astype(np.float32), axis)).astype(x.dtype)


@breaks("sparse_categorical_cross_entropy_from_logits.value", "the loss is rounded to four decimals")
def sparse_categorical_cross_entropy_from_logits__four_decimals(labels, x, *, axis=-1):
    return np.round(right(labels, x, axis), 4)


# Inputs, memory, dtype, shape and layout.


@breaks("sparse_categorical_cross_entropy_from_logits.pure", "the maximum is subtracted from the logits in place")
def sparse_categorical_cross_entropy_from_logits__shift_in_place(labels, x, *, axis=-1):
    x -= np.max(x, axis=axis, keepdims=True)
    return right(labels, x, axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.pure",
    "one buffer for each shape is reused, so that a later call changes a result",
)
def sparse_categorical_cross_entropy_from_logits__buffer_reused(labels, x, *, axis=-1):
    loss = right(labels, x, axis)
    buffer = BUFFERS.setdefault((loss.shape, loss.dtype), np.empty_like(loss))
    buffer[...] = loss
    return buffer


BUFFERS = {}


@breaks("sparse_categorical_cross_entropy_from_logits.dtype", "always float32")
def sparse_categorical_cross_entropy_from_logits__always_float32(labels, x, *, axis=-1):
    return right(labels, x, axis).astype(np.float32)


@breaks("sparse_categorical_cross_entropy_from_logits.dtype", "always float64")
def sparse_categorical_cross_entropy_from_logits__always_float64(labels, x, *, axis=-1):
    return right(labels, x, axis).astype(np.float64)


@breaks("sparse_categorical_cross_entropy_from_logits.shape", "the axis of the classes stays, with length 1")
def sparse_categorical_cross_entropy_from_logits__axis_kept(labels, x, *, axis=-1):
    return np.expand_dims(right(labels, x, axis), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.shape", "a single sample gives an array of one element")
def sparse_categorical_cross_entropy_from_logits__at_least_one_axis(labels, x, *, axis=-1):
    return np.atleast_1d(right(labels, x, axis))


@breaks("sparse_categorical_cross_entropy_from_logits.empty", "it asks for an element, which an empty array has not")
def sparse_categorical_cross_entropy_from_logits__looks_at_first_element(labels, x, *, axis=-1):
    x.item(0)
    return right(labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits.empty", "a batch of 0 gives one loss of 0")
def sparse_categorical_cross_entropy_from_logits__zero_when_empty(labels, x, *, axis=-1):
    return right(labels, x, axis) if x.size else x.dtype.type(0)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.layout",
    "elements are read in the order of memory, so that transposed arrays are scrambled",
)
def sparse_categorical_cross_entropy_from_logits__memory_order(labels, x, *, axis=-1):
    return right(labels.ravel(order="K").reshape(labels.shape), x.ravel(order="K").reshape(x.shape), axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.layout",
    "leading axes are joined as a view, which fails where three axes are not contiguous",
)
def sparse_categorical_cross_entropy_from_logits__joined_as_view(labels, x, *, axis=-1):
    return right(labels, np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), axis)


@breaks("sparse_categorical_cross_entropy_from_logits.layout", "the strides of the labels are ignored")
def sparse_categorical_cross_entropy_from_logits__strides_of_labels_ignored(labels, x, *, axis=-1):
    own = labels.base
    if own is not None and own.size >= labels.size:
        labels = own.ravel(order="K")[: labels.size].reshape(labels.shape)
    return right(labels, x, axis)


@breaks(
    "sparse_categorical_cross_entropy_from_logits.layout",
    "the logits serve as scratch memory and are put back, so that read-only ones fail",
)
def sparse_categorical_cross_entropy_from_logits__logits_as_scratch(labels, x, *, axis=-1):
    kept = x.copy()
    x -= np.max(x, axis=axis, keepdims=True)
    loss = right(labels, x, axis)
    x[...] = kept
    return loss
