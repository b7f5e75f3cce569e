"""The approximated Gaussian error linear unit, rightly, in other ways."""

import numpy as np

C, K = (2 / np.pi) ** 0.5, 0.044715


def gelu_tanh__power(x):
    return 0.5 * x * (1 + np.tanh(x.dtype.type(C) * (x + x.dtype.type(K) * x**3)))


def gelu_tanh__factored(x):
    return x * (0.5 + 0.5 * np.tanh(x.dtype.type(C) * x * (1 + x.dtype.type(K) * x * x)))


def gelu_tanh__sigmoid(x):
    z = x.dtype.type(2 * C) * (x + x.dtype.type(K) * x * x * x)
    e = np.exp(-np.abs(z))
    return x * np.where(z < 0, e, np.ones_like(e)) / (1 + e)
