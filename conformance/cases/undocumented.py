"""Numbers that may matter to a formula of which no page says what it does: ties, and all arguments large or small."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.validation import ends
from ..arithmetic.rounding import finfo
from . import plan
from .build import Builder, Made, accepted, results_of
from .draw import usual
from .magnitudes import rows_scaled, times


def cases(builder: Builder) -> Iterator[Made]:
    """The cases about magnitudes of anybody's formula beside those of gaugeblock's own, whose pages say more."""
    if builder.formula.is_own:
        return
    yield coarse(builder)
    reach = int(plan.SQUARED * np.log2(float(finfo(builder.dtype).max)))
    if builder.rows_apart and not builder.formula.products:
        yield rows_scaled(builder, "together", reach)
    else:
        yield from together(builder, reach)


def together(builder: Builder, reach: int) -> Iterator[Made]:
    """Small numbers in all arguments at once, and large ones: what is added to a sum of them shows in no other case."""
    for exponent in (reach, -reach // 3, -reach):
        pairs = zip(builder.small("together"), builder.leaves, strict=True)
        arrays = [times(array, leaf, 2.0**exponent) if leaf.is_floating else array for array, leaf in pairs]
        with np.errstate(all="ignore"):
            results = results_of(builder.formula, arrays, {})
        if all(np.all(np.isfinite(np.asarray(each, np.float64))) for each in results.values()):
            note = "a product of two sums of squares overflows, or underflows, or an epsilon is left out"
            yield builder.made("magnitudes", builder.label("value"), f"all_2^{exponent}", note, builder.call(arrays))


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
