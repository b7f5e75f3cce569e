"""Normalisation by the root of the mean square, rightly, in other ways."""

import numpy as np


def rms_norm__by_reciprocal(x, w, *, epsilon=1e-6):
    return x * (1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon))) * w


def rms_norm__weight_first(x, w, *, epsilon=1e-6):
    squares = np.vecdot(x, x)[..., None] / x.dtype.type(x.shape[-1])
    return x * w / np.sqrt(squares + x.dtype.type(epsilon))


def rms_norm__in_blocks(x, w, *, epsilon=1e-6):
    starts = range(0, x.shape[-1], 7)
    total = sum(np.sum(x[..., i : i + 7] ** 2, axis=-1, keepdims=True) for i in starts)
    return x / np.sqrt(total / x.dtype.type(x.shape[-1]) + x.dtype.type(epsilon)) * w


def rms_norm__wider(x, w, *, epsilon=1e-6):
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    return (wide / np.sqrt(np.mean(wide * wide, axis=-1, keepdims=True) + epsilon) * w).astype(x.dtype)
