"""The logistic function over the reals."""

from typing import Any

Real = Any


def logistic(x: Real) -> Real:
    """y = 1 / (1 + e^-x)."""
    return 1 / (1 + (-x).exp())
