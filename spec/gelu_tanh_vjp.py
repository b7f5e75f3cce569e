"""The gradient of the approximated Gaussian error linear unit over the reals."""

from typing import Any

Real = Any


def gelu_tanh_vjp(x: Real, g: Real) -> Real:
    """gx = g (1 + t + x (1 - t^2) u') / 2, t = tanh(u), u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    one = x * 0 + 1
    c = (2 / (4 * one.atan())).sqrt()
    t = (c * (x + x * x * x * 44715 / 1000000)).tanh()
    return g * (1 + t + x * (1 - t * t) * c * (1 + x * x * 134145 / 1000000)) / 2
