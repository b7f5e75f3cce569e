"""Long sums of which few terms are not neutral, at other places in each row: their bound is that of the few."""

from collections.abc import Iterator

import numpy as np

from ...reference.declaration import BATCH, is_fixed
from . import plan
from .behaviour import MIXED, NEUTRAL
from .build import Builder, Made
from .draw import Arrays, classes, draw, neutral, padded
from .spread import Spread, places
from .sums import factors_along, thinned

NOTE = "coarser arithmetic where a sum is long, or a term at some place left out"
NAMES = {BATCH: "rows"}  # of a letter, in a case's name


def cases(builder: Builder) -> Iterator[Made]:
    """Each number of terms at each length, for each letter along which more neutral elements change nothing."""
    square = {letter for leaf in builder.leaves for letter in leaf.axes if leaf.axes.count(letter) > 1}
    neutrals = [letter for letter, kind in builder.behaviour.items() if kind == NEUTRAL and letter not in square]
    if builder.is_line or MIXED in builder.behaviour.values():
        return
    for letter in neutrals:
        factors = factors_along(builder.formula, letter)
        is_sum = bool(factors)
        if not thinned(builder.formula, letter, factors[0] if factors else None):  # nothing is added up along it
            continue
        for active, rows, lengths in plan.FEW:
            if active == 1 and not is_sum:  # one class alone is no sum
                continue
            sizes, arrays = thin_rows(builder, letter, active, rows)
            while rows > 1 and builder.largest(sizes | {letter: lengths[-1]}) > plan.LARGEST:
                rows //= 2
                sizes, arrays = thin_rows(builder, letter, active, rows)
            compact = builder.call(padded(arrays, builder.leaves, letter))
            for length in lengths:
                name = (
                    f"{active}_of_{length}"
                    if len(neutrals) == 1
                    else f"{active}_of_{length}_{NAMES.get(letter, letter)}"
                )
                if builder.largest(sizes | {letter: length}) > plan.LARGEST:
                    continue
                indices = {each: np.arange(size) for each, size in sizes.items()}
                indices[letter] = scattered(builder, letter, sizes[letter], length)
                to = Spread((len(indices[BATCH]),), indices)
                yield builder.made("few", builder.label("few"), name, NOTE, compact, to)


def thin_rows(builder: Builder, letter: str, active: int, rows: int) -> tuple[dict[str, int], Arrays]:
    """Arrays in which each row has its own terms along a letter; in the others it is neutral."""
    factors = factors_along(builder.formula, letter)
    chosen = thinned(builder.formula, letter, factors[0] if factors else None)
    others = [axis for axis in builder.leaves[chosen[0]].axes if axis != letter and not is_fixed(axis)]
    sizes = dict.fromkeys([BATCH, *builder.letters], rows)
    rows = rows if others else 1
    sizes |= {letter: rows * active} | dict.fromkeys(others[:1], rows)
    rng = builder.random("few", letter, active)
    arrays = [draw(leaf, sizes, rng) for leaf in builder.leaves]
    own = np.arange(rows)[:, None] == np.arange(rows * active) // active
    for number, leaf in enumerate(builder.leaves):
        if leaf.domain == "index" and letter == classes(sizes, leaf):
            arrays[number] = arrays[number] % active + active * np.arange(rows)
        if number in chosen:
            nothing = 0 if factors else neutral(leaf, letter)
            mask = own if not others or leaf.axes.index(letter) > leaf.axes.index(others[0]) else own.T
            spare = tuple(place for place, axis in enumerate(leaf.axes) if axis not in (letter, *others[:1]))
            mask = np.expand_dims(mask, spare) if others else own[0]
            arrays[number] = np.where(mask, arrays[number], nothing).astype(leaf.dtype)
    return sizes, arrays


def scattered(builder: Builder, letter: str, count: int, length: int) -> np.ndarray:
    """An index that has each of some elements once, so that those of a row are far apart; all others are neutral."""
    rng = builder.random("scattered", letter, count, length)
    index = np.full(length, count)
    index[places(length, count, rng)] = rng.permutation(count)
    return index
