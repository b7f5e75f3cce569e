"""How a formula's work grows with its axes: with the square, where it makes all pairs of places, or step by step."""

import contextlib
import math
import sys
import tracemalloc
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.discrete import UndecidedError
from ..formulas import Formula
from .behaviour import APART, MIXED, behaviour, letters_of, run
from .draw import draw, leaves_of

FEW, SOME, MANY = 4, 16, 128  # lengths; with the larger ones arrays outweigh what Python needs beside
CALL = 8  # elements that are computed, in all operations, while Python calls one function


class Growth(NamedTuple):
    """How memory and time grow with the length of each mixed letter, and of each with whose square memory grows.

    Others are computed on few of their elements.
    """

    powers: dict[str, int]  # of the memory
    together: bool  # whether with the product of these
    calls: dict[str, int]  # of Python's functions, for each place more


class Spent(NamedTuple):
    """What a run takes."""

    memory: int  # the most, in bytes
    calls: int


def on_the_way(formula: Formula, sizes: Mapping[str, int]) -> int:
    """About how many elements a formula computes at once between arguments and results, or in the time of its steps."""
    powers, together, calls = growth(formula)
    lengths = [sizes[letter] ** power for letter, power in powers.items()]
    rows = 1 if BATCH in powers else sizes[BATCH]
    at_once = rows * (math.prod(lengths) if together else max(lengths)) if lengths else 0
    return max(at_once, CALL * sum(each * sizes[letter] for letter, each in calls.items()))


@lru_cache(maxsize=256)
def growth(formula: Formula) -> Growth:
    """How the work of a formula grows, measured on small arrays."""
    few, kinds = dict.fromkeys(letters_of(formula), FEW), behaviour(formula)
    pairs = {letter: twice(formula, few, [letter], MANY) for letter, kind in kinds.items() if kind != APART}
    powers = {letter: power(*each) for letter, each in pairs.items()}
    mixed = [letter for letter, each in powers.items() if kinds[letter] == MIXED or each > 1]
    powers = {letter: powers[letter] for letter in mixed}
    calls = {letter: max(0, more.calls - once.calls) // MANY for letter, (once, more) in pairs.items()}
    calls = {letter: calls[letter] for letter in mixed}
    together = len(mixed) < 2 or power(*twice(formula, few, mixed, SOME)) >= sum(powers.values())
    return Growth(powers, together, calls)


def power(once: Spent, more: Spent) -> int:
    """The power with which the memory grows, of a length and of twice as much."""
    return max(1, round(math.log2(more.memory / once.memory)))


def twice(formula: Formula, few: dict[str, int], some: list[str], length: int) -> tuple[Spent, Spent]:
    """What runs take, where some letters are of this length, and of twice as much."""
    return spent(formula, few | dict.fromkeys(some, length)), spent(formula, few | dict.fromkeys(some, 2 * length))


def spent(formula: Formula, sizes: dict[str, int]) -> Spent:
    """What a run on bounded arrays takes."""
    rng, calls = np.random.default_rng(0), 0
    arrays = [draw(leaf, sizes, rng) for leaf in leaves_of(formula, np.dtype("float32"))]

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    traced, profile = tracemalloc.is_tracing(), sys.getprofile()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        sys.setprofile(count)
        with np.errstate(all="ignore"), contextlib.suppress(UndecidedError):
            run(formula, arrays)
        return Spent(max(1, tracemalloc.get_traced_memory()[1] - before), calls)
    finally:
        sys.setprofile(profile)
        if not traced:
            tracemalloc.stop()
