"""Numbers of every magnitude: each row, or each element, has its own."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ...reference.validation import ends
from ..arithmetic.rounding import finfo
from ..formulas import Formula
from . import plan
from .behaviour import NEUTRAL
from .build import Builder, Made, accepted, results_of
from .draw import Arrays, Leaf, draw, in_rows, is_row, padded, row_of, usual
from .reach import reaches, with_which_it_matters
from .spread import Spread, once

NOTE = "a number of some magnitude is clamped, replaced by a sentinel, or lost"


def cases(builder: Builder) -> Iterator[Made]:
    """The cases about magnitudes that the arguments of a formula have."""
    domains = {leaf.domain for leaf in builder.leaves}
    rows = {leaf.domain for leaf in builder.leaves if is_row(leaf)}
    if builder.is_elementwise:
        if builder.rows_apart:  # the largest would be all that there is, where elements are added up
            yield from every_binade(builder)
    elif builder.formula.products:
        yield from products(builder)
    elif not builder.has_classes:
        yield from rows_of_reals(builder)
    if not builder.formula.is_own:
        yield coarse(builder)
        if not builder.formula.products:
            yield from together(builder)
    if "logit" in rows:
        yield from logits(builder)
        yield from largest_anywhere(builder)
    if "logit" in rows and builder.dtype.itemsize == 2:
        yield one_and_many(builder)
    if "probability" in rows:
        yield from probabilities(builder)
        yield from sums_of_probabilities(builder)
    if builder.has_classes and "real" in domains:
        yield from gradients(builder)


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
    others = 0.0, -0.0, 1.0, largest, -largest, smallest, smallest / 4
    every = np.concatenate([binades(builder), np.arange(-120, 120, 0.11), others, thresholds(builder)])
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
    yield from of_one_range(builder, floating)
    if "subnormal" in builder.labels:
        pairs = zip(builder.small("subnormal"), builder.leaves, strict=True)
        few = [smallest_numbers(array, leaf) if leaf.axes else array for array, leaf in pairs]
        note = "subnormal numbers count as 0"
        yield builder.made("magnitudes", builder.label("subnormal"), "subnormal", note, builder.call(few))


def thresholds(builder: Builder) -> np.ndarray:
    """Whole and half numbers near 0, and the defaults of anybody's formula: where it may jump, and on which side."""
    if builder.formula.is_own:
        return np.empty(0)
    defaults = [float(each) for each in builder.formula.keywords.values() if type(each) in (int, float)]
    return np.concatenate([np.arange(-8, 8.5, 0.5), defaults, np.negative(defaults)])


def of_one_range(builder: Builder, floating: list[int]) -> Iterator[Made]:
    """An argument of large numbers alone, of one sign, where a function may be the argument itself, or 0."""
    note = "the argument comes back as the result, or one that is computed for all of them"
    for number, sign in product(floating, (1, -1)):
        if sign > 0 or builder.leaves[number].domain != "nonnegative":
            arrays = builder.small("large", number)
            arrays[number] = (sign * (100 + np.abs(arrays[number]))).astype(builder.leaves[number].dtype)
            name, compact = f"{'positive' if sign > 0 else 'negative'}_in_{number + 1}", builder.call(arrays)
            yield builder.made("magnitudes", builder.label("value"), name, note, compact)
            one = Spread((), {BATCH: np.arange(1)})
            yield builder.made("magnitudes", builder.label("value"), f"{name}_alone", note, compact, one)


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
            powers[number] = int(math.copysign(far(builder.dtype), exponent))
        each = zip(builder.small("scaled"), builder.leaves, powers, strict=True)
        scaled = [times(array, leaf, 2.0**power) for array, leaf, power in each]
        yield builder.made("magnitudes", builder.label("value"), f"scale_2^{exponent}", NOTE, builder.call(scaled))
    if not builder.formula.is_own:  # whose pages say what overflows
        yield from far_from_1(builder)
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
            name, note = f"subnormal_in_{number + 1}", "subnormal numbers count as 0"
            yield builder.made("magnitudes", builder.label("subnormal"), name, note, builder.call(arrays))


