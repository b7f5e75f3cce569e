"""Rows of a table."""

from collections.abc import Sequence
from typing import Any

Real = Any


def embedding(table: Sequence[Sequence[Real]], label: int) -> list[Real]:
    """y_j = t_lj, for one label l."""
    return list(table[label])
