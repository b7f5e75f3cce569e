"""Wrong gradients of the approximated Gaussian error linear unit."""

import numpy as np

from . import breaks
from .activations import cubic, gelu_slope, gelu_tanh_slope
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(x, g):
    """The right gradient, to be put to a wrong use."""
    return g * gelu_tanh_slope(x)


globals().update(mutants_of("gelu_tanh_vjp", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("gelu_tanh_vjp.value", "the derivative of the formula with erf")
def gelu_tanh_vjp__of_erf(x, g):
    return g * gelu_slope(x)


@breaks("gelu_tanh_vjp.value", "the derivative of 0.044715 x^3 without its factor 3")
def gelu_tanh_vjp__no_factor_3(x, g):
    root, t = x.dtype.type((2 / np.pi) ** 0.5), np.tanh(cubic(x))
    slope = root * (1 + x.dtype.type(0.044715) * x * x)
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


@breaks("gelu_tanh_vjp.value", "tanh counts as constant")
def gelu_tanh_vjp__gate_constant(x, g):
    return g * 0.5 * (1 + np.tanh(cubic(x)))


@breaks("gelu_tanh_vjp.value", "g is ignored: the derivative alone")
def gelu_tanh_vjp__g_ignored(x, g):
    return gelu_tanh_slope(x)


@breaks("gelu_tanh_vjp.value", "gradients are clipped to [-1, 1]")
def gelu_tanh_vjp__g_clipped(x, g):
    return np.clip(g, -1, 1) * gelu_tanh_slope(x)


@breaks("gelu_tanh_vjp.value", "the gradient of relu")
def gelu_tanh_vjp__of_relu(x, g):
    return np.where(x > 0, g, g.dtype.type(0))
