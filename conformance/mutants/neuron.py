"""Wrong neurons."""

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import flush, sum_in_half, three_products_if_long, to_bfloat16, to_float16, to_float32, to_tf32


def weighted(x, w):
    """The right sum, without the bias."""
    return x * w if x.ndim == 0 else x @ w


def terms(x, w):
    """The products apart, along a last axis."""
    return np.atleast_1d(x * w)


# Which terms.


@breaks("neuron.value", "the weights are taken in reverse")
def neuron__weights_reversed(x, w, b):
    return weighted(x, np.flip(w)) + b


@breaks("neuron.value", "the bias is added twice")
def neuron__bias_twice(x, w, b):
    return weighted(x, w) + b + b


@breaks("neuron.value", "the bias is missing")
def neuron__no_bias(x, w, b):
    return weighted(x, w)


@breaks("neuron.value", "the bias is a threshold: it is subtracted")
def neuron__bias_subtracted(x, w, b):
    return weighted(x, w) - b


@breaks("neuron.value", "the bias is added to each term")
def neuron__bias_in_each_term(x, w, b):
    return np.sum(terms(x, w) + b, axis=-1)


@breaks("neuron.value", "the first term is left out")
def neuron__first_term_left_out(x, w, b):
    return np.sum(terms(x, w)[..., 1:], axis=-1) + b


@breaks("neuron.value", "the last term is left out")
def neuron__last_term_left_out(x, w, b):
    return np.sum(terms(x, w)[..., :-1], axis=-1) + b


