"""scikit-learn's log_loss; `sklearn_metrics.py:sample_by_sample` asks it for the loss of each sample by itself."""

from types import SimpleNamespace

import numpy as np
from sklearn.metrics import log_loss

dtypes = ("float16", "float32", "float64")


def categorical_cross_entropy(y, p, *, axis=-1, clip=None):
    if clip is not None:
        raise NotImplementedError("log_loss has no clip argument")
    if p.ndim != 2 or axis not in (-1, 1) or p.shape[1] < 2:
        raise NotImplementedError("log_loss takes samples x classes, two of these or more")
    if not np.all((y == 0) | (y == 1)) or not np.all(y.sum(axis=1) == 1):
        raise NotImplementedError("log_loss takes one-hot labels")
    return np.asarray(log_loss(y.astype(int), p), p.dtype)


def each_sample(y, p, *, axis=-1, clip=None):
    samples = ((y[i : i + 1], p[i : i + 1]) for i in range(len(p)))
    return np.array([categorical_cross_entropy(*sample, axis=axis, clip=clip) for sample in samples], p.dtype)


sample_by_sample = SimpleNamespace(dtypes=dtypes, categorical_cross_entropy=each_sample)
