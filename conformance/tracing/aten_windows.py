"""PyTorch's operations with windows: convolution and pooling.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import itertools
import math
from typing import Any

import numpy as np

from ..arithmetic.addends import begun_with
from ..arithmetic.discrete import discrete, parts
from ..arithmetic.windows import chosen, windows
from ..arithmetic.windows import convolution as convolved
from ..arithmetic.windows import transposed as convolved_transposed
from .aten import Array, Namespace
from .aten_axes import mean
from .positions import gathered, in_steps


def convolution(
    xp: Namespace, x: Array, w: Array, b: Array, stride: Any, padding: Any, dilation: Any, is_transposed: bool,
    more: Any, groups: int,
) -> Array:  # fmt: skip
    count = w.ndim - 2
    stride, padding, dilation, more = (whole(each, count) for each in (stride, padding, dilation, more))

    def summed(x: Array, w: Array) -> Array:
        if is_transposed:
            return convolved_transposed(x, w, stride, padding, dilation, more, groups)
        return convolved(x, w, stride, [(p, p) for p in padding], dilation, None, groups)

    if b is None:
        return summed(x, w)
    bias = xp.reshape(b, (-1, *(1,) * count))
    length = math.prod(w.shape[2:]) * (w.shape[0] // groups if is_transposed else w.shape[1])
    return begun_with(summed(x, w) + bias, bias, summed, x, w, length)


def whole(numbers: Any, count: int, default: Any = ()) -> list[int]:
    """One number for each axis."""
    found = list(numbers) if isinstance(numbers, list | tuple) else [numbers]
    return (found or list(default)) * (count if len(found or list(default)) == 1 else 1)


def pooled(x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, count: int) -> np.ndarray:
    """The positions in each window."""
    kernel = whole(kernel, count)
    stride, padding, dilation = whole(stride, count, kernel), whole(padding, count), whole(dilation, count)
    sizes = x.shape[x.ndim - count :]
    after = list(padding)
    if ceil_mode:  # one window more, if it starts within the array or the padding before it
        for axis, (n, k, s, p, d) in enumerate(zip(sizes, kernel, stride, padding, dilation, strict=True)):
            rest = (n + 2 * p - d * (k - 1) - 1) % s
            last = (n + 2 * p - d * (k - 1) - 1) // s + 1
            after[axis] += s - rest if rest and last * s < n + p else 0
    return windows(x.shape, kernel, stride, list(zip(padding, after, strict=True)), dilation)


def max_pool(count: int) -> Any:
    """The largest of each window, and its position in the plane."""

    def pool(
        xp: Namespace, x: Array, kernel: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        places = pooled(x, kernel, stride, padding, dilation, ceil_mode, count)
        y = chosen(x, places, -math.inf)
        winner, sure = parts(xp.argmax(y, axis=-1))
        plane = math.prod(x.shape[x.ndim - count :])
        index = np.take_along_axis(places, winner[..., None], -1)[..., 0] % plane
        return xp.max(y, axis=-1), discrete(index, sure)

    return pool


max_pool2d_with_indices, max_pool3d_with_indices = max_pool(2), max_pool(3)


def avg_pool(count: int) -> Any:
    """The mean of each window, of the padding too if it is counted."""

    def pool(
        xp: Namespace, x: Array, kernel: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor: int | None = None,
    ) -> Array:  # fmt: skip
        places = pooled(x, kernel, stride, padding, 1, ceil_mode, count)
        inside: Any = math.prod(whole(kernel, count)) if count_include_pad else np.sum(places >= 0, -1)
        if ceil_mode and count_include_pad:  # the padding, but not what is beyond it
            inside = divisors(x, kernel, stride, padding, count)
        total = xp.sum(chosen(x, places), axis=-1)
        of = divisor or inside
        return total / (of if isinstance(of, int) else xp.astype(np.asarray(of), x.dtype))

    return pool


def divisors(x: Array, kernel: Any, stride: Any, padding: Any, count: int) -> np.ndarray:
    """How many elements of the array and its padding are in each window, where the last ones reach beyond both."""
    widths = [(0, 0)] * (x.ndim - count) + [(p, p) for p in whole(padding, count)]
    padded = np.pad(np.ones(x.shape), widths, constant_values=1)
    return np.asarray(np.sum(pooled(padded, kernel, stride, 0, 1, True, count) >= 0, -1))


avg_pool1d, avg_pool2d, avg_pool3d = avg_pool(1), avg_pool(2), avg_pool(3)


def adaptive(count: int) -> Any:
    """The mean of each part, of lengths that may differ by one."""

    def pool(xp: Namespace, x: Array, sizes: Any) -> Array:
        for axis, size in zip(range(x.ndim - count, x.ndim), whole(sizes, count), strict=True):
            n = x.shape[axis]
            cuts = [slice(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]
            kept = (slice(None),) * axis
            x = xp.concat([mean(xp, x[(*kept, cut)], axis, True) for cut in cuts], axis=axis)
        return x

    return pool


_adaptive_avg_pool2d, _adaptive_avg_pool3d = adaptive(2), adaptive(3)


def cummax(xp: Namespace, x: Array, dim: int) -> Any:
    """The largest up to each place, by a window of all places before it; its index."""
    last = xp.moveaxis(x, dim, -1)
    length = last.shape[-1]
    places = windows(last.shape, (length,), (1,), [(length - 1, 0)], (1,))
    y = chosen(last, places, -math.inf)
    at, sure = np.broadcast_arrays(*parts(xp.argmax(xp.flip(y, axis=-1), axis=-1)))  # the last of equal ones
    index = np.take_along_axis(places, (length - 1 - at)[..., None], -1)[..., 0] % length
    return xp.moveaxis(xp.max(y, axis=-1), -1, dim), discrete(np.moveaxis(index, -1, dim), np.moveaxis(sure, -1, dim))


def cummin(xp: Namespace, x: Array, dim: int) -> Any:
    values, index = cummax(xp, -x, dim)
    return -values, index


def adaptive_max_pool(count: int) -> Any:
    """The largest of each part, and its position in the plane."""

    def pool(xp: Namespace, x: Array, sizes: Any) -> Any:
        lengths, wanted = x.shape[x.ndim - count :], whole(sizes, count)
        sides = zip(lengths, wanted, strict=True)
        cuts = ([slice(i * n // k, -(-(i + 1) * n // k)) for i in range(k)] for n, k in sides)
        plane = np.arange(math.prod(x.shape)).reshape(x.shape)
        found = []
        for cut in itertools.product(*cuts):
            part = xp.reshape(x[(..., *cut)], (*x.shape[: x.ndim - count], -1))
            at, sure = parts(xp.argmax(part, axis=-1))
            of_part: Any = (..., *cut)
            places = np.take_along_axis(plane[of_part].reshape(part.shape), at[..., None], -1)[..., 0]
            found.append((xp.max(part, axis=-1), places % math.prod(lengths), np.broadcast_to(sure, places.shape)))
        values, indices, certainties = zip(*found, strict=True)
        shape = (*x.shape[: x.ndim - count], *wanted)
        index = discrete(np.stack(indices, -1).reshape(shape), np.stack(certainties, -1).reshape(shape))
        return xp.reshape(xp.stack(list(values), axis=-1), shape), index

    return pool


adaptive_max_pool2d, adaptive_max_pool3d = adaptive_max_pool(2), adaptive_max_pool(3)


def col2im(xp: Namespace, x: Array, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The sums of all columns that cover a place."""
    *batch, channels, _ = x.shape
    image = xp.zeros((*batch, channels // math.prod(kernel), *size), dtype=x.dtype)
    places = np.moveaxis(pooled(image, kernel, stride, padding, dilation, False, 2), -1, -3)
    return gathered(image, x, places.reshape(x.shape), in_steps(xp))
