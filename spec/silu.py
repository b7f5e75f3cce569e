"""The sigmoid linear unit over the reals."""

from typing import Any

Real = Any


def silu(x: Real) -> Real:
    """y = x / (1 + e^-x)."""
    return x / (1 + (-x).exp())
