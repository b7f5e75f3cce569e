"""The dense layer, rightly, in other ways: any order of summation, wider, fused, blocked."""

import math

import numpy as np


def products(x, w):
    """The products apart, along the last axis but one."""
    return x[..., :, None] * w


def dense__einsum(x, w, b):
    return np.einsum("...i,ij->...j", x, w) + b


def dense__tensordot(x, w, b):
    return np.tensordot(x, w, axes=(-1, 0)) + b


def dense__vecdot(x, w, b):
    return np.vecdot(x[..., None, :], w.T) + b


def dense__transposed(x, w, b):
    return np.matmul(w.T, x[..., None])[..., 0] + b


def dense__outer_products(x, w, b):
    y = np.zeros((*x.shape[:-1], w.shape[1]), x.dtype)
    for i in range(w.shape[0]):
        y += x[..., i, None] * w[i]
    return y + b


def dense__bias_first(x, w, b):
    y = np.broadcast_to(b, (*x.shape[:-1], b.size)).copy()
    for i in range(w.shape[0]):
        y += x[..., i, None] * w[i]
    return y


def dense__bias_as_term(x, w, b):
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    return np.concatenate([x, one], axis=-1) @ np.concatenate([w, b[None]])


def dense__reversed(x, w, b):
    return x[..., ::-1] @ w[::-1] + b


def dense__shuffled(x, w, b):
    order = np.random.default_rng(1).permutation(w.shape[0])
    return np.einsum("...i,ij->...j", x[..., order], w[order]) + b


def dense__pairwise(x, w, b):
    p = np.moveaxis(products(x, w), -2, 0)
    while len(p) > 1:
        p = np.concatenate([p[: len(p) // 2 * 2 : 2] + p[1::2], p[len(p) // 2 * 2 :]])
    return p.sum(axis=0) + b


def dense__blocked(x, w, b):
    y = np.zeros((*x.shape[:-1], w.shape[1]), x.dtype)
    for start in range(0, w.shape[0], 5):
        y += x[..., start : start + 5] @ w[start : start + 5]
    return y + b


def dense__two_accumulators(x, w, b):
    return (x[..., ::2] @ w[::2] + b) + x[..., 1::2] @ w[1::2]


def dense__wider(x, w, b):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    return (np.matmul(x.astype(wide), w.astype(wide)) + b).astype(x.dtype)


def dense__fused(x, w, b):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    y = np.broadcast_to(b, (*x.shape[:-1], b.size))
    for i in range(w.shape[0]):
        y = (x[..., i, None].astype(wide) * w[i] + y).astype(x.dtype)
    return y.copy()


def dense__exactly_rounded_sum(x, w, b):
    y = np.empty((*x.shape[:-1], b.size), x.dtype)
    for *row, k in np.ndindex(y.shape):
        terms = [*(x[tuple(row)] * w[:, k]).tolist(), float(b[k])]
        plain = max(map(abs, terms)) > 1e30 or any(map(math.isnan, terms))
        y[(*row, k)] = sum(terms) if plain else math.fsum(terms)
    return y


def dense__kahan(x, w, b):
    total = lost = np.zeros((*x.shape[:-1], w.shape[1]), x.dtype)
    for i in range(w.shape[0]):
        term = x[..., i, None] * w[i] - lost
        total, lost = total + term, (total + term) - total - term
    return total + b


def dense__compensated(x, w, b):
    total = np.broadcast_to(b, (*x.shape[:-1], b.size)).copy()
    lost = np.zeros_like(total)
    for i in range(w.shape[0]):
        term = x[..., i, None] * w[i]
        new = total + term
        back = new - total
        lost += np.where(np.isfinite(new), (total - (new - back)) + (term - back), 0)
        total = new
    return total + lost


def dense__neuron_by_neuron(x, w, b):
    columns = [np.matmul(x, np.ascontiguousarray(w[:, k])) + b[k] for k in range(b.size)]
    return np.stack(columns, axis=-1)
