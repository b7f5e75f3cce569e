"""Right logistic functions, written another way."""

import numpy as np


def logistic__by_reciprocal(x):
    return np.reciprocal(np.exp(-x) + x.dtype.type(1))
