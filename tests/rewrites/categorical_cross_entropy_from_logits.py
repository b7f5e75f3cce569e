"""Right categorical cross-entropies from logits, written another way."""

import math

import numpy as np

from .sums import in_pairs, one_by_one


def prepared(y, x, axis):
    """Labels and shifted logits, the classes last."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return np.moveaxis(y.astype(x.dtype), axis, -1), np.moveaxis(z, axis, -1)


def log_total(z):
    """The logarithm of the sum of powers over the last axis."""
    return np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def chosen(y, log):
    """The terms, 0 where the label is."""
    return np.where(y == 0, y.dtype.type(0), y * log)


def summed(y, x, axis, add):
    """The loss with both sums over the last axis done by `add`."""
    y, z = prepared(y, x, axis)
    log = z - np.log(add(np.exp(z)))[..., None]
    return np.asarray(-add(chosen(y, log))).astype(x.dtype)


def categorical_cross_entropy_from_logits__left_to_right(y, x, *, axis=-1):
    return summed(y, x, axis, one_by_one)


def categorical_cross_entropy_from_logits__right_to_left(y, x, *, axis=-1):
    return summed(y, x, axis, lambda terms: one_by_one(terms[..., ::-1]))


def categorical_cross_entropy_from_logits__pairwise(y, x, *, axis=-1):
    return summed(y, x, axis, in_pairs)


def categorical_cross_entropy_from_logits__float64_sums(y, x, *, axis=-1):
    return summed(y, x, axis, lambda terms: np.sum(terms, axis=-1, dtype=np.float64))


def categorical_cross_entropy_from_logits__float64_inside(y, x, *, axis=-1):
    y, z = prepared(y, x.astype(np.float64), axis)
    return np.asarray(-np.sum(chosen(y, z - log_total(z)), axis=-1)).astype(x.dtype)


def categorical_cross_entropy_from_logits__log1p(y, x, *, axis=-1):
    y, z = prepared(y, x, axis)
    first, others = np.argmax(z, axis=-1, keepdims=True), np.exp(z)
    np.put_along_axis(others, first, np.take_along_axis(others, first, axis=-1) - 1, axis=-1)  # 0, or NaN
    return -np.sum(chosen(y, z - np.log1p(np.sum(others, axis=-1, keepdims=True))), axis=-1)


def categorical_cross_entropy_from_logits__labels_added_first(y, x, *, axis=-1):
    y, z = prepared(y, x, axis)
    return np.sum(y, axis=-1) * log_total(z)[..., 0] - np.sum(chosen(y, z), axis=-1)


def categorical_cross_entropy_from_logits__exp2_and_log2(y, x, *, axis=-1):
    y, z = prepared(y, x, axis)
    total = np.sum(np.exp2(z * math.log2(math.e)), axis=-1, keepdims=True)
    log = (np.log2(total.astype(np.float64)) * math.log(2)).astype(x.dtype)
    return -np.sum(chosen(y, z - log), axis=-1)


def categorical_cross_entropy_from_logits__einsum(y, x, *, axis=-1):
    y, z = prepared(y, x, axis)
    log = z - log_total(z)
    return -np.einsum("...i,...i->...", y, np.where(y == 0, np.zeros_like(log), log))


def categorical_cross_entropy_from_logits__one_sample_at_a_time(y, x, *, axis=-1):
    y, z = prepared(y, x, axis)
    loss = np.empty(z.shape[:-1], x.dtype)
    for index in np.ndindex(loss.shape):
        own = y[index] != 0
        loss[index] = -np.sum(y[index][own] * (z[index][own] - log_total(z[index])), dtype=x.dtype)
    return loss
