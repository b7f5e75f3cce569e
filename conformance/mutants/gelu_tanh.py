"""Wrong approximated Gaussian error linear units."""

import numpy as np

from . import breaks
from .activations import gelu, gelu_tanh, quick_gelu, silu
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of

right = gelu_tanh

globals().update(mutants_of("gelu_tanh", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("gelu_tanh.value", "erf in the place of its approximation, as approximate='none' has it")
def gelu_tanh__exact(x):
    return gelu(x)


@breaks("gelu_tanh.value", "the approximation x sigmoid(1.702 x), QuickGELU")
def gelu_tanh__quick(x):
    return quick_gelu(x)


@breaks("gelu_tanh.value", "0.044715 is left out")
def gelu_tanh__no_cubic(x):
    return 0.5 * x * (1 + np.tanh(x.dtype.type((2 / np.pi) ** 0.5) * x))


@breaks("gelu_tanh.value", "0.0447 in the place of 0.044715")
def gelu_tanh__short_constant(x):
    return 0.5 * x * (1 + np.tanh(x.dtype.type((2 / np.pi) ** 0.5) * (x + x.dtype.type(0.0447) * x * x * x)))


@breaks("gelu_tanh.value", "sqrt(2 / pi) in 4 digits")
def gelu_tanh__short_root(x):
    return 0.5 * x * (1 + np.tanh(x.dtype.type(0.7979) * (x + x.dtype.type(0.044715) * x * x * x)))


@breaks("gelu_tanh.value", "it is silu")
def gelu_tanh__silu(x):
    return silu(x)