def far_from_1(builder: Builder) -> Iterator[Made]:
    """Large numbers in all arguments, and small ones: whose squares are in range, and not those of these."""
    largest = int(0.4 * np.log2(float(finfo(builder.dtype).max)))
    for exponent in (largest, -largest):
        pairs = zip(builder.small("far from 1"), builder.leaves, strict=True)
        arrays = [times(array, leaf, 2.0**exponent) if leaf.is_floating else array for array, leaf in pairs]
        with np.errstate(all="ignore"):
            results = results_of(builder.formula, arrays, {})
        if all(np.all(np.isfinite(np.asarray(each, np.float64))) for each in results.values()):
            note = "a product of two sums of squares overflows, or underflows, or an epsilon is left out"
            yield builder.made("magnitudes", builder.label("value"), f"all_2^{exponent}", note, builder.call(arrays))


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
        yield rows_together(builder, "rows", 0.25)


def together(builder: Builder) -> Iterator[Made]:
    """Small numbers in all arguments at once, and large ones: what is added to a sum of them shows in no other case."""
    if builder.rows_apart:
        yield rows_together(builder, "together", 0.9)
        return
    reach = np.log2(float(finfo(builder.dtype).max))
    for exponent in (int(-0.6 * reach), int(-0.2 * reach), int(0.4 * reach)):
        pairs = zip(builder.small("together"), builder.leaves, strict=True)
        arrays = [times(array, leaf, 2.0**exponent) if leaf.is_floating else array for array, leaf in pairs]
        name = f"together_2^{exponent}"
        yield builder.made("magnitudes", builder.label("value"), name, NOTE, builder.call(arrays))


def coarse(builder: Builder) -> Made:
    """Quarters in one argument and powers of two in all else: nothing is rounded before a step, and numbers tie."""
    arrays, rng = builder.small("coarse"), builder.random("coarse")
    first = next((number for number, leaf in enumerate(builder.leaves) if leaf.is_floating), None)
    for number, leaf in enumerate(builder.leaves):
        shape = np.shape(arrays[number])
        if leaf.is_number:
            arrays[number] = power_of_two((*powers_in(leaf.domain), usual(leaf.domain)))
        elif leaf.is_floating:
            values = rng.integers(-8, 9, shape) / 4 if number == first else 2.0 ** rng.integers(-2, 2, shape)
            arrays[number] = np.asarray(values, leaf.dtype)
    floats = [name for name, value in builder.formula.keywords.items() if type(value) is float]
    options = {name: power_of_two(builder.formula.options.get(name, (0.5,))) for name in floats}
    note = "a step or a tie that no rounding error decides goes to the other side"
    compact = builder.call(arrays, options if accepted(builder.formula, arrays, options) else None)
    return builder.made("magnitudes", builder.label("value"), "coarse", note, compact)


def powers_in(domain: str) -> Iterator[float]:
    """A few powers of two that are in a range."""
    low, high = ends(domain) or (0.0, 1.0)
    yield from (power for power in (0.5, 2.0) if low < power < high)


def power_of_two(values: tuple[Any, ...]) -> Any:
    """The first of some numbers that is a power of two, or else the first."""
    return next((value for value in values if np.frexp(value)[0] == 0.5), values[0])


def rows_together(builder: Builder, name: str, part: float) -> Made:
    """Rows or elements of magnitudes within a part of the range, each of one in all arguments."""
    arrays = builder.small(name)
    reach = int(part * np.log2(float(finfo(builder.dtype).max)))
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
    array *= (2.0 ** (far(array.dtype) * (-1.0) ** np.arange(array.shape[-1]))).astype(array.dtype)


def far(dtype: np.dtype[Any]) -> int:
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


