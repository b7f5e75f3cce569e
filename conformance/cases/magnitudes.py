"""Numbers of every magnitude: each row, or each element, has its own."""

import inspect
import math
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.rounding import finfo
from . import plan
from .build import Builder, Made
from .draw import Arrays, Leaf, draw, in_rows
from .reach import reaches, with_which_it_matters
from .spread import Spread, straight

NOTE = "a number of some magnitude is clamped, replaced by a sentinel, or lost"
SUBNORMAL = "subnormal numbers count as 0"


def cases(builder: Builder) -> Iterator[Made]:
    """The cases about magnitudes that the arguments of a formula have."""
    if builder.is_elementwise:
        if builder.rows_apart:  # the largest would be all that there is, where elements are added up
            yield from every_binade(builder)
    elif builder.formula.products:
        yield from products(builder)
    elif builder.has_classes:
        yield from smallest_of_all(builder)
    else:
        yield from rows_of_reals(builder)


def binades(builder: Builder) -> np.ndarray:
    """Numbers of both signs in every binade, those far from 1 less often where there are many, and powers of ten."""
    info = finfo(builder.dtype)
    low, high = int(np.log2(float(info.smallest_normal))), int(np.log2(float(info.max)))
    exponents = np.arange(low - 2, high)
    if len(exponents) > 600:
        exponents = exponents[(np.abs(exponents) < 128) | (exponents % 16 == 0)]
    numbers = np.concatenate([1.37 * 2.0**exponents, -1.37 * 2.0**exponents, 10.0 ** np.arange(-30, 31)])
    return np.asarray(numbers[np.abs(numbers) < float(info.max)])


def every_binade(builder: Builder) -> Iterator[Made]:
    """Elements of each magnitude in each argument alone; of many arguments, what may be squared within its range."""
    info = finfo(builder.dtype)
    largest, smallest = float(info.max), float(info.smallest_normal)
    special = 0.0, -0.0, 1.0, largest, -largest, smallest, smallest / 4
    every = np.concatenate([binades(builder), np.arange(-120, 120, 0.11), special, thresholds(builder)])
    floating = [number for number, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.axes]
    for number in floating:
        leaf, options = builder.leaves[number], with_which_it_matters(builder.formula, number)
        numbers = every
        if len(floating) > 2 and reaches(builder.formula, number):
            numbers = every[np.abs(every) < 2.0 ** (int(info.maxexp) - plan.SPARE)]
        elif len(floating) > 2:
            numbers = every[(every**2 < largest) & ((every**2 > smallest) | (every == 0))]
        arrays = [draw(each, {BATCH: len(numbers)}, builder.random("binades", number)) for each in builder.leaves]
        for other in floating:  # so that no product overflows on the way, in whatever order
            arrays[other] = np.clip(arrays[other], -1, 1).astype(builder.leaves[other].dtype)
        arrays[number] = (np.abs(numbers) if leaf.domain == "nonnegative" else numbers).astype(leaf.dtype)
        name, compact = f"every_binade_in_{number + 1}", builder.call(arrays, options)
        yield builder.made("magnitudes", builder.label("value"), name, NOTE, compact)
        if "nan" in builder.labels and len(floating) > 1:
            others = [each for each in floating if each != number]
            yield nan_beside(builder, number, arrays, others, options)
    yield from of_one_range(builder, floating)
    yield from of_zeros(builder, floating)
    pairs = zip(builder.small("subnormal"), builder.leaves, strict=True)
    few = [smallest_numbers(array, leaf) if leaf.axes else array for array, leaf in pairs]
    yield builder.made("magnitudes", builder.label("subnormal"), "subnormal", SUBNORMAL, builder.call(few))


