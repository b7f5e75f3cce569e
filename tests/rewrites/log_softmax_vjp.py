"""Right gradients of log-softmax, written another way: other sums, other probabilities, other products."""

import math

import numpy as np

from .softmax_vjp import powers, softmax, with_last
from .sums import in_pairs, one_by_one

LOG2_E = math.log2(math.e)


def last_sum(terms):
    """The right sum over the last axis."""
    return np.sum(terms, axis=-1, keepdims=True)


def summed(x, g, axis, add):
    """The gradient with both sums done by `add`."""

    def pull_back(x, g):
        e = powers(x)
        return g - e / add(e)[..., None] * add(g)[..., None]

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__left_to_right(x, g, *, axis=-1):
    return summed(x, g, axis, one_by_one)


def log_softmax_vjp__right_to_left(x, g, *, axis=-1):
    return summed(x, g, axis, lambda terms: one_by_one(terms[..., ::-1]))


def log_softmax_vjp__pairwise(x, g, *, axis=-1):
    return summed(x, g, axis, in_pairs)


def log_softmax_vjp__float64_sums(x, g, *, axis=-1):
    return summed(x, g, axis, lambda terms: np.sum(terms, axis=-1, dtype=np.float64))


def log_softmax_vjp__float64_inside(x, g, *, axis=-1):
    return with_last(lambda x, g: g - softmax(x.astype(np.float64)) * last_sum(g.astype(np.float64)), x, g, axis)


def log_softmax_vjp__reciprocal(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        return g - e * (1 / last_sum(e)) * last_sum(g)

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__normalised_at_the_end(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        return g - e * (last_sum(g) / last_sum(e))

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__through_maximum(x, g, *, axis=-1):
    def pull_back(x, g):
        e = powers(x)
        gz = g - e * (last_sum(g) / last_sum(e))
        largest = np.argmax(x, axis=-1, keepdims=True)
        share = np.take_along_axis(gz, largest, axis=-1) - last_sum(gz)
        np.put_along_axis(gz, largest, share, axis=-1)
        return gz

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__exp_of_log_softmax(x, g, *, axis=-1):
    def pull_back(x, g):
        z = x - np.max(x, axis=-1, keepdims=True)
        return g - np.exp(z - np.log(last_sum(np.exp(z)))) * last_sum(g)

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__exp2(x, g, *, axis=-1):
    def pull_back(x, g):
        e = np.exp2((x - np.max(x, axis=-1, keepdims=True)) * LOG2_E)
        return g - e / last_sum(e) * last_sum(g)

    return with_last(pull_back, x, g, axis)


def log_softmax_vjp__one_row_at_a_time(x, g, *, axis=-1):
    def pull_back(x, g):
        gx = np.empty_like(g)
        for index in np.ndindex(x.shape[:-1]):
            gx[index] = g[index] - softmax(x[index]) * math.fsum(g[index].tolist())
        return gx

    return with_last(pull_back, x, g, axis)
