"""Rows of a table, rightly, in other ways."""

import numpy as np


def embedding__take(table, labels):
    return np.take(table, labels.astype(np.int64), axis=0)


def embedding__selected(table, labels):
    chosen = labels.reshape(-1, 1, 1) == np.arange(len(table))[:, None]
    rows = np.sum(np.where(chosen, table, 0), axis=1, dtype=table.dtype)
    return rows.reshape(*labels.shape, table.shape[1])
