"""What is chosen together: in short arrays each two choices, or three of many options; in long ones each by each shape.

A choice is a batch, the length of each letter, the number of arguments, the axis, and an option.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, permutations
from typing import Any, NamedTuple

from ...reference.declaration import BATCH, times
from . import plan
from .build import Builder
from .options import Row, covering

# How the keys of long choices begin, with the number of the shape behind: of all shapes, and of two longer axes.
LONG, PAIR = "long", "long pair"

Sizes = dict[str, int]  # by the letter
Shape = tuple[tuple[int, ...], Sizes]


class Choice(NamedTuple):
    """A row of a table."""

    key: tuple[Any, ...]  # of the random numbers
    batch: tuple[int, ...]
    sizes: Sizes
    others: list[Any]  # the number of arguments, the axis, the options


def short(builder: Builder, others: Sequence[Sequence[Any]], is_small: bool) -> Iterator[Choice]:
    """Short arrays of many shapes; few where `is_small`."""
    lengths = plan.FEW_LENGTHS if is_small else plan.CROSSED_LENGTHS
    letters = builder.letters or [""]  # the last axis, where each element stands for itself
    choices: list[Any] = [plan.FEW_BATCHES if is_small else plan.CROSSED_BATCHES, *[lengths] * len(letters), *others]
    for row in rows(choices, len(letters)):
        batch, *chosen = (values[k] for values, k in zip(choices, row, strict=True))
        sizes = dict(zip(letters, chosen, strict=False))
        yield Choice(row, *smaller(builder, batch, sizes, lengths), chosen[len(letters) :])


def rows(choices: Sequence[Sequence[Any]], lengths: int) -> Iterator[Row]:
    """The numbers of what is chosen: a batch, so many lengths, the number of arguments, the axis, and options.

    Of many options each three of the first few values meet in short arrays, then each two of all.
    """
    threes = tuple[Row, ...]()
    if len(choices) - lengths - 3 >= plan.MANY_OPTIONS:
        few = [plan.THREE_BATCHES, *(range(min(len(each), plan.VALUES_OF_THREE)) for each in choices[1 + lengths :])]
        threes = tuple(
            (few[0][batch], *((turn + n) % plan.SHORT_LENGTHS for n in range(lengths)), *others)
            for turn, (batch, *others) in enumerate(covering(tuple(map(len, few)), 3))
        )
    yield from threes
    yield from covering(tuple(map(len, choices)), 2, threes)


def smaller(
    builder: Builder, batch: tuple[int, ...], wanted: Mapping[str, int], lengths: tuple[int, ...]
) -> tuple[tuple[int, ...], Sizes]:
    """The batch and the lengths, all but the longest of which are shortened until the largest array is small enough."""
    found = dict(wanted)
    most = plan.MOST_CROSSED * max((times(axis) for leaf in builder.leaves for axis in leaf.axes), default=1)
    if builder.has_fixed:  # beside what no length shortens
        most += builder.largest(dict.fromkeys([BATCH, *builder.letters], 1))
    while True:
        no_axes = not builder.letters and not batch and found[""] in plan.NO_AXES
        shape = batch if builder.letters or no_axes else (*batch, found[""])
        sizes = {BATCH: math.prod(shape)} | {letter: size for letter, size in found.items() if letter}
        long = sorted((letter for letter in found if found[letter] > lengths[0]), key=lambda letter: found[letter])
        if builder.largest(sizes) <= most or not (long or batch):
            return shape, sizes
        if not long or (len(long) == 1 and batch and found[long[0]] == lengths[-1]):
            batch = batch[1:]  # one row of the longest
        else:
            found[long[-2:][0]] = lengths[lengths.index(found[long[-2:][0]]) - 1]


def long(builder: Builder, others: Sequence[Sequence[Any]]) -> Iterator[Choice]:
    """Long axes: each shape with each of the other choices, all long with each two of these; two long axes with few."""
    lengths = long_lengths(builder)
    shapes, sizes = long_shapes(builder, lengths), tuple(map(len, others))
    pairs = () if builder.is_variant else pairs_of_axes(builder, lengths)
    if not shapes:
        return
    usual, together = (0,) * len(sizes), covering(sizes, 2)
    given = tuple((shape, count, *usual[1:]) for shape in range(len(shapes)) for count in range(sizes[0]))
    all_long = given if builder.is_variant else (*given, *((0, *row) for row in together))
    few = (dict.fromkeys((usual, together[turn % len(together)])) for turn in range(len(pairs)))
    of_pairs = [(len(shapes) + turn, *row) for turn, some in enumerate(few) for row in some]
    for row in (*all_long, *covering((len(shapes), *sizes), 2, all_long), *of_pairs):
        batch, found = [*shapes, *pairs][row[0]]
        key = LONG if row[0] < len(shapes) else PAIR, *row
        yield Choice(key, batch, found, [each[k] for each, k in zip(others, row[1:], strict=True)])


def long_lengths(builder: Builder) -> Sizes:
    """A length beyond 64 for each axis but those of few places; for rows too, where axes are fewer than of matrices."""
    free = [letter for letter in builder.letters if letter not in builder.groups]
    return dict(zip(free if len(free) > 2 else [*free, BATCH] * bool(free), plan.STAIRS, strict=False))


def long_shapes(builder: Builder, beyond: Sizes) -> list[Shape]:
    """Shapes whose axes are all long; all but one; one alone, which is longer; of products one longer beside others."""
    wanted = [[beyond], *([beyond | {name: 1}] for name in list(beyond)[: 1 if builder.is_variant else None])]
    others = [dict.fromkeys(beyond, plan.OTHER)] * (not builder.is_variant or len(beyond) < 3)
    others += [beyond] * (builder.formula.products and len(beyond) == 3)  # a long sum beside tiles, cheap enough
    for rest in others:
        wanted += [[rest | {name: size} for size in plan.LONG] for name in beyond]
    return fitting(builder, wanted)


def pairs_of_axes(builder: Builder, beyond: Sizes) -> list[Shape]:
    """Shapes with a longer axis beside a long one; of the others some are of length 1, or few."""
    wanted: list[list[Sizes]] = []
    for turn, (name, other) in enumerate(permutations(beyond, 2)):
        rest = [each for each in beyond if each not in (name, other)]
        ways = [dict(zip(rest, cycle(lengths), strict=False)) for lengths in ((plan.OTHER, 1), (1, plan.OTHER))]
        some = ways if len(rest) == 1 else [ways[turn % 2]]
        wanted += [[each | {other: beyond[other], name: size} for size in plan.LONG] for each in some]
    return fitting(builder, wanted)


def fitting(builder: Builder, wanted: Sequence[Sequence[Mapping[str, int]]]) -> list[Shape]:
    """Of each the first lengths for which there is room, with a batch."""
    found = (next(filter(None, (with_batch(builder, sizes) for sizes in each)), None) for each in wanted)
    return [shape for shape in found if shape]


def with_batch(builder: Builder, lengths: Mapping[str, int]) -> Shape | None:
    """The batch and the lengths of all letters; None if an array is too large to be computed with as a whole."""
    rows = (lengths[BATCH],) if BATCH in lengths else () if builder.groups else plan.MATRICES
    sizes = dict.fromkeys(builder.groups, 2) | {**lengths, BATCH: math.prod(rows)}
    return (rows, sizes) if builder.largest(sizes) <= plan.MOST_LONG else None
