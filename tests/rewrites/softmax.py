"""Right softmaxes, written another way: other sums, other quotients, other exponentials, other passes over the row."""

import math

import numpy as np

from .sums import in_pairs, one_by_one

LOG2_E = math.log2(math.e)


def summed(x, axis, add):
    """Softmax with the sum over the last axis done by `add`."""
    x = np.moveaxis(x, axis, -1)
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return np.moveaxis((e / add(e)[..., None]).astype(x.dtype), -1, axis)


def in_blocks(e, size):
    """Add blocks, then their sums."""
    return one_by_one(np.stack([one_by_one(e[..., i : i + size]) for i in range(0, e.shape[-1], size)], axis=-1))


def compensated(e):
    """Add as Kahan does."""
    total = carry = np.zeros_like(e[..., 0])
    for i in range(e.shape[-1]):
        term = e[..., i] - carry
        new = total + term
        total, carry = new, (new - total) - term
    return total


def each_row(f, e):
    """Apply `f` to every row as a list of Python floats."""
    return np.array([f(row.tolist()) for row in e.reshape(-1, e.shape[-1])], np.float64).reshape(e.shape[:-1])


def softmax__left_to_right(x, *, axis=-1):
    return summed(x, axis, one_by_one)


def softmax__right_to_left(x, *, axis=-1):
    return summed(x, axis, lambda e: one_by_one(e[..., ::-1]))


def softmax__pairwise(x, *, axis=-1):
    return summed(x, axis, in_pairs)


def softmax__blocks_of_4(x, *, axis=-1):
    return summed(x, axis, lambda e: in_blocks(e, 4))


def softmax__blocks_of_32(x, *, axis=-1):
    return summed(x, axis, lambda e: in_blocks(e, 32))


def softmax__eight_lanes(x, *, axis=-1):
    def add(e):
        lanes = [one_by_one(e[..., i::8]) for i in range(min(8, e.shape[-1]))]
        return in_pairs(np.stack(lanes, axis=-1))

    return summed(x, axis, add)


def softmax__kahan(x, *, axis=-1):
    return summed(x, axis, compensated)


def softmax__smallest_first(x, *, axis=-1):
    return summed(x, axis, lambda e: one_by_one(np.sort(e, axis=-1)))


def softmax__largest_first(x, *, axis=-1):
    return summed(x, axis, lambda e: one_by_one(np.sort(e, axis=-1)[..., ::-1]))


def softmax__random_order(x, *, axis=-1):
    order = np.random.default_rng(x.size).permutation(x.shape[axis])
    return summed(x, axis, lambda e: one_by_one(e[..., order]))


def softmax__cumulative(x, *, axis=-1):
    return summed(x, axis, lambda e: np.cumsum(e, axis=-1)[..., -1])


def softmax__float64_sum(x, *, axis=-1):
    return summed(x, axis, lambda e: np.sum(e, axis=-1, dtype=np.float64))


def softmax__exact_sum(x, *, axis=-1):
    return summed(x, axis, lambda e: each_row(math.fsum, e))


def softmax__product_with_ones(x, *, axis=-1):
    return summed(x, axis, lambda e: np.ascontiguousarray(e) @ np.ones(e.shape[-1], e.dtype))


def softmax__einsum(x, *, axis=-1):
    return summed(x, axis, lambda e: np.einsum("...i->...", e))


