"""ReLU over the reals."""

from typing import Any

Real = Any


def relu(x: Real) -> Real:
    """y = max(0, x)."""
    return x if x > 0 else x * 0
