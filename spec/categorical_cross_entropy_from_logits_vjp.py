"""The gradient of categorical cross-entropy from logits over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def categorical_cross_entropy_from_logits_vjp(y: Sequence[Real], x: Sequence[Real], g: Real) -> list[Real]:
    """g times the derivatives of (y_1 + ... + y_n) log(e^x_1 + ... + e^x_n) - (y_1 x_1 + ... + y_n x_n) by each x_i."""
    total, labels = x[0].exp(), y[0]
    for x_i, y_i in zip(x[1:], y[1:], strict=True):
        total, labels = total + x_i.exp(), labels + y_i
    return [g * labels * x_i.exp() / total - g * y_i for x_i, y_i in zip(x, y, strict=True)]
