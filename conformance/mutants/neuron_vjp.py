"""Wrong gradients of the neuron."""

import math

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import flush, three_products_if_long, to_bfloat16, to_float16, to_float32, to_tf32


def rows_of(x):
    """The rows of a batch of any number of axes; without axes, one row of one input."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1] if x.ndim else 1)


def right(x, w, b, g):
    """The right gradients, to be put to a wrong use."""
    gw = (g.reshape(-1) @ rows_of(x)).reshape(w.shape)
    return g[..., None] * w if w.ndim else g * w, gw, np.sum(g)


# Which terms.


@breaks("neuron_vjp.value", "g is ignored: the derivatives for g = 1")
def neuron_vjp__g_ignored(x, w, b, g):
    return right(x, w, b, np.ones_like(g))


@breaks("neuron_vjp.value", "gw is made of the weights, gx of the inputs, for a single row")
def neuron_vjp__factors_exchanged(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (g * x, g * w, gb) if g.shape == () else (gx, gw, gb)


@breaks("neuron_vjp.value", "g runs along the inputs, not along the rows, where there are as many")
def neuron_vjp__g_along_inputs(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (g * w * np.ones_like(x), x @ g, gb) if g.shape == w.shape and x.ndim == 2 else (gx, gw, gb)


@breaks("neuron_vjp.value", "the sign of gx is wrong")
def neuron_vjp__gx_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return -gx, gw, gb


@breaks("neuron_vjp.value", "the sign of gw is wrong")
def neuron_vjp__gw_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, -gw, gb


@breaks("neuron_vjp.value", "the sign of gb is wrong, as for a threshold that is subtracted")
def neuron_vjp__gb_negated(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, -gb


@breaks("neuron_vjp.batch", "gw and gb are means over the rows, not sums")
def neuron_vjp__means(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw / max(1, g.size), gb / x.dtype.type(max(1, g.size))


@breaks("neuron_vjp.value", "gb is the bias")
def neuron_vjp__gb_is_b(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, b.copy()


@breaks("neuron_vjp.value", "gb is the number of rows")
def neuron_vjp__gb_counts(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, x.dtype.type(g.size)


@breaks("neuron_vjp.value", "the bias is added to g")
def neuron_vjp__bias_in_g(x, w, b, g):
    return right(x, w, b, g + b)


@breaks("neuron_vjp.value", "the gradients are multiplied by the value of the neuron")
def neuron_vjp__times_value(x, w, b, g):
    return right(x, w, b, g * (np.sum(np.atleast_1d(x * w), axis=-1) + b))


@breaks("neuron_vjp.value", "the gradient is clipped to [-1, 1]")
def neuron_vjp__clipped(x, w, b, g):
    return right(x, w, b, np.clip(g, -1, 1))


@breaks("neuron_vjp.value", "the last n % 8 rows are left out of sums of at least 8")
def neuron_vjp__last_rows_left_out(x, w, b, g):
    gx, _, _ = right(x, w, b, g)
    rows = g.size // 8 * 8 or g.size
    gw = (g.reshape(-1)[:rows] @ rows_of(x)[:rows]).reshape(w.shape)
    return gx, gw, np.sum(g.reshape(-1)[:rows])


@breaks("neuron_vjp.exact", "rows beyond 4096 are left out of gw")
def neuron_vjp__rows_beyond_4096_left_out(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    return gx, (g.reshape(-1)[:4096] @ rows_of(x)[:4096]).reshape(w.shape), gb


@breaks("neuron_vjp.exact", "rows beyond 4096 are left out of gb")
def neuron_vjp__rows_beyond_4096_not_in_gb(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, np.sum(g.reshape(-1)[:4096])


# Precision.


@breaks("neuron_vjp.few", "gw of more than 2000 rows is summed by three products of bfloat16 parts")
def neuron_vjp__many_rows_by_three_products(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    if x.ndim == 2 and len(x) > 2000:
        gw = three_products_if_long(x.T, g)
    return gx, gw, gb


@breaks("neuron_vjp.exact", "the factors are rounded to TF32")
def neuron_vjp__tf32(x, w, b, g):
    gx, gw, _ = right(to_tf32(x), to_tf32(w), b, to_tf32(g))
    return gx, gw, np.sum(g)


@breaks("neuron_vjp.exact", "the weights are rounded to TF32")
def neuron_vjp__weights_in_tf32(x, w, b, g):
    return right(x, to_tf32(w), b, g)


@breaks("neuron_vjp.exact", "the factors are rounded to bfloat16")
def neuron_vjp__bfloat16(x, w, b, g):
    gx, gw, _ = right(to_bfloat16(x), to_bfloat16(w), b, to_bfloat16(g))
    return gx, gw, np.sum(g)


@breaks("neuron_vjp.value", "gb is summed in float16")
def neuron_vjp__gb_in_half(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    total = np.zeros_like(gb)
    for each in g.reshape(-1):
        total = to_float16(total + each)
    return gx, gw, total


@breaks("neuron_vjp.value", "gw is summed in bfloat16")
def neuron_vjp__gw_in_bfloat16(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    total = np.zeros(w.shape or (1,), w.dtype)
    for x_r, g_r in zip(rows_of(x), g.reshape(-1), strict=True):
        total = to_bfloat16(total + x_r * g_r)
    return gx, total.reshape(w.shape), gb


@breaks("neuron_vjp.value", "the results are rounded to float16")
def neuron_vjp__half_results(x, w, b, g):
    return tuple(map(to_float16, right(x, w, b, g)))


@breaks("neuron_vjp.value", "float64 is computed in float32")
def neuron_vjp__float32_inside(x, w, b, g):
    return right(*map(to_float32, (x, w, b, g)))


# NaN, infinity, subnormal numbers.


@breaks("neuron_vjp.nan", "NaN becomes 0 and infinity the largest number, by nan_to_num")
def neuron_vjp__nan_to_num(x, w, b, g):
    return tuple(map(np.nan_to_num, right(x, w, b, g)))


@breaks("neuron_vjp.nan", "NaN in g is read as 0")
def neuron_vjp__nan_in_g_lost(x, w, b, g):
    return right(x, w, b, np.where(np.isnan(g), 0, g))


@breaks("neuron_vjp.nan", "a NaN in b reaches gb")
def neuron_vjp__nan_in_b_spreads(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, np.where(np.isnan(b), b, gb)


@breaks("neuron_vjp.nan", "a NaN in x reaches all of gw")
def neuron_vjp__nan_in_x_spreads(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw + 0 * np.sum(gw), gb


@breaks("neuron_vjp.nan", "where the gradient is 0 nothing is computed, so that 0 times NaN is 0")
def neuron_vjp__zero_gradients_skipped(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    kept = g.reshape(-1) != 0
    gw = (g.reshape(-1)[kept] @ rows_of(x)[kept]).reshape(w.shape)
    return np.where(g[..., None] == 0, 0, gx) if w.ndim else gx, gw, gb


@breaks("neuron_vjp.nan", "an input of 0 or a weight of 0 hides NaN")
def neuron_vjp__zeros_hide_nan(x, w, b, g):
    gx, _, gb = right(x, w, b, g)
    rows = rows_of(x)
    gw = np.sum(np.where(rows == 0, 0, g.reshape(-1, 1) * rows), axis=0)
    return np.where(w == 0, 0, gx), gw.reshape(w.shape), gb


@breaks("neuron_vjp.batch", "a NaN in one row reaches the other rows of gx")
def neuron_vjp__nan_reaches_other_rows(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx if gx.ndim < 2 else gx + np.sum(0 * gx, axis=0), gw, gb


@breaks("neuron_vjp.infinity", "infinite inputs and weights are clipped to the largest number")
def neuron_vjp__inputs_clipped(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return right(np.clip(x, -largest, largest), np.clip(w, -largest, largest), b, g)


@breaks("neuron_vjp.infinity", "infinite gradients are clipped to the largest number")
def neuron_vjp__gradients_clipped(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return right(x, w, b, np.clip(g, -largest, largest))


@breaks("neuron_vjp.infinity", "what overflows becomes the largest finite number")
def neuron_vjp__saturates(x, w, b, g):
    largest = np.finfo(x.dtype).max
    return tuple(np.clip(result, -largest, largest) for result in right(x, w, b, g))


@breaks("neuron_vjp.infinity", "an infinite input or weight makes NaN")
def neuron_vjp__infinity_becomes_nan(x, w, b, g):
    return right(x + 0 * x, w + 0 * w, b, g)


@breaks("neuron_vjp.infinity", "infinity times 0 is 0")
def neuron_vjp__infinity_times_zero(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    lost = np.isnan(gx) & ~np.isnan(g[..., None] + w) if w.ndim else np.isnan(gx)
    return np.where(lost, 0, gx), gw, gb


@breaks("neuron_vjp.subnormal", "subnormal inputs are read as 0")
def neuron_vjp__inputs_flushed(x, w, b, g):
    return right(flush(x), flush(w), b, flush(g))


@breaks("neuron_vjp.subnormal", "subnormal results become 0")
def neuron_vjp__results_flushed(x, w, b, g):
    return tuple(map(flush, right(x, w, b, g)))


# Batch axes, arrays without axes, empty arrays, memory, dtypes.


@breaks("neuron_vjp.batch", "with two batch axes, gw and gb keep one of them")
def neuron_vjp__gw_for_each_block(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return (gx, np.vecdot(x.swapaxes(-1, -2), g[:, None]), g.sum(axis=-1)) if g.ndim > 1 else (gx, gw, gb)


@breaks("neuron_vjp.shape", "gb is not summed: one for each row")
def neuron_vjp__gb_for_each_row(x, w, b, g):
    gx, gw, _ = right(x, w, b, g)
    return gx, gw, g.copy()


@breaks("neuron_vjp.batch", "the rows of x and g are paired in different orders where there are several batch axes")
def neuron_vjp__rows_paired_wrongly(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw if g.ndim < 2 else g.T.reshape(-1) @ rows_of(x), gb


@breaks("neuron_vjp.scalar", "arrays without axes fail")
def neuron_vjp__no_axes_fails(x, w, b, g):
    return g[..., None] * w[:], *right(x, w, b, g)[1:]


@breaks("neuron_vjp.scalar", "without axes gx is x g and gw is w g")
def neuron_vjp__scalars_exchanged(x, w, b, g):
    return right(x, w, b, g) if w.ndim else (g * x, g * w, g + 0)


@breaks("neuron_vjp.shape", "the results of arrays without axes have one")
def neuron_vjp__no_axes_gets_one(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return np.atleast_1d(gx), np.atleast_1d(gw), gb


@breaks("neuron_vjp.shape", "gb has an axis of length 1")
def neuron_vjp__gb_of_one_axis(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, gb[None]


@breaks("neuron_vjp.shape", "axes of length 1 are dropped")
def neuron_vjp__squeezed(x, w, b, g):
    return tuple(map(np.squeeze, right(x, w, b, g)))


@breaks("neuron_vjp.shape", "gw alone comes back")
def neuron_vjp__gw_alone(x, w, b, g):
    return right(x, w, b, g)[1]


@breaks("neuron_vjp.value", "a single row fails")
def neuron_vjp__one_row_fails(x, w, b, g):
    if x.ndim == 1:
        len(g)
    return right(x, w, b, g)


@breaks("neuron_vjp.empty", "a batch of 0 rows fails")
def neuron_vjp__no_rows_fails(x, w, b, g):
    np.max(g)
    return right(x, w, b, g)


@breaks("neuron_vjp.pure", "gb of a g without axes is the memory of g")
def neuron_vjp__gb_shares_g(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, g if g.ndim == 0 else gb


@breaks("neuron_vjp.pure", "the weights are updated in place")
def neuron_vjp__w_in_place(x, w, b, g):
    results = right(x, w, b, g)
    w -= w.dtype.type(0.001) * results[1]
    return results


@breaks("neuron_vjp.pure", "gx is written over x")
def neuron_vjp__x_in_place(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    x[...] = gx
    return x, gw, gb


@breaks("neuron_vjp.pure", "every call returns gw in the same memory")
def neuron_vjp__gw_buffer_reused(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    kept = buffer(w.shape, w.dtype)
    kept[...] = gw
    return gx, kept, gb


@breaks("neuron_vjp.dtype", "the results are always float64")
def neuron_vjp__always_float64(x, w, b, g):
    return tuple(np.asarray(result, np.float64) for result in right(x, w, b, g))


@breaks("neuron_vjp.dtype", "gb is always float32")
def neuron_vjp__gb_always_float32(x, w, b, g):
    gx, gw, gb = right(x, w, b, g)
    return gx, gw, np.asarray(gb, np.float32)


@breaks("neuron_vjp.layout", "x is read as it lies in memory")
def neuron_vjp__x_strides_ignored(x, w, b, g):
    return right(memory(x), w, b, g)


@breaks("neuron_vjp.layout", "the weights are read as they lie in memory")
def neuron_vjp__w_strides_ignored(x, w, b, g):
    return right(x, memory(w), b, g)


@breaks("neuron_vjp.layout", "g is read as it lies in memory")
def neuron_vjp__g_strides_ignored(x, w, b, g):
    return right(x, w, b, memory(g))
