"""Log-softmax over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def log_softmax(x: Sequence[Real]) -> list[Real]:
    """y_i = x_i - log(e^x_1 + ... + e^x_n): no shift, since real numbers do not overflow."""
    total = x[0].exp()
    for x_i in x[1:]:
        total = total + x_i.exp()
    return [x_i - total.log() for x_i in x]
