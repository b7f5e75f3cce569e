"""Normalisation to mean 0 and variance 1 over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def layer_norm(x: Sequence[Real], w: Sequence[Real], b: Sequence[Real], epsilon: Real) -> list[Real]:
    """y_i = (x_i - m) w_i / sqrt(v + epsilon) + b_i, m and v being the mean and the variance of one row."""
    mean = sum(x) / len(x)
    variance = sum((x_i - mean) * (x_i - mean) for x_i in x) / len(x)
    return [(x_i - mean) * w_i / (variance + epsilon).sqrt() + b_i for x_i, w_i, b_i in zip(x, w, b, strict=True)]
