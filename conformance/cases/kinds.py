"""Kinds of shape: lengths and batches, axes, tiles, nothing at all; and memory layouts, which have their own module."""

import math
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

import numpy as np

from ...reference.declaration import AXIS, BATCH, shape_of
from ..arithmetic.rounding import finfo
from ..formulas import Case
from . import layouts, plan
from .behaviour import MIXED
from .build import Builder, Made, accepted, as_drawn, results_of, shape_name
from .draw import Arrays, Leaf, argument_counts, draw, in_rows, neutral
from .magnitudes import lines_apart
from .spread import straight


def cases(builder: Builder, seed: int) -> Iterator[Made]:
    """All cases about shapes, and those of the seed; of a variant lengths and layouts alone."""
    if builder.is_variant:
        yield from pairs(builder)
        yield from layouts.cases(builder)
        return
    for kind in (pairs,) if builder.is_line else (pairs, axes, tiles, layouts.cases, same, empty):
        yield from kind(builder)
    yield from seeded(builder, seed)


def pairs(builder: Builder) -> Iterator[Made]:
    """The cases of lengths and batches, with labels of int32 and int64 in turn."""
    counts, shorter = argument_counts(builder.formula), dict[int, Case]()
    for number, made in enumerate(all_pairs(builder)):
        if number // 2 % 2 and len(counts) > 1 and not builder.is_variant:
            made = without(builder.leaves[counts[-1] - counts[0] :], made, shorter)
        yield made._replace(labels=plan.PAIRED_LABELS[number % 2])


def without(last: list[Leaf], made: Made, known: dict[int, Case]) -> Made:
    """A case without the last arguments, which may be left out; the calls of those that share one are one.

    It is as it was where a long axis is filled with what a mask hides.
    """
    if any(leaf.domain == "mask" and len(made.to.indices[leaf.axes[-1]]) > plan.COLUMNS for leaf in last):
        return made
    given = made.compact
    known.setdefault(id(given), given._replace(arguments=given.arguments[: -len(last)]))
    return made._replace(compact=known[id(given)], leaves=made.leaves[: -len(last)])


def all_pairs(builder: Builder) -> Iterator[Made]:
    """Each length of the last axis with a batch; then each length of the other axis."""
    if not builder.letters:
        yield from of_elements(builder)
        return
    note = "the end of a row or of a batch is left out, or a batch of this shape is taken for another"
    others = plan.OTHERS if len(builder.letters) < 3 else {}
    for batch, length in plan.PAIRS_OF_VARIANTS if builder.is_variant else plan.PAIRS:
        of_others = (others.get(length, plan.OTHER), 2, 1)  # fewer where there are too many rows for more
        fewer = plan.OF_OTHER_LENGTHS if builder.has_fixed else ()  # rows, where fixed axes leave no room for more
        every = [dict.fromkeys(builder.letters[1:], each) | {builder.letters[0]: length} for each in of_others]
        possible = (each for each in product((batch, *fewer), every) if builder.fits(*each))
        batch, sizes = next(possible, (batch, {}))
        if not sizes:
            continue
        # Where the length is one more than a multiple of 4, the neutral logits are -infinity.
        soft = builder.is_variant and any(leaf.domain == "weight" for leaf in builder.leaves)  # a page leaves it open
        may_be = "infinity" in builder.labels and has_logits(builder) and not soft
        infinite = length % 4 == 1 and length > plan.COLUMNS and may_be
        compact, to = builder.here(batch, sizes, uneven(builder, not infinite), finite=not infinite)
        label = builder.label("infinity") if infinite else builder.label("value")
        yield builder.made("pairs", label, f"{shape_name(batch)}_by_{length}", note, compact, to)
    for letter in builder.letters[1:]:
        lengths = plan.OTHER_LENGTHS_OF_VARIANTS if builder.is_variant else plan.OTHER_LENGTHS
        for length in plan.GROUPS if letter in builder.groups else lengths:
            sizes = {letter: length, builder.letters[0]: plan.LENGTH}
            batches = (*([plan.OF_ONE] if length == 1 else []), *plan.OF_OTHER_LENGTHS)
            fitting = next((each for each in batches if builder.fits(each, sizes)), None)
            if fitting is not None:
                compact, to = builder.here(fitting, sizes)
                note = "what is beyond whole blocks is left out"
                yield builder.made("pairs", builder.label("value"), f"{letter}_{length}", note, compact, to)
    if builder.is_variant:
        return
    if len(builder.letters) > 1:
        yield from alone(builder)
        yield from long_together(builder)


