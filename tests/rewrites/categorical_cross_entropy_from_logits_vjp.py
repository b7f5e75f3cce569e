"""Right gradients of categorical cross-entropy from logits, written another way."""

import math

import numpy as np

from gaugeblock.conformance.mutants.rounding import fused

from .sums import in_pairs, one_by_one


def prepared(y, x, g, axis):
    """Labels, shifted logits and gradients of the losses, the classes last."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return np.moveaxis(y.astype(x.dtype), axis, -1), np.moveaxis(z, axis, -1), g[..., None]


def total(terms):
    """The sum over the last axis, which stays."""
    return np.sum(terms, axis=-1, keepdims=True)


def summed(y, x, g, axis, add):
    """The gradient with both sums over the last axis done by `add`."""
    y, z, g = prepared(y, x, g, axis)
    e = np.exp(z)
    p = e / add(e)[..., None].astype(x.dtype)
    return np.moveaxis(g * (p * add(y)[..., None].astype(x.dtype) - y), -1, axis)


def categorical_cross_entropy_from_logits_vjp__left_to_right(y, x, g, *, axis=-1):
    return summed(y, x, g, axis, one_by_one)


def categorical_cross_entropy_from_logits_vjp__right_to_left(y, x, g, *, axis=-1):
    return summed(y, x, g, axis, lambda terms: one_by_one(terms[..., ::-1]))


def categorical_cross_entropy_from_logits_vjp__pairwise(y, x, g, *, axis=-1):
    return summed(y, x, g, axis, in_pairs)


def categorical_cross_entropy_from_logits_vjp__float64_sums(y, x, g, *, axis=-1):
    return summed(y, x, g, axis, lambda terms: np.sum(terms, axis=-1, dtype=np.float64))


def categorical_cross_entropy_from_logits_vjp__float64_inside(y, x, g, *, axis=-1):
    return summed(y, x.astype(np.float64), g, axis, one_by_one).astype(x.dtype)


def categorical_cross_entropy_from_logits_vjp__weighted_labels_first(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    e, weighted = np.exp(z), g * y
    return np.moveaxis(e / total(e) * total(weighted) - weighted, -1, axis)


def categorical_cross_entropy_from_logits_vjp__labels_over_total(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)  # as differentiation of `log(sum(exp(z)))` has it
    e, weighted = np.exp(z), g * y
    return np.moveaxis(e * (total(weighted) / total(e)) - weighted, -1, axis)


def categorical_cross_entropy_from_logits_vjp__log_softmax_backward(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    weighted = g * y
    return np.moveaxis(np.exp(z - np.log(total(np.exp(z)))) * total(weighted) - weighted, -1, axis)


def off_by(function, values, ulps):
    """A function off by as much as half an ulp more than this, but exact where it is 0 or 1."""
    rounded = function(values.astype(np.float64)).astype(values.dtype)
    return np.where((rounded == 0) | (rounded == 1), rounded, rounded + ulps * np.spacing(np.abs(rounded)))


def categorical_cross_entropy_from_logits_vjp__functions_as_bad_as_granted(y, x, g, *, axis=-1):
    exp, log = (2, 3) if x.dtype == np.float32 else (1, 0)
    y, z, g = prepared(y, x, g, axis)
    weighted = g * y
    log_p = z - off_by(np.log, total(off_by(np.exp, z, exp)), log)
    return np.moveaxis(off_by(np.exp, log_p, -exp) * total(weighted) - weighted, -1, axis)


def categorical_cross_entropy_from_logits_vjp__reciprocal(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    e = np.exp(z)
    return np.moveaxis(g * (e * (1 / total(e)) * total(y) - y), -1, axis)


def categorical_cross_entropy_from_logits_vjp__exp2(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    e = np.exp2(z * math.log2(math.e))
    return np.moveaxis(g * (e / total(e) * total(y) - y), -1, axis)


def categorical_cross_entropy_from_logits_vjp__fused(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    e = np.exp(z)
    return np.moveaxis(g * fused(e / total(e), total(y), -y), -1, axis)


def categorical_cross_entropy_from_logits_vjp__one_sample_at_a_time(y, x, g, *, axis=-1):
    y, z, g = prepared(y, x, g, axis)
    gx = np.empty_like(z)
    for index in np.ndindex(gx.shape[:-1]):
        e = np.exp(z[index])
        gx[index] = e / np.sum(e) * np.sum(y[index]) * g[index] - g[index] * y[index]
    return np.moveaxis(gx, -1, axis)
