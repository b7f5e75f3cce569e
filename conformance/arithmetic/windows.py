"""Windows that slide over arrays, and what is computed in them: convolution. One way for bounded and exact arrays.

A window is a set of positions, so its elements are picked like those that `structure` moves; a convolution is then one
matrix product of all windows with the kernel, whose bound counts the terms that are not 0: padding adds none.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .kinds import is_real, lifted, together
from .reductions import matmul
from .structure import concat, picked, reshape

Array = Any
Pairs = Sequence[tuple[int, int]]


def chosen(x: Array, places: np.ndarray, fill: Any = 0.0) -> Array:
    """The elements of an array at these positions; at -1 the `fill`."""
    x = lifted(x)
    if not np.any(places < 0):
        return picked(x, places) if is_real(x) else x.ravel()[places]
    if not is_real(x):
        return np.append(x.ravel(), np.asarray(fill, x.dtype))[places]
    return picked(concat([reshape(x, (-1,)), together(np.full(1, fill, x.dtype), x)[0]]), places)


def windows(
    shape: tuple[int, ...],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
    spread: Sequence[int] | None = None,
) -> np.ndarray:
    """The positions in each window over the last axes of an array, on one more axis; -1 for padding.

    `spread` puts so many places between neighbours, less one, with nothing in them.
    """
    lead, lengths = shape[: len(shape) - len(kernel)], shape[len(shape) - len(kernel) :]
    count = len(kernel)
    at: Any = np.zeros((1,) * (2 * count), np.int64)
    inside: Any = np.ones((1,) * (2 * count), np.bool_)
    sides = zip(lengths, kernel, stride, padding, dilation, spread or (1,) * count, strict=True)
    for axis, (length, size, step, (before, after), apart, gap) in enumerate(sides):
        whole = (length - 1) * gap + 1 + before + after - (size - 1) * apart if length else 0
        starts = np.arange(max((whole - 1) // step + 1, 0)) * step - before
        place = starts[:, None] + np.arange(size) * apart
        valid = (place >= 0) & (place < (length - 1) * gap + 1) & (place % gap == 0)
        view = [1] * (2 * count)
        view[axis], view[count + axis] = place.shape
        at = at * length + np.where(valid, place // gap, 0).reshape(view)
        inside = inside & valid.reshape(view)
    at = np.where(inside, at, -1)
    at = at.reshape(*at.shape[:count], -1)
    rows = np.arange(math.prod(lead)).reshape(*lead, *(1,) * at.ndim) * math.prod(lengths)
    return np.where(at < 0, -1, rows + at)


def convolution(
    x: Array,
    w: Array,
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
    spread: Sequence[int] | None = None,
    groups: int = 1,
) -> Array:
    """The sums of products of (batch, channels, ...) with a kernel (channels out, channels of a group, ...)."""
    out, channels, *kernel = w.shape
    places = windows(x.shape, kernel, stride, padding, dilation, spread)
    batch, sizes = x.shape[0], places.shape[2:-1]
    grouped = places.reshape(batch, groups, channels, *sizes, -1)
    rows = np.moveaxis(np.moveaxis(grouped, 1, 0), 2, -2).reshape(groups, batch * math.prod(sizes), -1)
    order = np.arange(math.prod(w.shape)).reshape(groups, out // groups, -1)
    found = matmul(chosen(x, rows), chosen(w, np.matrix_transpose(order)))
    back = np.arange(batch * out * math.prod(sizes)).reshape(groups, batch, *sizes, out // groups)
    back = np.moveaxis(np.moveaxis(back, 0, 1), -1, 2).reshape(batch, out, *sizes)
    return chosen(found, back)


def transposed(
    x: Array,
    w: Array,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    more: Sequence[int],
    groups: int = 1,
) -> Array:
    """The transposed convolution: a convolution of x, its elements `stride` apart, with the kernel turned round."""
    channels, out, *kernel = w.shape
    order = np.arange(math.prod(w.shape)).reshape(groups, channels // groups, out, *kernel)
    order = np.flip(np.swapaxes(order, 1, 2), tuple(range(3, order.ndim)))
    turned = chosen(w, order.reshape(groups * out, channels // groups, *kernel))
    widths = [apart * (size - 1) - cut for size, cut, apart in zip(kernel, padding, dilation, strict=True)]
    pairs = [(width, width + one) for width, one in zip(widths, more, strict=True)]
    return convolution(x, turned, (1,) * len(kernel), pairs, dilation, stride, groups)
