"""Rotary position embedding over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def rotary_embedding(x: Rows, cos: Rows, sin: Rows, interleaved: bool) -> list[list[Real]]:
    """Each pair (a, b) becomes (a cos - b sin, a sin + b cos), by the angle of its position and number."""
    y = [list(row) for row in x]
    for position, row in enumerate(x):
        for i, (c, s) in enumerate(zip(cos[position], sin[position], strict=True)):
            first, second = places(i, len(row), interleaved)
            y[position][first] = row[first] * c - row[second] * s
            y[position][second] = row[first] * s + row[second] * c
    return y


def places(i: int, length: int, interleaved: bool) -> tuple[int, int]:
    """Where the numbers of a pair are in a row."""
    return (2 * i, 2 * i + 1) if interleaved else (i, i + length // 2)
