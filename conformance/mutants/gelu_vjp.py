"""Wrong gradients of the Gaussian error linear unit."""

import numpy as np

from .. import special
from . import breaks
from .activations import gelu_slope, gelu_tanh_slope, silu_slope
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(x, g):
    """The right gradient, to be put to a wrong use."""
    return g * gelu_slope(x)


globals().update(mutants_of("gelu_vjp", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("gelu_vjp.value", "the derivative of the approximation by tanh")
def gelu_vjp__of_tanh(x, g):
    return g * gelu_tanh_slope(x)


@breaks("gelu_vjp.value", "the distribution alone, without x times its density")
def gelu_vjp__distribution_alone(x, g):
    return 0.5 * g * (1 + special.erf(x * x.dtype.type(0.5**0.5)))


@breaks("gelu_vjp.value", "the density without 1 / sqrt(2 pi)")
def gelu_vjp__unscaled_density(x, g):
    return g * (0.5 * (1 + special.erf(x * x.dtype.type(0.5**0.5))) + x * np.exp(-0.5 * x * x))


@breaks("gelu_vjp.value", "the derivative of silu")
def gelu_vjp__of_silu(x, g):
    return g * silu_slope(x)


@breaks("gelu_vjp.value", "g is ignored: the derivative alone")
def gelu_vjp__g_ignored(x, g):
    return gelu_slope(x)


@breaks("gelu_vjp.value", "gradients are clipped to [-1, 1]")
def gelu_vjp__g_clipped(x, g):
    return np.clip(g, -1, 1) * gelu_slope(x)


@breaks("gelu_vjp.value", "the gradient of relu")
def gelu_vjp__of_relu(x, g):
    return np.where(x > 0, g, g.dtype.type(0))
