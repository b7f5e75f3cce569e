"""Categorical cross-entropy from logits over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def categorical_cross_entropy_from_logits(y: Sequence[Real], x: Sequence[Real]) -> Real:
    """-(y_1 log p_1 + ... + y_n log p_n) with p_i = e^x_i / (e^x_1 + ... + e^x_n); where y_i is 0, p_i may be 0."""
    total = x[0].exp()
    for x_i in x[1:]:
        total = total + x_i.exp()
    loss = total * 0
    for y_i, x_i in zip(y, x, strict=True):
        if y_i != 0:
            loss = loss - y_i * (x_i - total.log())
    return loss
