"""The gated linear unit with the sigmoid linear unit over the reals."""

from typing import Any

Real = Any


def swiglu(a: Real, b: Real) -> Real:
    """y = a b / (1 + e^-a)."""
    return a * b / (1 + (-a).exp())
