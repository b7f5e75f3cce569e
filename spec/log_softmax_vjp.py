"""The gradient of log-softmax over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def log_softmax_vjp(x: Sequence[Real], g: Sequence[Real]) -> list[Real]:
    """gx_i = sum_j g_j dy_j/dx_i, where dy_j/dx_i is 1 - p_i for j = i and -p_i for another j."""
    powers = [x_i.exp() for x_i in x]
    powers_sum, g_sum = powers[0], g[0]
    for power, g_j in zip(powers[1:], g[1:], strict=True):
        powers_sum, g_sum = powers_sum + power, g_sum + g_j
    return [g_i - power / powers_sum * g_sum for power, g_i in zip(powers, g, strict=True)]
