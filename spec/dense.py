"""The dense layer over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def dense(x: Sequence[Real], w: Sequence[Sequence[Real]], b: Sequence[Real]) -> list[Real]:
    """y_j = x_1 w_1j + ... + x_n w_nj + b_j, for one row of inputs."""
    y = list(b)
    for i in range(len(x)):
        for j in range(len(b)):
            y[j] = y[j] + x[i] * w[i][j]
    return y
