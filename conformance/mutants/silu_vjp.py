"""Wrong gradients of the sigmoid linear unit."""

import numpy as np

from . import breaks
from .activations import gelu_slope, sigmoid, silu_slope
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(x, g):
    """The right gradient, to be put to a wrong use."""
    return g * silu_slope(x)


globals().update(mutants_of("silu_vjp", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("silu_vjp.value", "the derivative of the sigmoid, without x")
def silu_vjp__of_sigmoid(x, g):
    return g * sigmoid(x) * (1 - sigmoid(x))


@breaks("silu_vjp.value", "the sigmoid alone: the gate counts as constant")
def silu_vjp__gate_constant(x, g):
    return g * sigmoid(x)


@breaks("silu_vjp.value", "1 - s is 1 + s")
def silu_vjp__sign(x, g):
    return g * sigmoid(x) * (1 + x * (1 + sigmoid(x)))


@breaks("silu_vjp.value", "the derivative of the error linear unit")
def silu_vjp__of_gelu(x, g):
    return g * gelu_slope(x)


@breaks("silu_vjp.value", "g is ignored: the derivative alone")
def silu_vjp__g_ignored(x, g):
    return silu_slope(x)


@breaks("silu_vjp.value", "gradients are clipped to [-1, 1]")
def silu_vjp__g_clipped(x, g):
    return np.clip(g, -1, 1) * silu_slope(x)


@breaks("silu_vjp.value", "the gradient of relu")
def silu_vjp__of_relu(x, g):
    return np.where(x > 0, g, g.dtype.type(0))
