"""The gradient of rows of a table over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def embedding_vjp(table: Rows, labels: Sequence[int], g: Rows) -> list[list[Real]]:
    """gt_lj is the sum of g_ij over all i whose label is l."""
    found = [[t * 0 for t in row] for row in table]
    for label, row in zip(labels, g, strict=True):
        found[label] = [total + g_j for total, g_j in zip(found[label], row, strict=True)]
    return found
