"""The sigmoid linear unit, rightly, in other ways."""

import numpy as np


def silu__quotient(x):
    return x / (1 + np.exp(-x))


def silu__through_tanh(x):
    return x * (0.5 + 0.5 * np.tanh(x / 2)) if np.all(np.abs(x) < 1) else silu__quotient(x)


def silu__either_side(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, x * e / (1 + e), x / (1 + e))


def silu__reciprocal(x):
    return x * np.reciprocal(np.exp2(-x * x.dtype.type(np.log2(np.e))) + 1)


def silu__wider(x):
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    return (wide / (1 + np.exp(-wide))).astype(x.dtype)
