"""Softmax over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def softmax(x: Sequence[Real]) -> list[Real]:
    """y_i = e^x_i / (e^x_1 + ... + e^x_n): no shift, since real numbers do not overflow."""
    powers = [x_i.exp() for x_i in x]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    return [power / total for power in powers]
