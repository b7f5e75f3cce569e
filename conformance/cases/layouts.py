"""Arrays that a subject is given in every memory layout: shapes for which kernels read memory in other ways."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ...reference.declaration import BATCH
from . import plan
from .build import Builder, Made, shape_name
from .draw import Arrays, draw
from .spread import Spread, straight

NOTE = "the memory layout is taken for another"


def cases(builder: Builder) -> Iterator[Made]:
    """Calls whose arguments lie in each layout, all of them and each alone."""
    yield from shapes(builder)
    yield from thin(builder)
    if builder.has_axis:
        batch, length, _ = plan.OF_VARIANTS
        compact, to = builder.here(batch, {builder.letters[0]: length})
        label, to = builder.label("layout"), to._replace(axis=0)
        yield builder.made("layouts", label, "axis_0", NOTE, compact, to, axis=0)
    yield equal_rows(builder)


def shapes(builder: Builder) -> Iterator[Made]:
    """A square, one row, and long rows of whole vectors, each with labels of another dtype."""
    long = plan.LONG_ROWS[min(len(builder.letters), len(plan.LONG_ROWS) - 1) :]
    usual: list[Sequence[plan.Shape]] = [[plan.SQUARE], [plan.ONE_ROW], long]
    every = [[plan.OF_VARIANTS]] if builder.is_variant else usual
    for dtype, choices in zip(("int32", "uint8", "int64"), every, strict=False):
        fitting = (each for each in choices if builder.fits(*sizes_of(builder, *each)))
        batch, length, others = next(fitting, plan.SQUARE)
        compact, to = builder.here(*sizes_of(builder, batch, length, others), partial(cast_labels, dtype))
        yield builder.made("layouts", builder.label("layout"), f"batch_{shape_name(batch)}", NOTE, compact, to)


def sizes_of(
    builder: Builder, batch: tuple[int, ...], length: int, others: int
) -> tuple[tuple[int, ...], dict[str, int]]:
    """The batch and the length of each letter; where there is none, the last axis is one of the batch."""
    sizes = dict.fromkeys(builder.letters, others) | dict.fromkeys(builder.letters[:1], length)
    return (batch if builder.letters else (*batch, length)), sizes


def cast_labels(dtype: str, arrays: Arrays) -> None:
    """Put labels into another dtype."""
    for number, array in enumerate(arrays):
        if isinstance(array, np.ndarray) and array.dtype.kind == "i":
            arrays[number] = array.astype(dtype)


def thin(builder: Builder) -> Iterator[Made]:
    """One axis of length 1 beside others, as of a vector: the first one with a batch and without, the last one."""
    every = plan.THIN[:-1] if builder.is_variant else plan.THIN
    for end, batch, others in every if len(builder.letters) > 1 else ():
        letter = builder.letters[end]
        compact, to = builder.here(batch, dict.fromkeys(builder.letters, others) | {letter: 1})
        yield builder.made("layouts", builder.label("layout"), f"{letter}_1_others_{others}", NOTE, compact, to)


def equal_rows(builder: Builder) -> Made:
    """Rows that are equal, which one in memory stands for."""
    sizes = {BATCH: 4 if builder.letters else 16} | dict.fromkeys(builder.letters, plan.EQUAL_ROWS)
    sizes |= dict.fromkeys(builder.groups, plan.OTHER)
    arrays = [draw(leaf, sizes, builder.random("equal rows")) for leaf in builder.leaves]
    if builder.letters:
        for array, leaf in zip(arrays, builder.leaves, strict=True):
            if BATCH in leaf.axes or len(leaf.axes) == 1:  # of a bias all numbers are one
                array[:] = array[:1]
            if leaf.domain == "mask" and array.ndim > 1:
                array[:] = array[..., :1, :]  # all queries see the same keys
    same = None if builder.letters else Spread((4, 6), {BATCH: np.tile(np.arange(6), 4)})
    if builder.is_elementwise and not builder.rows_apart:  # elements that stand twice count twice
        arrays = [each[np.tile(np.arange(6), 4)] if np.ndim(each) else each for each in arrays]
        same = straight({BATCH: 24}, (4, 6))
    return builder.made("one_row", builder.label("layout"), "equal_rows", NOTE, builder.call(arrays), same)
