"""Wrong sigmoid linear units."""

import numpy as np

from . import breaks
from .activations import gelu, hard_swish, quick_gelu, sigmoid, silu, with_exp_of_x
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of

right = silu

globals().update(mutants_of("silu", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("silu.value", "it is hard swish, x relu6(x + 3) / 6", "https://arxiv.org/abs/1905.02244")
def silu__hard_swish(x):
    return hard_swish(x)


@breaks("silu.value", "it is the error linear unit, with erf")
def silu__gelu(x):
    return gelu(x)


@breaks("silu.value", "the sigmoid alone")
def silu__sigmoid_alone(x):
    return sigmoid(x)


@breaks("silu.value", "a sigmoid of 1.702 x, as QuickGELU has it")
def silu__quick(x):
    return quick_gelu(x)


@breaks("silu.value", "it is relu")
def silu__relu(x):
    return np.maximum(x, 0)


@breaks("silu.value", "e^x / (1 + e^x), NaN where e^x overflows")
def silu__power_overflows(x):
    return x * with_exp_of_x(x)


@breaks("silu.value", "0 below -10")
def silu__zero_below_10(x):
    return np.where(x < -10, x.dtype.type(0), silu(x))


@breaks("silu.value", "x up to 1e-4 counts as 0")
def silu__threshold(x):
    return np.where(np.abs(x) < 1e-4, x.dtype.type(0), silu(x))
