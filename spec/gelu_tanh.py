"""The Gaussian error linear unit, approximated by tanh, over the reals."""

from typing import Any

Real = Any


def gelu_tanh(x: Real) -> Real:
    """y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    one = x * 0 + 1
    pi = 4 * one.atan()
    return x * (1 + ((2 / pi).sqrt() * (x + x * x * x * 44715 / 1000000)).tanh()) / 2
