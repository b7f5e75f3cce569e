"""Numbers near the ends of a dtype's range, in each argument alone that the formula takes no power of on its way."""

from collections.abc import Iterator

import numpy as np

from ..arithmetic.rounding import finfo
from . import plan
from .build import Builder, Made
from .draw import Arrays, Leaf
from .places import row_letter
from .reach import reaches, with_which_it_matters, within_half


def cases(builder: Builder) -> Iterator[Made]:
    """A call for each such argument; of elements that stand for themselves `magnitudes` has every binade."""
    if builder.is_elementwise or builder.is_variant or not builder.formula.is_own:  # whose pages say what overflows
        return
    for number, leaf in enumerate(builder.leaves):
        if reaches(builder.formula, number):
            compact = builder.call(far(builder, number, leaf), with_which_it_matters(builder.formula, number))
            note = "a number near the ends of the range is clamped, or overflows on the way"
            yield builder.made("magnitudes", builder.label("value"), f"far_in_{number + 1}", note, compact)


def far(builder: Builder, number: int, leaf: Leaf) -> Arrays:
    """One argument from the smallest numbers to large ones, a row each, where rows stand for themselves; or all large.

    The factors of a sum of products are the largest numbers of all in two places, which a cast may round up.
    """
    arrays = within_half(builder.leaves, builder.small("far", number))
    info, array, letter = finfo(builder.dtype), arrays[number], row_letter(builder, leaf)
    low, high = int(info.minexp) + int(info.nmant) // 2, int(info.maxexp) - plan.SPARE
    powers = np.asarray(float(high))
    if letter is not None:
        place = leaf.axes.index(letter)
        rows = np.linspace(low, high, array.shape[place]).round()
        powers = np.expand_dims(rows, [other for other in range(array.ndim) if other != place])
    arrays[number] = (np.asarray(array, np.float64) * 2.0**powers).astype(builder.dtype)
    if builder.formula.products and "exact" in builder.labels and array.ndim:
        largest = np.asarray([info.max, -info.max], np.float64).astype(builder.dtype)
        for turn, value in enumerate(largest[: min(array.shape)], 1):
            arrays[number][(-turn,) * array.ndim] = value
    return arrays
