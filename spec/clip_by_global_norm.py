"""Gradients that are scaled down where their common norm is above a limit, over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def clip_by_global_norm(tree: Sequence[Real], max_norm: Real) -> list[Real]:
    """x_i max_norm / sqrt(sum_j x_j^2), or x_i where that root is at most max_norm."""
    squares: Real = sum((x * x for x in tree), max_norm * 0)
    if squares <= max_norm * max_norm:
        return list(tree)
    return [x * max_norm / squares.sqrt() for x in tree]
