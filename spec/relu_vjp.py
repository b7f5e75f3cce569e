"""The gradient of ReLU over the reals."""

from typing import Any

Real = Any


def relu_vjp(x: Real, g: Real) -> Real:
    """gx = g dy/dx: g where x > 0, and 0 where x <= 0; at 0, where there is no derivative, by convention."""
    return g if x > 0 else g * 0
