"""Special values: NaN, infinities and zeros in each argument, alone and two in a row."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...reference.declaration import BATCH, is_fixed, letter_of
from . import plan
from .build import Builder, Made, results_of
from .draw import Arrays, Leaf, argument_counts, is_row, neutral
from .spread import Spread, straight

NAN, INF = np.nan, np.inf
NOTE = "a special value is replaced, or reaches another row"
# What the rows of one argument begin with; the rest of a row is plain, or all of it this one value.
WITH_NAN: tuple[tuple[float, ...], ...] = ((NAN,), (-NAN,), (NAN, -INF), (NAN, INF), (NAN, 0.0), (NAN, NAN))
WITH_INFINITY: tuple[tuple[float, ...], ...] = ((INF,), (-INF,), (INF, -INF), (INF, INF), (-INF, -INF), (-INF, 0.0))
DEVIATIONS = np.asarray([0, 1, -2, 1, 0]) / 4  # of the numbers of one axis: none at its ends, nor in their sum
WHOLE_ROWS = {"nan": (NAN,), "infinity": (INF, -INF)}


def cases(builder: Builder) -> Iterator[Made]:
    """Each special value in each argument that may have it, where the page says what comes of it."""
    for number, leaf in enumerate(builder.leaves):
        if not leaf.is_floating or weighs_classes(builder, leaf):
            continue
        for label, starts in (("nan", WITH_NAN), ("infinity", WITH_INFINITY)):
            if label not in builder.labels:
                continue
            allowed = [start for start in starts if all(may_have(builder, leaf, value) for value in start)]
            if not allowed:
                continue
            name = f"{label}_in_{number + 1}"
            if BATCH in leaf.axes and builder.rows_apart:
                arrays = in_rows(builder, number, allowed, WHOLE_ROWS[label])
                plain = builder.call(needed(builder, number, arrays))
                to = of_heads(builder, arrays) if len(builder.letters) > 2 else None
                yield builder.made("specials", builder.label(label), name, NOTE, plain, to)
                yield from among_many(builder, number, label, allowed, arrays)
                name, zeroed = f"{name}_beside_zeros", facing_zeros(builder, number, arrays, label == "infinity")
                to = in_many_axes(builder, zeroed)
                yield builder.made("specials", builder.label(label), name, NOTE, builder.call(zeroed), to)
            else:
                yield from one_by_one(builder, number, label, name, [start[0] for start in allowed if len(start) == 1])
        yield from zeros(builder, number)
        if leaf.domain == "logit" and is_row(leaf) and builder.rows_apart and "infinity" in builder.labels:
            yield of_one_class(builder, number)
    floating = [number for number, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.axes]
    if builder.is_elementwise and len(floating) == 2:
        yield from together(builder, floating)


def weighs_classes(builder: Builder, leaf: Leaf) -> bool:
    """Whether an argument has a number for each class that is the same in all samples, of which no page speaks."""
    return builder.has_classes and bool(leaf.axes) and BATCH not in leaf.axes


def may_have(builder: Builder, leaf: Leaf, value: float) -> bool:
    """Whether a special value is an input: no infinite label, and no infinite gradient of a class formula."""
    if np.isnan(value) or value == 0:
        return True
    if leaf.domain == "weight" or (leaf.domain == "real" and builder.has_classes) or "infinity" not in builder.labels:
        return False
    return leaf.domain != "nonnegative" or value > 0


def in_rows(builder: Builder, number: int, starts: list[tuple[float, ...]], whole: tuple[float, ...]) -> Arrays:
    """Rows with the values side by side, again under labels of 0 or in both halves, and rows of one value."""
    leaf = builder.leaves[number]
    count = 2 * len(starts) + len(whole)
    arrays = builder.small("specials", number, rows=count + 4 + -(count + 4) % 8)  # in whole tiles of rows
    array = arrays[number]
    if array.ndim == 1:  # a row has one element
        array[: len(starts)] = [start[0] for start in starts]
        array[len(starts) : 2 * len(starts)] = [start[0] for start in starts]
    else:
        half = 1 if builder.has_classes else max(array.shape[-1] // 2, 1)  # where a pair may stand apart
        for row, start in enumerate([*starts, *starts]):
            step = half if row >= len(starts) else 1
            *middle, columns = side_by_side(row, len(start), step, leaf, array.shape)
            array[(row, *middle, columns)] = start[: len(columns)]
    for row, value in enumerate(whole, 2 * len(starts)):
        if may_have(builder, leaf, value):
            array[row] = value
    for other, each in zip(arrays, builder.leaves, strict=True):
        if each.domain == "weight" and other is not array and each.axes[:1] == (BATCH,) and len(each.axes) > 1:
            other[: len(starts), 2:4] = 0.5
            other[len(starts) : 2 * len(starts), 2:4] = 0
            other[len(starts)] = 0
            other[1, 2:4] = -0.5
            other[2 * len(starts) :, :2] = 0.25
    return arrays


def side_by_side(row: int, count: int, step: int, leaf: Leaf, shape: tuple[int, ...]) -> list[Any]:
    """The place of some values in a row, behind two others; along axes of a fixed length it is another in each row."""
    place: list[Any] = []
    for axis, length in zip(leaf.axes[1:-1], shape[1:-1], strict=True):
        place.append(row % length if is_fixed(axis) else min(2, length - 1))
        row = row // length if is_fixed(axis) else row
    columns = 2 + step * np.arange(count)
    few = (row + np.arange(min(count, shape[-1]))) % shape[-1]
    return [*place, columns if columns[-1] < shape[-1] else few]


def inside(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A place in an array that is neither at its start nor at its end, if it has one."""
    return tuple(min(2, length - 1) for length in shape)


