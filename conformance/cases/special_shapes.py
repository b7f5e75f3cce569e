"""Special values in other shapes than small matrices, and under other options than the defaults.

A kernel has ways of its own for one row, one column, long rows, many axes and each option; NaN may be lost in any.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.declaration import AXIS, BATCH
from . import plan
from .build import Builder, Made
from .draw import Arrays, argument_counts, draw, numbers
from .options import choosable, offered
from .specials import INF, NAN, may_have, weighs_classes
from .spread import straight
from .tables import smaller

NOTE = "a special value is lost in arrays of some rank or length, or under some option"


def cases(builder: Builder) -> Iterator[Made]:
    """Few calls, in which each rank and length, and each value of an option, is there once."""
    if builder.is_line or "nan" not in builder.labels:
        return
    named, counts = choosable(builder), argument_counts(builder.formula)
    for turn, (batch, axis) in enumerate(plan.ELSEWHERE):
        if builder.is_variant and turn < len(plan.ELSEWHERE) - 1:
            continue
        lengths = np.roll(plan.ELSEWHERE_LENGTHS, -turn).tolist() if builder.letters or batch else plan.NO_AXES
        wanted_sizes = dict(zip(builder.letters or [""], 3 * [*lengths], strict=False))
        batch, sizes = smaller(builder, batch, wanted_sizes, tuple(sorted(plan.ELSEWHERE_LENGTHS)))
        rng = builder.random("elsewhere", turn)
        arrays = [
            numbers(leaf.domain)[turn % len(numbers(leaf.domain))] if leaf.is_number else draw(leaf, sizes, rng)
            for leaf in builder.leaves
        ]
        arrays = arrays[: len(arrays) - len(counts) + 1 + turn % len(counts)]
        if builder.formula.products and np.ndim(arrays[0]) and np.ndim(arrays[1]) > 1:
            arrays[1][..., arrays[1].shape[-1] // 2] = 0  # a column that hides no NaN
            arrays[0][..., -(turn % 2)] = 0  # nor is one hidden by what faces it
        finite = arrays[:1]
        spoil(builder, arrays, turn)
        first = turn - 1 + builder.is_variant  # others of a variant than of the formula itself
        wanted = {name: values[(first + n) % len(values)] for n, (name, values) in enumerate(named.items())}
        options = offered(builder, arrays, wanted, named)
        if options is None:
            continue  # anybody's formula may refuse a shape
        to = straight(sizes, batch)
        along: dict[str, Any] = {}
        if builder.has_axis and batch:
            along, to = {AXIS: axis}, to._replace(axis=axis % (len(batch) + 1))
        name, compact = f"elsewhere_{turn + 1}", builder.call(arrays, options)
        yield builder.made("specials", builder.label("nan"), name, NOTE, compact, to, **along)
        if builder.formula.products and (np.size(finite[0]),) == np.shape(finite[0])[-1:]:
            compact = builder.call([*finite, *arrays[1:]], options)  # beside one row, whose NaN would hide all
            yield builder.made("specials", builder.label("nan"), f"{name}_beside_a_row", NOTE, compact, to, **along)


def spoil(builder: Builder, arrays: Arrays, turn: int) -> None:
    """Put special values into the first array, and NaN at another place of each other one in turn."""
    floating = [
        number
        for number, leaf in enumerate(builder.leaves[: len(arrays)])
        if leaf.is_floating and np.size(arrays[number]) and not weighs_classes(builder, leaf)
    ]
    if not floating:
        return
    chosen = next((n for n in floating if builder.leaves[n].domain in ("logit", "probability")), floating[0])
    others = sorted(set(floating) - {chosen}, key=lambda number: BATCH not in builder.leaves[number].axes)
    first, last = (0, -1) if turn % 2 else (-1, 0)
    if others and np.size(arrays[chosen]) > 1:
        put(arrays, others[(turn - 1) % len(others)], last, NAN)
    put(arrays, chosen, first, NAN)
    leaf, values = builder.leaves[chosen], arrays[chosen]
    has_rows = leaf.axes[:1] == (BATCH,) and builder.rows_apart and not builder.is_variant
    for row, value in ((2, -INF), (3, INF)):
        if has_rows and len(values) > 4 and may_have(builder, leaf, value):
            values[(row, *[turn % each for each in values.shape[1:]])] = value
    for array, each in zip(arrays, builder.leaves, strict=False):
        if each.domain == "mask":
            array[...] = True  # what is not seen is not judged beside NaN
    if BATCH not in leaf.axes:  # a table: one of the labels is of the row that is spoilt
        for array, each in zip(arrays, builder.leaves, strict=False):
            if each.domain == "index" and np.size(array):
                array.reshape(-1)[0] = first % len(values)


def put(arrays: Arrays, number: int, place: int, value: float) -> None:
    """A value at the first or the last place of an array, which may have no axes."""
    arrays[number] = np.array(arrays[number])
    arrays[number].reshape(-1)[place] = value