def with_rows(builder: Builder, domain: str, rows: Any, *key: str) -> Arrays:
    """Arrays of as many rows as there are of one argument, in a range of the dtype."""
    largest = float(finfo(builder.dtype).max)
    rows = np.array(rows, np.float64)
    rows = rows[np.abs(rows).max(axis=1) <= largest]
    arrays = builder.small(*key, rows=len(rows))
    at = row_of(builder.leaves, domain)
    arrays[at] = rows.astype(builder.dtype)
    return arrays


def logits(builder: Builder) -> Iterator[Made]:
    """Rows of logits: offsets, distances, ties, and each binade."""
    info = finfo(builder.dtype)
    largest, smallest = float(info.max), float(info.smallest_normal)
    base = builder.random("logits").normal(size=plan.LENGTH)
    exact = 2.0 ** (int(info.nmant) - 8)
    offsets = [base + offset for offset in (-200, -40_000, -60_000, exact, -exact, 0)]
    ties: list[Any] = [[1.0] * count + [0.0] * (plan.LENGTH - count) for count in range(1, plan.LENGTH + 1)]
    alternating = np.arange(plan.LENGTH) % 2.0  # the first, middle and last are alike
    ties += [alternating, -alternating]
    far = -0.9 * largest
    distances: list[Any] = [base * scale for scale in (30, 300, 1e3, 1e4)]
    distances += [[far, far, 0.9 * far, far / 0.9, far], [-far, far, 0, -far, 1]]
    distances += [[0, -104, -90, -87.5, -745], np.arange(plan.LENGTH) * -25.0, [1e-3, 0, -1e-3, smallest / 4, smallest]]
    numbers = np.concatenate([binades(builder), [-1000.0, 1000.5, 20.0, -20.0]])
    equal = np.repeat(numbers[:, None], plan.LENGTH, axis=1)
    near = numbers[np.abs(numbers) < 1e5, None] * [1, -1, 0.5, 0, 1]
    for name, label, rows in (
        ("offsets", "shift", [*offsets, *ties]),
        ("distances", "spread", distances),
        ("every_binade", "shift", equal),
        ("every_difference", "spread", near),
    ):
        compact = builder.call(with_rows(builder, "logit", rows, name))
        yield builder.made("magnitudes", builder.label(label), name, NOTE, compact)


def largest_anywhere(builder: Builder) -> Iterator[Made]:
    """Long rows whose largest logit is at one place after the other; and rows that rise, or fall, block by block.

    One of these rises by little each time, so that what is not rescaled shows; its largest logit is there twice.
    """
    letter, batch = builder.letters[0], plan.COLUMNS + 3
    logits = [n for n, leaf in enumerate(builder.leaves) if leaf.domain == "logit" and leaf.axes == (BATCH, letter)]
    if builder.behaviour[letter] != NEUTRAL or not logits:
        return
    sizes = {BATCH: batch} | dict.fromkeys(builder.letters, plan.COLUMNS)
    rng = builder.random("anywhere")
    arrays = [draw(leaf, sizes, rng) for leaf in builder.leaves]
    x, step = arrays[logits[0]], np.arange(plan.COLUMNS)
    beyond = math.ceil(plan.BEYOND_EXP * math.log(float(finfo(builder.dtype).max)))
    x[step, step] += beyond
    x[-3] = np.cumsum(2.0 ** -(plan.SMALL_RISE + step % plan.SMALL_RISES)).astype(x.dtype)
    x[-3, -1] = x[-3, -2]
    x[-2] += (beyond * step / plan.COLUMNS).astype(x.dtype)
    x[-1] -= (beyond * step / plan.COLUMNS).astype(x.dtype)
    index = {name: np.arange(size) for name, size in sizes.items()}
    index[letter] = once(plan.ANYWHERE, plan.COLUMNS, rng)
    compact = builder.call(padded(arrays, builder.leaves, letter, finite=True))
    note = "the largest logit of some blocks is not seen, or what was summed is not rescaled to it"
    to = Spread((batch,), index)
    yield builder.made("magnitudes", builder.label("shift"), "anywhere", note, compact, to)


