"""Categorical cross-entropy over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def categorical_cross_entropy(y: Sequence[Real], p: Sequence[Real], lo: Real, hi: Real) -> Real:
    """-(y_1 log c_1 + ... + y_n log c_n), for one sample, where c_i is p_i moved into [lo, hi]."""
    loss = lo * 0
    for y_i, p_i in zip(y, p, strict=True):
        c_i = lo if p_i < lo else hi if p_i > hi else p_i
        loss = loss - y_i * c_i.log()
    return loss
