"""The Gaussian error linear unit over the reals."""

from typing import Any

Real = Any


def gelu(x: Real) -> Real:
    """y = x (1 + erf(x / sqrt 2)) / 2."""
    two = x * 0 + 2
    return x * (1 + (x / two.sqrt()).erf()) / 2
