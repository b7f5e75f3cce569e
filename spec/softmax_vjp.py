"""The gradient of softmax over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def softmax_vjp(x: Sequence[Real], g: Sequence[Real]) -> list[Real]:
    """gx_i = sum_j g_j dp_j/dx_i, where dp_j/dx_i is p_i - p_i p_i for j = i and -p_j p_i for another j."""
    powers = [x_i.exp() for x_i in x]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    p = [power / total for power in powers]
    mean = g[0] * p[0]
    for g_j, p_j in zip(g[1:], p[1:], strict=True):
        mean = mean + g_j * p_j
    return [p_i * (g_i - mean) for p_i, g_i in zip(p, g, strict=True)]
