"""Derivatives of a result by what was computed before it: back through one step, and through all steps together."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import bounded

if TYPE_CHECKING:
    from .first_order import Followed

Number = Any

MOST_AT_ONCE = 4_000_000  # derivatives, so that memory suffices
Pull = Callable[[Number], Number]  # from derivatives by a result, with an axis for each at last, to those by an operand


def without(pull: Pull, alone: Number) -> Pull:
    return lambda g: pull(np.where(alone[..., None], 0.0, g))


def scaled(slope: Number, shape: tuple[int, ...]) -> Pull:
    slope = np.where(np.isfinite(slope), slope, 0.0)[..., None]
    return lambda g: narrowed(g * slope, shape)


def narrowed(g: Number, shape: tuple[int, ...]) -> Number:
    """Derivatives by what was spread to a larger shape: their sums."""
    more = g.ndim - 1 - len(shape)
    g = np.sum(g, axis=tuple(range(more))) if more else g
    spread = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return np.sum(g, axis=spread, keepdims=True) if spread else g


def from_places(places: np.ndarray, shape: tuple[int, ...]) -> Pull:
    """Derivatives back to the places: the sums of those that come from one place."""
    size = int(np.prod(shape))
    if np.array_equal(places, np.arange(size)):
        return lambda g: g.reshape(*shape, -1)

    @functools.cache
    def order() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        in_order = np.argsort(places, kind="stable")
        return (in_order, *np.unique(places[in_order], return_index=True))

    def pull(g: Number) -> Number:
        in_order, targets, starts = order()
        taken = g.reshape(len(places), -1)[in_order]
        taken = taken if len(targets) == len(places) else np.add.reduceat(taken, starts, axis=0)
        if len(targets) < size:
            taken, some = np.zeros((size, g.shape[-1])), taken
            taken[targets] = some
        return taken.reshape(*shape, -1)

    return pull


def whole_error(y: "Followed") -> Number:
    """What all steps before an array add to its error together: each by itself, times the derivative by it.

    The last rounding of an operand may differ from use to use, as where a product is fused with a sum.
    """
    found = np.zeros(y.size)
    rows = int(np.clip(MOST_AT_ONCE // np.maximum(y.size, 4096), 1, y.size))
    with np.errstate(all="ignore"):
        for first in range(0, y.size, rows):
            count = int(np.minimum(rows, y.size - first))
            g = np.zeros((y.size, count))
            g[first + np.arange(count), np.arange(count)] = 1
            found[first : first + count] = of_rows(y, g.reshape(*y.shape, count))
    return found.reshape(y.shape) * bounded.INFLATION


def of_rows(y: "Followed", g: Number) -> Number:
    """The same for some of its elements, of which g has the derivatives by all."""
    total, waiting = times(g, y.local), {y.serial: (y, g)}
    while waiting:
        x, g = waiting.pop(np.max(list(waiting)))
        for operand, pull in x.ways:
            of_operand = pull(g)
            total += times(of_operand, operand.local)
            if operand.ways:
                before = waiting.get(operand.serial)
                of_operand = of_operand if before is None else before[1] + of_operand
                waiting[operand.serial] = operand, of_operand
    return total


def times(g: Number, local: Number) -> Number:
    """The sums of |g| times what a step adds, for each derivative; 0 times infinity is 0."""
    if not np.any(local):
        return np.zeros(g.shape[-1])
    sizes, local = np.abs(g).reshape(-1, g.shape[-1]), local.ravel()
    endless = ~np.isfinite(local)
    if not np.any(endless):
        return local @ sizes
    return np.where(np.any(sizes[endless] > 0, axis=0), np.inf, np.where(endless, 0.0, local) @ sizes)
