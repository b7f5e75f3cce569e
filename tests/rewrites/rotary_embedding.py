"""Rotary position embedding, rightly, in other ways."""

import numpy as np


def halves(x):
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


def rotary_embedding__rotate_half(x, cos, sin, *, interleaved=False):
    """As Hugging Face's transformers write both conventions: with angles of the full length."""
    if interleaved:
        cos, sin = (np.repeat(each, 2, axis=-1) for each in (cos, sin))
        other = np.stack([-x[..., 1::2], x[..., ::2]], axis=-1).reshape(x.shape)
    else:
        cos, sin = (np.concatenate([each, each], axis=-1) for each in (cos, sin))
        first, second = halves(x)
        other = np.concatenate([-second, first], axis=-1)
    return x * cos + other * sin


def rotary_embedding__by_matrices(x, cos, sin, *, interleaved=False):
    pair = x.reshape(*x.shape[:-1], *((cos.shape[-1], 2) if interleaved else (2, cos.shape[-1])))
    pair = pair if interleaved else np.swapaxes(pair, -1, -2)
    matrix = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=-2)
    turned = np.matmul(matrix, pair[..., None])[..., 0]
    return (turned if interleaved else np.swapaxes(turned, -1, -2)).reshape(x.shape)


def rotary_embedding__permuted(x, cos, sin, *, interleaved=False):
    """Neighbours as halves of permuted rows."""
    n = x.shape[-1]
    order = np.concatenate([np.arange(0, n, 2), np.arange(1, n, 2)]) if interleaved else np.arange(n)
    a, b = halves(x[..., order])
    y = np.empty_like(x)
    y[..., order] = np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
    return y


def rotary_embedding__wider(x, cos, sin, *, interleaved=False):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    return rotary_embedding__rotate_half(
        *(each.astype(wide) for each in (x, cos, sin)), interleaved=interleaved
    ).astype(x.dtype)
