"""The gradient of the approximated Gaussian error linear unit, rightly, in other ways."""

import numpy as np

C, K = (2 / np.pi) ** 0.5, 0.044715


def gelu_tanh_vjp__factored(x, g):
    t = np.tanh(x.dtype.type(C) * x * (1 + x.dtype.type(K) * x * x))
    slope = x.dtype.type(C) + x.dtype.type(3 * C * K) * x * x
    return g * (0.5 * (1 + t + x * (1 - t) * (1 + t) * slope))


def gelu_tanh_vjp__wider(x, g):
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    t = np.tanh(C * (wide + K * wide**3))
    return (g * (0.5 * (1 + t) + 0.5 * wide * (1 - t * t) * C * (1 + 3 * K * wide * wide))).astype(x.dtype)
