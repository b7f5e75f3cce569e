"""Mistakes about memory: elements read as they lie, and one buffer for all calls."""

import functools

import numpy as np


def memory(array):
    """An array's elements as they lie in memory, whatever its strides say."""
    base = array if array.base is None else array.base
    return base.ravel(order="K")[: array.size].reshape(array.shape)


@functools.lru_cache
def buffer(shape, dtype):
    """The same memory for every call."""
    return np.empty(shape, dtype)
