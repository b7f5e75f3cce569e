"""Wrong gradients of sparse categorical cross-entropy from logits."""

import numpy as np

from . import breaks
from .gradients import OF_ANY, OF_SOFTMAX, mutants_of, softmax


def one_hot(labels, x, axis):
    """The labels as rows, in the dtype of x."""
    rows = labels[..., None] == np.arange(x.shape[axis])
    return np.moveaxis(rows, -1, axis).astype(x.dtype)


def gradient(labels, x, g, axis, p):
    """The right gradient, of given probabilities."""
    return np.expand_dims(g, axis) * (p - one_hot(labels, x, axis))


def right(labels, x, g, *, axis=-1):
    """The right gradient, to be put to a wrong use."""
    return gradient(labels, x, g, axis, softmax(x, axis))


globals().update(
    mutants_of("sparse_categorical_cross_entropy_from_logits_vjp", (OF_ANY, right), (OF_SOFTMAX, gradient))
)

# Another formula.


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "nothing is subtracted at the label")
def sparse_categorical_cross_entropy_from_logits_vjp__no_labels(labels, x, g, *, axis=-1):
    return np.expand_dims(g, axis) * softmax(x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "the term of softmax is missing")
def sparse_categorical_cross_entropy_from_logits_vjp__no_softmax_term(labels, x, g, *, axis=-1):
    return -np.expand_dims(g, axis) * one_hot(labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "the classes that are not the label's get 0")
def sparse_categorical_cross_entropy_from_logits_vjp__label_only(labels, x, g, *, axis=-1):
    return right(labels, x, g, axis=axis) * one_hot(labels, x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "towards the probabilities: -g / p at the label")
def sparse_categorical_cross_entropy_from_logits_vjp__towards_probabilities(labels, x, g, *, axis=-1):
    return -np.expand_dims(g, axis) * one_hot(labels, x, axis) / softmax(x, axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "labels are smoothed by 0.1")
def sparse_categorical_cross_entropy_from_logits_vjp__smoothed_labels(labels, x, g, *, axis=-1):
    y = one_hot(labels, x, axis)
    return np.expand_dims(g, axis) * (softmax(x, axis) - (0.9 * y + x.dtype.type(0.1 / x.shape[axis])))


@breaks(
    "sparse_categorical_cross_entropy_from_logits_vjp.spread",
    "the chain through probabilities, p - p / p at the label, which is 0 / 0 where softmax underflows",
)
def sparse_categorical_cross_entropy_from_logits_vjp__through_probabilities(labels, x, g, *, axis=-1):
    p, y = softmax(x, axis), one_hot(labels, x, axis)
    return np.expand_dims(g, axis) * p * (1 - y / p)


@breaks(
    "sparse_categorical_cross_entropy_from_logits_vjp.spread",
    "a sample whose label has a probability below 1e-15 gets 0, as through a clip",
)
def sparse_categorical_cross_entropy_from_logits_vjp__clipped_sample(labels, x, g, *, axis=-1):
    own = np.sum(softmax(x, axis) * one_hot(labels, x, axis), axis=axis, keepdims=True)
    return np.where(own < 1e-15, x.dtype.type(0), right(labels, x, g, axis=axis))


# The labels.


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "labels count from 1")
def sparse_categorical_cross_entropy_from_logits_vjp__labels_from_1(labels, x, g, *, axis=-1):
    return right((labels.astype(np.int64) - 1) % x.shape[axis], x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "labels count from the end")
def sparse_categorical_cross_entropy_from_logits_vjp__labels_from_the_end(labels, x, g, *, axis=-1):
    return right(x.shape[axis] - 1 - labels.astype(np.int64), x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "labels are kept in 8 bits")
def sparse_categorical_cross_entropy_from_logits_vjp__labels_in_8_bits(labels, x, g, *, axis=-1):
    return right(labels.astype(np.uint8), x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "label 0 is taken for padding, and ignored")
def sparse_categorical_cross_entropy_from_logits_vjp__label_0_ignored(labels, x, g, *, axis=-1):
    return np.where(np.expand_dims(labels == 0, axis), x.dtype.type(0), right(labels, x, g, axis=axis))


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "the label of the next sample is taken")
def sparse_categorical_cross_entropy_from_logits_vjp__label_of_next_sample(labels, x, g, *, axis=-1):
    return right(np.roll(labels, -1), x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.value", "a label is subtracted from every class up to it")
def sparse_categorical_cross_entropy_from_logits_vjp__classes_up_to_label(labels, x, g, *, axis=-1):
    rows = np.moveaxis(labels[..., None] >= np.arange(x.shape[axis]), -1, axis)
    return np.expand_dims(g, axis) * (softmax(x, axis) - rows.astype(x.dtype))


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.labels", "unsigned labels fail")
def sparse_categorical_cross_entropy_from_logits_vjp__unsigned_fail(labels, x, g, *, axis=-1):
    return right(labels.astype(np.int8, casting="safe") if labels.dtype.kind == "u" else labels, x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.labels", "labels of fewer than 32 bits are read as 32 bits")
def sparse_categorical_cross_entropy_from_logits_vjp__narrow_as_wide(labels, x, g, *, axis=-1):
    if labels.itemsize < 4:
        labels = np.resize(np.frombuffer(labels.tobytes(), np.int32), labels.shape)
    return right(labels, x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.labels", "labels of 16 bits fail")
def sparse_categorical_cross_entropy_from_logits_vjp__16_bits_fail(labels, x, g, *, axis=-1):
    if labels.itemsize == 2:
        raise TypeError(f"got {labels.dtype}")
    return right(labels, x, g, axis=axis)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.dtype", "narrow labels decide the dtype of the result")
def sparse_categorical_cross_entropy_from_logits_vjp__dtype_of_labels(labels, x, g, *, axis=-1):
    return right(labels, x, g, axis=axis).astype(np.result_type(labels.dtype, np.float16))


# NaN and infinities.


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.nan", "NaN is seen at the label only")
def sparse_categorical_cross_entropy_from_logits_vjp__nan_at_the_label_only(labels, x, g, *, axis=-1):
    gx = right(labels, x, g, axis=axis)
    return np.where(np.isnan(gx) & (one_hot(labels, x, axis) == 0), x.dtype.type(0), gx)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.infinity", "the gradient of a masked label is left out")
def sparse_categorical_cross_entropy_from_logits_vjp__masked_label_left_out(labels, x, g, *, axis=-1):
    gx = right(labels, x, g, axis=axis)
    return np.where(np.isneginf(x) & ~np.isnan(gx), x.dtype.type(0), gx)


@breaks("sparse_categorical_cross_entropy_from_logits_vjp.infinity", "a masked label makes its whole sample NaN")
def sparse_categorical_cross_entropy_from_logits_vjp__masked_label_nan(labels, x, g, *, axis=-1):
    lost = np.any(np.isneginf(x) & (one_hot(labels, x, axis) != 0), axis=axis, keepdims=True)
    return np.where(lost, x.dtype.type(np.nan), right(labels, x, g, axis=axis))
