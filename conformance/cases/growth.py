"""How the arrays on a formula's way grow with its axes: of all pairs of places they are the square of its arguments."""

import math
import tracemalloc
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ...reference.declaration import BATCH
from ..formulas import Formula
from .behaviour import MIXED, behaviour, letters_of, run
from .draw import draw, leaves_of

FEW, SOME, MANY = 4, 16, 128  # lengths; with the larger ones arrays outweigh what Python needs beside


def on_the_way(formula: Formula, sizes: Mapping[str, int]) -> int:
    """About how many elements the largest array has that the formula makes between its arguments and its results."""
    powers, together = growth(formula)
    lengths = [sizes[letter] ** power for letter, power in powers.items()]
    rows = 1 if BATCH in powers else sizes[BATCH]
    return rows * (math.prod(lengths) if together else max(lengths)) if lengths else 0


@lru_cache(maxsize=256)
def growth(formula: Formula) -> tuple[dict[str, int], bool]:
    """With which power of the length of each mixed letter the memory grows, and whether with the product of these.

    Other letters are computed on few of their elements, and their powers are of no matter.
    """
    few = dict.fromkeys(letters_of(formula), FEW)
    mixed = [letter for letter, kind in behaviour(formula).items() if kind == MIXED]
    powers = {letter: power(formula, few, [letter], MANY) for letter in mixed}
    return powers, len(mixed) < 2 or power(formula, few, mixed, SOME) >= sum(powers.values())


def power(formula: Formula, few: dict[str, int], some: list[str], length: int) -> int:
    """The power with which the memory grows, where some letters are of this length and of twice as much."""
    once, twice = (peak(formula, few | dict.fromkeys(some, each)) for each in (length, 2 * length))
    return max(1, round(math.log2(twice / once)))


def peak(formula: Formula, sizes: dict[str, int]) -> int:
    """The most memory that a run on bounded arrays takes, in bytes."""
    rng = np.random.default_rng(0)
    arrays = [draw(leaf, sizes, rng) for leaf in leaves_of(formula, np.dtype("float32"))]
    already = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        with np.errstate(all="ignore"):
            run(formula, arrays)
        return max(1, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not already:
            tracemalloc.stop()
