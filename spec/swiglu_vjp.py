"""The gradients of the gated linear unit over the reals."""

from typing import Any

Real = Any


def swiglu_vjp(a: Real, b: Real, g: Real) -> tuple[Real, Real]:
    """ga = g b (1 + e^-a + a e^-a) / (1 + e^-a)^2 and gb = g a / (1 + e^-a)."""
    e = (-a).exp()
    return g * b * (1 + e + a * e) / ((1 + e) * (1 + e)), g * a / (1 + e)
