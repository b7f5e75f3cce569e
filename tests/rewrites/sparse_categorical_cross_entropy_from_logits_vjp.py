"""Right gradients of sparse categorical cross-entropy from logits, written another way."""

import math

import numpy as np

from .categorical_cross_entropy_from_logits_vjp import off_by, total
from .sums import in_pairs, one_by_one


def prepared(labels, x, g, axis):
    """One-hot labels, shifted logits and gradients of the losses, the classes last."""
    z = np.moveaxis(x - np.max(x, axis=axis, keepdims=True), axis, -1)
    return (labels[..., None] == np.arange(z.shape[-1])).astype(x.dtype), z, g[..., None]


def summed(labels, x, g, axis, add):
    """The gradient with the sum over the last axis done by `add`."""
    y, z, g = prepared(labels, x, g, axis)
    e = np.exp(z)
    return np.moveaxis(g * (e / add(e)[..., None].astype(x.dtype) - y), -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__left_to_right(labels, x, g, *, axis=-1):
    return summed(labels, x, g, axis, one_by_one)


def sparse_categorical_cross_entropy_from_logits_vjp__pairwise(labels, x, g, *, axis=-1):
    return summed(labels, x, g, axis, in_pairs)


def sparse_categorical_cross_entropy_from_logits_vjp__smallest_first(labels, x, g, *, axis=-1):
    return summed(labels, x, g, axis, lambda terms: one_by_one(np.sort(terms, axis=-1)))


def sparse_categorical_cross_entropy_from_logits_vjp__float64_inside(labels, x, g, *, axis=-1):
    return summed(labels, x.astype(np.float64), g, axis, one_by_one).astype(x.dtype)


def sparse_categorical_cross_entropy_from_logits_vjp__g_in_each_term(labels, x, g, *, axis=-1):
    y, z, g = prepared(labels, x, g, axis)
    e = np.exp(z)
    return np.moveaxis(e * (g / total(e)) - g * y, -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__subtracted_at_the_label(labels, x, g, *, axis=-1):
    _, z, g = prepared(labels, x, g, axis)
    e = np.exp(z)
    p, index = e / total(e), labels[..., None].astype(np.int64)
    np.put_along_axis(p, index, np.take_along_axis(p, index, axis=-1) - 1, axis=-1)
    return np.moveaxis(p * g, -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__log_softmax_backward(labels, x, g, *, axis=-1):
    y, z, g = prepared(labels, x, g, axis)
    return np.moveaxis(np.exp(z - np.log(total(np.exp(z)))) * g - g * y, -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__functions_as_bad_as_granted(labels, x, g, *, axis=-1):
    exp, log = (2, 3) if x.dtype == np.float32 else (1, 0)
    y, z, g = prepared(labels, x, g, axis)
    log_p = z - off_by(np.log, total(off_by(np.exp, z, exp)), log)
    return np.moveaxis(off_by(np.exp, log_p, -exp) * g - g * y, -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__reciprocal(labels, x, g, *, axis=-1):
    y, z, g = prepared(labels, x, g, axis)
    e = np.exp(z)
    return np.moveaxis(g * (e * (1 / total(e)) - y), -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__exp2(labels, x, g, *, axis=-1):
    y, z, g = prepared(labels, x, g, axis)
    e = np.exp2(z * math.log2(math.e))
    return np.moveaxis(g * (e / total(e) - y), -1, axis)


def sparse_categorical_cross_entropy_from_logits_vjp__one_sample_at_a_time(labels, x, g, *, axis=-1):
    _, z, _ = prepared(labels, x, g, axis)
    gx = np.empty_like(z)
    for place in np.ndindex(gx.shape[:-1]):
        e = np.exp(z[place])
        gx[place] = g[place] * (e / np.sum(e))
        gx[(*place, labels[place])] -= g[place]
    return np.moveaxis(gx, -1, axis)
