"""The gradient of rows of a table, rightly, in other ways."""

import numpy as np


def embedding_vjp__backwards(table, labels, g):
    found = np.zeros_like(table, order="C")
    for label, row in zip(labels.ravel()[::-1], g.reshape(labels.size, -1)[::-1] if labels.size else [], strict=True):
        found[label] += row
    return found


def embedding_vjp__sorted(table, labels, g):
    order = np.argsort(labels, axis=None, kind="stable")
    rows, found = g.reshape(labels.size, table.shape[1])[order], np.zeros_like(table, order="C")
    for label in np.unique(labels):
        found[label] = np.sum(rows[labels.ravel()[order] == label], axis=0)
    return found


def embedding_vjp__selected(table, labels, g):
    chosen = labels.ravel() == np.arange(len(table))[:, None]
    terms = np.where(chosen[..., None], g.reshape(labels.size, table.shape[1]), table.dtype.type(0))
    return np.sum(terms, axis=1)
