"""Right functions of one number, to be put to a wrong use, and what other functions there are."""

import numpy as np

from .. import special


def sigmoid(x):
    """1 / (1 + e^-x), which does not overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, np.ones_like(e)) / (1 + e)


def silu(x):
    return x * sigmoid(x)


def silu_slope(x):
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


def gelu(x):
    return 0.5 * x * (1 + special.erf(x * x.dtype.type(0.5**0.5)))


def gelu_slope(x):
    normal = x.dtype.type((2 * np.pi) ** -0.5) * np.exp(-0.5 * x * x)
    return 0.5 * (1 + special.erf(x * x.dtype.type(0.5**0.5))) + x * normal


def cubic(x):
    """The argument of tanh."""
    return x.dtype.type((2 / np.pi) ** 0.5) * (x + x.dtype.type(0.044715) * (x * x * x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(cubic(x)))


def gelu_tanh_slope(x):
    t = np.tanh(cubic(x))
    slope = x.dtype.type((2 / np.pi) ** 0.5) * (1 + x.dtype.type(3 * 0.044715) * (x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope


def quick_gelu(x):
    """x sigmoid(1.702 x)."""
    return x * sigmoid(x * x.dtype.type(1.702))


def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def with_exp_of_x(x):
    """e^x / (1 + e^x), whose powers overflow."""
    return np.exp(x) / (1 + np.exp(x))
