"""Categorical cross-entropy of integer labels, from logits, over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def sparse_categorical_cross_entropy_from_logits(label: int, x: Sequence[Real]) -> Real:
    """-log p_label with p_i = e^x_i / (e^x_1 + ... + e^x_n), for one sample; labels count from 0."""
    total = x[0].exp()
    for x_i in x[1:]:
        total = total + x_i.exp()
    return total.log() - x[label]
