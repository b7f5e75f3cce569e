"""Mistakes about memory: elements read as they lie, one buffer for all calls, and a history that the caller lacks."""

import functools

import numpy as np


def memory(array):
    """An array's elements as they lie in memory, whatever its strides say."""
    base = array if array.base is None else array.base
    return base.ravel(order="K")[: array.size].reshape(array.shape)


@functools.lru_cache
def buffer(shape, dtype, number=0):
    """The same memory for every call, for each of several results."""
    return np.empty(shape, dtype)


HISTORY = {}


def recall(mistake, array):
    """What was kept with this very array, if it was the last; a copy of it has no history."""
    kept, history = HISTORY.get(mistake, (None, None))
    return history if kept is array else None


def keep(mistake, array, history):
    """Keep something beside an array that is returned."""
    HISTORY[mistake] = array, history
