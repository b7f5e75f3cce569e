"""Numbers of classes: logits of every size and distance, probabilities at the ends of a clip, gradients that add up."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.rounding import finfo
from ..formulas import Formula
from . import plan
from .behaviour import NEUTRAL
from .build import Builder, Made, accepted
from .draw import Arrays, draw, is_row, padded, row_of
from .magnitudes import NOTE, binades
from .spread import Spread, once


def cases(builder: Builder) -> Iterator[Made]:
    """The cases about magnitudes that only logits, probabilities and their gradients have."""
    domains = {leaf.domain for leaf in builder.leaves}
    rows = {leaf.domain for leaf in builder.leaves if is_row(leaf)}
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