def softmax__reciprocal(x, *, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e * (1 / np.sum(e, axis=axis, keepdims=True))


def softmax__exp2(x, *, axis=-1):
    e = np.exp2((x - np.max(x, axis=axis, keepdims=True)) * LOG2_E)
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax__exp2_and_reciprocal(x, *, axis=-1):
    e = np.exp2((x - np.max(x, axis=axis, keepdims=True)) * LOG2_E)
    return (1 / np.sum(e, axis=axis, keepdims=True)) * e


def softmax__expm1(x, *, axis=-1):
    e = np.where(x - (m := np.max(x, axis=axis, keepdims=True)) > -0.5, np.expm1(x - m) + 1, np.exp(x - m))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax__reciprocal_of_exp(x, *, axis=-1):
    z = np.max(x, axis=axis, keepdims=True) - x
    e = np.where(z < 50, 1 / np.exp(np.minimum(z, 50)), np.exp(-z))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax__powers_of_two_and_polynomial(x, *, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    k = np.rint(z * LOG2_E)
    high = 0.693145751953125  # log(2) to 16 bits, so that k times it is exact
    r = (z - k * high) - k * (math.log(2) - high)
    p = np.ones_like(r)
    for i in range(16, 0, -1):
        p = 1 + r * p / i
    power = np.where(np.isfinite(k), np.clip(k, -9999, 9999), 0).astype(np.int32)
    e = np.where(np.isfinite(k) & (k > -9999), np.ldexp(p, power), np.exp(z))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax__float64_inside(x, *, axis=-1):
    e = np.exp(x.astype(np.float64) - np.max(x, axis=axis, keepdims=True))
    return (e / np.sum(e, axis=axis, keepdims=True)).astype(x.dtype)


def softmax__negated(x, *, axis=-1):
    e = np.exp(-(np.min(-x, axis=axis, keepdims=True) * -1 - x))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax__first_axis_inside(x, *, axis=-1):
    first = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    e = np.exp(first - first.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, axis)


def softmax__one_row_at_a_time(x, *, axis=-1):
    rows = np.moveaxis(x, axis, -1)
    y = np.empty_like(rows)
    for index in np.ndindex(rows.shape[:-1]):
        e = np.exp(rows[index] - rows[index].max())
        y[index] = e / e.sum()
    return np.moveaxis(y, -1, axis)


def rescale(old, new):
    """What a sum is multiplied by when its maximum grows; two equal infinities are not subtracted."""
    return np.where(old == new, new.dtype.type(1), np.exp(old - new))


def term(z, m):
    """exp(z - m), and 0 where all so far are -infinity."""
    return np.where(np.isneginf(m), m.dtype.type(0), np.exp(z - m))


def softmax__online(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    m, s = np.full_like(x[..., 0], -np.inf), np.zeros_like(x[..., 0])
    for i in range(x.shape[-1]):
        new = np.maximum(m, x[..., i])
        m, s = new, s * rescale(m, new) + term(x[..., i], new)
    return np.moveaxis(np.exp(x - m[..., None]) / s[..., None], -1, axis)


def softmax__online_from_the_right(x, *, axis=-1):
    return np.flip(softmax__online(np.flip(x, axis), axis=axis), axis)


def softmax__online_fused(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    m, s = np.full_like(x[..., 0], -np.inf), np.zeros_like(x[..., 0])
    for i in range(x.shape[-1]):
        new = np.maximum(m, x[..., i])
        product = s.astype(np.float64) * rescale(m, new)  # in float32 rounded once, as fused multiply-add
        m, s = new, (product + term(x[..., i], new)).astype(x.dtype)
    return np.moveaxis(np.exp(x - m[..., None]) / s[..., None], -1, axis)


def online_in_blocks(x, axis, size):
    """A maximum and a sum for each block, rescaled as they are joined from the left."""
    x = np.moveaxis(x, axis, -1)
    m, s = np.full(x.shape[:-1], -np.inf, x.dtype), np.zeros(x.shape[:-1], x.dtype)
    for i in range(0, x.shape[-1], size):
        block = x[..., i : i + size]
        new = np.maximum(m, np.max(block, axis=-1))
        s = s * rescale(m, new) + np.sum(term(block, new[..., None]), axis=-1)
        m = new
    return np.moveaxis(np.exp(x - m[..., None]) / s[..., None], -1, axis)


def softmax__online_blocks_of_4(x, *, axis=-1):
    return online_in_blocks(x, axis, 4)


def softmax__online_blocks_of_64(x, *, axis=-1):
    return online_in_blocks(x, axis, 64)


def softmax__blocks_joined_at_the_end(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    blocks = [x[..., i : i + 16] for i in range(0, x.shape[-1], 16)]
    maxima = np.stack([np.max(block, axis=-1) for block in blocks], axis=-1)
    sums = np.stack([np.sum(np.exp(b - np.max(b, -1, keepdims=True)), axis=-1) for b in blocks], axis=-1)
    m = np.max(maxima, axis=-1, keepdims=True)
    sums = np.where(np.isneginf(maxima), 0, sums * rescale(maxima, m)).astype(x.dtype)
    return np.moveaxis(np.exp(x - m) / np.sum(sums, axis=-1, keepdims=True), -1, axis)


def softmax__output_rescaled_blockwise(x, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    m, s, y = np.full_like(x[..., :1], -np.inf), np.zeros_like(x[..., :1]), np.zeros_like(x)
    for i in range(0, x.shape[-1], 8):
        block = slice(i, i + 8)
        new = np.maximum(m, np.max(x[..., block], axis=-1, keepdims=True))
        factor = rescale(m, new)
        e = term(x[..., block], new)
        y, s, m = y * factor, s * factor + np.sum(e, axis=-1, keepdims=True), new
        y[..., block] = e
    return np.moveaxis(y / s, -1, axis)
