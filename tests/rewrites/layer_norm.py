"""Normalisation to mean 0 and variance 1, rightly, in other ways."""

import numpy as np


def layer_norm__two_passes_of_numpy(x, w, b, *, epsilon=1e-5):
    root = np.sqrt(np.var(x, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    return (x - np.mean(x, axis=-1, keepdims=True)) / root * w + b


def layer_norm__scaled_first(x, w, b, *, epsilon=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True)
    r = 1 / np.sqrt(np.mean((x - mean) ** 2, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    return (x * r + -mean * r) * w + b


def layer_norm__folded(x, w, b, *, epsilon=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True)
    s = 1 / np.sqrt(np.mean((x - mean) ** 2, axis=-1, keepdims=True) + x.dtype.type(epsilon)) * w
    return x * s + (b - mean * s)


def welford(x):
    mean, squares = np.zeros_like(x[..., :1]), np.zeros_like(x[..., :1])
    for i in range(x.shape[-1]):
        before = x[..., i : i + 1] - mean
        mean = mean + before / x.dtype.type(i + 1)
        squares = squares + before * (x[..., i : i + 1] - mean)
    return mean, squares / x.dtype.type(x.shape[-1])


def layer_norm__welford(x, w, b, *, epsilon=1e-5):
    mean, variance = welford(x)
    return (x - mean) / np.sqrt(variance + x.dtype.type(epsilon)) * w + b


def layer_norm__in_parts(x, w, b, *, epsilon=1e-5):
    """Means and squares of halves, put together as Chan, Golub and LeVeque do."""
    half = (x.shape[-1] + 1) // 2
    n, (m, s) = x.dtype.type(half), welford(x[..., :half])
    if half < x.shape[-1]:
        k, (mean, squares) = x.dtype.type(x.shape[-1] - half), welford(x[..., half:])
        d, whole = mean - m, n + k
        m, s = m + d * k / whole, (s * n + squares * k + d * d * n * k / whole) / whole
    return (x - m) / np.sqrt(s + x.dtype.type(epsilon)) * w + b


def layer_norm__wider(x, w, b, *, epsilon=1e-5):
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    return layer_norm__two_passes_of_numpy(wide, w, b, epsilon=epsilon).astype(x.dtype)