def nan_beside(
    builder: Builder, number: int, arrays: Arrays, others: list[int], options: Mapping[str, Any] | None
) -> Made:
    """Numbers of which nothing overflows in one argument, beside each second of which the others have NaN."""
    usual = np.abs(arrays[number]) < min(plan.USUAL_RANGE, np.sqrt(float(finfo(builder.dtype).max)) / 8)
    found = [array[usual] if np.ndim(array) else array for array in arrays]
    for other in others:
        found[other][::2] = np.nan
    name, note = f"nan_beside_{number + 1}", "NaN beside a number of some magnitude is lost"
    return builder.made("magnitudes", builder.label("nan"), name, note, builder.call(found, options))


def thresholds(builder: Builder) -> np.ndarray:
    """Whole and half numbers near 0, the defaults and the literals of anybody's formula: where it may jump."""
    if builder.formula.is_own:
        return np.empty(0)
    defaults = [each for each in builder.formula.keywords.values() if type(each) in (int, float)]
    code, largest = getattr(inspect.unwrap(builder.formula.function), "__code__", None), float(finfo(builder.dtype).max)
    literals = [each for each in (code.co_consts if code else ()) if type(each) in (int, float)]
    own = np.asarray([float(each) for each in (*defaults, *literals) if abs(each) < largest])
    return np.concatenate([np.arange(-8, 8.5, 0.5), own, -own])


def of_one_range(builder: Builder, floating: list[int]) -> Iterator[Made]:
    """An argument of large numbers alone, of one sign, where a function may be the argument itself, or 0."""
    note = "the argument comes back as the result, or one that is computed for all of them"
    for number, sign in product(floating, (1, -1)):
        if sign > 0 or builder.leaves[number].domain != "nonnegative":
            arrays = builder.small("large", number, rows=plan.LONG[-1])
            arrays[number] = (sign * (100 + np.abs(arrays[number]))).astype(builder.leaves[number].dtype)
            name, compact = f"{'positive' if sign > 0 else 'negative'}_in_{number + 1}", builder.call(arrays)
            yield builder.made("magnitudes", builder.label("value"), name, note, compact)
            one = Spread((), {BATCH: np.arange(1)})
            yield builder.made("magnitudes", builder.label("value"), f"{name}_alone", note, compact, one)


def of_zeros(builder: Builder, floating: list[int]) -> Iterator[Made]:
    """Matrices in one argument of which some rows are 0, or all; or all numbers are 1, as the gradient of a sum."""
    batch, note = plan.ROWS_OF_ZEROS, "rows of zeros, as of a gradient that nobody asked for, are left as they are"
    every = ("rows_0", slice(1, None, 2), 0), ("all_0", slice(None), 0), ("all_1", slice(None), 1)
    each = (with_which_it_matters(builder.formula, number) or {} for number in floating)
    options = {name: value for some in each for name, value in some.items()}
    for number in floating:
        arrays = [draw(leaf, {BATCH: math.prod(batch)}, builder.random("zeros", number)) for leaf in builder.leaves]
        for name, rows, value in every:
            some = [*arrays]
            some[number] = some[number].reshape(batch).copy()
            some[number][rows] = value
            some[number] = some[number].reshape(-1)
            to = straight({BATCH: math.prod(batch)}, batch)
            compact = builder.call(some, options)
            yield builder.made("magnitudes", builder.label("value"), f"{name}_in_{number + 1}", note, compact, to)


def smallest_of_all(builder: Builder) -> Iterator[Made]:
    """Weights, and gradients, so small that their sum is subnormal too; with each option that is a word."""
    every = builder.formula.options.items()
    words = [{name: value} for name, values in every for value in values[1:] if isinstance(value, str)]
    for number, leaf in enumerate(builder.leaves):
        if not leaf.axes or leaf.domain not in ("nonnegative", "real"):
            continue
        for options in ({}, *words):
            arrays = builder.small("subnormal", number)
            arrays[number] = (arrays[number] * (finfo(leaf.dtype).smallest_normal / 128)).astype(leaf.dtype)
            name = "_".join([f"subnormal_in_{number + 1}", *map(str, options.values())])
            compact = builder.call(arrays, options)
            yield builder.made("magnitudes", builder.label("subnormal"), name, SUBNORMAL, compact)


