"""Wrong gradients of products of matrices."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_INFINITE, OF_PRODUCTS, OF_SUBNORMAL
from .gradients import mutants_of
from .rounding import three_products_if_long


def transposed(array):
    return np.matrix_transpose(array)


def added(gradient, shape, over=np.sum):
    """The right sum over what was broadcast."""
    own = (1,) * (gradient.ndim - len(shape)) + shape
    axes = tuple(place for place, size in enumerate(own) if size == 1 != gradient.shape[place])
    return over(gradient, axis=axes, keepdims=True).reshape(shape) if axes else gradient


def right(a, b, g):
    """The right gradients, to be put to a wrong use."""
    return added(g @ transposed(b), a.shape), added(transposed(a) @ g, b.shape)


OF = OF_ALL + OF_INFINITE + OF_SUBNORMAL + OF_PRODUCTS
globals().update(mutants_of("matmul_vjp", (OF, right)))


@breaks("matmul_vjp.value", "ga is made of the transposed b, where it is square")
def matmul_vjp__b_transposed(a, b, g):
    return right(a, transposed(b) if b.shape[-2] == b.shape[-1] else b, g)


@breaks("matmul_vjp.value", "g is ignored: the gradient of the sum of the results")
def matmul_vjp__g_ignored(a, b, g):
    return right(a, b, np.ones_like(g))


@breaks("matmul_vjp.value", "gradients are clipped to [-1, 1]")
def matmul_vjp__g_clipped(a, b, g):
    return right(a, b, np.clip(g, -1, 1))


@breaks("matmul_vjp.value", "both gradients are exchanged where their shapes are the same")
def matmul_vjp__exchanged(a, b, g):
    ga, gb = right(a, b, g)
    return (gb, ga) if ga.shape == gb.shape else (ga, gb)


@breaks("matmul_vjp.exact", "rows beyond 4096 are left out of gb")
def matmul_vjp__rows_beyond_4096(a, b, g):
    ga, _ = right(a, b, g)
    return ga, right(a[..., :4096, :], b, g[..., :4096, :])[1]


@breaks("matmul_vjp.few", "gb in three products of bfloat16 parts, where more than 2000 terms are summed")
def matmul_vjp__bfloat16_parts_if_long(a, b, g):
    ga, _ = right(a, b, g)
    return ga, added(three_products_if_long(transposed(a), g), b.shape)


@breaks("matmul_vjp.broadcast", "what was broadcast gets the mean over the batch")
def matmul_vjp__mean_over_batch(a, b, g):
    with np.errstate(all="ignore"):
        ga, gb = added(g @ transposed(b), a.shape, np.mean), added(transposed(a) @ g, b.shape, np.mean)
    return ga, gb


@breaks("matmul_vjp.broadcast", "what was broadcast gets the gradient of the first matrix alone")
def matmul_vjp__of_the_first(a, b, g):
    def first(gradient, axis, keepdims):
        del keepdims
        return gradient[tuple(slice(1) if place in axis else slice(None) for place in range(gradient.ndim))]

    if 0 in g.shape:
        return right(a, b, g)
    return added(g @ transposed(b), a.shape, first), added(transposed(a) @ g, b.shape, first)


@breaks("matmul_vjp.broadcast", "batches have to be equal")
def matmul_vjp__no_broadcast(a, b, g):
    if a.shape[:-2] != b.shape[:-2]:
        raise ValueError("operands could not be broadcast together")
    return right(a, b, g)


@breaks("matmul_vjp.nan", "a g of 0 hides NaN in a")
def matmul_vjp__zero_gradient_skipped(a, b, g):
    terms = np.where(g[..., :, None, :] == 0, 0, a[..., :, :, None] * g[..., :, None, :])
    return right(a, b, g)[0], added(np.sum(terms, axis=-3), b.shape)


@breaks("matmul_vjp.infinity", "infinity times 0 is 0 in gb")
def matmul_vjp__infinity_times_zero(a, b, g):
    terms = a[..., :, :, None] * g[..., :, None, :]
    known = ~np.isnan(a[..., :, :, None] + g[..., :, None, :])
    gb = np.sum(np.where(np.isnan(terms) & known, 0, terms), axis=-3)
    return right(a, b, g)[0], added(gb, b.shape)
