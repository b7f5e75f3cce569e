"""Operations of a library that only move elements: the library runs them on positions, and the elements follow."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arithmetic.discrete import Discrete
from ..arithmetic.kinds import is_real
from ..arithmetic.structure import alike as of_one_kind
from ..arithmetic.structure import in_a_row, picked, positions
from ..arithmetic.windows import chosen

Array = Any


DEPENDS = "depends on the values of an array, which a graph cannot have"


class TracingError(ValueError):
    """A function that cannot be read as a formula of its arguments."""


def is_lifted(x: Any) -> bool:
    """Whether it is an array that carries errors, or answers that errors may change."""
    return is_real(x) or isinstance(x, Discrete)


def moved(run: Callable[..., Any], arrays: Sequence[Array]) -> list[Array]:
    """What `run` makes of these arrays; it takes arrays of positions, and gives a list of such.

    The position -1 is the last element of the last array.
    """
    several = of_one_kind(list(arrays))
    starts = np.cumsum([0, *(x.size for x in several)])
    found = run(*(np.asarray(positions(x) + start) for x, start in zip(several, starts, strict=False)))
    row = in_a_row(several)
    return [picked(row, np.asarray(each).astype(np.int64)) for each in found]


def one(value: float, beside: Array) -> np.ndarray:
    """A number that stands beside the elements of an array, in its format."""
    return np.full(1, value, beside.dtype if is_real(beside) else None)


def gathered(x: Array, updates: Array, places: np.ndarray, add: Callable[[Array], Array]) -> Array:
    """The array x with each update added to the element at its place, any number of them to one.

    A place of -1 is outside of the array. `add` sums along the last axis, of all elements that get as many updates: in
    one array with the others they would need as many places as the one that gets most.
    """
    order = np.argsort(places.ravel(), kind="stable")
    order = order[places.ravel()[order] >= 0]
    place = places.ravel()[order]
    counts = np.bincount(place, minlength=x.size)
    column = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    row, found = in_a_row(of_one_kind([x, updates])), []
    for count in np.unique(counts):
        own, among = np.flatnonzero(counts == count), counts[place] == count
        terms = np.empty((own.size, count + 1), np.int64)
        terms[:, 0] = own
        terms[np.searchsorted(own, place[among]), column[among]] = x.size + order[among]
        found.append(add(chosen(row, terms)))
    back = np.argsort(np.argsort(counts, kind="stable"))
    return chosen(in_a_row(of_one_kind(found)), back.reshape(x.shape)) if found else x


def in_steps(xp: Any) -> Callable[[Array], Array]:
    """Sums along the last axis, of what goes to one place: in half precision each addition may be rounded to it."""

    def summed(x: Array) -> Array:
        is_half = is_real(x) and x.dtype.itemsize == 2
        return xp.cumulative_sum(x, axis=-1)[..., -1] if is_half else xp.sum(x, axis=-1)

    return summed


def alike(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether the constants of two graphs differ by the rounding to float32 alone."""
    if [each.shape for each in some] != [each.shape for each in others]:
        return False
    pairs = zip(some, others, strict=True)
    return all(bool(np.allclose(x, y, rtol=2.0**-23, atol=2.0**-149, equal_nan=True)) for x, y in pairs)
