"""PyTorch's sampling of an array at the places of a grid.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import itertools
import math
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.namespace import MissingError
from ..arithmetic.windows import chosen
from .aten import Array, Namespace

LINEAR, NEAREST = 0, 1
ZEROS, BORDER = 0, 1  # reflection is neither


def grid_sampler_2d(xp: Namespace, x: Array, grid: Array, mode: int, padding: int, align_corners: bool) -> Array:
    """Linear weights fall from 1 at an element to 0 at its neighbours.

    Taps one further to each side cover a place that errors move beyond an element.
    """
    if mode not in (LINEAR, NEAREST) or not isinstance(grid, Bounded) or not np.all(np.isfinite(grid.value)):
        what = "bicubic sampling, in float64, or at places that are not finite"
        raise MissingError(f"aten.grid_sampler: gaugeblock has no error bound for {what}; wanted finite float32")
    lengths = x.shape[2:]
    places = [
        unfolded(xp, grid[..., len(lengths) - 1 - axis], length, padding, align_corners)
        for axis, length in enumerate(lengths)
    ]
    if mode == LINEAR:
        return linear(xp, x, places, padding)
    places = [xp.round(each) for each in places]
    near = [each.value.astype(np.int64) for each in places]
    found = taken(x, near, padding)
    for step in itertools.product((-1, 0, 1), repeat=len(lengths)):
        at = [each + by for each, by in zip(near, step, strict=True)]
        is_there: Any = np.True_
        for place, number in zip(places, at, strict=True):
            is_there = is_there & xp.equal(place, number.astype(np.float64))
        is_there = xp.expand_dims(is_there, axis=1)
        found = xp.where(is_there, taken(x, at, padding), found)
    return found


grid_sampler_3d = grid_sampler_2d


def linear(xp: Namespace, x: Array, places: list[Array], padding: int) -> Array:
    """The sum over the taps of the product of their weights with the elements."""
    base = [np.floor(each.value).astype(np.int64) for each in places]
    parts = []
    for step in itertools.product((-1, 0, 1, 2), repeat=len(places)):
        at = [each + by for each, by in zip(base, step, strict=True)]
        weight: Any = 1.0
        for place, number in zip(places, at, strict=True):
            weight = weight * xp.maximum(1 - xp.abs(place - number.astype(place.dtype)), 0.0)
        parts.append(taken(x, at, padding) * xp.expand_dims(weight, axis=1))
    return xp.sum(xp.stack(parts, axis=-1), axis=-1)


def taken(x: Array, at: list[np.ndarray], padding: int) -> Array:
    """The elements at these places of each batch and channel, 0 outside, or the last one."""
    lengths = x.shape[2:]
    inside: Any = np.True_
    flat: Any = 0
    for place, length in zip(at, lengths, strict=True):
        inside = inside & (place >= 0) & (place < length)
        flat = flat * length + np.clip(place, 0, length - 1)
    planes = np.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * len(lengths)) * math.prod(lengths)
    keep = inside if padding == ZEROS else np.ones_like(inside)
    return chosen(x, np.where(keep[:, None], planes + flat[:, None], -1))


def unfolded(xp: Namespace, x: Array, length: int, padding: int, align_corners: bool) -> Array:
    """A place from -1 to 1 as one among the elements, which is brought back into the array but where zeros are outside.

    A reflection changes a distance by no more than the distance, whatever side of an edge rounding errors put it on.
    """
    place = (x + 1) / 2 * (length - 1) if align_corners else ((x + 1) * length - 1) / 2
    if padding == ZEROS:
        return place
    if padding != BORDER:
        low, span = (0.0, length - 1.0) if align_corners else (-0.5, float(length))
        if span == 0:
            return xp.zeros_like(place)
        off = xp.abs(place - low)
        times = np.floor(off.value / span)
        rest = off - (times * span).astype(off.dtype)
        place = xp.where(times % 2 == 0, rest, span - rest) + low
    return xp.clip(place, 0.0, length - 1.0)
