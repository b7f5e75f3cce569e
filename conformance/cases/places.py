"""Special values and magnitudes at each place of axes of a fixed length, whose places have meanings of their own.

A row of any length has no place that is unlike all others but its ends; of a quaternion each place is another number.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.declaration import BATCH, is_fixed
from . import plan
from .behaviour import APART
from .build import Builder, Made
from .draw import Arrays, Leaf, draw
from .magnitudes import NOTE as OF_MAGNITUDES
from .magnitudes import binades
from .specials import INF, NAN, NOTE, may_have, needed, weighs_classes

VALUES = {"nan": (NAN,), "infinity": (INF, -INF), "value": (0.0,)}


def cases(builder: Builder) -> Iterator[Made]:
    """Each special value, and each magnitude, at each place along the fixed axes of each argument."""
    for number, leaf in enumerate(builder.leaves):
        if leaf.is_floating and any(map(is_fixed, leaf.axes)) and not weighs_classes(builder, leaf):
            yield from of_specials(builder, number)
            if leaf.domain in ("real", "nonnegative"):
                yield from of_magnitudes(builder, number)


def of_specials(builder: Builder, number: int) -> Iterator[Made]:
    """One value at one place in each row, beside plain numbers and facing zeros; where rows are not apart, in each."""
    leaf = builder.leaves[number]
    for label, every in VALUES.items():
        values = [value for value in every if label in builder.labels and may_have(builder, leaf, value)]
        pairs = [(place, value) for value in values for place in places(leaf, plan.PLACES)]
        if row_letter(builder, leaf) is None:
            few = places(leaf, plan.FEW_PLACES)
            calls = [[(place, value)] for place, value in pairs if place in few]
        else:
            calls = [pairs] if pairs else []
        for turn, call in enumerate(calls):
            arrays, name = in_turn(builder, number, call), f"{label}_at_each_place_of_{number + 1}"
            name = name if len(calls) == 1 else f"{name}_{turn + 1}"
            plain = builder.call(needed(builder, number, arrays))
            yield builder.made("specials", builder.label(label), name, NOTE, plain)
            if zeroed := facing(builder, number, call, arrays):
                name = f"{name}_facing_zeros"
                yield builder.made("specials", builder.label(label), name, NOTE, builder.call(zeroed))


def of_magnitudes(builder: Builder, number: int) -> Iterator[Made]:
    """Numbers of each magnitude at one place in each row, beside numbers within 1."""
    leaf = builder.leaves[number]
    if row_letter(builder, leaf) is None:
        return
    numbers = np.concatenate([binades(builder), np.arange(-120, 120, 0.11)])
    numbers = np.abs(numbers) if leaf.domain == "nonnegative" else numbers
    rows = max(plan.LARGEST_EXACT // max(builder.largest(sizes_of(builder, leaf, 1)), 1), 1)
    numbers = numbers[:: -(-len(numbers) // rows)]
    every = places(leaf, plan.PLACES)
    pairs = [(every[turn % len(every)], value) for turn, value in enumerate(numbers)]
    arrays = in_turn(builder, number, pairs, within_1=True)
    name = f"every_binade_at_each_place_of_{number + 1}"
    yield builder.made("magnitudes", builder.label("value"), name, OF_MAGNITUDES, builder.call(arrays))


def places(leaf: Leaf, most: int) -> list[tuple[int, ...]]:
    """The places along the fixed axes of an argument; of many so many of them, all over."""
    lengths = [int(axis) for axis in leaf.axes if is_fixed(axis)]
    count = int(np.prod(lengths))
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
    return [tuple(map(int, np.unravel_index(place, lengths))) for place in chosen]


def row_letter(builder: Builder, leaf: Leaf) -> str | None:
    """The axis of an argument whose elements stand for themselves, so that each may have a value of its own."""
    letters = (axis for axis in leaf.axes if not is_fixed(axis))
    return next((letter for letter in letters if builder.behaviour.get(letter) == APART), None)


def sizes_of(builder: Builder, leaf: Leaf, rows: int) -> dict[str, int]:
    """Few elements along each letter, and so many rows of an argument."""
    sizes = {BATCH: 2} | dict.fromkeys(builder.letters, plan.LENGTH)
    letter = row_letter(builder, leaf)
    return sizes if letter is None else sizes | {letter: rows}


def in_turn(
    builder: Builder, number: int, pairs: list[tuple[tuple[int, ...], float]], within_1: bool = False
) -> Arrays:
    """Arrays with one value at one place in each row of one of them."""
    own = builder.leaves[number]
    sizes, rng = sizes_of(builder, own, len(pairs)), builder.random("places", number, len(pairs))
    arrays = [draw(leaf, sizes, rng) for leaf in builder.leaves]
    for other, leaf in enumerate(builder.leaves):
        if within_1 and leaf.is_floating and leaf.axes:
            arrays[other] = np.clip(arrays[other], -1, 1).astype(leaf.dtype)
    put(arrays[number], own, row_letter(builder, own), pairs)
    return arrays


def facing(builder: Builder, number: int, pairs: list[tuple[tuple[int, ...], float]], given: Arrays) -> Arrays:
    """The arrays with 0 in the others of the same fixed axes, where one has its values; none if no other has them."""
    own = builder.leaves[number]
    others = [n for n, leaf in enumerate(builder.leaves) if n != number and leaf.is_floating and faces(leaf, own)]
    arrays = [np.array(array) if n in others else array for n, array in enumerate(given)]
    for other in others:
        # All along the other axes: a factor of a sum may be taken out of it, which one 0 among others would show.
        zeros = [(place, 0.0) for place, _ in pairs]
        put(arrays[other], builder.leaves[other], row_letter(builder, own), zeros, slice(None))
    return arrays if others else []


def faces(leaf: Leaf, own: Leaf) -> bool:
    """Whether two arguments have the same fixed axes."""
    return [axis for axis in leaf.axes if is_fixed(axis)] == [axis for axis in own.axes if is_fixed(axis)]


def put(
    array: Any, leaf: Leaf, letter: str | None, pairs: list[tuple[tuple[int, ...], float]], others: Any = 0
) -> None:
    """Put values at places of the fixed axes, each in its row along a letter, at `others` of other axes."""
    for row, (place, value) in enumerate(pairs):
        along = iter(place)
        array[tuple(next(along) if is_fixed(axis) else row if axis == letter else others for axis in leaf.axes)] = value
