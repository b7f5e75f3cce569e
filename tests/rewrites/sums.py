"""Sums over the last axis, in other orders than NumPy's."""

import numpy as np


def one_by_one(terms):
    """Add from the left."""
    total = np.zeros_like(terms[..., 0])
    for i in range(terms.shape[-1]):
        total = total + terms[..., i]
    return total


def in_pairs(terms):
    """Add halves to halves."""
    while terms.shape[-1] > 1:
        half = terms.shape[-1] // 2
        terms = np.concatenate([terms[..., :half] + terms[..., half : 2 * half], terms[..., 2 * half :]], axis=-1)
    return terms[..., 0]
