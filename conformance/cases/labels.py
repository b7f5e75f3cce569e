"""Labels: of every dtype, of every size, and weights that are no one-hot vector."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...reference.declaration import AXIS, BATCH
from ..arithmetic.rounding import finfo
from . import plan
from .behaviour import NEUTRAL
from .build import Builder, Made, accepted, label_dtypes
from .draw import Arrays, classes, draw, is_row, padded, row_of
from .spread import Spread, places, straight

NOTE = "labels go through another dtype"


def cases(builder: Builder) -> Iterator[Made]:
    """The cases about labels, where a formula has any."""
    domains = [leaf.domain for leaf in builder.leaves]
    if "index" in domains:
        yield from indices(builder, domains.index("index"))
    if any(leaf.domain == "weight" and is_row(leaf) for leaf in builder.leaves):
        yield from weights(builder, row_of(builder.leaves, "weight"))


def indices(builder: Builder, at: int) -> Iterator[Made]:
    """Class numbers of every integer dtype, and those that another dtype would change."""
    letter = classes(builder.letters, builder.leaves[at])
    for dtype in label_dtypes(builder.formula):
        count, columns = plan.TABLE if np.iinfo(dtype).bits <= 16 else (plan.LENGTH, plan.LENGTH)
        sizes = {BATCH: plan.BATCH} | dict.fromkeys(builder.letters, columns) | {letter: count}
        arrays = [draw(leaf, sizes, builder.random("labels", dtype)) for leaf in builder.leaves]
        largest_first = count - 1 - np.arange(arrays[at].size) % count
        arrays[at] = largest_first.reshape(arrays[at].shape).astype(dtype)
        compact = builder.call(arrays)
        yield builder.made("labels", builder.label("labels"), dtype, NOTE, compact)
        if builder.has_axis:
            to = straight(sizes)._replace(axis=0)
            yield builder.made("labels", builder.label("labels"), f"{dtype}_axis_0", NOTE, compact, to, **{AXIS: 0})
        options = {name: values[-1] for name, values in builder.formula.options.items()}
        options |= dict.fromkeys(labels_among(options), wrapped(int(arrays[at].flat[0]), dtype))
        if options and accepted(builder.formula, arrays, options):
            yield builder.made(
                "labels", builder.label("labels"), f"{dtype}_with_options", NOTE, builder.call(arrays, options)
            )
    arrays = builder.small("each class", rows=plan.LENGTH)
    arrays[at] = np.resize(np.arange(plan.LENGTH), arrays[at].shape).astype(arrays[at].dtype)
    note = "each class once: what is put in order comes back as it was given"
    yield builder.made("labels", builder.label("labels"), "each_class", note, builder.call(arrays))
    sizes = {BATCH: 2 * plan.MORE_LABELS} | dict.fromkeys(builder.letters, plan.LENGTH) | {letter: plan.MORE_LABELS}
    arrays = [draw(leaf, sizes, builder.random("each class twice")) for leaf in builder.leaves]
    arrays[at] = np.resize(np.arange(plan.MORE_LABELS), arrays[at].shape).astype(arrays[at].dtype)
    note = "classes of which the first ones differ are taken for all different"
    yield builder.made("labels", builder.label("labels"), "each_class_twice", note, builder.call(arrays))
    if builder.behaviour[letter] != NEUTRAL or builder.leaves[at].axes != (BATCH,):
        yield from of_whole_rows(builder, at, letter)
        return
    for length, numbers in plan.LABELS.items():
        rng = builder.random("labels", length)
        wanted = [*numbers, *places(length, plan.COLUMNS, rng)]
        place = np.unique(wanted)
        index = np.full(length, len(place))
        index[place] = np.arange(len(place))
        sizes = {BATCH: len(numbers)} | dict.fromkeys(builder.letters, plan.OTHER) | {letter: len(place)}
        arrays = padded([draw(leaf, sizes, rng) for leaf in builder.leaves], builder.leaves, letter, finite=True)
        arrays[at] = np.searchsorted(place, numbers)
        to = Spread((len(numbers),), {name: np.arange(size) for name, size in sizes.items()} | {letter: index})
        for dtype in dtypes_of(builder, length):
            typed = [array.astype(dtype) if n == at else array for n, array in enumerate(arrays)]
            name = f"{dtype}_of_{length}"
            yield builder.made("labels", builder.label("labels"), name, NOTE, builder.call(typed), to)
            if length == 2 ** np.iinfo(dtype).bits:  # a class for each number, below 0 too
                options = labels_among({key: values[-1] for key, values in builder.formula.options.items()})
                if options:
                    compact = builder.call(typed, options)
                    yield builder.made("labels", builder.label("labels"), f"{name}_with_options", NOTE, compact, to)


def of_whole_rows(builder: Builder, at: int, letter: str) -> Iterator[Made]:
    """Labels that another dtype would change, where all classes count, as in a mean of them: of fewer rows."""
    for length, numbers in plan.LABELS.items():
        sizes = dict.fromkeys(builder.letters, plan.OTHER) | {letter: length}
        rows = next((count for count in (len(numbers), 2, 1) if builder.fits((count,), sizes)), 0)
        if not rows:
            continue
        rng = builder.random("whole rows", length)
        arrays = [draw(leaf, sizes | {BATCH: rows}, rng) for leaf in builder.leaves]
        labels = np.resize(numbers[::-1][:rows], arrays[at].shape)
        for dtype in dtypes_of(builder, length):
            arrays[at] = labels.astype(dtype)
            if accepted(builder.formula, arrays, {}):
                name = f"{dtype}_of_{length}"
                yield builder.made("labels", builder.label("labels"), name, NOTE, builder.call([*arrays]))


def dtypes_of(builder: Builder, length: int) -> list[str]:
    """The dtypes that labels are given in where there are so many classes."""
    return [each for each in plan.LABEL_DTYPES_OF[length] if each in label_dtypes(builder.formula)]


def labels_among(options: dict[str, Any]) -> dict[str, int]:
    """The options that are labels, as one that is ignored: integers below 0, which are no class."""
    return {name: value for name, value in options.items() if type(value) is int and value < 0}


def ignore(builder: Builder, arrays: Arrays, options: Mapping[str, Any]) -> None:
    """Give every third label, and the first ones, the number that is ignored, in a wider dtype if theirs lacks it."""
    usual = {**{name: values[0] for name, values in builder.formula.options.items()}, **builder.formula.given}
    for name in labels_among(usual):
        number = {**usual, **options}[name]
        for place, leaf in enumerate(builder.leaves[: len(arrays)]):
            if leaf.domain == "index":
                wider = np.promote_types(arrays[place].dtype, np.min_scalar_type(number))
                dtype = wider if wider.kind in "iu" else np.dtype(np.int64)  # beside uint64 there is no integer
                arrays[place] = labels = np.array(arrays[place], dtype)
                labels.reshape(-1)[2::3] = number
                labels.reshape(-1)[: labels.size // 4] = number  # so that rows of a batch have unequal numbers of them


def wrapped(label: int, dtype: str) -> int:
    """A number below 0 that is this label in the bits of a narrow dtype; -1 of a wide one."""
    bits = np.iinfo(dtype).bits
    return label - 2**bits if bits <= 16 else -1


def weights(builder: Builder, at: int) -> Iterator[Made]:
    """Labels for each class: bool, integers of every dtype, and sums that are nearly 1."""
    label = builder.label("labels")
    exact = 2 ** (int(finfo(builder.dtype).nmant) + 1) - 1  # the largest of the integers that the dtype has
    chosen = [{name: value} for name, values in builder.formula.options.items() for value in values[1:]]
    for number, dtype in enumerate(("bool", *plan.LABEL_DTYPES)):
        options = chosen[number % len(chosen)] if chosen else {}
        arrays = builder.small("labels")
        top = 1 if dtype == "bool" else min(np.iinfo(dtype).max, exact, 2**40 + 1)
        top = min(top, 2_000) if builder.dtype.itemsize == 2 else top
        # Beyond int32, exact in each dtype; where JAX has no integers of 64 bits, uint32 has it.
        beyond = 2**31 if top > 2**16 and dtype in ("uint32", "uint64") else 2
        values = builder.random("labels", dtype).integers(0, min(top, 2) + 1, arrays[at].shape)
        if dtype != "bool":
            values[:7, 0] = [1, min(top, 300), min(top, 255), min(top, 128), top, beyond, 1]
            if np.iinfo(dtype).min < 0:
                values[:7, 1] = [-1, -2, 0, 1, -100, 3, 0]
        arrays[at] = values.astype(dtype)
        for array, leaf in zip(arrays, builder.leaves, strict=True):
            if leaf.domain == "probability" and is_row(leaf):
                array[:4, 0] = 0, 1, 1.5, -0.5
        yield builder.made("labels", label, dtype, NOTE, builder.call(arrays))
        if options and accepted(builder.formula, arrays, options):
            yield builder.made("labels", label, f"{dtype}_with_options", NOTE, builder.call(arrays, options))
    for count in plan.LENGTH, plan.MORE_CLASSES:
        yield nearly_1(builder, at, count)


def nearly_1(builder: Builder, at: int, classes: int) -> Made:
    """Labels that nearly add up to 1, or are nearly of one class."""
    sizes = {BATCH: plan.BATCH} | dict.fromkeys(builder.letters, classes)
    rng = builder.random("small", "sums")
    arrays = [draw(leaf, sizes, rng) for leaf in builder.leaves]
    values, eps = arrays[at].astype(np.float64), 2.0**-11 if builder.dtype.itemsize > 2 else 0.01
    values[:5] /= np.maximum(values[:5].sum(axis=1, keepdims=True), 0.1)
    values[1] *= 1 - eps
    values[2] *= 1 + eps / 2
    values[3:7] = 0
    values[3, 0], values[6, -1], values[4, : plan.LENGTH] = 1e-7, 1, (2, -1, 0.5, 3, -2)
    values[7:9], values[7, 0], values[8, -1] = eps / (values.shape[1] - 1), 1 - eps, 1 - eps  # nearly one class
    values[9] *= (1 + eps / 64) / values[9].sum()
    values[10], values[11] = 0, 0
    values[10, 0], values[10, -1] = 1, -1  # whose sum is 0, and yet they are labels
    arrays[at] = values.astype(builder.dtype)
    note = "labels that nearly add up to 1 are made to, or the largest is taken for the only one"
    label = builder.label("soft_labels", "labels")
    name = "nearly_1" if classes == plan.LENGTH else f"nearly_1_of_{classes}"
    return builder.made("labels", label, name, note, builder.call(arrays))
