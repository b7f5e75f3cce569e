"""The gradient of the Gaussian error linear unit over the reals."""

from typing import Any

Real = Any


def gelu_vjp(x: Real, g: Real) -> Real:
    """gx = g ((1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi))."""
    one = x * 0 + 1
    pi = 4 * one.atan()
    return g * ((1 + (x / (2 * one).sqrt()).erf()) / 2 + x * (-x * x / 2).exp() / (2 * pi).sqrt())
