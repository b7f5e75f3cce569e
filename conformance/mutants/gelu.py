"""Wrong Gaussian error linear units."""

import numpy as np

from .. import special
from . import breaks
from .activations import gelu, gelu_tanh, quick_gelu, silu
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of

right = gelu

globals().update(mutants_of("gelu", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("gelu.value", "the approximation by tanh, as approximate='tanh' and jax.nn.gelu by default have it")
def gelu__by_tanh(x):
    return gelu_tanh(x)


@breaks("gelu.value", "the approximation x sigmoid(1.702 x), QuickGELU")
def gelu__quick(x):
    return quick_gelu(x)


@breaks("gelu.value", "it is silu")
def gelu__silu(x):
    return silu(x)


@breaks("gelu.value", "erf(x) in the place of erf(x / sqrt(2))")
def gelu__unscaled(x):
    return 0.5 * x * (1 + special.erf(x))


@breaks("gelu.value", "the distribution alone")
def gelu__distribution_alone(x):
    return 0.5 * (1 + special.erf(x * x.dtype.type(0.5**0.5)))


@breaks("gelu.value", "it is relu")
def gelu__relu(x):
    return np.maximum(x, 0)


@breaks("gelu.value", "x where x is above 3")
def gelu__identity_above_3(x):
    return np.where(x > 3, x, gelu(x))
