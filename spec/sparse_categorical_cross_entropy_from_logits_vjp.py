"""The gradient of categorical cross-entropy of integer labels, from logits, over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def sparse_categorical_cross_entropy_from_logits_vjp(label: int, x: Sequence[Real], g: Real) -> list[Real]:
    """g times the derivatives of log(e^x_1 + ... + e^x_n) - x_label by each x_i; labels count from 0."""
    total = x[0].exp()
    for x_i in x[1:]:
        total = total + x_i.exp()
    return [g * x_i.exp() / total - (g if i == label else 0) for i, x_i in enumerate(x)]
