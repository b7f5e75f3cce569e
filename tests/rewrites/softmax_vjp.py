"""Right gradients of softmax, written another way: other sums, other probabilities, other products."""

import math

import numpy as np

from .sums import in_pairs, one_by_one

LOG2_E = math.log2(math.e)


def powers(x):
    """The right numerators, over the last axis."""
    return np.exp(x - np.max(x, axis=-1, keepdims=True))


def softmax(x):
    """The right probabilities, over the last axis."""
    e = powers(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def with_last(pull_back, x, g, axis):
    """`pull_back(x, g)` with the axis of the classes last."""
    gx = pull_back(np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1))
    return np.moveaxis(gx.astype(x.dtype), -1, axis)


def summed(x, g, axis, add):
    """The gradient with both sums done by `add`."""

    def pull_back(x, g):
        e = powers(x)
        p = e / add(e)[..., None]
        return p * (g - add(g * p)[..., None])

    return with_last(pull_back, x, g, axis)


def softmax_vjp__left_to_right(x, g, *, axis=-1):
    return summed(x, g, axis, one_by_one)


def softmax_vjp__right_to_left(x, g, *, axis=-1):
    return summed(x, g, axis, lambda terms: one_by_one(terms[..., ::-1]))


def softmax_vjp__pairwise(x, g, *, axis=-1):
    return summed(x, g, axis, in_pairs)


def softmax_vjp__float64_sums(x, g, *, axis=-1):
    return summed(x, g, axis, lambda terms: np.sum(terms, axis=-1, dtype=np.float64))


def softmax_vjp__float64_inside(x, g, *, axis=-1):
    def pull_back(x, g):
        p = softmax(x.astype(np.float64))
        return p * (g - np.sum(g * p, axis=-1, keepdims=True))

    return with_last(pull_back, x, g, axis)


def softmax_vjp__distributed(x, g, *, axis=-1):
    def pull_back(x, g):
        p = softmax(x)
        return g * p - p * np.sum(g * p, axis=-1, keepdims=True)

    return with_last(pull_back, x, g, axis)


def softmax_vjp__reciprocal(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        p = e * (1 / np.sum(e, axis=-1, keepdims=True))
        return p * (g - np.einsum("...i,...i->...", g, p)[..., None])

    return with_last(pull_back, x, g, axis)


def softmax_vjp__exp2(x, g, *, axis=-1):
    def pull_back(x, g):
        e = np.exp2((x - np.max(x, axis=-1, keepdims=True)) * LOG2_E)
        p = e / np.sum(e, axis=-1, keepdims=True)
        return (g - np.sum(p * g, axis=-1, keepdims=True)) * p

    return with_last(pull_back, x, g, axis)


def softmax_vjp__quotient_rule(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        total = np.sum(e, axis=-1, keepdims=True)
        return e * (g / total - np.sum(g * e / total / total, axis=-1, keepdims=True))

    return with_last(pull_back, x, g, axis)


def softmax_vjp__normalised_at_the_end(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        total = np.sum(e, axis=-1, keepdims=True)
        return e * (g - np.sum(g * e, axis=-1, keepdims=True) / total) / total

    return with_last(pull_back, x, g, axis)


def softmax_vjp__through_maximum(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        total = np.sum(e, axis=-1, keepdims=True)
        gz = e * (g / total - np.sum(g * e / total / total, axis=-1, keepdims=True))
        largest = np.argmax(x, axis=-1, keepdims=True)
        share = np.take_along_axis(gz, largest, axis=-1) - np.sum(gz, axis=-1, keepdims=True)
        np.put_along_axis(gz, largest, share, axis=-1)
        return gz

    return with_last(pull_back, x, g, axis)


def softmax_vjp__differences(x, g, *, axis=-1):
    def pull_back(x, g):
        p, gx = softmax(x), np.empty_like(g)
        for i in range(x.shape[-1]):
            gx[..., i] = p[..., i] * np.sum((g[..., i : i + 1] - g) * p, axis=-1)
        return gx

    return with_last(pull_back, x, g, axis)


def softmax_vjp__one_row_at_a_time(x, g, *, axis=-1):
    def pull_back(x, g):
        gx = np.empty_like(g)
        for index in np.ndindex(x.shape[:-1]):
            p = softmax(x[index])
            gx[index] = p * (g[index] - g[index] @ p)
        return gx

    return with_last(pull_back, x, g, axis)
