"""Wrong gradients of the dense layer."""

import math

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import flush, three_products_if_long, to_bfloat16, to_float16, to_float32, to_tf32


def rows_of(array):
    """The rows of a batch of any number of axes."""
    return array.reshape(math.prod(array.shape[:-1]), array.shape[-1])


def right(x, w, b, g):
    """The right gradients, to be put to a wrong use."""
    g_rows = rows_of(g)
    return g @ w.T, rows_of(x).T @ g_rows, np.sum(g_rows, axis=0)


# Which terms.


@breaks("dense_vjp.value", "gx is made of the transposed weights")
def dense_vjp__weights_transposed(x, w, b, g):
    return right(x, w.T if w.shape[0] == w.shape[1] else w, b, g)


@breaks("dense_vjp.value", "gw is transposed, as torch.nn.functional.linear has it")
def dense_vjp__gw_transposed(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw.T.copy() if w.shape[0] == w.shape[1] else gw, gb


@breaks("dense_vjp.shape", "gw has the shape (m, n), as torch.nn.functional.linear has it")
def dense_vjp__gw_of_transposed_shape(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw.T.copy(), gb


@breaks("dense_vjp.value", "gw and gx are exchanged where their shapes are the same")
def dense_vjp__gx_and_gw_exchanged(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (gw, gx, gb) if gx.shape == gw.shape else (gx, gw, gb)


@breaks("dense_vjp.shape", "the results come in the order gw, gb, gx")
def dense_vjp__other_order(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gw, gb, gx


@breaks("dense_vjp.shape", "gx alone comes back")
def dense_vjp__gx_alone(x, w, b, g):
    return right(x, w, b, g)[0]


@breaks("dense_vjp.value", "g is ignored: the derivatives for g = 1")
def dense_vjp__g_ignored(x, w, b, g):
    return right(x, w, b, np.ones_like(g))


@breaks("dense_vjp.value", "the sign of gx is wrong")
def dense_vjp__gx_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return -gx, gw, gb


@breaks("dense_vjp.value", "the sign of gw is wrong")
def dense_vjp__gw_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, -gw, gb


@breaks("dense_vjp.value", "the sign of gb is wrong, as for a threshold that is subtracted")
def dense_vjp__gb_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, -gb


@breaks("dense_vjp.batch", "gw and gb are means over the rows, not sums")
def dense_vjp__means(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    count = max(1, math.prod(g.shape[:-1]))
    return gx, gw / count, gb / count


@breaks("dense_vjp.value", "gb is the mean over the rows, gw their sum")
def dense_vjp__gb_mean(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, gb / max(1, math.prod(g.shape[:-1]))


@breaks("dense_vjp.value", "gb is the sum over the neurons of each row")
def dense_vjp__gb_along_neurons(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, np.sum(g, axis=-1) if g.shape[:-1] == b.shape else gb


@breaks("dense_vjp.value", "gb holds the bias")
def dense_vjp__gb_is_b(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, b.copy()


@breaks("dense_vjp.value", "the bias is added to g")
def dense_vjp__bias_in_g(x, w, b, g):
    return right(x, w, b, g + b)


@breaks("dense_vjp.value", "gw has 0.01 w in it, a decay of the weights")
def dense_vjp__weight_decay(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw + w / 100, gb


@breaks("dense_vjp.value", "the gradient is clipped to [-1, 1]")
def dense_vjp__clipped(x, w, b, g):
    return right(x, w, b, np.clip(g, -1, 1))


@breaks("dense_vjp.value", "the last row is left out of gw")
def dense_vjp__last_row_left_out(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    return gx, rows_of(x)[:-1].T @ rows_of(g)[:-1], gb


@breaks("dense_vjp.value", "the last n % 8 terms are left out of sums of at least 8")
def dense_vjp__last_terms_left_out(x, w, b, g):
    m, rows = w.shape[1] // 8 * 8 or w.shape[1], math.prod(g.shape[:-1])
    rows = rows // 8 * 8 or rows
    _, gw, gb = right(rows_of(x)[:rows], w, b, rows_of(g)[:rows])
    return g[..., :m] @ w[:, :m].T, gw, gb


@breaks("dense_vjp.exact", "rows beyond 4096 are left out of gw")
def dense_vjp__rows_beyond_4096_not_in_gw(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    return gx, rows_of(x)[:4096].T @ rows_of(g)[:4096], gb


@breaks("dense_vjp.exact", "rows beyond 4096 are left out of gb")
def dense_vjp__rows_beyond_4096_not_in_gb(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, np.sum(rows_of(g)[:4096], axis=0)


@breaks("dense_vjp.exact", "neurons beyond 1024 are left out of gx")
def dense_vjp__neurons_beyond_1024_left_out(x, w, b, g):
    _, gw, gb = right(x, w, b, g)
    return g[..., :1024] @ w[:, :1024].T, gw, gb


@breaks("dense_vjp.exact", "a block of rows is lost, as in a race over the parts of a split sum")
def dense_vjp__block_lost(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    rows = rows_of(x)
    return gx, np.where(np.arange(len(rows))[:, None] // 1024 == 2, 0, rows).T @ rows_of(g), gb


# Precision.


@breaks("dense_vjp.few", "gw of more than 2000 rows is summed by three products of bfloat16 parts")
def dense_vjp__many_rows_by_three_products(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    if g.ndim == 2 and len(g) > 2000:
        gw = three_products_if_long(x.T, g)
    return gx, gw, gb


@breaks("dense_vjp.exact", "the factors are rounded to TF32", "https://github.com/pytorch/pytorch/issues/67384")
def dense_vjp__tf32(x, w, b, g):
    gx, gw, _ = right(to_tf32(x), to_tf32(w), b, to_tf32(g))
    return gx, gw, np.sum(rows_of(g), axis=0)


@breaks("dense_vjp.exact", "the factors of gw are rounded to TF32, those of gx are not")
def dense_vjp__gw_in_tf32(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    return gx, right(to_tf32(x), w, b, to_tf32(g))[1], gb


@breaks("dense_vjp.exact", "the factors of gx are rounded to TF32, those of gw are not")
def dense_vjp__gx_in_tf32(x, w, b, g):
    _, gw, gb = right(x, w, b, g)
    return right(x, to_tf32(w), b, to_tf32(g))[0], gw, gb


@breaks("dense_vjp.exact", "the factors are rounded to bfloat16, as JAX does on TPU by default")
def dense_vjp__bfloat16(x, w, b, g):
    gx, gw, _ = right(to_bfloat16(x), to_bfloat16(w), b, to_bfloat16(g))
    return gx, gw, np.sum(rows_of(g), axis=0)


@breaks("dense_vjp.value", "gb is summed in float16")
def dense_vjp__gb_in_half(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    total = np.zeros_like(gb)
    for row in rows_of(g):
        total = to_float16(total + row)
    return gx, gw, total


@breaks("dense_vjp.value", "gw is summed in bfloat16")
def dense_vjp__gw_in_bfloat16(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    total = np.zeros(gw.shape, gw.dtype)
    for x_r, g_r in zip(rows_of(x), rows_of(g), strict=True):
        total = to_bfloat16(total + x_r[:, None] * g_r)
    return gx, total, gb


@breaks("dense_vjp.value", "the results are rounded to float16")
def dense_vjp__half_results(x, w, b, g):
    return tuple(map(to_float16, right(x, w, b, g)))


@breaks("dense_vjp.value", "float64 is computed in float32")
def dense_vjp__float32_inside(x, w, b, g):
    return right(*map(to_float32, (x, w, b, g)))


@breaks("dense_vjp.value", "Winograd's inner product: fewer products, which cancel")
def dense_vjp__winograd(x, w, b, g):
    _, gw, gb = right(x, w, b, g)
    m = w.shape[1] // 2 * 2
    g1, g2, w1, w2 = g[..., 0:m:2], g[..., 1:m:2], w[:, 0:m:2], w[:, 1:m:2]
    pairs = np.sum((g1[..., None, :] + w2) * (g2[..., None, :] + w1), axis=-1)
    pairs = pairs - np.sum(g1 * g2, axis=-1)[..., None] - np.sum(w1 * w2, axis=-1)
    return pairs + g[..., m:] @ w[:, m:].T, gw, gb


# NaN, infinity, subnormal numbers.


@breaks("dense_vjp.nan", "NaN becomes 0 and infinity the largest number, by nan_to_num")
def dense_vjp__nan_to_num(x, w, b, g):
    return tuple(map(np.nan_to_num, right(x, w, b, g)))


@breaks("dense_vjp.nan", "NaN in g is read as 0")
def dense_vjp__nan_in_g_lost(x, w, b, g):
    return right(x, w, b, np.where(np.isnan(g), 0, g))


@breaks("dense_vjp.nan", "a NaN in b reaches gb")
def dense_vjp__nan_in_b_spreads(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, np.where(np.isnan(b), b, gb)


@breaks("dense_vjp.nan", "terms with a gradient of 0 are left out, so that 0 times NaN is 0")
def dense_vjp__zero_gradients_skipped(x, w, b, g):
    rows, g_rows = rows_of(x), rows_of(g)
    gx = np.sum(np.where(g[..., None, :] == 0, 0, g[..., None, :] * w), axis=-1)
    gw = np.sum(np.where(g_rows[:, None] == 0, 0, rows[:, :, None] * g_rows[:, None]), axis=0)
    return gx, gw, np.sum(g_rows, axis=0)


@breaks("dense_vjp.nan", "terms with an input of 0 are left out of gw, so that 0 times NaN is 0")
def dense_vjp__zero_inputs_skipped(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    rows = rows_of(x)[:, :, None]
    return gx, np.sum(np.where(rows == 0, 0, rows * rows_of(g)[:, None]), axis=0), gb


@breaks("dense_vjp.nan", "terms with a weight of 0 are left out of gx, so that 0 times NaN is 0")
def dense_vjp__zero_weights_skipped(x, w, b, g):
    _, gw, gb = right(x, w, b, g)
    return np.sum(np.where(w == 0, 0, g[..., None, :] * w), axis=-1), gw, gb


@breaks("dense_vjp.batch", "a NaN in one row reaches the other rows of gx")
def dense_vjp__nan_reaches_other_rows(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx if gx.ndim == 1 else gx + np.sum(0 * gx, axis=-2, keepdims=True), gw, gb


@breaks("dense_vjp.batch", "a row of gradients with NaN in it is left out of gw and gb")
def dense_vjp__nan_rows_left_out(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    kept = ~np.all(np.isnan(rows_of(g)), axis=1)
    return gx, rows_of(x)[kept].T @ rows_of(g)[kept] if g.size else gw, np.sum(rows_of(g)[kept], axis=0)


@breaks("dense_vjp.infinity", "infinite inputs are clipped to the largest number")
def dense_vjp__inputs_clipped(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return right(np.clip(x, -largest, largest), np.clip(w, -largest, largest), b, g)


@breaks("dense_vjp.infinity", "infinite gradients are clipped to the largest number")
def dense_vjp__gradients_clipped(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return right(x, w, b, np.clip(g, -largest, largest))


@breaks("dense_vjp.infinity", "what overflows becomes the largest finite number")
def dense_vjp__saturates(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return tuple(np.clip(result, -largest, largest) for result in right(x, w, b, g))


@breaks("dense_vjp.infinity", "an infinite input or weight makes NaN")
def dense_vjp__infinity_becomes_nan(x, w, b, g):
    return right(x + 0 * x, w + 0 * w, b, g)


@breaks("dense_vjp.infinity", "infinity times 0 is 0")
def dense_vjp__infinity_times_zero(x, w, b, g):
    def total(p, either, axis):
        return np.sum(np.where(np.isnan(p) & ~np.isnan(either), 0, p), axis=axis)

    x_r, g_r, g_k = rows_of(x)[:, :, None], rows_of(g)[:, None], g[..., None, :]
    gw = total(x_r * g_r, x_r + g_r, 0)
    return total(g_k * w, g_k + w, -1), gw, np.sum(rows_of(g), axis=0)


@breaks("dense_vjp.subnormal", "subnormal inputs are read as 0")
def dense_vjp__inputs_flushed(x, w, b, g):
    return right(flush(x), flush(w), b, flush(g))


@breaks("dense_vjp.subnormal", "subnormal results become 0")
def dense_vjp__results_flushed(x, w, b, g):
    return tuple(map(flush, right(x, w, b, g)))


# Batch axes, empty arrays, memory, dtypes.


@breaks("dense_vjp.batch", "with two batch axes, the first alone is summed over")
def dense_vjp__first_batch_axis_only(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (gx, x[:, 0].T @ g[:, 0], g[:, 0].sum(axis=0)) if x.ndim > 2 else (gx, gw, gb)


@breaks("dense_vjp.batch", "with two batch axes, gw and gb keep one of them")
def dense_vjp__gw_for_each_block(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (gx, np.matrix_transpose(x) @ g, g.sum(axis=-2)) if x.ndim > 2 else (gx, gw, gb)


@breaks("dense_vjp.batch", "the rows of x and g are paired in different orders where there are several batch axes")
def dense_vjp__rows_paired_wrongly(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    flat = x.swapaxes(0, 1).reshape(-1, x.shape[-1]) if x.ndim > 2 else None
    return gx, gw if flat is None else flat.T @ rows_of(g), gb


@breaks("dense_vjp.shape", "a single row gets a batch axis in gx")
def dense_vjp__at_least_two_axes(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return np.atleast_2d(gx), gw, gb


@breaks("dense_vjp.value", "a single row fails")
def dense_vjp__one_row_fails(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, np.einsum("...rk->...k", g).reshape(-1, g.shape[-1]).sum(axis=0)


@breaks("dense_vjp.shape", "axes of length 1 are dropped")
def dense_vjp__squeezed(x, w, b, g):
    return tuple(map(np.squeeze, right(x, w, b, g)))


@breaks("dense_vjp.shape", "gb keeps an axis for the batch")
def dense_vjp__gb_of_two_axes(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, gb[None]


@breaks("dense_vjp.empty", "a batch of 0 rows fails")
def dense_vjp__no_rows_fails(x, w, b, g):
    np.max(np.ones(g.shape[:-1]))
    return right(x, w, b, g)


@breaks("dense_vjp.empty", "a batch of 0 rows leaves gw and gb as they lie in memory")
def dense_vjp__no_rows_not_set_to_zero(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (gx, gw, gb) if len(rows_of(g)) else (gx, np.full_like(gw, 7), np.full_like(gb, 7))


@breaks("dense_vjp.pure", "gb of a single row is the memory of g")
def dense_vjp__gb_shares_g(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, g if g.ndim == 1 else gb


@breaks("dense_vjp.pure", "the weights are updated in place")
def dense_vjp__w_in_place(x, w, b, g):
    results = right(x, w, b, g)
    w -= w.dtype.type(0.001) * results[1]
    return results


@breaks("dense_vjp.pure", "g is written over")
def dense_vjp__g_in_place(x, w, b, g):
    results = right(x, w, b, g)
    g *= 0
    return results


@breaks("dense_vjp.pure", "every call returns gw in the same memory")
def dense_vjp__gw_buffer_reused(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    kept = buffer(gw.shape, gw.dtype)
    kept[...] = gw
    return gx, kept, gb


@breaks("dense_vjp.dtype", "the results are always float64")
def dense_vjp__always_float64(x, w, b, g):
    return tuple(result.astype(np.float64) for result in right(x, w, b, g))


@breaks("dense_vjp.dtype", "gb is always float32")
def dense_vjp__gb_always_float32(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, gb.astype(np.float32)


@breaks("dense_vjp.layout", "x is read as it lies in memory")
def dense_vjp__x_strides_ignored(x, w, b, g):
    return right(memory(x), w, b, g)


@breaks("dense_vjp.layout", "the weights are read as they lie in memory")
def dense_vjp__w_strides_ignored(x, w, b, g):
    return right(x, memory(w), b, g)


@breaks("dense_vjp.layout", "g is read as it lies in memory")
def dense_vjp__g_strides_ignored(x, w, b, g):
    return right(x, w, b, memory(g))
