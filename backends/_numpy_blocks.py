"""Arrays cut into blocks: what is read more than once is read block by block, while it is in the cache."""

from collections.abc import Iterable
from typing import Any

import numpy

PLAIN = numpy.dtype(numpy.float32), numpy.dtype(numpy.float64)
BLOCK = 2**18  # elements: 1 MiB of float32
WIDTH = 2**14  # bytes: no block is narrower, as many short runs of memory cost more than they save


def blocks(axis: int | None, *arrays: Any, share: int = 1) -> Iterable[tuple[Any, ...]]:
    """Views of arrays of one shape (but for `axis`, which stays whole) that lie together in a `share` of a `BLOCK`."""
    first, limit = arrays[0], BLOCK // share
    if first.size <= limit:
        return [arrays]
    whole = None if axis is None else axis % first.ndim
    axes = [each for each in range(first.ndim) if each != whole and first.shape[each] > 1]
    if not axes:
        return [arrays]
    cut = max(axes, key=lambda each: (abs(first.strides[each]), first.shape[each]))  # the outermost axis in memory
    length, stride = first.shape[cut], abs(first.strides[cut])
    step = max(1, limit * length // first.size, WIDTH // (stride or WIDTH))  # a stride of 0: rows that are one row
    if step >= length:
        return [arrays]
    parts = [(slice(None),) * cut + (slice(start, start + step),) for start in range(0, length, step)]
    return (views for part in parts for views in blocks(axis, *(array[part] for array in arrays), share=share))
