"""Wrong gated linear units."""

import numpy as np

from . import breaks
from .activations import gelu, sigmoid, silu
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(a, b):
    """The right gated linear unit, to be put to a wrong use."""
    return silu(a) * b


globals().update(mutants_of("swiglu", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("swiglu.value", "the gate and what is gated are exchanged", "torch.nn.functional.glu has its gate last")
def swiglu__exchanged(a, b):
    return silu(b) * a


@breaks("swiglu.value", "the gate is the sigmoid alone, as torch.nn.functional.glu has it")
def swiglu__glu(a, b):
    return sigmoid(a) * b


@breaks("swiglu.value", "the gate is the error linear unit: GEGLU", "https://arxiv.org/abs/2002.05202")
def swiglu__geglu(a, b):
    return gelu(a) * b


@breaks("swiglu.value", "the gate is relu: ReGLU", "https://arxiv.org/abs/2002.05202")
def swiglu__reglu(a, b):
    return np.maximum(a, 0) * b


@breaks("swiglu.value", "no gate: silu of the product")
def swiglu__silu_of_product(a, b):
    return silu(a * b)


@breaks("swiglu.value", "1 is added to what is gated, and both are clamped at 7, as gpt-oss has it")
def swiglu__clamped(a, b):
    return silu(np.minimum(a, 7)) * (np.clip(b, -7, 7) + 1)
