"""Wrong logistic functions."""

import numpy as np

from . import breaks


def right(x):
    return 1 / (1 + np.exp(-x))


@breaks("logistic.value", "it is the hard sigmoid")
def logistic__hard(x):
    return np.clip(x / 6 + x.dtype.type(0.5), 0, 1)


@breaks("logistic.nan", "NaN becomes a number")
def logistic__nan_is_a_number(x):
    return np.nan_to_num(right(x))


@breaks("logistic.infinity", "an infinity becomes NaN")
def logistic__infinity_is_nan(x):
    return right(x) + 0 * x


@breaks("logistic.shape", "axes of length 1 are put in front")
def logistic__another_axis(x):
    return right(x)[None]


@breaks("logistic.dtype", "the result is in float16")
def logistic__half(x):
    return right(x).astype(np.float16)


@breaks("logistic.layout", "the memory order is taken for granted")
def logistic__memory_order(x):
    return right(x.ravel("K")).reshape(x.shape)


BUFFERS = {}


@breaks("logistic.pure", "all results of a shape are in one buffer")
def logistic__one_buffer(x):
    y = BUFFERS.setdefault((x.shape, x.dtype), np.empty_like(x))
    y[...] = right(x)
    return y