def needed(builder: Builder, number: int, arrays: Arrays) -> Arrays:
    """The arrays without those that may be left out, such as a mask: kernels have ways of their own without them."""
    counts = argument_counts(builder.formula)
    left = len(arrays) - (counts[0] - counts[-1])
    return arrays[:left] if number < left else arrays


def of_heads(builder: Builder, arrays: Arrays) -> Spread:
    """A batch of two axes, as of samples and heads: kernels have ways of their own for matrices of four axes."""
    sizes = builder.sizes(arrays)
    return straight(sizes, (2, sizes[BATCH] // 2))


def in_many_axes(builder: Builder, arrays: Arrays) -> Spread:
    """A batch of four axes, of which one is of length 1; of five where each element stands for itself."""
    sizes = builder.sizes(arrays)
    return straight(sizes, (2, sizes[BATCH] // 4, 1, 2, *([] if builder.letters else [1])))


def among_many(
    builder: Builder, number: int, label: str, starts: list[tuple[float, ...]], arrays: Arrays
) -> Iterator[Made]:
    """The same in long rows, at their ends; or among many elements."""
    name = f"{label}_in_{number + 1}_among_many"
    if not builder.letters:
        rows, columns = plan.MANY_SPECIAL
        many = rows, max(min(columns, builder.most_rows // rows), 1)
        to = Spread(many, {BATCH: np.arange(math.prod(many)) % len(arrays[number])})
        yield builder.made("specials", builder.label(label), name, NOTE, builder.call(arrays), to)
        return
    axes = builder.leaves[number].axes
    own = [letter_of(axis) for axis in axes if axis != BATCH and not is_fixed(axis)]
    elsewhere = own and builder.letters[0] not in own and not builder.is_variant
    letter = own[0] if elsewhere else builder.letters[0]
    sizes = {letter: plan.SPECIAL}
    if builder.has_classes or letter not in own or is_fixed(axes[-1]) or not builder.fits((12,), sizes):
        return
    compact, to = builder.here((12,), sizes, partial(end_with, number, starts))
    yield builder.made("specials", builder.label(label), name, NOTE, compact, to)


def of_one_class(builder: Builder, number: int) -> Made:
    """Rows of one class, whose result is known beforehand but for these."""
    starts: list[tuple[float, ...]] = [(value,) for value in (INF, -INF, NAN)]
    sizes = {builder.leaves[number].axes[-1]: 1}
    compact, to = builder.here((len(starts) + 1,), sizes, partial(end_with, number, starts))
    return builder.made("specials", builder.label("infinity"), f"one_class_in_{number + 1}", NOTE, compact, to)


def end_with(number: int, ends: list[tuple[float, ...]], arrays: Arrays) -> None:
    """Put values at the end of the first rows of an argument, a row each."""
    array = arrays[number]
    for row, end in enumerate(ends):
        array[(row, *[-1] * (array.ndim - 2), slice(array.shape[-1] - len(end), None))] = end


def one_by_one(builder: Builder, number: int, label: str, name: str, values: list[float]) -> Iterator[Made]:
    """One special value in one place, where it may reach many elements."""
    for value in dict.fromkeys(map(str, values)):
        rows = plan.MANY_ROWS if builder.letters else plan.BATCH
        arrays = builder.small("specials", number, rows=rows)
        arrays[number][inside(arrays[number].shape)] = float(value)
        plain = builder.call(needed(builder, number, arrays))
        yield builder.made("specials", builder.label(label), f"{name}_{value}", NOTE, plain)
        beside, zeroed = f"{name}_{value}_beside_zeros", facing_zeros(builder, number, arrays, label == "infinity")
        yield builder.made("specials", builder.label(label), beside, NOTE, builder.call(zeroed))


def facing_zeros(builder: Builder, number: int, given: Arrays, whole: bool) -> Arrays:
    """The arrays with zeros where they meet the special values of one, in half of the rows, and in a row and a column.

    If `whole`, all of an array without a batch is 0, such as weights of which none counts.
    """
    arrays = [np.array(array) if leaf.axes else array for array, leaf in zip(given, builder.leaves, strict=True)]
    met = {*builder.leaves[number].axes} - {BATCH}
    for other, leaf in enumerate(builder.leaves):
        if other == number or not leaf.is_floating or not leaf.axes:
            continue
        all_of_it = whole and BATCH not in leaf.axes and not weighs_classes(builder, leaf)
        faces = bool(met & {*leaf.axes})
        sizes = np.shape(arrays[other])
        where = [zeros_along(*axis, met, all_of_it, faces) for axis in zip(leaf.axes, sizes, strict=True)]
        nothing = neutral(leaf, leaf.axes[-1], finite=True) if leaf.domain == "logit" else 0
        arrays[other][tuple(where)] = nothing
        if len(leaf.axes) > 1:
            arrays[other][..., 0] = arrays[other][0] = nothing
    return arrays


def zeros_along(letter: str, length: int, met: set[str], whole: bool, faces: bool) -> Any:
    """Where an array is 0 along a letter: everywhere, at the special values, or at every second place."""
    if whole or (faces and letter != BATCH and letter not in met):
        return slice(None)
    return sorted({0, *inside((length,))}) if letter in met else slice(None, None, 2)


def zeros(builder: Builder, number: int) -> Iterator[Made]:
    """Zeros in half of an argument, and an argument of nothing else, beside NaN in another one.

    A bias has zeros at both ends instead, and adds up to 0; a weight beside zeros has ones there, and a mean of 1.
    """
    for name in ("some", "only"):
        arrays: list[Any] = [np.array(array) if each.axes else array for array, each in pairs(builder, number)]
        if not np.ndim(arrays[number]):
            continue
        label = builder.label("zero_gradient") if number == 1 else builder.label("value")
        if name == "only":
            arrays[number][...] = 0
            if spoilt := spoilt_beside(builder, number, arrays):
                arrays, label = spoilt, builder.label("nan")
        else:
            arrays[number][: len(arrays[number]) // 2] = 0
            for n, each in enumerate(builder.leaves):
                if each.is_floating and BATCH not in each.axes and np.shape(arrays[n]) == DEVIATIONS.shape:
                    arrays[n] = np.asarray((n != number) + DEVIATIONS, each.dtype)
        note = "zeros are skipped, or divided by"
        yield builder.made("specials", label, f"{name}_zeros_in_{number + 1}", note, builder.call(arrays))


def spoilt_beside(builder: Builder, number: int, arrays: Arrays) -> Arrays:
    """The arrays that are needed, with NaN in the last row of another one; none if nothing finite is left."""
    others = (n for n, leaf in enumerate(builder.leaves) if n != number and leaf.is_floating and BATCH in leaf.axes)
    other = next((n for n in others if builder.leaves[n].domain != "weight"), None)
    if other is None or "nan" not in builder.labels:
        return []
    spoilt = [np.array(array) if n == other else array for n, array in enumerate(arrays)]
    spoilt[other].reshape(-1)[-1] = NAN
    with np.errstate(all="ignore"):
        found = results_of(builder.formula, spoilt, {})
    finite = any(np.isfinite(np.asarray(each, np.float64)).any() for each in found.values())
    return needed(builder, number, spoilt) if finite else []


def pairs(builder: Builder, number: int) -> Iterator[tuple[Any, Leaf]]:
    """The small arrays with their leaves."""
    return zip(builder.small("zeros", number), builder.leaves, strict=True)


def together(builder: Builder, floating: list[int]) -> Iterator[Made]:
    """Each value of one argument with each of the other, element by element."""
    every = (NAN, INF, -INF, 0.0, -0.0, 1.5, -1.5)
    for label in ("nan", "infinity"):
        if label not in builder.labels:
            continue
        values = [value for value in every if label == "nan" or not np.isnan(value)]
        values = [value for value in values if "infinity" in builder.labels or not np.isinf(value)]
        columns = np.array(list(product(values, repeat=2)))
        arrays = builder.small("together")
        for column, number in enumerate(floating):
            arrays[number] = np.resize(columns[:, column], len(columns)).astype(builder.leaves[number].dtype)
        if all(np.shape(array) in ((), (len(columns),)) for array in arrays):
            yield builder.made("specials", builder.label(label), f"{label}_together", NOTE, builder.call(arrays))
