"""Rotary position embedding and its gradients, rightly, to be put to a wrong use by both."""

import numpy as np


def pairs(x, interleaved=False):
    """Both numbers of all pairs."""
    half = x.shape[-1] // 2
    return (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])


def joined(a, b, interleaved=False):
    """Pairs put together."""
    return np.stack([a, b], axis=-1).reshape(*a.shape[:-1], -1) if interleaved else np.concatenate([a, b], axis=-1)


def turned(x, cos, sin, interleaved=False):
    """The right result."""
    a, b = pairs(x, interleaved)
    return joined(a * cos - b * sin, a * sin + b * cos, interleaved)


def summed(terms):
    """The right sum over the batch."""
    return np.sum(terms, axis=tuple(range(terms.ndim - 2))) if terms.ndim > 2 else terms.copy()


def gradients(x, cos, sin, g, interleaved=False):
    """The right gradients."""
    (a, b), (c, d) = pairs(x, interleaved), pairs(g, interleaved)
    return turned(g, cos, -sin, interleaved), summed(a * c + b * d), summed(a * d - b * c)
