"""Options, ranks, lengths, the axis and what may be left out, each value of one with each of another.

A mistake may need two of them: an option that is ignored in arrays of four axes, say. Where options are many, as an
optimizer's, it may need three; and where kernels compute by blocks, an option in several long axes.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from ...reference.declaration import AXIS, BATCH
from ..arithmetic.rounding import finfo
from . import plan
from .behaviour import NEUTRAL
from .build import Builder, Made, label_dtypes, shape_name
from .draw import Arrays, Leaf, argument_counts, draw, numbers, pack
from .labels import ignore
from .layouts import NOTE as LAYOUT
from .options import choosable, offered
from .spread import straight
from .tables import LONG, PAIR, long, short

NOTE = "an option is ignored, or an axis taken for another, in arrays of some rank or length"
LABELS = "hyper_parameters", "clip_argument"
LARGE = "logit", "real"
ONE_NUMBER = "an argument that is 0, or 1, is left out of the formula, beside options or special values"


def cases(builder: Builder) -> Iterator[Made]:
    """Few calls of a formula with something to choose, in which each two choices meet; of many options each three."""
    places = [n for n, leaf in enumerate(builder.leaves) if leaf.is_number]
    gives_away = {name: (False, True) for name in (builder.formula.donation,) if name}
    named, counts = gives_away | choosable(builder), argument_counts(builder.formula)
    has_choice = bool(named or places or len(counts) > 1)
    if builder.is_line or not (has_choice or builder.letters):
        return
    axes, ends = (-1, 0, -2) if builder.has_axis else (-1,), (ends_of(builder.leaves[place].domain) for place in places)
    others: list[Any] = [counts, axes, *named.values(), *ends]
    seen, in_layouts = set[str](), set[tuple[int, bool]]()
    tables = short(builder, others, builder.is_variant or not has_choice), long(builder, others)
    for number, (key, batch, sizes, (count, axis, *chosen)) in enumerate(chain(*tables)):
        wanted, values = dict(zip(named, chosen, strict=False)), chosen[len(named) :]
        rng = builder.random("crossed", *key)
        arrays = [labelled(builder, draw(leaf, sizes, rng), leaf, number) for leaf in builder.leaves]
        clear(builder, arrays)
        if number % 2 and builder.letters:
            enlarge(builder, arrays, number)
        else:
            enlarge_last(builder, arrays)
        spoilt = number % plan.SPOILT == 2 and spoil(builder, arrays, number)
        for place, value in zip(places, values, strict=True):
            arrays[place] = value
        missing = len(builder.formula.arguments) - count
        arrays = arrays[: len(arrays) - missing]
        options = offered(builder, arrays, wanted, named)
        if options is None:
            continue  # anybody's formula may refuse a shape
        ignore(builder, arrays, options)
        arrays = judged(builder, arrays, options)
        to = straight(sizes, batch)
        along: dict[str, Any] = {}
        if axis == 0 or (axis != -1 and batch):
            along, to = {AXIS: axis}, to._replace(axis=axis % (len(batch) + 1))
        parts = [shape_name(batch), *(f"{x}_{size}" for x, size in sizes.items() if x != BATCH)]
        parts += [f"{each}_{value}".replace(" ", "") for each, value in {**options, **along}.items()]
        parts += [*map(str, values), *[f"without_{missing}"] * (missing > 0)]
        name = "_".join(parts)
        if name in seen:  # two that were too long
            continue
        seen.add(name)
        compact = builder.call(arrays, options)
        given_away = [name for name in gives_away if name in options]
        label = builder.label(*given_away, *(["nan"] if spoilt else [*options, *LABELS]))
        yield builder.made("crossed", label, name, NOTE, compact, to, **along)
        if number % plan.CONSTANT == 1 and key[0] not in (LONG, PAIR):
            for place, value in constants(builder, arrays, number // plan.CONSTANT):
                constant = [*arrays]
                constant[place] = np.full_like(arrays[place], value)
                call, about = builder.call(constant, options), f"{value}_in_{place + 1}_{name}"
                yield builder.made("constant", label, about, ONE_NUMBER, call, to, **along)
        shape = key[1], bool(options) and key[1] == 0  # where all axes are long, with other options too
        if key[0] == LONG and not (shape in in_layouts or along or given_away):
            in_layouts.add(shape)
            to = to._replace(batch=in_two(batch))
            yield builder.made("layouts", builder.label("layout"), f"long_{name}", LAYOUT, compact, to)


def constants(builder: Builder, arrays: Arrays, turn: int) -> list[tuple[int, int]]:
    """The arguments of which one is a single number, 0 or 1 in turn: one of them, or each where that costs little."""
    floating = [n for n, leaf in enumerate(builder.leaves[: len(arrays)]) if leaf.is_floating and leaf.axes]
    chosen = floating if builder.is_elementwise else floating[turn // 2 % max(len(floating), 1) :][:1]
    return [(place, turn % 2) for place in chosen]


def in_two(batch: tuple[int, ...]) -> tuple[int, ...]:
    """A batch of one axis as one of two: a view of its part is not one vector in memory."""
    if len(batch) != 1:
        return batch
    first = next((size for size in range(2, batch[0]) if batch[0] % size == 0), 1)
    return first, batch[0] // first


def ends_of(domain: str) -> tuple[Any, ...]:
    """Numbers of an argument that is one: the usual one, one far from it, and 0 if it may be that."""
    if domain == "count":
        return (*plan.COUNTS[:2], plan.LATER)
    every = numbers(domain)
    return tuple(dict.fromkeys([every[0], every[-1], *([0.0] if 0.0 in every else [])]))


def labelled(builder: Builder, array: Any, leaf: Leaf, turn: int) -> Any:
    """Labels in each dtype that has them, in turn; and every other time those for each class, if they may be."""
    if leaf.domain == "index":
        dtypes = label_dtypes(builder.formula)
        dtype = dtypes[turn % len(dtypes)]
        return array.astype(dtype if np.max(array, initial=0) <= np.iinfo(dtype).max else "uint16")
    if leaf.domain == "weight" and not builder.is_variant and turn % 2:
        dtypes = "bool", *plan.LABEL_DTYPES
        return (array > 0.5).astype(dtypes[turn // 2 % len(dtypes)])
    return array


def clear(builder: Builder, arrays: Arrays) -> None:
    """Make some probabilities 0, in place: a clip whose lower end is small shows there alone."""
    for array, leaf in zip(arrays, builder.leaves, strict=True):
        if leaf.domain == "probability":
            array.reshape(-1)[:: plan.CLEARED] = 0


def enlarge(builder: Builder, arrays: Arrays, turn: int) -> None:
    """Make the exponentials of one row of the first array overflow, in place; seldom those of the only row.

    Some logits are -infinity.
    """
    chosen = next((n for n, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.domain in LARGE), None)
    if chosen is None or np.ndim(arrays[chosen]) < 2:
        return
    rows = arrays[chosen].reshape(-1, arrays[chosen].shape[-1])  # shares the memory
    if len(rows) == 1 and turn % plan.ONLY_ROW:
        return
    beyond = math.ceil(plan.BEYOND_EXP * math.log(float(finfo(builder.dtype).max)))
    if builder.leaves[chosen].domain != "logit":
        rows[-1:] *= beyond
        return
    rows[-1:] += beyond
    if "infinity" in builder.labels and rows.shape[1] > 2 and turn % plan.INFINITE == 1:
        rows[:1, -1] = -np.inf


def enlarge_last(builder: Builder, arrays: Arrays) -> None:
    """Make the last place of what is added up count, in place: a key that is not seen, a tail."""
    for letter, kind in builder.behaviour.items():
        real = [n for n, leaf in enumerate(builder.leaves) if letter in leaf.axes and leaf.domain in LARGE]
        if kind == NEUTRAL and real:
            number = real[0]
            last = np.moveaxis(arrays[number], builder.leaves[number].axes.index(letter), 0)[-1:]  # shares the memory
            last *= plan.LAST


def judged(builder: Builder, arrays: Arrays, options: Mapping[str, Any]) -> Arrays:
    """The arrays, in which 0 stands for each infinite number if a page leaves all results open because of these."""
    formula = builder.formula
    masks = formula.opened(pack(formula, arrays), {**formula.given, **options})
    if not all(bool(np.all(mask)) for mask in (masks if isinstance(masks, tuple) else (masks,))):
        return arrays
    floating = [np.ndim(array) > 0 and leaf.is_floating for array, leaf in zip(arrays, builder.leaves, strict=False)]
    pairs = zip(arrays, floating, strict=True)
    return [np.where(np.isinf(array), 0, array).astype(array.dtype) if each else array for array, each in pairs]


def spoil(builder: Builder, arrays: Arrays, turn: int) -> bool:
    """Put NaN into one place of one array, in place, where it spoils only some of several rows, or a row of a table."""
    if "nan" not in builder.labels or not builder.rows_apart or builder.sizes(arrays).get(BATCH, 0) < plan.FEWEST_ROWS:
        return False
    floating = [
        n for n, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.axes and leaf.domain != "weight"
    ]
    places = [n for n in floating if BATCH in builder.leaves[n].axes] or floating[:1]
    if not places:
        return False
    for array, leaf in zip(arrays, builder.leaves, strict=True):
        if leaf.domain == "mask":
            array[...] = True  # what is not seen is not judged beside NaN
    number = places[turn // plan.SPOILT % len(places)]
    place = [turn % size for size in arrays[number].shape]
    labels = next((array for array, leaf in zip(arrays, builder.leaves, strict=True) if leaf.domain == "index"), None)
    if BATCH not in builder.leaves[number].axes and labels is not None:
        place[0] = int(labels.reshape(-1)[0])  # a row of the table that is asked for
    arrays[number][tuple(place)] = np.nan
    return True
