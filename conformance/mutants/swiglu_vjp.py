"""Wrong gradients of the gated linear unit."""

import numpy as np

from . import breaks
from .activations import sigmoid, silu, silu_slope
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(a, b, g):
    """The right gradients, to be put to a wrong use."""
    return g * b * silu_slope(a), g * silu(a)


globals().update(mutants_of("swiglu_vjp", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks("swiglu_vjp.value", "both gradients are exchanged")
def swiglu_vjp__exchanged(a, b, g):
    return right(a, b, g)[::-1]


@breaks("swiglu_vjp.value", "the gate counts as constant in ga")
def swiglu_vjp__gate_constant(a, b, g):
    return g * b * sigmoid(a), g * silu(a)


@breaks("swiglu_vjp.value", "ga lacks b")
def swiglu_vjp__without_b(a, b, g):
    return g * silu_slope(a), g * silu(a)


@breaks("swiglu_vjp.value", "gb has the sigmoid in the place of silu")
def swiglu_vjp__sigmoid_in_gb(a, b, g):
    return g * b * silu_slope(a), g * sigmoid(a)


@breaks("swiglu_vjp.value", "gradients are clipped to [-1, 1]")
def swiglu_vjp__g_clipped(a, b, g):
    return right(a, b, np.clip(g, -1, 1))