def smallest_numbers(array: Any, leaf: Leaf) -> Any:
    """An array in each second place of which is a number, or the square of one, below the smallest normal number."""
    if not leaf.is_floating:
        return array
    smallest = float(finfo(leaf.dtype).smallest_normal)
    tiny = np.array(array, np.float64)
    tiny[::4] *= smallest / 8
    tiny[2::4] *= smallest / 8 if leaf.domain == "nonnegative" else np.sqrt(smallest) / 4
    return tiny.astype(leaf.dtype)


def products(builder: Builder) -> Iterator[Made]:
    """Factors of several magnitudes, and products below the smallest normal number."""
    info = finfo(builder.dtype)
    sizes = dict.fromkeys(builder.letters, plan.EVEN)
    compact, to = builder.here((plan.EVEN,) if len(sizes) < 3 else (), sizes, lines_apart)
    note = "lines of a matrix are added to others of another magnitude, as Strassen's and Winograd's products do"
    yield builder.made("magnitudes", builder.label("value"), "lines_apart", note, compact, to)
    last = in_rows(builder.leaves)[1:][-1:]  # such as values, or a gradient: it goes further
    for exponent in (-10, 10, int(info.nmant) // 2):
        powers = [0 if n == 1 else exponent for n in range(len(builder.leaves))]
        for number in last if abs(exponent) == 10 else ():
            powers[number] = int(math.copysign(far_power(builder.dtype), exponent))
        each = zip(builder.small("scaled"), builder.leaves, powers, strict=True)
        scaled = [times(array, leaf, 2.0**power) for array, leaf, power in each]
        yield builder.made("magnitudes", builder.label("value"), f"scale_2^{exponent}", NOTE, builder.call(scaled))
    root = float(np.sqrt(float(info.smallest_normal)))
    pairs = zip(builder.small("subnormal"), builder.leaves, strict=True)
    arrays = [  # what is added to the products of the first two is as small as they are
        times(array, leaf, root / 4 if n < 2 else root**2 / 4) for n, (array, leaf) in enumerate(pairs)
    ]
    note = "products below the smallest normal number are lost"
    yield builder.made("magnitudes", builder.label("subnormal"), "subnormal", note, builder.call(arrays))
    for number, leaf in enumerate(builder.leaves):
        if leaf.axes:
            arrays = builder.small("subnormal inputs")
            arrays[number] = smallest_numbers(arrays[number], leaf)
            name, compact = f"subnormal_in_{number + 1}", builder.call(arrays)
            yield builder.made("magnitudes", builder.label("subnormal"), name, SUBNORMAL, compact)


def times(array: Any, leaf: Leaf, factor: float) -> Any:
    """An array times a factor, in its dtype; a number as it is, which has a range."""
    return array if leaf.is_number else (array * array.dtype.type(factor)).astype(array.dtype)


def lines_apart(arrays: Arrays) -> None:
    """Rows of the first factor, and columns of the second, of several magnitudes."""
    for array, place in zip(arrays, (-2, -1), strict=False):
        if np.ndim(array) > 1:
            exponent = -(int(finfo(array.dtype).nmant) // 2) * (np.arange(array.shape[place]) % 3)
            array *= np.expand_dims(2.0**exponent, -1 - place).astype(array.dtype)


def rows_of_reals(builder: Builder) -> Iterator[Made]:
    """Rows of several magnitudes, where nothing is known of the formula."""
    no_gradient = builder.formula.is_own and len(in_rows(builder.leaves)) == 1  # squares alone are taken
    of_rows = (offset_rows, "mean", plan.OFFSET), (partial(scaled_rows, no_gradient), "scales", plan.SCALED)
    for change, name, lengths in (*(of_rows if in_rows(builder.leaves) else ()), (small_rows, "small", plan.SMALL)):
        for length in lengths if builder.letters else lengths[:1]:
            if builder.fits((plan.HARD_ROWS,), sizes := dict.fromkeys(builder.letters[:1], length)):
                compact, to = builder.here((plan.HARD_ROWS,), sizes, partial(change, builder.leaves))
                yield builder.made("magnitudes", builder.label("value"), f"{name}_of_{length}", NOTE, compact, to)
    if builder.rows_apart:
        reach = int(np.log2(float(finfo(builder.dtype).max))) // 4
        yield rows_scaled(builder, "rows", reach)


def rows_scaled(builder: Builder, name: str, reach: int) -> Made:
    """Rows, or elements, each of one magnitude in all arguments, up to some power of two."""
    arrays = builder.small(name)
    scales = 2.0 ** np.linspace(-reach, reach, builder.sizes(arrays)[BATCH])
    for number, leaf in enumerate(builder.leaves):
        if leaf.is_floating and BATCH in leaf.axes:
            arrays[number] = (arrays[number].T * scales).T.astype(leaf.dtype)
    return builder.made("magnitudes", builder.label("value"), name, NOTE, builder.call(arrays))


def offset_rows(leaves: list[Leaf], arrays: Arrays) -> None:
    """Rows of a large mean, of which a difference of two squares keeps nothing."""
    array = arrays[in_rows(leaves)[0]]
    exponents = int(0.42 * int(finfo(array.dtype).nmant)) + np.arange(len(array)) % 3
    means = 2.0 ** np.minimum(exponents, most_doublings(array)) * (-1.0) ** np.arange(len(array))
    array += np.expand_dims(means, tuple(range(1, array.ndim))).astype(array.dtype)


def most_doublings(array: np.ndarray) -> int:
    """How often the numbers of a row may be doubled, so that no sum of their squares overflows."""
    return int(np.log2(float(finfo(array.dtype).max) / array.shape[-1]) / 2) - 2


def small_rows(leaves: list[Leaf], arrays: Arrays) -> None:
    """Rows of small numbers alone, beside which an epsilon counts; a gradient of large ones and small ones in turn.

    What all rows share, such as a weight, has columns of large numbers and of small ones.
    """
    for turn, number in enumerate(in_rows(leaves)):
        if turn:
            large_and_small(arrays[number].T)
        else:
            arrays[number] *= arrays[number].dtype.type(2.0**-9)
    own = ((array, leaf.axes) for array, leaf in zip(arrays, leaves, strict=True) if leaf.is_floating)
    shared = [array for array, axes in own if axes and BATCH not in axes]
    for turn, array in enumerate(shared):
        large_and_small(array[..., turn :: len(shared) + 1])


def large_and_small(array: np.ndarray) -> None:
    """Make the numbers at the places of the last axis large and small in turn, in place."""
    array *= (2.0 ** (far_power(array.dtype) * (-1.0) ** np.arange(array.shape[-1]))).astype(array.dtype)


def far_power(dtype: np.dtype[Any]) -> int:
    """A power of two that is far from 1 in a dtype, and whose square is in the range of all but float16."""
    return max(int(np.log2(float(finfo(dtype).max))) // 4, 10)


def scaled_rows(squares: bool, leaves: list[Leaf], arrays: Arrays) -> None:
    """Rows of large, small and equal numbers, and rows with one that is not 0, or none: all squares are exact.

    Where squares are all that is taken, the large ones are as large as these allow.
    """
    array = arrays[in_rows(leaves)[0]]
    reach, most = int(np.log2(float(finfo(array.dtype).max))) // 4, max(most_doublings(array), 0)
    array[0] *= array.dtype.type(2.0 ** (most if squares else min(reach, most)))
    array[1] *= array.dtype.type(2.0**-reach)
    array[2] *= array.dtype.type(2.0**-8)
    array[3] = np.sign(array[3]) * array.dtype.type(1.37)
    for row, place in ((4, 0), (5, -1), (6, array.shape[-1] // 2)):
        only = array[row, ..., place].copy()
        array[row] = 0
        array[row, ..., place] = only
    array[7], array[8] = 0, 0.5
