"""Options, ranks, lengths, the axis and what may be left out, each value of one with each of another.

A mistake may need two of them: an option that is ignored in arrays of four axes, say.
"""

import math
import operator
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ...reference.declaration import AXIS, BATCH
from . import plan
from .build import Builder, Made, accepted
from .draw import argument_counts, draw, numbers
from .options import pairwise, values_of_keywords
from .spread import straight

NOTE = "an option is ignored, or an axis taken for another, in arrays of some rank or length"
LABELS = "hyper_parameters", "clip_argument"


def cases(builder: Builder) -> Iterator[Made]:
    """Few calls of a formula with something to choose, in which each two choices meet."""
    given, places = builder.formula.given, [n for n, leaf in enumerate(builder.leaves) if leaf.is_number]
    named = {name: values for name, values in values_of_keywords(builder).items() if name not in given}
    counts = argument_counts(builder.formula)
    has_choice = bool(named or places or len(counts) > 1)
    if builder.is_line or not (has_choice or builder.is_variant or builder.has_axis or len(builder.letters) > 1):
        return
    is_small = builder.is_variant or not has_choice
    lengths = plan.FEW_LENGTHS if is_small else plan.CROSSED_LENGTHS
    letters = builder.letters or [""]  # the last axis, where each element stands for itself
    choices: list[Any] = [
        plan.FEW_BATCHES if is_small else plan.CROSSED_BATCHES,
        *[lengths] * len(letters),
        counts,
        (-1, 0, -2) if builder.has_axis else (-1,),
        *named.values(),
        *(ends_of(builder.leaves[place].domain) for place in places),
    ]
    seen = set[str]()
    for row in pairwise(tuple(map(len, choices))):
        chosen = iter(values[k] for values, k in zip(choices, row, strict=True))
        batch, sizes = smaller(builder, next(chosen), dict(zip(letters, chosen, strict=False)), lengths)
        missing, axis = len(builder.formula.arguments) - next(chosen), next(chosen)
        wanted, values = dict(zip(named, chosen, strict=False)), [*chosen]
        rng = builder.random("crossed", *row)
        arrays = [draw(leaf, sizes, rng) for leaf in builder.leaves]
        for place, value in zip(places, values, strict=True):
            arrays[place] = value
        arrays = arrays[: len(arrays) - missing]
        offered = (each for each in nearest(wanted, named) if accepted(builder.formula, arrays, each))
        options = next(offered, None)
        if options is None:
            continue  # anybody's formula may refuse a shape
        to = straight(sizes, batch)
        along: dict[str, Any] = {}
        if axis == 0 or (axis != -1 and batch):
            along, to = {AXIS: axis}, to._replace(axis=axis % (len(batch) + 1))
        parts = ["x".join(map(str, batch)) or "none", *(f"{x}_{size}" for x, size in sizes.items() if x != BATCH)]
        parts += [f"{each}_{value}".replace(" ", "") for each, value in {**options, **along}.items()]
        parts += [*map(str, values), *[f"without_{missing}"] * (missing > 0)]
        name = "_".join(parts)
        if name in seen:  # two that were too long
            continue
        seen.add(name)
        compact = builder.call(arrays, options)
        yield builder.made("crossed", builder.label(*options, *LABELS), name, NOTE, compact, to, **along)


def ends_of(domain: str) -> tuple[Any, ...]:
    """Two numbers of an argument that is one: the usual one, and one far from it."""
    return (plan.COUNTS[0], plan.LATER) if domain == "count" else numbers(domain)[:: max(len(numbers(domain)) - 1, 1)]


def smaller(
    builder: Builder, batch: tuple[int, ...], wanted: Mapping[str, int], lengths: tuple[int, ...]
) -> tuple[tuple[int, ...], dict[str, int]]:
    """The batch and the lengths, all but the longest of which are shortened until the largest array is small enough."""
    found = dict(wanted)
    while True:
        shape = batch if builder.letters or (not batch and found[""] == 1) else (*batch, found[""])
        sizes = {BATCH: math.prod(shape)} | {letter: size for letter, size in found.items() if letter}
        if builder.largest(sizes) <= plan.MOST_CROSSED:
            return shape, sizes
        long = sorted((letter for letter in found if found[letter] > lengths[0]), key=lambda letter: found[letter])
        if not long or (len(long) == 1 and batch and found[long[0]] == lengths[-1]):
            batch = batch[1:]  # one row of the longest
        else:
            found[long[-2:][0]] = lengths[lengths.index(found[long[-2:][0]]) - 1]


def nearest(wanted: Mapping[str, Any], named: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Options beside the defaults: those that are wanted, then those with ever more others in their place."""
    chosen = tuple(wanted.values())
    yield beside_defaults(chosen, named)
    for found in sorted(product(*named.values()), key=lambda each: sum(map(operator.ne, each, chosen))):
        yield beside_defaults(found, named)


def beside_defaults(values: tuple[Any, ...], named: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Options by name, but for the defaults, which come first."""
    return {name: value for (name, every), value in zip(named.items(), values, strict=True) if value != every[0]}