def long_together(builder: Builder) -> Iterator[Made]:
    """Several axes beyond a block: all of one length, and each longer than the one before, or than the one after.

    Lines of the largest matrices are of several magnitudes: those of fewer multiplications are taken for large ones.
    """
    letters = builder.letters
    (batch, length), large = plan.CUBE, plan.LARGE_CUBE
    of_large = (dict.fromkeys(letters, large), () if len(letters) > 2 else (large,))
    shapes = {f"all_{large}": of_large}
    if len(letters) > 2:
        shapes[f"all_{length}"] = dict.fromkeys(letters, length), batch
        shapes["rising_lengths"] = dict(zip(letters, plan.STAIRS, strict=False)), batch
        shapes["falling_lengths"] = dict(zip(letters, reversed(plan.STAIRS), strict=False)), batch
    note = "what is beyond the first blocks is left out, or computed in another way, where several axes are long"
    for name, (sizes, rows) in shapes.items():
        if builder.fits(rows, sizes):
            apart = builder.formula.products and name == f"all_{large}"
            compact, to = builder.here(rows, sizes, lines_apart if apart else as_drawn)
            yield builder.made("pairs", builder.label("value"), name, note, compact, to)


def alone(builder: Builder) -> Iterator[Made]:
    """One axis of another length than all others: products of vectors, and long ones of matrices.

    Beside a long one another axis in turn is not of length 1: a row times a matrix.
    """
    note = "matrices of this shape are taken for others"
    for number, letter in enumerate(builder.letters):
        for length, others in plan.ALONE:
            sizes = dict.fromkeys(builder.letters, others) | {letter: length}
            thick = [each for each in builder.letters if each != letter] if others == 1 else [""]
            for turn, other in enumerate(thick, number):
                rows = [(others,), (4, -(-others // 4))] if len(builder.letters) < 3 else [(2,), (2, 3), ()]
                own = sizes | ({other: plan.FEW_OF_OTHER} if other else {})
                batch = rows[turn % len(rows)]
                if builder.fits(batch, own):
                    compact, to = builder.here(batch, own)
                    name = f"{letter}_{length}_others_{others}" + (f"_but_{other}" if other else "")
                    yield builder.made("pairs", builder.label("value"), name, note, compact, to)


def of_elements(builder: Builder) -> Iterator[Made]:
    """The same where each element stands for itself: shapes that are not too large, no axes, one or many elements."""
    most = min(plan.MOST_ELEMENTS_OF_A_LINE if builder.is_line else plan.MOST_ELEMENTS, builder.most_rows)
    alone = sum(bool(leaf.axes) for leaf in builder.leaves) == 1
    many = min(plan.VERY_MANY if alone else plan.MANY, builder.most_rows)
    shapes = [(*batch, length) for batch, length in plan.PAIRS if math.prod(batch) * length <= most]
    whole = [] if builder.is_line else [*((length,) for length in plan.VECTORS), (many,)]
    for shape in ((), (1,), (2,), (1, 1), *shapes, *whole):
        compact, to = builder.here(shape, {}, of_several_sizes(builder))
        name = f"{shape_name(shape[:-1])}_by_{shape[-1]}" if shape else "no_axes"
        note = "the last elements are left out, or an array of this shape is taken for another"
        yield builder.made("pairs", builder.label("value"), name, note, compact, to)


def of_several_sizes(builder: Builder) -> Callable[[Arrays], None]:
    """What makes every second element large or small in one of the arguments: a tail may have a function of its own."""

    def change(arrays: Arrays) -> None:
        if not builder.rows_apart:  # the largest would be all that there is
            return
        shaped = [array for array, leaf in zip(arrays, builder.leaves, strict=True) if leaf.is_floating and leaf.axes]
        factors = [factor or float(finfo(builder.dtype).smallest_normal) / 8 for factor in plan.FACTORS]
        for turn, array in enumerate(shaped):
            own = array[1 + 2 * turn :: 2 * len(shaped)]  # shares the memory
            own *= np.resize(factors, (len(own), *[1] * (own.ndim - 1))).astype(own.dtype)

    return change


def has_logits(builder: Builder) -> bool:
    """Whether an argument has logits."""
    return any(leaf.domain == "logit" for leaf in builder.leaves)


def uneven(builder: Builder, finite: bool) -> Any:
    """What makes compact rows of classes uneven: where the mass is, in each of the first rows."""

    def change(arrays: Arrays) -> None:
        if not builder.rows_apart and MIXED in builder.behaviour.values():
            uneven_rows(builder, arrays)
        if not builder.has_classes and not builder.formula.products:
            some_with_means(builder.leaves, arrays)
        for array, leaf in zip(arrays, builder.leaves, strict=True):
            if not builder.has_classes or array.ndim != 2 or len(array) < 6:
                continue
            if array.shape[1] < 6:
                far_apart(array, leaf, builder.rows_apart)
            elif leaf.domain == "logit":
                uneven_logits(array, neutral(leaf, leaf.axes[-1], finite))
            elif leaf.domain in UNEVEN:
                UNEVEN[leaf.domain](array)

    return change


def uneven_logits(x: np.ndarray, nothing: float) -> None:
    """The largest at the ends; all but three of nothing; exponentials that overflow; one beside small weights."""
    x[0, :-3] = nothing
    x[2, -1] += 9
    x[3, 0] += 9
    x[4] -= 200
    x[5, 1:-1:2] = nothing
    for row, place in zip(range(6, len(x)), (-1, 0, 1, x.shape[1] // 2), strict=False):
        x[row, place] += 800  # so that an exponential overflows where this one is not the largest
    x[10:11, 1:-1:2] -= int(finfo(x.dtype).nmant) * math.log(2)  # beside small weights


def uneven_weights(y: np.ndarray) -> None:
    """Zeros, and numbers beyond 0 and 1."""
    y[0, :-3] = 0
    y[5, 1:-1:2] = 0
    y[6:8] = 0
    y[7:9, -1] = (-0.5, 1.5)[: len(y[7:9])]


def uneven_probabilities(p: np.ndarray) -> None:
    """The ends of a clip, and beyond, at both ends of a row."""
    for row, value in zip(range(7, len(p)), (0.0, 0.0, 1.0, 1.5, -0.5), strict=False):
        p[row, [0, -1]] = value


def uneven_gradients(g: np.ndarray) -> None:
    """Large ones in the last three, a mean, and large ones beside small logits."""
    g[0, -3:] *= 100
    g[1] += 3
    g[10:11, 1:-1:2] *= 2.0 ** int(finfo(g.dtype).nmant)


UNEVEN = {"weight": uneven_weights, "probability": uneven_probabilities, "real": uneven_gradients}


def some_with_means(leaves: list[Leaf], arrays: Arrays) -> None:
    """Give every fourth row a mean of which a difference of two squares keeps little: each length may have its own.

    Others have one of two deviations, which the bound of a long row resolves.
    """
    for array in [arrays[number] for number in in_rows(leaves)[:1] if arrays[number].ndim == 2]:
        for rows, mean in ((array[::4], 2.0 ** int(0.42 * int(finfo(array.dtype).nmant))), (array[2::4], 2.0)):
            rows += array.dtype.type(mean)


def far_apart(array: np.ndarray, leaf: Leaf, rows_apart: bool) -> None:
    """Move the first logit of short rows up or down: one less a large probability is no small one.

    Of the last rows it goes where an exponential overflows, and so do all logits, unless a mean of many would hide it.
    """
    if leaf.domain == "logit":
        row = np.arange(len(array)) % plan.ROWS
        far = np.where((row > plan.ROWS // 2) & rows_apart, 800, 2 * row)
        array[:, 0] += (far * (-1) ** row).astype(array.dtype)
        array[-1] += 800


def uneven_rows(builder: Builder, arrays: Arrays) -> None:
    """Make a mean of many rows depend on each label and on the last row: the labels fit half of the rows, not the last.

    Rows that are all alike would hide in a mean that some are left out, or are given the labels of others.
    """
    kinds = [leaf.domain for leaf in builder.leaves]
    if "logit" not in kinds or "index" not in kinds:
        return
    x, labels = arrays[kinds.index("logit")], arrays[kinds.index("index")]
    if x.ndim == 2 and labels.ndim == 1 and len(x) > 1:
        rows = np.arange(len(x))
        x[rows, labels] += np.where(rows < len(x) // 2, 0, 5).astype(x.dtype)
        x[-1, labels[-1]] -= min(800, len(x))


def axes(builder: Builder) -> Iterator[Made]:
    """The axis at every place of arrays of several ranks."""
    if not builder.has_axis:
        return
    for batch, length, numbers in plan.AXES:
        rank = len(batch) + 1
        for axis in numbers:
            compact, to = builder.here(batch, {builder.letters[0]: length}, uneven(builder, finite=False))
            name = f"axis_{axis}_of_{shape_name(batch)}_by_{length}"
            to = to._replace(axis=axis % rank)
            yield builder.made("axes", builder.label("axis"), name, "another axis", compact, to, axis=axis)
    if has_logits(builder):
        masked, to = builder.here((2, 3), {builder.letters[0]: 4}, masked_rows(builder))
        for axis in (0, 1):
            name, note = f"masked_along_axis_{axis}", "a special value along another axis than the last"
            yield builder.made("axes", builder.label("axis"), name, note, masked, to._replace(axis=axis), axis=axis)


def masked_rows(builder: Builder) -> Any:
    """What puts NaN and -infinity into two rows of logits, and an offset whose exponential overflows into another."""

    def masked(arrays: Arrays) -> None:
        for array, leaf in zip(arrays, builder.leaves, strict=True):
            if leaf.domain == "logit":
                array[1, 2], array[2, 0] = np.nan, -np.inf
                array[3] += 1000

    return masked


def tiles(builder: Builder) -> Iterator[Made]:
    """Sums of products of integers, which are exact in any order."""
    if not builder.formula.products or "exact" not in builder.labels:
        return
    bits = finfo(builder.dtype).nmant
    for batch, length, other in plan.TILES:
        name = f"tiles_{shape_name(batch)}_{length}_{other}"
        matrices = len(builder.letters) > 2  # the rows have a letter of their own, and there is one matrix
        lengths = (math.prod(batch), length, other) if matrices else (length, other)
        batch = () if matrices else batch
        sizes = {BATCH: math.prod(batch)} | dict(zip(builder.letters, lengths, strict=False))
        rng = builder.random("tiles", *sizes.items())
        # The first factor has as many bits as there is room for beside the others, so that a lower precision shows.
        first = min(13, bits - 5) if length == 8 else max(0, (bits - 8) // 2)
        rest = max(1, bits - first - 1 - math.ceil(math.log2(max(sizes.values()))))
        widths = zip(builder.leaves, (first, rest, rest, min(rest, 5)), strict=False)
        arrays = [
            not_zero(rng.integers(-(2**width), 2**width, shape_of(leaf.axes, sizes)), builder.dtype)
            for leaf, width in widths
        ]
        if not sums_are_exact(builder, arrays, 2.0 ** (bits + 1)):
            continue
        note = "corners, tails and offsets of tiles; fewer bits"
        compact = builder.call(arrays, exact=True)
        yield builder.made("tiles", builder.label("exact"), name, note, compact, straight(sizes, batch))


def not_zero(numbers: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Integers below 0 as they are, and the others one more, so that none is left out unseen."""
    return (numbers + (numbers >= 0)).astype(dtype)


def sums_are_exact(builder: Builder, arrays: Arrays, limit: float) -> bool:
    """Whether no sum of the terms' magnitudes reaches a limit, so that all sums of integers are exact."""
    absolute = [np.abs(array.astype(np.float64)) for array in arrays]
    results = builder.formula.named(builder.formula.function(*absolute))
    return all(bool(np.all(each < limit)) for each in results.values())


def same(builder: Builder) -> Iterator[Made]:
    """Arguments that are equal, for which a subject is given one array: two of them, or all that may be."""
    if builder.formula.carried:
        return
    pairs = [*combinations([n for n, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.axes], 2)]
    for one, other in pairs:
        yield from same_two(builder, one, other, "", plan.LENGTH, None)
    of_matrices = len(builder.letters) > 2
    for one, other in pairs[:1] if of_matrices else ():
        yield from same_two(builder, one, other, "_one_matrix", 1, ())
    rows, batch = (1, ()) if of_matrices else (plan.LENGTH, None)  # one matrix, of many axes or of two
    arrays = builder.small("same", rows=plan.LENGTH)
    turned = builder.small("same", "transposed", rows=rows)
    is_square = np.ndim(turned[0]) > 1 and len({*np.shape(turned[0])[-2:]}) == 1
    if builder.formula.products and is_square and alike(builder, turned, 0, 1):
        turned[1] = np.swapaxes(turned[0], -1, -2).copy()
        note = "a product with the transpose is taken for another"
        to = straight({BATCH: 1} | builder.sizes(turned), batch)
        yield builder.made("same", builder.label("value"), "2_is_1_transposed", note, builder.call(turned), to)
    equal = [n for n in range(len(arrays)) if alike(builder, arrays, 0, n)]
    if len(equal) > 2:
        for n in equal[1:]:
            arrays[n] = arrays[0].copy()
        note = "one array in the places of several arguments is taken for several"
        yield builder.made("same", builder.label("value"), "all", note, builder.call(arrays))


def same_two(
    builder: Builder, one: int, other: int, ending: str, rows: int, batch: tuple[int, ...] | None
) -> Iterator[Made]:
    """Two arguments that are equal, if they may be."""
    arrays = builder.small("same", one, other, rows=rows)
    if alike(builder, arrays, one, other):
        arrays[other] = arrays[one].copy()
        name, note = f"{one + 1}_and_{other + 1}{ending}", "one array in the places of two arguments is taken for two"
        to = straight({BATCH: 1} | builder.sizes(arrays), batch)
        yield builder.made("same", builder.label("value"), name, note, builder.call(arrays), to)


def alike(builder: Builder, arrays: Arrays, one: int, other: int) -> bool:
    """Whether two arguments are arrays of floating-point numbers, of one domain and shape."""
    leaves = builder.leaves[one], builder.leaves[other]
    is_one = leaves[0].domain == leaves[1].domain and np.shape(arrays[one]) == np.shape(arrays[other])
    return is_one and all(leaf.is_floating and leaf.axes for leaf in leaves)


def empty(builder: Builder) -> Iterator[Made]:
    """Batches without rows."""
    if not any(BATCH in leaf.axes for leaf in builder.leaves):
        return
    sizes = dict.fromkeys(builder.letters, plan.LENGTH)
    for batch in plan.EMPTY:
        if builder.fits(batch, sizes) and (builder.rows_apart or takes_nothing(builder)):
            compact, to = builder.here(batch, sizes)
            along: dict[str, Any] = {}
            if builder.has_axis and len(batch) > 1:
                along, to = {AXIS: 0}, to._replace(axis=0)
            name, note = f"{shape_name(batch)}_rows", "a batch of 0 rows fails"
            yield builder.made("empty", builder.label("empty"), name, note, compact, to, **along)


def takes_nothing(builder: Builder) -> bool:
    """Whether the formula itself has a finite result for a batch of 0 rows that are added up."""
    sizes = {BATCH: 0} | dict.fromkeys(builder.letters, plan.LENGTH)
    arrays = [draw(leaf, sizes, builder.random()) for leaf in builder.leaves]
    with np.errstate(all="ignore"):
        if not accepted(builder.formula, arrays, {}):
            return False
        found = results_of(builder.formula, arrays, {})
    return all(bool(np.all(np.isfinite(np.asarray(each, np.float64)))) for each in found.values())


def seeded(builder: Builder, seed: int) -> Iterator[Made]:
    """Random cases, anew for each seed."""
    for number in range(plan.RANDOM):
        rng = np.random.default_rng([seed, number, builder.dtype.itemsize])
        sizes = {BATCH: 4 if builder.letters else 40} | dict.fromkeys(builder.letters, 10)
        compact = builder.call([draw(leaf, sizes, rng) for leaf in builder.leaves])
        name = f"random_seed_{seed}_{number}"
        yield builder.made("random", builder.label("value"), name, "any mistake", compact)
