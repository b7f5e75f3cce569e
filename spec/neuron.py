"""The neuron over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def neuron(x: Sequence[Real], w: Sequence[Real], b: Real) -> Real:
    """y = x_1 w_1 + ... + x_n w_n + b."""
    y = b
    for i in range(len(x)):
        y = y + x[i] * w[i]
    return y
