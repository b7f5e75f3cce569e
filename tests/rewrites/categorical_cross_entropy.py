"""Right categorical cross-entropies, written another way: other sums, other logarithms, other clips."""

import math

import numpy as np

from .sums import in_pairs, one_by_one


def prepared(y, p, axis, clip):
    """Labels and clipped probabilities, the classes last."""
    lo, hi = clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1.0))
    return np.moveaxis(y.astype(p.dtype), axis, -1), np.moveaxis(np.clip(p, lo, hi), axis, -1)


def summed(y, p, axis, clip, add):
    """The loss with the sum over the last axis done by `add`."""
    y, c = prepared(y, p, axis, clip)
    return np.asarray(-add(y * np.log(c))).astype(p.dtype)


def compensated(terms):
    """Add as Kahan does."""
    total = carry = np.zeros_like(terms[..., 0])
    for i in range(terms.shape[-1]):
        term = terms[..., i] - carry
        new = total + term
        total, carry = new, (new - total) - term
    return total


def each_row(f, terms):
    """Apply `f` to every row as a list of Python floats."""
    rows = terms.reshape(-1, terms.shape[-1])
    return np.array([f(row.tolist()) for row in rows], np.float64).reshape(terms.shape[:-1])


def categorical_cross_entropy__left_to_right(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, one_by_one)


def categorical_cross_entropy__right_to_left(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, lambda terms: one_by_one(terms[..., ::-1]))


def categorical_cross_entropy__pairwise(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, in_pairs)


def categorical_cross_entropy__blocks_of_4(y, p, *, axis=-1, clip=None):
    def add(terms):
        return one_by_one(np.stack([in_pairs(terms[..., i : i + 4]) for i in range(0, terms.shape[-1], 4)], axis=-1))

    return summed(y, p, axis, clip, add)


def categorical_cross_entropy__kahan(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, compensated)


def categorical_cross_entropy__sorted(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, lambda terms: one_by_one(np.sort(terms, axis=-1)))


def categorical_cross_entropy__random_order(y, p, *, axis=-1, clip=None):
    order = np.random.default_rng(p.size).permutation(p.shape[axis])
    return summed(y, p, axis, clip, lambda terms: one_by_one(terms[..., order]))


def categorical_cross_entropy__exact_sum(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, lambda terms: each_row(math.fsum, terms))


def categorical_cross_entropy__float64_sum(y, p, *, axis=-1, clip=None):
    return summed(y, p, axis, clip, lambda terms: np.sum(terms, axis=-1, dtype=np.float64))


def categorical_cross_entropy__einsum(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return -np.einsum("...i,...i->...", y, np.log(c))


def categorical_cross_entropy__matrix_product(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return (np.negative(y)[..., None, :] @ np.log(c)[..., :, None])[..., 0, 0]


def categorical_cross_entropy__float64_inside(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return np.asarray(-np.sum(y * np.log(c.astype(np.float64)), axis=-1)).astype(p.dtype)


def categorical_cross_entropy__fused(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    log, loss = np.log(c), np.zeros(c.shape[:-1], p.dtype)
    for i in range(c.shape[-1]):  # in float32 rounded once, as fused multiply-add
        loss = np.asarray(loss - y[..., i].astype(np.float64) * log[..., i]).astype(p.dtype)
    return loss


def categorical_cross_entropy__log2(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return -np.sum(y * (np.log2(c) * math.log(2)), axis=-1)


def categorical_cross_entropy__log2_of_the_sum(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return np.sum(y * np.log2(c), axis=-1) * -math.log(2)


def categorical_cross_entropy__log10(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return -np.sum(y * (np.log10(c) * math.log(10)), axis=-1)


def categorical_cross_entropy__log1p_above_one_half(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    return -np.sum(y * np.where(c >= 0.5, np.log1p(c - 1), np.log(c)), axis=-1)


def categorical_cross_entropy__mantissa_and_exponent(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    m, k = np.frexp(c)
    small = m < math.sqrt(0.5)
    m, k = np.where(small, 2 * m, m), np.where(small, k - 1, k)
    return -np.sum(y * (np.log(m) + k.astype(p.dtype) * math.log(2)), axis=-1)


def categorical_cross_entropy__chosen_terms(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    terms = np.where((y == 0) & ~np.isnan(c), p.dtype.type(0), y * np.log(c))
    return np.negative(np.sum(terms, axis=-1))


def categorical_cross_entropy__nonzero_labels(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    labels, rows = y.reshape(-1, c.shape[-1]), c.reshape(-1, c.shape[-1])
    loss = np.zeros(len(rows), p.dtype)
    chosen = np.nonzero((labels != 0) | np.isnan(rows))
    np.subtract.at(loss, chosen[0], labels[chosen] * np.log(rows[chosen]))
    return loss.reshape(c.shape[:-1])


def categorical_cross_entropy__clip_by_where(y, p, *, axis=-1, clip=None):
    lo, hi = (np.asarray(end, p.dtype) for end in clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1)))
    c = np.where(p < lo, lo, np.where(p > hi, hi, p))
    return np.sum(-np.log(c) * y.astype(p.dtype), axis=axis)


def categorical_cross_entropy__clip_after_log(y, p, *, axis=-1, clip=None):
    lo, hi = clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1.0))
    ends = np.log(np.asarray([lo, hi], p.dtype))
    log = np.where(p > 0, np.log(np.where(p > 0, p, 1)), np.where(np.isnan(p), p, ends[0]))
    return -np.sum(y.astype(p.dtype) * np.clip(log, *ends), axis=axis)


def categorical_cross_entropy__one_sample_at_a_time(y, p, *, axis=-1, clip=None):
    y, c = prepared(y, p, axis, clip)
    loss = np.empty(c.shape[:-1], p.dtype)
    for index in np.ndindex(loss.shape):
        loss[index] = -np.dot(y[index], np.log(c[index]))
    return loss
