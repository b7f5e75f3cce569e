"""The gradient of the sigmoid linear unit, rightly, in other ways."""

import numpy as np


def silu_vjp__term_by_term(x, g):
    s = 1 / (1 + np.exp(-x))
    return g * s + g * x * s * (1 - s)


def silu_vjp__by_the_result(x, g):
    s = 1 / (1 + np.exp(-x))
    return g * (s + x * s * (1 - s))


def silu_vjp__wider(x, g):
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    s = 1 / (1 + np.exp(-wide))
    return (g * (s * (1 + wide * (1 - s)))).astype(x.dtype)
