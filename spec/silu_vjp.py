"""The gradient of the sigmoid linear unit over the reals."""

from typing import Any

Real = Any


def silu_vjp(x: Real, g: Real) -> Real:
    """gx = g (1 + e^-x + x e^-x) / (1 + e^-x)^2."""
    e = (-x).exp()
    return g * (1 + e + x * e) / ((1 + e) * (1 + e))
