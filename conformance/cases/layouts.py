"""Arrays that a subject is given in every memory layout: shapes for which kernels read memory in other ways."""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ...reference.declaration import AXIS, BATCH
from . import plan
from .build import Builder, Made, label_dtypes, shape_name
from .draw import Arrays, Leaf, draw
from .labels import ignore
from .options import choosable, offered
from .spread import straight

NOTE = "the memory layout is taken for another"


def cases(builder: Builder) -> Iterator[Made]:
    """Calls whose arguments lie in each layout, all of them and each alone."""
    yield from shapes(builder)
    yield from row_by_square(builder)
    yield from of_narrow_labels(builder)
    yield from thin(builder)
    if builder.has_axis:
        batch, length, _ = plan.OF_VARIANTS
        compact, to = builder.here(batch, {builder.letters[0]: length})
        label, to = builder.label("layout"), to._replace(axis=0)
        yield builder.made("layouts", label, "axis_0", NOTE, compact, to, axis=0)
    yield from with_options(builder)
    yield from equal_rows(builder)
    yield equal_in_one_axis(builder)


def with_options(builder: Builder) -> Iterator[Made]:
    """Several axes of the batch, along another axis than the last, with other options than the defaults."""
    if builder.is_line:
        return
    batch, sizes = sizes_of(builder, *plan.OF_OPTIONS)
    sizes[BATCH] = math.prod(batch)
    arrays = [draw(leaf, sizes, builder.random("layouts", "options")) for leaf in builder.leaves]
    named = choosable(builder)
    wanted = {name: next(filter(None, values[1:]), values[1]) for name, values in named.items()}
    options = offered(builder, arrays, wanted, named)
    if options is None:
        return
    ignore(builder, arrays, options)
    compact = builder.call(arrays, options)
    for axis in (-1, -2) if builder.has_axis else (-1,):
        to, along = straight(sizes, batch), dict[str, int]()
        if axis != -1:
            to, along = to._replace(axis=len(batch) + 1 + axis), {AXIS: axis}
        name = f"with_options{axis if along else ''}"
        yield builder.made("layouts", builder.label("layout"), name, NOTE, compact, to, **along)


def shapes(builder: Builder) -> Iterator[Made]:
    """A square, one row, long rows of whole vectors, and rows within one, each with labels of another dtype."""
    long = plan.LONG_ROWS[min(len(builder.letters), len(plan.LONG_ROWS) - 1) :]
    usual: list[Sequence[plan.Shape]] = [[plan.SQUARE], [plan.ONE_ROW], long, [plan.NARROW]]
    every = [[plan.OF_VARIANTS]] if builder.is_variant else usual
    for dtype, choices in zip(("int32", "uint8", "int64", "int32"), every, strict=False):
        fitting = (each for each in choices if builder.fits(*sizes_of(builder, *each)))
        batch, length, others = next(fitting, plan.SQUARE)
        compact, to = builder.here(*sizes_of(builder, batch, length, others), partial(cast_labels, dtype))
        yield builder.made("layouts", builder.label("layout"), f"batch_{shape_name(batch)}", NOTE, compact, to)


def row_by_square(builder: Builder) -> Iterator[Made]:
    """One row, without a batch, by a matrix that is taken for its transpose."""
    if len(builder.letters) > 1 and not builder.is_variant:
        compact, to = builder.here(*sizes_of(builder, *plan.ROW_BY_SQUARE))
        yield builder.made("layouts", builder.label("layout"), "row_by_square", NOTE, compact, to)


def of_narrow_labels(builder: Builder) -> Iterator[Made]:
    """Labels of one byte and of two, which lie in memory in other ways than those of eight."""
    has_labels = any(leaf.domain == "index" for leaf in builder.leaves) and not builder.is_variant
    for dtype in ("int8", "int16") if has_labels and len(label_dtypes(builder.formula)) > 1 else ():
        compact, to = builder.here(*sizes_of(builder, *plan.SQUARE), partial(cast_labels, dtype))
        yield builder.made("layouts", builder.label("layout"), f"labels_of_{dtype}", NOTE, compact, to)


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


def equal_rows(builder: Builder) -> Iterator[Made]:
    """Rows that are equal, which one in memory stands for: those of all arguments, and of each alone beside others.

    And numbers that are equal, in each argument alone, as the gradient of a sum is.
    """
    for shapes in plan.EQUAL[:1] if builder.groups else plan.EQUAL:
        rows, columns = shapes[bool(builder.letters)]
        sizes = {BATCH: rows if builder.letters else rows * columns} | dict.fromkeys(builder.letters, columns)
        sizes |= dict.fromkeys(builder.groups, plan.OTHER)
        if builder.largest(sizes) > plan.MOST_LONG:  # as beside long axes that are fixed
            continue
        arrays = [draw(leaf, sizes, builder.random("equal rows")) for leaf in builder.leaves]
        pairs = [*zip(arrays, builder.leaves, strict=True)]
        count = 1 if builder.letters else columns
        equal = [with_equal_rows(array, leaf, count) if np.ndim(array) else array for array, leaf in pairs]
        changed = [number for number, array in enumerate(arrays) if not np.array_equal(array, equal[number])]
        wanted = [("equal_rows", dict.fromkeys(changed, equal))]
        wanted += [(f"equal_rows_in_{number + 1}", {number: equal}) for number in changed if len(changed) > 1]
        if not builder.is_variant:
            numbers = [np.full_like(array, np.ravel(array)[0]) for array in arrays]
            floating = [number for number, (array, leaf) in enumerate(pairs) if leaf.is_floating and np.ndim(array)]
            wanted += [(f"equal_numbers_in_{number + 1}", {number: numbers}) for number in floating]
        to = None if builder.letters else straight(sizes, (rows, columns))
        for name, chosen in wanted:
            call = builder.call([chosen.get(number, arrays)[number] for number in range(len(arrays))])
            yield builder.made("one_row", builder.label("layout"), f"{name}_of_{rows}", NOTE, call, to)


def equal_in_one_axis(builder: Builder) -> Made:
    """Rows that are equal along the second of two axes of the batch alone."""
    first, second = batch = plan.EQUAL_IN_ONE
    sizes = {BATCH: first} | dict.fromkeys(builder.letters, plan.LENGTH)
    arrays = [draw(leaf, sizes, builder.random("equal in one axis")) for leaf in builder.leaves]
    arrays = [
        np.repeat(array, second, axis=0) if leaf.axes[:1] == (BATCH,) else array
        for array, leaf in zip(arrays, builder.leaves, strict=True)
    ]
    to = straight(sizes | {BATCH: first * second}, batch)
    name = f"equal_in_one_axis_of_{shape_name(batch)}"
    return builder.made("one_row", builder.label("layout"), name, NOTE, builder.call(arrays), to)


def with_equal_rows(array: np.ndarray, leaf: Leaf, count: int) -> np.ndarray:
    """An array with its first ones in the place of all; of a bias all numbers are one, and all queries see one mask."""
    if BATCH not in leaf.axes and len(leaf.axes) > 1:
        return array
    first = array[:count]
    return np.resize(first[..., :1, :] if leaf.domain == "mask" and array.ndim > 2 else first, array.shape)
