"""The gradients of normalisation by the root of the mean square, rightly, in other ways."""

import numpy as np


def summed(terms):
    return np.sum(terms, axis=tuple(range(terms.ndim - 1))) if terms.ndim > 1 else terms.copy()


def rms_norm_vjp__by_reciprocal(x, w, g, *, epsilon=1e-6):
    r = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    z, h = x * r, g * w
    return r * (h - z * np.mean(z * h, axis=-1, keepdims=True)), summed(g * z)


def rms_norm_vjp__cube(x, w, g, *, epsilon=1e-6):
    r = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    h = g * w
    return h / r - x * np.mean(h * x, axis=-1, keepdims=True) / (r * r * r), summed(g * x / r)
