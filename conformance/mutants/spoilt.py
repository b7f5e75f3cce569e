"""What spoils a result that is right, whatever formula it is of: its shape, its dtype, the memory that it is in."""

import numpy as np

from .memory import buffer
from .rounding import to_float16


def another_axis(y):
    return y[None]


def float16(y):
    return to_float16(y).astype(np.float16)


def one_buffer(y):
    kept = buffer(y.shape, y.dtype)
    kept[...] = y
    return kept


def first(spoilt):
    """The same of the first of several results, with whatever else a mistake is given."""

    def wrong(y, after, *given):
        return spoilt(y), after

    wrong.__name__ = spoilt.__name__
    return wrong


def only(spoilt):
    """The same of the one result."""

    def wrong(y, *given):
        return spoilt(y)

    wrong.__name__ = spoilt.__name__
    return wrong
