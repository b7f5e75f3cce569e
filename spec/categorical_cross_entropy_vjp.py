"""The gradient of categorical cross-entropy over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def categorical_cross_entropy_vjp(y: Sequence[Real], p: Sequence[Real], g: Real, lo: Real, hi: Real) -> list[Real]:
    """g times the derivatives of -(y_1 log c_1 + ... + y_n log c_n) by each p_i, where c_i is p_i moved into [lo, hi].

    At lo and hi, where there is none, the derivative is that inside.
    """
    return [-g * y_i / p_i if p_i >= lo and p_i <= hi else g * 0 for y_i, p_i in zip(y, p, strict=True)]
