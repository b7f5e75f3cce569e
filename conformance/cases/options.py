"""Hyper-parameters: each pair of values of two of them, in few calls, on elements of several sizes side by side."""

import operator
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations, islice, product
from typing import Any

import numpy as np

from ..arithmetic.rounding import finfo
from ..formulas import Formula
from . import plan
from .build import Builder, Made, accepted
from .draw import Arrays, in_rows, numbers, pack, wide

Row = tuple[int, ...]  # the number of what is chosen, of each choice

# The sizes of elements that stand side by side; the first ones are plain.
SCALES = 1.0, 1e-3, 1e5, 1e-8, 1e-12, 1e15
SMALL = 2.0**-12  # of rows


def cases(builder: Builder) -> Iterator[Made]:
    """Calls with each pair of values of two hyper-parameters, those that the formula itself accepts."""
    named = values_of_keywords(builder)
    places = [number for number, leaf in enumerate(builder.leaves) if leaf.is_number]
    all_over = not builder.is_line  # which is judged as a part of a function too
    values = [*named.values(), *(numbers(builder.leaves[number].domain, all_over) for number in places)]
    if not values:
        return
    for turn, row in enumerate(covering(tuple(map(len, values)), 2)):
        chosen = [choices[k] for choices, k in zip(values, row, strict=True)]
        given = {name: value for name, value in zip(named, chosen, strict=False) if value is not None}
        arrays = side_by_side(builder, turn // 4)  # the same for other options
        for number, value in zip(places, chosen[len(named) :], strict=True):
            arrays[number] = value
        if not accepted(builder.formula, arrays, given):
            continue
        late = any(isinstance(value, int) and value > 1_000 for value in chosen)
        label = builder.label("late_steps") if late else builder.label("hyper_parameters", "clip_argument")
        name = "_".join(map(str, chosen)).replace(" ", "")
        note = "a hyper-parameter is ignored, replaced, exchanged for another, or counted in few bits"
        yield builder.made("options", label, name, note, builder.call(arrays, given))


def values_of_keywords(builder: Builder) -> dict[str, tuple[Any, ...]]:
    """The values of each keyword: those that are declared, or the default and some that give another result.

    A keyword that changes nothing beside the defaults may do so beside another value of one keyword.
    """
    found = {name: tuple(values) for name, values in builder.formula.options.items()}
    add_noticed(builder, found, {})
    for name, values in [*found.items()]:
        for value in values[1:]:
            add_noticed(builder, found, {name: value})
    return found


def choosable(builder: Builder) -> dict[str, tuple[Any, ...]]:
    """The values of each keyword that is not given."""
    return {name: values for name, values in values_of_keywords(builder).items() if name not in builder.formula.given}


def offered(
    builder: Builder, arrays: Arrays, wanted: Mapping[str, Any], named: Mapping[str, tuple[Any, ...]]
) -> dict[str, Any] | None:
    """The nearest options that the formula takes with these arrays; None if it takes none."""
    return next((each for each in nearest(wanted, named) if accepted(builder.formula, arrays, each)), None)


def nearest(wanted: Mapping[str, Any], named: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Options beside the defaults: those that are wanted, then those with ever more others in their place."""
    chosen = tuple(wanted.values())
    yield beside_defaults(chosen, named)
    for found in sorted(product(*named.values()), key=lambda each: sum(map(operator.ne, each, chosen))):
        yield beside_defaults(found, named)


def beside_defaults(values: tuple[Any, ...], named: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Options by name, but for the defaults, which come first."""
    return {name: value for (name, every), value in zip(named.items(), values, strict=True) if value != every[0]}


def add_noticed(builder: Builder, found: dict[str, tuple[Any, ...]], beside: dict[str, Any]) -> None:
    """Add the keywords that have no values so far, with those that change the result beside the value of another."""
    for name, default in builder.formula.keywords.items():
        if name not in found and (others := tuple(islice(noticed(builder, name, default, beside), plan.OTHER_VALUES))):
            found[name] = default, *others


def noticed(builder: Builder, name: str, default: Any, beside: dict[str, Any]) -> Iterator[Any]:
    """Values of a keyword with which the formula gives other results of the same shapes.

    First those that change much and give finite results, then those that give some; at last those that change little,
    as a decay that is multiplied by a small learning rate.
    """
    arrays = [wide(array) for array in builder.small("options")]
    usual, later = results(builder.formula, arrays, beside), dict[str, list[Any]](partly=[], little=[])
    for value in candidates(default):
        other = results(builder.formula, arrays, {**beside, name: value})
        pairs = [(usual[each], other[each]) for each in usual if each in other]
        if not pairs or any(a.shape != b.shape for a, b in pairs):
            continue
        if any(np.any(np.abs(a - b) > plan.NOTICED * np.abs(a)) for a, b in pairs):
            if all(np.all(np.isfinite(b)) for _, b in pairs):
                yield value
            else:
                later["partly"].append(value)
        elif any(np.any(np.abs(a - b) > plan.LITTLE * np.abs(a)) for a, b in pairs):
            later["little"].append(value)
    yield from (*later["partly"], *dict.fromkeys(later["little"]))


def candidates(default: Any) -> Iterator[Any]:
    """Values that a keyword of this default may have too: near it, and powers away; smaller ones of a threshold."""
    if isinstance(default, bool):
        yield not default
    elif isinstance(default, int):
        yield from dict.fromkeys((default + 1, default + 2, 2 * default, default // 2, default // 10))
    elif isinstance(default, float):
        yield from (2 * default, 0.1 * default, 0.5 * default, 1e3 * default, 1e6 * default)
        yield from (default + 1, default + 0.5, 0.01 * default)


def results(formula: Formula, arrays: Arrays, options: dict[str, Any]) -> dict[str, np.ndarray]:
    """The results of a formula as numbers in float64; none where it refuses a value."""
    try:
        found = formula.named(formula.function(*pack(formula, arrays), **options))
        return {name: np.asarray(value, np.float64) for name, value in found.items()}
    except Exception:  # of anybody's code
        return {}


def side_by_side(builder: Builder, *key: int) -> Arrays:
    """Elements of several sizes, of which each argument is 0 in some; squares go with what is not negative.

    Of rows of reals each second one is small, beside which a small number counts too.
    """
    arrays = [np.array(array) if np.ndim(array) else array for array in builder.small("options", *key)]
    if not builder.is_elementwise:
        rows = [] if builder.formula.products or builder.has_classes else in_rows(builder.leaves)
        for number in rows[:1]:
            arrays[number][::2] *= builder.dtype.type(SMALL)
        return arrays
    largest, count = float(finfo(builder.dtype).max), 4 * len(SCALES)
    scales = np.repeat([scale if scale**2 < largest / 1e3 else 1.0 for scale in SCALES], 4)
    shaped = [number for number, leaf in enumerate(builder.leaves) if leaf.is_floating and leaf.axes]
    for order, number in enumerate(shaped):
        leaf = builder.leaves[number]
        factor = scales**2 if leaf.domain == "nonnegative" else scales
        arrays[number][:count] = (arrays[number][:count].astype(np.float64) * factor).astype(leaf.dtype)
        arrays[number][order :: len(shaped) + 2] = 0
    return arrays


@lru_cache
def covering(sizes: Row, strength: int, done: tuple[Row, ...] = ()) -> tuple[Row, ...]:
    """Few combinations of the numbers below each size that have all of so many of them, beside those that are `done`.

    The same each time.
    """
    rng, together = np.random.default_rng(0), combinations(range(len(sizes)), min(strength, len(sizes)))
    left = {places: np.ones([sizes[place] for place in places], bool) for places in together}
    found: list[Row] = []

    def take(row: Row) -> None:
        for places, table in left.items():
            table[tuple(row[place] for place in places)] = False

    for row in done:
        take(row)
    while any(table.any() for table in left.values()):
        candidates = np.stack([rng.integers(0, size, 60) for size in sizes], axis=1)
        places, table = next(each for each in left.items() if each[1].any())
        candidates[:, list(places)] = np.argwhere(table)[0]
        new = sum(table[tuple(candidates[:, place] for place in places)].astype(int) for places, table in left.items())
        found.append(tuple(map(int, candidates[np.argmax(new)])))
        take(found[-1])
    return tuple(found)
