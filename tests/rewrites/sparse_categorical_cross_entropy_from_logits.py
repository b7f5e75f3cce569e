"""Right sparse categorical cross-entropies from logits, written another way."""

import math

import numpy as np


def prepared(labels, x, axis):
    """Labels as indices, and shifted logits, the classes last."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return labels[..., None].astype(np.int64), np.moveaxis(z, axis, -1)


def log_total(z):
    """The logarithm of the sum of powers over the last axis."""
    return np.log(np.sum(np.exp(z), axis=-1))


def taken(z, index):
    """The one element of the last axis."""
    return np.take_along_axis(z, index, axis=-1)[..., 0]


def sparse_categorical_cross_entropy_from_logits__logit_gathered_first(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    return log_total(z) - taken(z, index)


def sparse_categorical_cross_entropy_from_logits__left_to_right(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    total = np.zeros_like(z[..., 0])
    for i in range(z.shape[-1]):
        total = total + np.exp(z[..., i])
    return np.log(total) - taken(z, index)


def sparse_categorical_cross_entropy_from_logits__smallest_first(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    return log_total(np.sort(z, axis=-1)) - taken(z, index)


def sparse_categorical_cross_entropy_from_logits__float64_inside(labels, x, *, axis=-1):
    index, z = prepared(labels, x.astype(np.float64), axis)
    return np.asarray(log_total(z) - taken(z, index)).astype(x.dtype)


def sparse_categorical_cross_entropy_from_logits__one_hot(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    log = z - log_total(z)[..., None]
    one_hot = np.arange(z.shape[-1]) == index
    return -np.sum(np.where(one_hot, log, np.where(np.isnan(log), log, x.dtype.type(0))), axis=-1)


def sparse_categorical_cross_entropy_from_logits__log1p(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    first, others = np.argmax(z, axis=-1, keepdims=True), np.exp(z)
    np.put_along_axis(others, first, np.take_along_axis(others, first, axis=-1) - 1, axis=-1)  # 0, or NaN
    return np.log1p(np.sum(others, axis=-1)) - taken(z, index)


def sparse_categorical_cross_entropy_from_logits__exp2(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    return np.log(np.sum(np.exp2(z * math.log2(math.e)), axis=-1)) - taken(z, index)


def sparse_categorical_cross_entropy_from_logits__one_sample_at_a_time(labels, x, *, axis=-1):
    index, z = prepared(labels, x, axis)
    loss = np.empty(z.shape[:-1], x.dtype)
    for place in np.ndindex(loss.shape):
        loss[place] = log_total(z[place]) - z[place][index[place][0]]
    return loss
