"""The gradients of rotary position embedding, rightly, in other ways."""

import numpy as np


def pairs(x, interleaved):
    half = x.shape[-1] // 2
    return (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])


def joined(a, b, interleaved):
    return np.stack([a, b], axis=-1).reshape(*a.shape[:-1], -1) if interleaved else np.concatenate([a, b], axis=-1)


def summed(terms):
    return np.sum(terms, axis=tuple(range(terms.ndim - 2))) if terms.ndim > 2 else terms.copy()


def rotary_embedding_vjp__pairs_first(x, cos, sin, g, *, interleaved=False):
    (a, b), (c, d) = pairs(x, interleaved), pairs(g, interleaved)
    gx = joined(d * sin + c * cos, d * cos - c * sin, interleaved)
    return gx, summed(a * c + b * d), summed(a * d - b * c)


def rotary_embedding_vjp__sums_first(x, cos, sin, g, *, interleaved=False):
    """As automatic differentiation adds up."""
    (a, b), (c, d) = pairs(x, interleaved), pairs(g, interleaved)
    gx = joined(c * cos + d * sin, c * -sin + d * cos, interleaved)
    return gx, summed(a * c) + summed(b * d), summed(a * d) - summed(b * c)


def rotary_embedding_vjp__sample_by_sample(x, cos, sin, g, *, interleaved=False):
    (a, b), (c, d) = pairs(x, interleaved), pairs(g, interleaved)
    gcos, gsin = np.zeros_like(cos), np.zeros_like(sin)
    for index in reversed(list(np.ndindex(x.shape[:-2]))):
        gcos += a[index] * c[index] + b[index] * d[index]
        gsin += a[index] * d[index]
        gsin -= b[index] * c[index]
    return joined(c * cos + d * sin, d * cos - c * sin, interleaved), gcos, gsin
