"""Wrong dense layers."""

import functools

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import flush, sum_in_half, three_products_if_long, to_bfloat16, to_float16, to_float32, to_tf32


def running_sum(x, w, b, rounded):
    """A sum in the order of the terms, the bias last, `rounded` after each operation."""
    total = np.zeros((*x.shape[:-1], w.shape[1]), x.dtype)
    for i in range(w.shape[0]):
        total = rounded(total + x[..., i, None] * w[i])
    return rounded(total + b)


def by_products(x, w, b, change):
    """The products are formed apart, and changed before they are added up."""
    return np.sum(change(x[..., :, None] * w), axis=-2) + b


# Which terms.


@breaks("dense.value", "the weights are transposed, as torch.nn.functional.linear has them")
def dense__weights_transposed(x, w, b):
    return x @ (w.T if w.shape[0] == w.shape[1] else w) + b


@breaks("dense.value", "the weights are taken in reverse")
def dense__weights_reversed(x, w, b):
    return x @ w[::-1] + b


@breaks("dense.value", "the neurons come in reverse")
def dense__neurons_reversed(x, w, b):
    return x @ w[:, ::-1] + b


@breaks("dense.value", "the bias is added twice")
def dense__bias_twice(x, w, b):
    return x @ w + b + b


@breaks("dense.value", "the bias is added once for each block of 4 terms")
def dense__bias_in_each_block(x, w, b):
    return x @ w + max(1, -(-w.shape[0] // 4)) * b


@breaks("dense.value", "the bias is missing")
def dense__no_bias(x, w, b):
    return x @ w


@breaks("dense.value", "the bias is subtracted")
def dense__bias_subtracted(x, w, b):
    return x @ w - b


@breaks("dense.value", "the bias runs along the batch")
def dense__bias_along_batch(x, w, b):
    return x @ w + (b[:, None] if x.shape[:-1] == b.shape else b)


@breaks("dense.value", "every neuron gets the first bias")
def dense__first_bias_only(x, w, b):
    return x @ w + b[:1]


@breaks("dense.value", "the first term is left out")
def dense__first_term_left_out(x, w, b):
    return x[..., 1:] @ w[1:] + b


@breaks("dense.value", "the last term is left out")
def dense__last_term_left_out(x, w, b):
    return x[..., :-1] @ w[:-1] + b


@breaks("dense.value", "the last n % 8 terms are left out")
def dense__last_terms_left_out(x, w, b):
    n = w.shape[0] // 8 * 8
    return x[..., :n] @ w[:n] + b


@breaks("dense.exact", "terms beyond 4096 are left out")
def dense__terms_beyond_4096_left_out(x, w, b):
    return x[..., :4096] @ w[:4096] + b


@breaks("dense.exact", "a block of terms is lost, as in a race over the parts of a split sum")
def dense__block_lost(x, w, b):
    return x @ np.where(np.arange(w.shape[0])[:, None] // 1024 == 2, 0, w) + b


@breaks("dense.exact", "neurons beyond 1024 are left out")
def dense__neurons_beyond_1024_left_out(x, w, b):
    return np.where(np.arange(b.size) < 1024, x @ w + b, 0)


@breaks(
    "dense.batch",
    "rows beyond 1024 are left out",
    "https://github.com/pytorch/pytorch/issues/189495",
)
def dense__rows_beyond_1024_left_out(x, w, b):
    y = x @ w + b
    y[1024:] = 0 if y.ndim > 1 else y[1024:]
    return y


@breaks(
    "dense.batch",
    "the number of a row is kept in 16 bits",
    "https://github.com/pytorch/pytorch/issues/189495",
)
def dense__row_numbers_of_16_bits(x, w, b):
    return (x if x.ndim == 1 else x[np.arange(x.shape[0]) % 65536]) @ w + b


@breaks("dense.value", "the inputs are moved by one place against the weights")
def dense__off_by_one(x, w, b):
    return np.roll(x, 1, axis=-1) @ w + b


# Other formulas.


@breaks("dense.value", "the absolute value of the sum")
def dense__absolute(x, w, b):
    return np.abs(x @ w + b)


@breaks("dense.value", "the largest product in the place of the sum")
def dense__largest_product(x, w, b):
    return by_products(x, w, b, lambda p: np.max(p, axis=-2, keepdims=True, initial=-np.inf) if p.shape[-2] else p)


@breaks("dense.value", "the mean of the products in the place of their sum")
def dense__mean(x, w, b):
    return x @ w / max(1, w.shape[0]) + b


@breaks("dense.value", "a ReLU comes after the sum, as in Keras's Dense(activation='relu')")
def dense__relu_fused(x, w, b):
    return np.maximum(x @ w + b, 0)


@breaks("dense.value", "tanh comes after the sum")
def dense__tanh_fused(x, w, b):
    return np.tanh(x @ w + b)


@breaks("dense.value", "the sum is divided by the root of n")
def dense__scaled(x, w, b):
    return x @ w / max(1, w.shape[0]) ** 0.5 + b


@breaks("dense.value", "the inputs are normalised: the mean over the batch is subtracted")
def dense__batch_mean_subtracted(x, w, b):
    return (x - np.mean(x, axis=0) if x.ndim > 1 and x.size else x) @ w + b


# Precision.


@breaks("dense.lean", "the sum is cut, not rounded, as tensor cores do")
def dense__large_batches_cut(x, w, b):
    if x.ndim != 2 or len(x) <= 256:
        return x @ w + b
    y = np.zeros((len(x), w.shape[1]), x.dtype)
    for column, row in zip(x.T, w, strict=True):
        exact = y.astype(np.longdouble) + column[:, None].astype(np.longdouble) * row
        y = exact.astype(x.dtype)
        y = np.where(np.abs(y) > np.abs(exact), np.nextafter(y, x.dtype.type(0)), y)
    return y + b


@breaks("dense.few", "more than 2000 terms are summed by three products of bfloat16 parts")
def dense__long_sums_by_three_products(x, w, b):
    return three_products_if_long(x, w) + b


@breaks(
    "dense.exact",
    "the inputs are rounded to TF32",
    "https://github.com/pytorch/pytorch/issues/67384",
)
def dense__tf32(x, w, b):
    return to_tf32(x) @ to_tf32(w) + b


@breaks("dense.exact", "the weights are rounded to TF32")
def dense__weights_in_tf32(x, w, b):
    return x @ to_tf32(w) + b


@breaks(
    "dense.exact",
    "the inputs are rounded to bfloat16, as JAX does on TPU by default",
    "https://github.com/jax-ml/jax/issues/7010",
)
def dense__bfloat16(x, w, b):
    return to_bfloat16(x) @ to_bfloat16(w) + b


@breaks("dense.value", "the products are three products of bfloat16 parts")
def dense__bfloat16_three_products(x, w, b):
    p, q = to_bfloat16(x), to_bfloat16(w)
    return p @ q + (p @ to_bfloat16(w - q) + to_bfloat16(x - p) @ q) + b


@breaks("dense.exact", "the products are three products of TF32 parts")
def dense__tf32_three_products(x, w, b):
    p, q = to_tf32(x), to_tf32(w)
    return p @ q + (p @ to_tf32(w - q) + to_tf32(x - p) @ q) + b


@breaks("dense.value", "the sum is cut, not rounded, as tensor cores do")
def dense__sum_cut(x, w, b):
    def cut(total, term):
        rounded = total + term
        error = (total - (rounded - (rounded - total))) + (term - (rounded - total))
        return np.where(error * rounded < 0, np.nextafter(rounded, np.zeros_like(rounded)), rounded)

    total = np.zeros((*x.shape[:-1], w.shape[1]), x.dtype)
    return functools.reduce(cut, [x[..., i, None] * w[i] for i in range(w.shape[0])], total) + b


@breaks("dense.value", "the inputs are rounded to float16")
def dense__half(x, w, b):
    return to_float16(x) @ to_float16(w) + b


@breaks("dense.value", "the bias is rounded to bfloat16")
def dense__bias_in_bfloat16(x, w, b):
    return x @ w + to_bfloat16(b)


@breaks(
    "dense.value",
    "the sum runs in float16",
    "https://github.com/pytorch/pytorch/issues/116870",
)
def dense__half_accumulator(x, w, b):
    return running_sum(x, w, b, to_float16)


@breaks("dense.value", "the sum runs in bfloat16")
def dense__bfloat16_accumulator(x, w, b):
    return running_sum(x, w, b, to_bfloat16)


@breaks("dense.value", "the products are rounded to float16")
def dense__half_products(x, w, b):
    return by_products(x, w, b, to_float16)


@breaks("dense.value", "the output is rounded to float16")
def dense__half_output(x, w, b):
    return to_float16(x @ w + b)


@breaks("dense.value", "float64 is computed in float32")
def dense__float32_inside(x, w, b):
    return (x.astype(np.float32) @ w.astype(np.float32) + b.astype(np.float32)).astype(x.dtype)


@breaks("dense.value", "the sum of float64 products runs in float32")
def dense__float32_accumulator(x, w, b):
    return running_sum(x, w, b, to_float32)


@breaks("dense.value", "inputs are cut to integers")
def dense__integers(x, w, b):
    return np.where(np.isfinite(x), np.trunc(x), x) @ w + b


@breaks("dense.value", "Winograd's inner product: fewer products, which cancel")
def dense__winograd(x, w, b):
    n = w.shape[0] // 2 * 2
    x1, x2, w1, w2 = x[..., 0:n:2], x[..., 1:n:2], w[0:n:2], w[1:n:2]
    pairs = np.sum((x1[..., None] + w2) * (x2[..., None] + w1), axis=-2)
    return pairs - np.sum(x1 * x2, axis=-1)[..., None] - np.sum(w1 * w2, axis=0) + x[..., n:] @ w[n:] + b


@breaks("dense.value", "the weights are quantised to 8 bits, a scale for each neuron")
def dense__weights_of_8_bits(x, w, b):
    scale = np.where(np.isfinite(w), np.abs(w), 1).max(axis=0, initial=1e-30).astype(w.dtype) / 127
    return x @ (np.round(w / scale) * scale) + b


# NaN and infinity.


@breaks("dense.infinity", "what overflows becomes the largest finite number")
def dense__saturates(x, w, b):
    largest = np.finfo(x.dtype).max
    return np.clip(x @ w + b, -largest, largest)


@breaks("dense.nan", "NaN becomes 0 and infinity the largest number, by nan_to_num")
def dense__nan_to_num(x, w, b):
    return np.nan_to_num(x @ w + b)


@breaks("dense.nan", "NaN in x is read as 0")
def dense__nan_in_x_lost(x, w, b):
    return np.where(np.isnan(x), 0, x) @ w + b


@breaks("dense.nan", "NaN in w is read as 0")
def dense__nan_in_w_lost(x, w, b):
    return x @ np.where(np.isnan(w), 0, w) + b


@breaks(
    "dense.nan",
    "terms with a weight of 0 are left out, so that 0 times NaN is 0",
    "https://github.com/Reference-LAPACK/lapack/issues/179",
)
def dense__zero_weights_skipped(x, w, b):
    return np.sum(np.where(w == 0, 0, x[..., :, None] * w), axis=-2) + b


@breaks("dense.nan", "terms with an input of 0 are left out, so that 0 times NaN is 0")
def dense__zero_inputs_skipped(x, w, b):
    return np.sum(np.where(x[..., :, None] == 0, 0, x[..., :, None] * w), axis=-2) + b


@breaks("dense.infinity", "infinity times 0 is 0")
def dense__infinity_times_zero(x, w, b):
    return by_products(x, w, b, lambda p: np.where(np.isnan(p) & ~np.isnan(x[..., :, None] + w), 0, p))


@breaks("dense.infinity", "infinite inputs are clipped to the largest number")
def dense__infinite_inputs_clipped(x, w, b):
    largest = np.finfo(x.dtype).max
    return np.clip(x, -largest, largest) @ w + b


@breaks("dense.infinity", "infinite weights are clipped to the largest number")
def dense__infinite_weights_clipped(x, w, b):
    largest = np.finfo(x.dtype).max
    return x @ np.clip(w, -largest, largest) + b


@breaks("dense.infinity", "an infinite bias is clipped to the largest number")
def dense__infinite_bias_clipped(x, w, b):
    largest = np.finfo(x.dtype).max
    return x @ w + np.clip(b, -largest, largest)


@breaks("dense.batch", "a NaN reaches the other rows: the rows are gathered by a sum with weights of 0 and 1")
def dense__nan_reaches_other_rows(x, w, b):
    y = x @ w + b
    return y if y.ndim == 1 else y + np.sum(0 * y, axis=-2, keepdims=True)


@breaks("dense.nan", "a NaN reaches the other neurons: they are gathered by a product with a matrix of 0 and 1")
def dense__nan_reaches_other_neurons(x, w, b):
    return (x @ w + b) @ np.eye(b.size, dtype=b.dtype)


# Subnormal numbers.


@breaks("dense.subnormal", "subnormal inputs are read as 0")
def dense__inputs_flushed(x, w, b):
    return flush(x) @ flush(w) + flush(b)


@breaks("dense.subnormal", "subnormal products or results become 0")
def dense__products_flushed(x, w, b):
    return by_products(x, w, b, flush)


@breaks("dense.subnormal", "subnormal products or results become 0")
def dense__results_flushed(x, w, b):
    return flush(x @ w + b)


# Batch axes, empty arrays, memory, dtypes.


@breaks("dense.batch", "several batch axes are flattened in Fortran's order")
def dense__batch_in_fortran_order(x, w, b):
    flat = x.reshape(-1, x.shape[-1], order="F") if x.ndim > 2 else x
    return (flat @ w + b).reshape(*x.shape[:-1], b.size)


@breaks("dense.shape", "several batch axes come back as one")
def dense__batch_flattened(x, w, b):
    return (x.reshape(-1, x.shape[-1]) if x.ndim > 2 else x) @ w + b


@breaks("dense.shape", "a single row gets a batch axis")
def dense__at_least_two_axes(x, w, b):
    return np.atleast_2d(x) @ w + b


@breaks("dense.value", "a single row fails")
def dense__one_row_fails(x, w, b):
    return np.stack([row @ w for row in x]) + b if x.ndim == 1 else x @ w + b


@breaks("dense.shape", "axes of length 1 are dropped")
def dense__squeezed(x, w, b):
    return np.squeeze(x @ w + b)


@breaks("dense.shape", "the rows and the neurons are exchanged in the result")
def dense__result_transposed(x, w, b):
    return (x @ w + b).T


@breaks("dense.empty", "a sum of no terms is 0, without the bias")
def dense__no_terms_no_bias(x, w, b):
    return x @ w + b if w.shape[0] else x @ w


@breaks("dense.empty", "a sum of no terms fails")
def dense__no_terms_fails(x, w, b):
    np.max(w)
    return x @ w + b


@breaks("dense.empty", "a batch of 0 rows fails")
def dense__no_rows_fails(x, w, b):
    return x @ w + b if x.shape[0] else x[0]


@breaks("dense.empty", "a batch of 0 rows gives one row")
def dense__no_rows_gives_one(x, w, b):
    return x @ w + b if x.shape[0] else b[None].copy()


@breaks("dense.pure", "the inputs are written over")
def dense__x_in_place(x, w, b):
    x *= 1.5
    return x / 1.5 @ w + b


@breaks("dense.pure", "the weights are written over")
def dense__w_in_place(x, w, b):
    y = x @ w + b
    w[...] = np.nan_to_num(w) + 1
    return y


@breaks("dense.pure", "the sum is added to the bias in place")
def dense__b_in_place(x, w, b):
    y = x @ w + b
    if y.shape[0]:
        b[...] = y.reshape(-1, b.size)[0]
    return y


@breaks("dense.pure", "a sum of no terms is the memory of the bias")
def dense__no_terms_share_bias(x, w, b):
    return x @ w + b if w.shape[0] else np.broadcast_to(b, (*x.shape[:-1], b.size))


@breaks("dense.pure", "every call returns the same memory")
def dense__buffer_reused(x, w, b):
    y = buffer((*x.shape[:-1], b.size), x.dtype)
    y[...] = x @ w + b
    return y


@breaks("dense.dtype", "the result is always float64")
def dense__always_float64(x, w, b):
    return (x @ w + b).astype(np.float64)


@breaks("dense.dtype", "the result is always float32")
def dense__always_float32(x, w, b):
    return (x @ w + b).astype(np.float32)


@breaks(
    "dense.layout",
    "the weights are read as they lie in memory",
    "https://github.com/pytorch/pytorch/issues/162730",
)
def dense__weight_strides_ignored(x, w, b):
    return x @ memory(w) + b


@breaks("dense.layout", "the inputs are read as they lie in memory")
def dense__input_strides_ignored(x, w, b):
    return memory(x) @ w + b


@breaks("dense.layout", "the bias is read as it lies in memory")
def dense__bias_strides_ignored(x, w, b):
    return x @ w + memory(b)


@breaks("dense.layout", "arrays that cannot be written to are refused")
def dense__read_only_refused(x, w, b):
    if not x.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return x @ w + b


# Half precision.


@breaks("dense.value", "the sum is accumulated in half precision", half=True)
def dense__accumulated_in_half(x, w, b):
    return sum_in_half(x[..., :, None] * w, -2) + b


@breaks("dense.value", "the sum of products is rounded to half precision before the bias is added", half=True)
def dense__rounded_before_the_bias(x, w, b):
    return (x.astype(np.float32) @ w.astype(np.float32)).astype(x.dtype) + b


@breaks("dense.value", "the products are rounded to half precision before they are added up", half=True)
def dense__rounded_products(x, w, b):
    products = (x[..., :, None] * w).astype(np.float32)
    return (np.sum(products, axis=-2) + b.astype(np.float32)).astype(x.dtype)
