"""Right log-softmaxes, written another way: other sums, other logarithms, other passes over the row."""

import math

import numpy as np

from .sums import in_pairs, one_by_one

LOG2_E = math.log2(math.e)


def summed(x, axis, add):
    """Log-softmax with the sum over the last axis done by `add`."""
    x = np.moveaxis(x, axis, -1)
    z = x - np.max(x, axis=-1, keepdims=True)
    return np.moveaxis((z - np.log(add(np.exp(z)))[..., None]).astype(x.dtype), -1, axis)


def log_softmax__left_to_right(x, *, axis=-1):
    return summed(x, axis, one_by_one)


def log_softmax__right_to_left(x, *, axis=-1):
    return summed(x, axis, lambda e: one_by_one(e[..., ::-1]))


def log_softmax__pairwise(x, *, axis=-1):
    return summed(x, axis, in_pairs)


def log_softmax__largest_first(x, *, axis=-1):
    return summed(x, axis, lambda e: one_by_one(np.sort(e, axis=-1)[..., ::-1]))


def log_softmax__float64_sum(x, *, axis=-1):
    return summed(x, axis, lambda e: np.sum(e, axis=-1, dtype=np.float64))


def log_softmax__float64_inside(x, *, axis=-1):
    z = x.astype(np.float64) - np.max(x, axis=axis, keepdims=True)
    return (z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))).astype(x.dtype)


def log_softmax__log1p(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    z = x - np.max(x, axis=-1, keepdims=True)
    first = np.argmax(x, axis=-1, keepdims=True)
    others = np.exp(z)
    np.put_along_axis(others, first, np.take_along_axis(others, first, axis=-1) - 1, axis=-1)  # 0, or NaN
    return np.moveaxis(z - np.log1p(np.sum(others, axis=-1, keepdims=True)), -1, axis)


def log_softmax__exp2_and_log2(x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    total = np.sum(np.exp2(z * LOG2_E), axis=axis, keepdims=True)
    return z - (np.log2(total.astype(np.float64)) * math.log(2)).astype(x.dtype)


def log_softmax__logaddexp(x, *, axis=-1):
    z = np.moveaxis(x - np.max(x, axis=axis, keepdims=True), axis, -1)
    total = np.sort(z, axis=-1)[..., -1:]  # the largest first, so that logarithms stay small
    for i in range(z.shape[-1] - 2, -1, -1):
        total = np.logaddexp(total, np.sort(z, axis=-1)[..., i : i + 1])
    return np.moveaxis(z - total, -1, axis)


def log_softmax__online(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    m, s = np.full_like(x[..., 0], -np.inf), np.zeros_like(x[..., 0])
    for i in range(x.shape[-1]):
        new = np.maximum(m, x[..., i])
        factor = np.where(m == new, m.dtype.type(1), np.exp(m - new))
        term = np.where(np.isneginf(new), m.dtype.type(0), np.exp(x[..., i] - new))
        m, s = new, s * factor + term
    return np.moveaxis((x - m[..., None]) - np.log(s)[..., None], -1, axis)


def log_softmax__one_row_at_a_time(x, *, axis=-1):
    rows = np.moveaxis(x, axis, -1)
    y = np.empty_like(rows)
    for index in np.ndindex(rows.shape[:-1]):
        z = rows[index] - rows[index].max()
        y[index] = z - np.log(np.exp(z).sum())
    return np.moveaxis(y, -1, axis)