@breaks("neuron.value", "the last n % 8 terms are left out")
def neuron__last_terms_left_out(x, w, b):
    return np.sum(terms(x, w)[..., : w.size // 8 * 8], axis=-1) + b


@breaks("neuron.exact", "terms beyond 4096 are left out")
def neuron__terms_beyond_4096_left_out(x, w, b):
    return np.sum(terms(x, w)[..., :4096], axis=-1) + b


@breaks("neuron.batch", "rows beyond 1024 are left out")
def neuron__rows_beyond_1024_left_out(x, w, b):
    return np.where(np.arange(len(x)) < 1024, weighted(x, w) + b, 0) if x.ndim == 2 else weighted(x, w) + b


@breaks("neuron.value", "the inputs are moved by one place against the weights")
def neuron__off_by_one(x, w, b):
    return weighted(np.roll(x, 1, axis=-1) if x.ndim else x, w) + b


# Other formulas.


@breaks("neuron.value", "this is the unit of McCulloch and Pitts: a threshold after the sum")
def neuron__threshold(x, w, b):
    return np.heaviside(weighted(x, w) + b, 0)


@breaks("neuron.value", "the absolute value of the sum")
def neuron__absolute(x, w, b):
    return np.abs(weighted(x, w) + b)


@breaks("neuron.value", "the largest product in the place of the sum")
def neuron__largest_product(x, w, b):
    return np.max(terms(x, w), axis=-1) + b if w.size else weighted(x, w) + b


@breaks("neuron.value", "the mean of the products in the place of their sum")
def neuron__mean(x, w, b):
    return weighted(x, w) / max(1, w.size) + b


@breaks("neuron.value", "a ReLU comes after the sum")
def neuron__relu_fused(x, w, b):
    return np.maximum(weighted(x, w) + b, 0)


@breaks("neuron.value", "tanh comes after the sum")
def neuron__tanh_fused(x, w, b):
    return np.tanh(weighted(x, w) + b)


# Precision.


@breaks("neuron.few", "more than 2000 terms are summed by three products of bfloat16 parts")
def neuron__long_sums_by_three_products(x, w, b):
    return three_products_if_long(x, w) + b if w.size > 2000 else weighted(x, w) + b


@breaks("neuron.exact", "the inputs are rounded to TF32")
def neuron__tf32(x, w, b):
    return weighted(to_tf32(x), to_tf32(w)) + b


@breaks("neuron.exact", "the inputs are rounded to bfloat16")
def neuron__bfloat16(x, w, b):
    return weighted(to_bfloat16(x), to_bfloat16(w)) + b


@breaks("neuron.value", "the inputs are rounded to float16")
def neuron__half(x, w, b):
    return weighted(to_float16(x), to_float16(w)) + b


@breaks("neuron.value", "the sum runs in float16")
def neuron__half_accumulator(x, w, b):
    total = np.zeros(x.shape[:-1], x.dtype)
    for term in np.moveaxis(terms(x, w), -1, 0):
        total = to_float16(total + term)
    return to_float16(total + b)


@breaks("neuron.value", "the output is rounded to float16")
def neuron__half_output(x, w, b):
    return to_float16(weighted(x, w) + b)


@breaks("neuron.value", "float64 is computed in float32")
def neuron__float32_inside(x, w, b):
    return to_float32(weighted(x.astype(np.float32), w.astype(np.float32)) + b).astype(x.dtype)


@breaks("neuron.value", "inputs are cut to integers")
def neuron__integers(x, w, b):
    return weighted(np.where(np.isfinite(x), np.trunc(x), x), w) + b


# NaN, infinity, subnormal numbers.


@breaks("neuron.infinity", "what overflows becomes the largest finite number")
def neuron__saturates(x, w, b):
    largest = np.finfo(x.dtype).max
    return np.clip(weighted(x, w) + b, -largest, largest)


@breaks("neuron.nan", "NaN becomes 0 and infinity the largest number, by nan_to_num")
def neuron__nan_to_num(x, w, b):
    return np.nan_to_num(weighted(x, w) + b)


@breaks("neuron.nan", "NaN in x is read as 0")
def neuron__nan_in_x_lost(x, w, b):
    return weighted(np.where(np.isnan(x), 0, x), w) + b


@breaks("neuron.nan", "terms with a weight of 0 are left out, so that 0 times NaN is 0")
def neuron__zero_weights_skipped(x, w, b):
    return np.sum(np.where(w == 0, 0, terms(x, w)), axis=-1) + b


@breaks("neuron.nan", "terms with an input of 0 are left out, so that 0 times NaN is 0")
def neuron__zero_inputs_skipped(x, w, b):
    return np.sum(np.where(x == 0, 0, terms(x, w)), axis=-1) + b


@breaks("neuron.infinity", "infinity times 0 is 0")
def neuron__infinity_times_zero(x, w, b):
    return np.sum(np.where(np.isnan(terms(x, w)) & ~np.isnan(x + w), 0, terms(x, w)), axis=-1) + b


@breaks("neuron.infinity", "infinite weights are clipped to the largest number")
def neuron__infinite_weights_clipped(x, w, b):
    largest = np.finfo(x.dtype).max
    return weighted(x, np.clip(w, -largest, largest)) + b


@breaks("neuron.infinity", "an infinite bias is clipped to the largest number")
def neuron__infinite_bias_clipped(x, w, b):
    largest = np.finfo(x.dtype).max
    return weighted(x, w) + np.clip(b, -largest, largest)


@breaks("neuron.batch", "a NaN reaches the other rows: they are gathered by a product with a matrix of 0 and 1")
def neuron__nan_reaches_other_rows(x, w, b):
    y = weighted(x, w) + b
    if y.ndim != 1:
        return y
    lost = ~np.isfinite(y)  # 0 times it is NaN
    return np.where(np.sum(lost) - lost > 0, y.dtype.type(np.nan), y)


@breaks("neuron.subnormal", "subnormal inputs are read as 0")
def neuron__inputs_flushed(x, w, b):
    return weighted(flush(x), flush(w)) + flush(b)


@breaks("neuron.subnormal", "subnormal products become 0")
def neuron__products_flushed(x, w, b):
    return np.sum(flush(terms(x, w)), axis=-1) + b


# Batch axes, arrays without axes, empty arrays, memory, dtypes.


@breaks("neuron.batch", "several batch axes are flattened in Fortran's order")
def neuron__batch_in_fortran_order(x, w, b):
    flat = x.reshape(-1, x.shape[-1], order="F") if x.ndim > 2 else x
    return (weighted(flat, w) + b).reshape(x.shape[:-1])


@breaks("neuron.shape", "several batch axes come back as one")
def neuron__batch_flattened(x, w, b):
    return weighted(x.reshape(-1, x.shape[-1]) if x.ndim > 2 else x, w) + b


@breaks("neuron.shape", "the axis of the terms is kept, with length 1")
def neuron__axis_kept(x, w, b):
    return np.sum(x * w, axis=-1, keepdims=True) + b if x.ndim else x * w + b


@breaks("neuron.scalar", "an input without axes fails")
def neuron__no_axes_fails(x, w, b):
    return x @ w + b


@breaks("neuron.shape", "the result of an input without axes has one")
def neuron__no_axes_gets_one(x, w, b):
    return np.atleast_1d(weighted(x, w) + b)


@breaks("neuron.scalar", "inputs without axes are added, not multiplied")
def neuron__scalars_added(x, w, b):
    return weighted(x, w) + b if x.ndim else x + w + b


@breaks("neuron.empty", "a sum of no terms is 0, without the bias")
def neuron__no_terms_no_bias(x, w, b):
    return weighted(x, w) + b if w.size else weighted(x, w)


@breaks("neuron.empty", "a sum of no terms fails")
def neuron__no_terms_fails(x, w, b):
    np.max(w)
    return weighted(x, w) + b


@breaks("neuron.empty", "a batch of 0 rows fails")
def neuron__no_rows_fails(x, w, b):
    return np.stack([row @ w for row in x]) + b if x.ndim == 2 else weighted(x, w) + b


@breaks("neuron.pure", "the inputs are written over")
def neuron__x_in_place(x, w, b):
    y = weighted(x, w) + b
    x *= w
    return y


@breaks("neuron.pure", "the sum is added to the bias in place")
def neuron__b_in_place(x, w, b):
    y = weighted(x, w) + b
    b[...] = y.flat[0] if y.size else b
    return y


@breaks("neuron.pure", "a sum of no terms is the memory of the bias")
def neuron__no_terms_share_bias(x, w, b):
    return weighted(x, w) + b if w.size else np.broadcast_to(b, x.shape[:-1])


@breaks("neuron.pure", "every call returns the same memory")
def neuron__buffer_reused(x, w, b):
    y = buffer(x.shape[:-1], x.dtype)
    y[...] = weighted(x, w) + b
    return y


@breaks("neuron.dtype", "the result is always float64")
def neuron__always_float64(x, w, b):
    return np.asarray(weighted(x, w) + b, np.float64)


@breaks("neuron.dtype", "the result is always float32")
def neuron__always_float32(x, w, b):
    return np.asarray(weighted(x, w) + b, np.float32)


@breaks("neuron.layout", "the inputs are read as they lie in memory")
def neuron__input_strides_ignored(x, w, b):
    return weighted(memory(x), w) + b


@breaks("neuron.layout", "the weights are read as they lie in memory")
def neuron__weight_strides_ignored(x, w, b):
    return weighted(x, memory(w)) + b


@breaks("neuron.layout", "arrays that cannot be written to are refused")
def neuron__read_only_refused(x, w, b):
    if not x.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return weighted(x, w) + b


# Half precision.


@breaks("neuron.value", "the sum is accumulated in half precision", half=True)
def neuron__accumulated_in_half(x, w, b):
    return (sum_in_half(x * w, -1) if x.ndim else x * w) + b


@breaks("neuron.value", "the sum of products is rounded to half precision before the bias is added", half=True)
def neuron__rounded_before_the_bias(x, w, b):
    total = x.astype(np.float32) * w.astype(np.float32)
    return (np.sum(total, axis=-1) if x.ndim else total).astype(x.dtype) + b
