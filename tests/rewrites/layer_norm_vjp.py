"""The gradients of normalisation to mean 0 and variance 1, rightly, in other ways."""

import numpy as np


def summed(terms):
    return np.sum(terms, axis=tuple(range(terms.ndim - 1))) if terms.ndim > 1 else terms.copy()


def layer_norm_vjp__by_reciprocal(x, w, b, g, *, epsilon=1e-5):
    d, h = x - np.mean(x, axis=-1, keepdims=True), g * w
    r = 1 / np.sqrt(np.mean(d * d, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    z = d * r
    gx = r * (h - (np.mean(h, axis=-1, keepdims=True) + z * np.mean(h * z, axis=-1, keepdims=True)))
    return gx, summed(g * z), summed(g)


def layer_norm_vjp__by_sums(x, w, b, g, *, epsilon=1e-5):
    n, h = x.dtype.type(x.shape[-1]), g * w
    d = x - np.mean(x, axis=-1, keepdims=True)
    root = np.sqrt(np.var(x, axis=-1, keepdims=True) + x.dtype.type(epsilon))
    gx = (n * h - np.sum(h, axis=-1, keepdims=True) - d / root**2 * np.sum(h * d, axis=-1, keepdims=True)) / (n * root)
    return gx, summed(g * d / root), summed(g)