def one_and_many(builder: Builder) -> Made:
    """Long rows in which one class has nearly all: what each other one adds is lost in a sum of half precision."""
    sizes = {BATCH: plan.HARD_ROWS} | dict.fromkeys(builder.letters, plan.SPECIAL)
    arrays = [draw(leaf, sizes, builder.random("one and many")) for leaf in builder.leaves]
    for array, leaf in zip(arrays, builder.leaves, strict=True):
        if leaf.domain == "logit" and is_row(leaf):
            array[:, 0] += 10
        elif leaf.domain == "real" and array.ndim > 1:
            array += 1000
    note = "sums are rounded to half precision"
    return builder.made("magnitudes", builder.label("value"), "one_and_many", note, builder.call(arrays))


def probabilities(builder: Builder) -> Iterator[Made]:
    """Probabilities at the ends of the clip, and beyond them."""
    smallest = max(float(finfo(builder.dtype).smallest_normal), 1e-37)
    first = [
        0.0,
        1e-30,
        1e-20,
        1e-16,
        1e-15,
        1e-12,
        1e-7,
        1e-3,
        0.999,
        1 - 1e-7,
        1.0,
        smallest,
        1.5,
        17.0,
        -0.5,
        -1e-30,
    ]
    rows = [[number, 0.5, 1.0, 0.25, 0.125] for number in first]
    arrays = with_rows(builder, "probability", rows, "probabilities")
    for number, leaf in enumerate(builder.leaves):
        if leaf.domain == "weight":
            arrays[number] = np.ones_like(arrays[number])
    for options in intervals(builder.formula):
        if not accepted(builder.formula, arrays, options):
            continue
        label = builder.label("clip_argument" if options else "clip")
        (ends,) = options.values() or (None,)
        name, note = f"clip_{ends}", "the ends of the clip, and beyond"
        yield builder.made("magnitudes", label, name, note, builder.call(arrays, options))


def sums_of_probabilities(builder: Builder) -> Iterator[Made]:
    """Probabilities that nearly add up to 1."""
    arrays = builder.small("sums")
    at = row_of(builder.leaves, "probability")
    values = arrays[at].astype(np.float64)
    off = np.resize([-(2.0**-4), 2.0**-5, -(2.0**-7), 2.0**-8, -(2.0**-11), 2.0**-11], len(values))
    values *= ((1 + off) / values.sum(axis=1))[:, None]
    arrays[at] = values.astype(builder.dtype)
    label, note = builder.label("probabilities"), "probabilities that nearly add up to 1 are made to"
    yield builder.made("magnitudes", label, "sums_of_probabilities", note, builder.call(arrays))


def gradients(builder: Builder) -> Iterator[Made]:
    """Gradients whose sum is nearly 0 or 1."""
    at = [leaf.domain for leaf in builder.leaves].index("real")
    if len(builder.leaves[at].axes) == 2:
        arrays = builder.small("sums")
        gradient = arrays[at]
        for row, total in enumerate((0.0, 1.0, 1e-5, 1 + 1e-5, 1e-3, 0.9995, -1.0, 2.0)):
            gradient[row] += ((total - gradient[row].sum()) / plan.LENGTH).astype(builder.dtype)
        note = "the gradients are taken to add up to 0 or 1"
        yield builder.made("magnitudes", builder.label("value"), "gradient_sums", note, builder.call(arrays))


def intervals(formula: Formula) -> Iterator[dict[str, Any]]:
    """The options that are intervals, such as the ends of a clip, with each of their values; the default first."""
    yield {}
    for name, values in formula.options.items():
        yield from ({name: value} for value in values if isinstance(value, tuple))
