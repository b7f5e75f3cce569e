"""Normalisation by the root of the mean square over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def rms_norm(x: Sequence[Real], w: Sequence[Real], epsilon: Real) -> list[Real]:
    """y_i = x_i w_i / sqrt((x_1^2 + ... + x_n^2) / n + epsilon), for one row."""
    root = (sum(x_i * x_i for x_i in x) / len(x) + epsilon).sqrt()
    return [x_i * w_i / root for x_i, w_i in zip(x, w, strict=True)]
