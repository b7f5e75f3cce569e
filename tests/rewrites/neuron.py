"""The neuron, rightly, in other ways: any order of summation, wider, fused."""

import math

import numpy as np


def terms(x, w):
    """The products apart, along a last axis."""
    return np.atleast_1d(x * w)


def neuron__sum_of_products(x, w, b):
    return np.sum(terms(x, w), axis=-1) + b


def neuron__einsum(x, w, b):
    return np.einsum("...i,i->...", np.atleast_1d(x), np.atleast_1d(w)) + b


def neuron__vecdot(x, w, b):
    return np.vecdot(np.atleast_1d(x), np.atleast_1d(w)) + b


def neuron__inner(x, w, b):
    return np.inner(x, w) + b


def neuron__bias_first(x, w, b):
    p = terms(x, w)
    y = np.full(p.shape[:-1], b, x.dtype)
    for i in range(p.shape[-1]):
        y += p[..., i]
    return y


def neuron__bias_in_the_middle(x, w, b):
    p = terms(x, w)
    half = p.shape[-1] // 2
    return (np.sum(p[..., :half], axis=-1) + b) + np.sum(p[..., half:], axis=-1)


def neuron__reversed(x, w, b):
    p = terms(x, w)
    y = np.zeros(p.shape[:-1], x.dtype)
    for i in reversed(range(p.shape[-1])):
        y += p[..., i]
    return y + b


def neuron__blocked(x, w, b):
    p = terms(x, w)
    starts = range(0, p.shape[-1], 8)
    return sum((np.sum(p[..., i : i + 8], axis=-1) for i in starts), np.zeros(p.shape[:-1], x.dtype)) + b


def neuron__wider(x, w, b):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    return (np.sum(terms(x.astype(wide), w.astype(wide)), axis=-1) + b).astype(x.dtype)


def neuron__fused(x, w, b):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    x_wide, w_wide = np.atleast_1d(x.astype(wide)), np.atleast_1d(w.astype(wide))
    y = np.full(x_wide.shape[:-1], b, x.dtype)
    for i in range(w_wide.size):
        y = np.asarray(x_wide[..., i] * w_wide[i] + y).astype(x.dtype)
    return y


def neuron__exactly_rounded_sum(x, w, b):
    p = terms(x, w)
    y = np.empty(p.shape[:-1], x.dtype)
    for index in np.ndindex(y.shape):
        row = [*p[index].tolist(), float(b)]
        y[index] = math.fsum(row) if all(abs(term) < 1e30 for term in row) else sum(row)
    return y


def neuron__as_dense(x, w, b):
    return np.matmul(x, w[:, None])[..., 0] + b if x.ndim else x * w + b
