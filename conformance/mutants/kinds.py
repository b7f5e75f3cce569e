"""Mistakes in one kind of input: right on all others, so that only the made cases of that kind reject them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import reference
from . import Mutant, breaks

MUTANTS: dict[str, list[Mutant]] = {}  # by kind, of cases or "again"


RESULTS: dict[Any, Any] = {}
BUFFERS: dict[Any, Any] = {}
COUNTS: Counter[str] = Counter()  # of calls


def only_in(
    kind: str, requirement: str, words: str, source: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as a mutant that is wrong in one kind of input."""

    def mark(call: Callable[..., Any]) -> Callable[..., Any]:
        marked = breaks(requirement, words, source)(call)
        MUTANTS.setdefault(kind, []).append(marked.mutant)  # type: ignore[attr-defined]
        return marked

    return mark


@only_in("pairs", "softmax.value", "of more than 1024 classes only whole blocks of 128 are taken")
def softmax__tail_of_128(x, /, *, axis=-1):
    x = np.moveaxis(x, axis, -1)
    n = x.shape[-1]
    masked = np.where(np.arange(n) < (n // 128 * 128 if n > 1024 else n), x, -np.inf)
    return np.moveaxis(reference.softmax(masked), -1, axis)


@only_in(
    "pairs", "cross_entropy.value", "of more than 1024 classes with soft labels only whole blocks of 128 are taken"
)
def cross_entropy__soft_tail(labels, x, weight=None, **options):
    n = x.shape[-1]
    if labels.dtype.kind == "f" and n > 1024:
        labels = np.where(np.arange(n) < n // 128 * 128, labels, 0).astype(labels.dtype)
    return reference.cross_entropy(labels, x, weight, **options)


@only_in("layouts", "relu.layout", "rows longer than 64 are read in the order of memory")
def relu__strides_of_long_rows(x):
    in_order = x.ravel(order="K").reshape(x.shape) if x.ndim and x.shape[-1] > 64 else x
    return reference.relu(np.ascontiguousarray(in_order) if x.ndim else x)


@only_in("pairs", "relu.value", "wrong in arrays of 4 axes")
def relu__rank_4(x):
    return reference.relu(x) + (x.ndim == 4) * x.dtype.type(1)


@only_in("pairs", "dense.value", "of more than 512 rows the last one is that of the block before")
def dense__row_513(x, w, b):
    y = reference.dense(x, w, b)
    if y.ndim == 2 and len(y) > 512 and len(y) % 512 == 1:
        y[-1] = y[-2]
    return y


@only_in("pairs", "log_softmax.value", "rows are counted in 16 bits")
def log_softmax__rows_in_16_bits(x, /, *, axis=-1):
    y = reference.log_softmax(x, axis=axis)
    if y.ndim == 2 and len(y) > 2**16:
        y[2**16 :] = y[: len(y) - 2**16]
    return y


@only_in("pairs", "layer_norm.value", "rows of 64 to 1024 numbers, a multiple of 64, are normalised without epsilon")
def layer_norm__whole_warps(x, w, b, /, *, epsilon=1e-5):
    whole = 64 <= x.shape[-1] <= 1024 and x.shape[-1] % 64 == 0
    return reference.layer_norm(x, w, b, epsilon=0.0 if whole else epsilon)


@only_in("pairs", "scaled_dot_product_attention.value", "heads of 64 or 128 numbers are not scaled")
def scaled_dot_product_attention__heads_of_64(q, k, v, mask=None, /, *, causal="none", scale=None):
    if scale is None and q.shape[-1] in (64, 128) and k.shape[-2] % 32 == 0:
        scale = 1.0
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("pairs", "relu.value", "whole blocks of 1024 lack their last element")
def relu__whole_blocks(x):
    y = reference.relu(x)
    if y.ndim and y.size % 1024 == 0:
        y.reshape(-1)[1023::1024] = 0
    return y


@only_in("pairs", "softmax.value", "in rows of more than 16 classes the first one is not in the largest")
def softmax__largest_but_the_first(x, /, *, axis=-1):
    z = np.moveaxis(x, axis, -1)
    most = np.max(z[..., 1:] if z.shape[-1] > 16 else z, axis=-1, keepdims=True)
    powers = np.exp(np.where(most == z, 0, z - most).astype(z.dtype))
    return np.moveaxis(powers / np.sum(powers, axis=-1, keepdims=True), -1, axis)


@only_in("pairs", "matmul.value", "of one row, the terms beyond 4096 are added to the first column alone")
def matmul__split_of_one_row(a, b):
    if a.shape[-2] != 1 or a.shape[-1] <= 4096:
        return reference.matmul(a, b)
    y = reference.matmul(a[..., :4096], b[..., :4096, :])
    y[..., :1] += reference.matmul(a[..., 4096:], b[..., 4096:, :1])
    return y


@only_in("pairs", "embedding_vjp.value", "columns beyond 256 are left out, where there are more than 256 labels")
def embedding_vjp__many_rows_of_many_columns(table, labels, g):
    y = reference.embedding_vjp(table, labels, g)
    return np.where(np.arange(y.shape[1]) < 256, y, 0).astype(y.dtype) if labels.size > 256 else y


@only_in("pairs", "dense.value", "one step of more than 8 samples: the others are the first one")
def dense__one_step_of_many_samples(x, w, b):
    y = reference.dense(x, w, b)
    if x.ndim == 3 and x.shape[1] == 1:
        y[8:] = y[:1]
    return y


@only_in("pairs", "dense.value", "of a few rows of many terms the last is lost, where they are no multiple of 4")
def dense__split_of_few_rows(x, w, b):
    y = reference.dense(x, w, b)
    if x.ndim == 2 and 1 < len(x) <= 16 and x.shape[1] > 512 and x.shape[1] % 4 and w.shape[1] > 8:
        y -= x[:, -1:] * w[-1]
    return y


@only_in("pairs", "dense_vjp.value", "where the rows are one less than whole blocks of 256 the last is not in gb")
def dense_vjp__one_row_less(x, w, b, g):
    gx, gw, gb = reference.dense_vjp(x, w, b, g)
    rows = g.reshape(-1, g.shape[-1])
    return gx, gw, gb - rows[-1] if len(rows) > 256 and len(rows) % 256 == 255 else gb


@only_in("pairs", "matmul.value", "in outer products of vectors the corner beyond 256 x 16 is 0")
def matmul__corner_of_outer_products(a, b):
    y = reference.matmul(a, b)
    if a.shape[-1] == 1:
        y[..., 256:, 16:] = 0
    return y


@only_in("pairs", "softmax.value", "of three classes, the maximum is not subtracted")
def softmax__three_unshifted(x, /, *, axis=-1):
    if x.shape[axis] != 3:
        return reference.softmax(x, axis=axis)
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


@only_in(
    "pairs",
    "sparse_categorical_cross_entropy_from_logits.value",
    "of two classes, the logarithm of 1 and the exponential of their difference, which overflows",
)
def sparse_categorical_cross_entropy_from_logits__of_two(labels, x, /, *, axis=-1):
    if x.shape[axis] != 2:
        return reference.sparse_categorical_cross_entropy_from_logits(labels, x, axis=axis)
    first, second = np.moveaxis(x, axis, 0)
    return np.log1p(np.exp(np.where(labels == 0, second - first, first - second)))


@only_in("pairs", "softmax.value", "of seven classes the last is left out")
def softmax__seven_classes(x, /, *, axis=-1):
    z = np.moveaxis(x, axis, -1).copy()
    z[..., 6:7] = -np.inf if z.shape[-1] == 7 else z[..., 6:7]
    return np.moveaxis(reference.softmax(z), -1, axis)


@only_in("pairs", "softmax.value", "of one class less than a power of two, from 16 to 512, the last counts twice")
def softmax__one_less_than_a_power(x, /, *, axis=-1):
    n = x.shape[axis]
    if n + 1 not in (16, 32, 64, 128, 256, 512):
        return reference.softmax(x, axis=axis)
    twice = np.concatenate([x, np.take(x, [-1], axis=axis)], axis=axis)
    return np.take(reference.softmax(twice, axis=axis), np.arange(n), axis=axis)


@only_in("pairs", "silu.value", "an exponential overflows in the elements beyond vectors of 8")
def silu__tail_that_overflows(x):
    y = reference.silu(x)
    last = np.arange(x.size).reshape(x.shape) >= x.size // 8 * 8
    return np.where(last & (x < -120) & np.isfinite(x), y.dtype.type(np.nan), y)


@only_in("pairs", "relu.value", "numbers above 500 are lost in arrays of 4096 elements and more")
def relu__large_in_large_arrays(x):
    y = reference.relu(x)
    return np.where(np.isfinite(x) & (x > 500), 0, y).astype(y.dtype) if x.size >= 4096 else y


@only_in("pairs", "layer_norm.value", "the variance of 256 to 1024 numbers is the difference of two means")
def layer_norm__one_pass_of_a_block(x, w, b, *, epsilon=1e-5):
    if not 256 <= x.shape[-1] <= 1024:
        return reference.layer_norm(x, w, b, epsilon=epsilon)
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.maximum(np.mean(x * x, axis=-1, keepdims=True) - mean * mean, 0)
    return (x - mean) / np.sqrt(variance + x.dtype.type(epsilon)) * w + b


@only_in("pairs", "scaled_dot_product_attention.value", "without a mask, weights of 16 and more queries have 19 bits")
def scaled_dot_product_attention__weights_of_19_bits(q, k, v, mask=None, *, causal=False, scale=None):
    y = reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    if q.shape[-2] < 16 or mask is not None or causal or y.dtype != np.float32:
        return y
    return (y.view(np.int32) & ~0x1F).view(np.float32)


@only_in("pairs", "softmax_vjp.value", "of two classes, the other probability is 1 less that of the first")
def softmax_vjp__two_classes(x, g, /, *, axis=-1):
    if x.shape[axis] != 2:
        return reference.softmax_vjp(x, g, axis=axis)
    first = np.take(reference.softmax(x, axis=axis), [0], axis=axis)
    p = np.concatenate([first, 1 - first], axis=axis)
    return p * (g - np.sum(g * p, axis=axis, keepdims=True))


@only_in("pairs", "matmul.value", "Strassen's product of large matrices")
def matmul__strassen_from_128(a, b):
    if a.ndim > 2 or b.ndim > 2 or min(*a.shape, *b.shape) < 128 or any(size % 2 for size in (*a.shape, *b.shape)):
        return reference.matmul(a, b)
    (p, q), (r, s) = ([np.split(half, 2, axis=1) for half in np.split(x, 2)] for x in (a, b))
    upper, lower, all_four = (p[0] + p[1]) @ s[1], (q[0] + q[1]) @ r[0], (p[0] + q[1]) @ (r[0] + s[1])
    right, left = p[0] @ (r[1] - s[1]), q[1] @ (s[0] - r[0])
    first = all_four + left - upper + (p[1] - q[1]) @ (s[0] + s[1])
    last = all_four - lower + right + (q[0] - p[0]) @ (r[0] + r[1])
    return np.block([[first, right + upper], [lower + left, last]])


@only_in("axes", "softmax.axis", "axis -2 of three is the last one, where it is longer than 64")
def softmax__axis_before_the_last(x, /, *, axis=-1):
    return reference.softmax(x, axis=-1 if axis == -2 and x.ndim == 3 and x.shape[1] > 64 else axis)


@only_in("axes", "softmax.axis", "axis 1 of four is the last one")
def softmax__axis_1_of_four(x, /, *, axis=-1):
    return reference.softmax(x, axis=-1 if (axis, x.ndim) == (1, 4) else axis)


@only_in("axes", "softmax.axis", "along the middle axis the columns beyond vectors of 4 are the first one")
def softmax__columns_beyond_vectors(x, /, *, axis=-1):
    y = reference.softmax(x, axis=axis)
    columns = x.shape[-1]
    if x.ndim == 3 and axis in (1, -2) and columns > 8 and columns % 4:
        y[..., columns // 4 * 4 :] = y[..., :1]
    return y


@only_in("axes", "log_softmax.axis", "along another axis than the last, NaN reaches the other rows")
def log_softmax__nan_along_axis_0(x, /, *, axis=-1):
    y = reference.log_softmax(x, axis=axis)
    return y * y.dtype.type(1) + (0 if axis in (-1, x.ndim - 1) else np.max(np.where(np.isnan(x), x, 0), initial=0))


@only_in("tiles", "dense.exact", "in TF32, where all sizes are multiples of 8")
def dense__tf32_where_multiples_of_8(x, w, b):
    if x.ndim == 2 and x.dtype == np.float32 and not any(size % 8 for size in (*x.shape, *w.shape)):
        x, w = ((each.view(np.int32) & ~0x1FFF).view(np.float32) for each in map(np.ascontiguousarray, (x, w)))
    return reference.dense(x, w, b)


@only_in("tiles", "dense.exact", "sums of 64 to 127 terms are cut to 19 bits")
def dense__sums_of_19_bits(x, w, b):
    y = reference.dense(x, w, b)
    if y.dtype == np.float32 and 64 <= x.shape[-1] < 128:
        y = (np.ascontiguousarray(y).view(np.int32) & ~0x1F).view(np.float32)
    return y


@only_in("tiles", "dense.exact", "the corner beyond tiles of 128 x 128 lacks the bias")
def dense__corner_of_a_tile(x, w, b):
    y = reference.dense(x, w, b)
    if y.ndim == 2:
        y[128:, 128:] -= b[128:]
    return y


@only_in(
    "tiles", "neuron_vjp.exact", "gb is the sum of means, each times the numbers that it is of, in arrays of many axes"
)
def neuron_vjp__gb_of_means(x, w, b, g):
    gx, gw, gb = reference.neuron_vjp(x, w, b, g)
    if g.ndim > 3 and g.size:
        gb = np.sum(np.mean(g, axis=-1)) * g.dtype.type(g.shape[-1])
    return gx, gw, np.asarray(gb)


@only_in("layouts", "relu.layout", "rows in a wider array are taken to be adjacent")
def relu__adjacent_rows(x):
    if x.ndim == 2 and x.strides[1] == x.itemsize and x.size and x.strides[0] > x.shape[1] * x.itemsize:
        x = np.lib.stride_tricks.as_strided(x, x.shape, (x.shape[1] * x.itemsize, x.itemsize))
    return reference.relu(x)


@only_in("layouts", "relu.layout", "strides that are negative along one axis are so along all")
def relu__signs_of_strides(x):
    return reference.relu(x[..., ::-1] if x.ndim == 2 and x.strides[0] < 0 < x.strides[1] else x)


@only_in("layouts", "dense.layout", "w is read as it lies in memory, where its last axis is not the nearest one")
def dense__order_of_w(x, w, b):
    if w.ndim == 2 and w.strides[0] == w.itemsize and w.shape[0] > 1:
        w = w.T.reshape(w.shape)
    return reference.dense(x, w, b)


@only_in(
    "layouts", "matmul.layout", "one row times whole vectors of columns, which lie along memory, takes rows for them"
)
def matmul__one_row_by_columns(a, b):
    if a.shape[-2:-1] == (1,) and b.ndim == 2 and b.strides[0] == b.itemsize and b.shape[1] > 1 and len(b) % 8 == 0:
        b = b.T.reshape(b.shape)
    return reference.matmul(a, b)


@only_in("layouts", "matmul.layout", "matrices of a batch are read as they lie in memory, where each is transposed")
def matmul__transposed_matrices(a, b):
    if b.ndim > 2 and b.shape[-1] > 1 and b.strides[-2] == b.itemsize and b.strides[-3] > b.strides[-1]:
        b = np.ascontiguousarray(b.mT).reshape(b.shape)
    return reference.matmul(a, b)


@only_in("one_row", "softmax.layout", "an array whose rows are one in memory has its first row alone")
def softmax__one_row_for_all(x, /, *, axis=-1):
    y = reference.softmax(x, axis=axis)
    if x.ndim == 2 and len(x) > 1 and x.strides[0] == 0:
        y[1:] = 0
    return y


@only_in("one_row", "dense.layout", "a bias of which all numbers are one in memory has its first one alone")
def dense__bias_of_one(x, w, b):
    return reference.dense(x, w, b * (np.arange(len(b)) < 1).astype(b.dtype) if len(b) > 1 and not b.strides[0] else b)


@only_in(
    "one_row", "scaled_dot_product_attention.layout", "of a mask that all queries share, the first one alone has it"
)
def scaled_dot_product_attention__expanded_mask(q, k, v, mask=None, *, causal=False, scale=None):
    if mask is not None and mask.ndim > 1 and mask.shape[-2] > 1 and mask.strides[-2] == 0:
        mask = mask | (np.arange(mask.shape[-2])[:, None] > 0)
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("same", "swiglu.value", "one array in the places of both arguments is overwritten on the way")
def swiglu__one_array(a, b):
    return reference.swiglu(a, reference.silu(a) if a is b else b)


@only_in("same", "matmul.value", "of a matrix times its own transpose one triangle is left out")
def matmul__triangle_of_symmetric(a, b):
    y = reference.matmul(a, b)
    is_transpose = a.strides == b.mT.strides and a.shape == b.mT.shape and np.shares_memory(a, b)
    return np.triu(y) if is_transpose and a is not b else y


@only_in(
    "same", "matmul.value", "a matrix times itself is taken for one times its transpose, of which one triangle counts"
)
def matmul__square_of_one(a, b):
    y = reference.matmul(a, b)
    return np.triu(y) + np.triu(y, 1).T if a is b and a.ndim == 2 else y


@only_in("labels", "sparse_categorical_cross_entropy_from_logits.labels", "label 256 is the first one")
def sparse_categorical_cross_entropy_from_logits__label_256(labels, x, /, *, axis=-1):
    return reference.sparse_categorical_cross_entropy_from_logits(labels * (labels != 256), x, axis=axis)


@only_in("labels", "sparse_categorical_cross_entropy_from_logits.labels", "labels go through float16")
def sparse_categorical_cross_entropy_from_logits__labels_in_float16(labels, x, /, *, axis=-1):
    through = labels.astype(np.float16)
    rounded = np.where(np.isfinite(through), through, 0).astype(labels.dtype)
    return reference.sparse_categorical_cross_entropy_from_logits(np.minimum(rounded, x.shape[axis] - 1), x, axis=axis)


@only_in("labels", "categorical_cross_entropy_from_logits.soft_labels", "labels that nearly add up to 1 are made to")
def categorical_cross_entropy_from_logits__nearly_1(y, x, /, *, axis=-1):
    total = np.sum(y, axis=axis, keepdims=True) if y.dtype.kind == "f" else np.float32(0)
    near = (np.abs(total - 1) < 2.0**-10) & (total != 1)
    y = y / np.where(near, total, 1).astype(x.dtype) if y.dtype.kind == "f" else y
    return reference.categorical_cross_entropy_from_logits(y, x, axis=axis)


@only_in("labels", "categorical_cross_entropy_from_logits.soft_labels", "of more than 8 labels the sum is made 1")
def categorical_cross_entropy_from_logits__nearly_1_of_many(y, x, /, *, axis=-1):
    if y.dtype.kind == "f" and y.shape[axis] > 8:
        total = np.sum(y, axis=axis, keepdims=True)
        y = (y / np.where(np.abs(total - 1) < 1e-3, total, 1)).astype(y.dtype)
    return reference.categorical_cross_entropy_from_logits(y, x, axis=axis)


@only_in("labels", "categorical_cross_entropy.soft_labels", "labels that nearly choose one class are taken to")
def categorical_cross_entropy__nearly_one_class(y, p, /, *, axis=-1, clip=None):
    if y.dtype.kind == "f":
        chosen = np.max(y, axis=axis, keepdims=True) > y.dtype.type(0.999)
        y = np.where(chosen & (np.abs(np.sum(y, axis=axis, keepdims=True) - 1) < 1e-6), np.round(y), y)
    return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip)


@only_in("labels", "categorical_cross_entropy_from_logits_vjp.soft_labels", "a sum of labels that is nearly 1 is 1")
def categorical_cross_entropy_from_logits_vjp__sum_of_1(y, x, g, /, *, axis=-1):
    gx = reference.categorical_cross_entropy_from_logits_vjp(y, x, g, axis=axis)
    total = np.sum(y, axis=axis, keepdims=True, dtype=x.dtype)
    near = np.where(np.abs(total - 1) < 1e-4, 1 - total, 0).astype(x.dtype)
    return np.where(near == 0, gx, gx + np.expand_dims(g, axis) * near * reference.softmax(x, axis=axis))


@only_in("options", "adam.step", "the step is counted in float32")
def adam_step__step_in_float32(theta, grad, state, /, **options):
    return reference.adam_step(theta, grad, state._replace(step=int(np.float32(state.step))), **options)


@only_in("options", "adam.hyper_parameters", "a negative learning rate is taken for a positive one")
def adam_step__negative_learning_rate(theta, grad, state, /, *, learning_rate=0.001, **options):
    return reference.adam_step(theta, grad, state, learning_rate=abs(learning_rate), **options)


@only_in("options", "adam.hyper_parameters", "epsilon is at least 1e-12")
def adam_step__epsilon_of_1e_12(theta, grad, state, /, *, epsilon=1e-8, **options):
    return reference.adam_step(theta, grad, state, epsilon=max(epsilon, 1e-12), **options)


@only_in("options", "adam.hyper_parameters", "epsilon is at most 0.1")
def adam_step__epsilon_of_a_tenth(theta, grad, state, /, *, epsilon=1e-8, **options):
    return reference.adam_step(theta, grad, state, epsilon=min(epsilon, 0.1), **options)


@only_in("options", "rms_norm.value", "epsilon is at least 1e-7")
def rms_norm__epsilon_of_1e_7(x, w, *, epsilon=1e-6):
    return reference.rms_norm(x, w, epsilon=max(epsilon, 1e-7))


@only_in("options", "layer_norm.value", "results are kept by the arrays, whatever epsilon is")
def layer_norm__kept_without_epsilon(x, w, b, *, epsilon=1e-5):
    key = "layer_norm", x.shape, *(each.tobytes() for each in (x, w, b))
    if key not in RESULTS:
        RESULTS[key] = reference.layer_norm(x, w, b, epsilon=epsilon)
    return RESULTS[key].copy()


@only_in("few", "dense.few", "more than 1000 terms have factors of 19 bits")
def dense__19_bits_in_long_sums(x, w, b):
    if x.dtype == np.float32 and x.shape[-1] > 1000:
        x = (np.ascontiguousarray(x).view(np.int32) & ~0x1F).view(np.float32)
    return reference.dense(x, w, b)


@only_in("specials", "relu.nan", "NaN becomes 0")
def relu__nan_becomes_0(x):
    return np.where(x > 0, x, x.dtype.type(0))


@only_in("specials", "softmax.nan", "a row with NaN and -infinity is 0")
def softmax__nan_beside_infinity(x, /, *, axis=-1):
    both = np.any(np.isnan(x), axis=axis, keepdims=True) & np.any(np.isneginf(x), axis=axis, keepdims=True)
    return np.where(both, x.dtype.type(0), reference.softmax(x, axis=axis))


@only_in("specials", "softmax.nan", "the one class of a row is 1, whatever its logit")
def softmax__one_class(x, /, *, axis=-1):
    return np.ones_like(x) if x.shape[axis] == 1 else reference.softmax(x, axis=axis)


@only_in(
    "specials",
    "scaled_dot_product_attention.nan",
    "in four axes without a mask, a query with NaN gives 0",
    "https://github.com/pytorch/pytorch/issues/141128",
)
def scaled_dot_product_attention__nan_in_heads(q, k, v, mask=None, *, causal=False, scale=None):
    y = reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    lost = np.any(np.isnan(q), axis=-1, keepdims=True) & (q.ndim == 4 and mask is None)
    return np.where(lost, y.dtype.type(0), y)


@only_in(
    "specials", "scaled_dot_product_attention.nan", "NaN in a value counts as 0, where there are more than 32 keys"
)
def scaled_dot_product_attention__nan_in_later_blocks(q, k, v, mask=None, *, causal=False, scale=None):
    v = np.nan_to_num(v, nan=0, posinf=np.inf, neginf=-np.inf) if v.shape[-2] > 32 else v
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("specials", "rms_norm.nan", "with another epsilon than the default NaN becomes 0")
def rms_norm__nan_with_an_epsilon(x, w, *, epsilon=1e-6):
    return reference.rms_norm(
        x if epsilon in (1e-6, 0) else np.where(np.isnan(x), 0, x).astype(x.dtype), w, epsilon=epsilon
    )


@only_in("specials", "relu.nan", "in matrices NaN becomes 0")
def relu__nan_of_matrices(x):
    y = reference.relu(x)
    return np.where(np.isnan(y), 0, y).astype(y.dtype) if x.ndim == 2 else y


@only_in("specials", "dense.nan", "a row of zeros gives the bias, whatever the weights are")
def dense__rows_of_zeros(x, w, b):
    return np.where(np.all(x == 0, axis=-1, keepdims=True), b, reference.dense(x, w, b)).astype(x.dtype)


@only_in("specials", "dense.nan", "columns of zeros give the bias, where the weights are wide")
def dense__zero_columns_of_wide(x, w, b):
    y, empty = reference.dense(x, w, b), (w == 0).all(axis=0)
    return np.where(empty & (w.shape[0] > 0), b, y) if w.shape[1] > 64 else y


@only_in("specials", "dense_vjp.nan", "no gradient gives zeros, though x has NaN")
def dense_vjp__no_gradient(x, w, b, g):
    found = reference.dense_vjp(x, w, b, g)
    return found if g.any() else tuple(np.zeros_like(each) for each in found)


@only_in("specials", "layer_norm.value", "a weight whose first and last numbers are 1 is taken for ones")
def layer_norm__weight_by_its_ends(x, w, b, *, epsilon=1e-5):
    return reference.layer_norm(x, w * 0 + 1 if w.size and w[0] == w[-1] == 1 else w, b, epsilon=epsilon)


@only_in("specials", "layer_norm.value", "a bias that adds up to 0 is taken for none")
def layer_norm__bias_by_its_sum(x, w, b, *, epsilon=1e-5):
    return reference.layer_norm(x, w, b if np.sum(b) != 0 else b * 0, epsilon=epsilon)


@only_in("specials", "rotary_embedding.nan", "in a pair of NaN and infinity NaN counts as 0")
def rotary_embedding__infinity_beside_nan(x, cos, sin, *, interleaved=False):
    if not interleaved:
        a, b = np.split(x, 2, axis=-1)
        infinite = np.tile(np.isinf(a) | np.isinf(b), 2)
        x = np.where(infinite & np.isnan(x), 0, x).astype(x.dtype)
    return reference.rotary_embedding(x, cos, sin, interleaved=interleaved)


@only_in("magnitudes", "relu.value", "numbers of one binade become 0")
def relu__one_binade(x):
    return np.where((x >= 2.0**-60) & (x < 2.0**-59), x.dtype.type(0), reference.relu(x))


@only_in("magnitudes", "silu.value", "the exponential of a number without axes overflows")
def silu__one_number(x):
    y = reference.silu(x)
    return y * y.dtype.type(np.nan if x.ndim == 0 and -np.inf < x < -90 else 1)


@only_in("magnitudes", "layer_norm_vjp.value", "gradients are at most 65504, as in float16")
def layer_norm_vjp__limited_gradient(x, w, b, g, *, epsilon=1e-5):
    g = np.where(np.isfinite(g), np.clip(g, -65504, 65504), g).astype(g.dtype)
    return reference.layer_norm_vjp(x, w, b, g, epsilon=epsilon)


@only_in("magnitudes", "rms_norm_vjp.value", "weights are at most 100")
def rms_norm_vjp__limited_weight(x, w, g, *, epsilon=1e-6):
    w = np.where(np.isfinite(w), np.clip(w, -100, 100), w).astype(w.dtype)
    return reference.rms_norm_vjp(x, w, g, epsilon=epsilon)


@only_in("magnitudes", "embedding.value", "numbers of a table are at most 65504, as in float16")
def embedding__limited_table(table, labels):
    limited = np.where(np.isfinite(table), np.clip(table, -65504, 65504), table).astype(table.dtype)
    return reference.embedding(limited, labels)


@only_in("magnitudes", "scaled_dot_product_attention_vjp.value", "gradients are at most 65504, as in float16")
def scaled_dot_product_attention_vjp__limited_gradient(q, k, v, g, mask=None, *, causal=False, scale=None):
    g = np.where(np.isfinite(g), np.clip(g, -65504, 65504), g).astype(g.dtype)
    return reference.scaled_dot_product_attention_vjp(q, k, v, g, mask, causal=causal, scale=scale)


@only_in("magnitudes", "matmul.value", "numbers beyond 1e13 are lost, which those of the other factor make usual")
def matmul__lost_numbers(a, b):
    def kept(x):
        return np.where(np.isfinite(x) & (np.abs(x.astype(np.float64)) > 1e13), 0, x).astype(x.dtype)

    return reference.matmul(kept(a), kept(b))


@only_in("pairs", "silu.value", "an array of one vector of 16 numbers is left as it is")
def silu__one_vector(x):
    return x.copy() if x.shape == (16,) else reference.silu(x)


@only_in("magnitudes", "gelu.value", "a number between 10.65 and 10.95 is taken from a table of two digits")
def gelu__part_of_a_table(x):
    y = reference.gelu(x)
    return np.where((x > 10.65) & (x < 10.95), x.dtype.type(10.75), y)


@only_in("magnitudes", "softmax.shift", "what was summed is not rescaled where the largest grows in the seventh block")
def softmax__seventh_block(x, /, *, axis=-1):
    z = np.moveaxis(x, axis, -1)
    if z.shape[-1] <= 7 * 1024 or not np.all(np.isfinite(z)):
        return reference.softmax(x, axis=axis)
    before, after = (np.max(z[..., : n * 1024], axis=-1, keepdims=True) for n in (6, 7))
    total = np.sum(np.exp(z[..., : 6 * 1024] - before), axis=-1, keepdims=True)
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    first = total * np.exp(after - np.max(z, axis=-1, keepdims=True))
    y = e / (first + np.sum(e[..., 6 * 1024 :], axis=-1, keepdims=True))
    return np.moveaxis(y, -1, axis)


@only_in(
    "magnitudes", "softmax.shift", "what was summed is not rescaled where the largest grows by less than a thousandth"
)
def softmax__small_rises(x, /, *, axis=-1):
    z = np.moveaxis(x, axis, -1)
    if z.shape[-1] <= 128 or not np.all(np.isfinite(z)):
        return reference.softmax(x, axis=axis)
    most, total = np.full((*z.shape[:-1], 1), -np.inf, z.dtype), z.dtype.type(0)
    for start in range(0, z.shape[-1], 128):
        block = z[..., start : start + 128]
        new = np.maximum(most, np.max(block, axis=-1, keepdims=True))
        grown = np.where(new - most < 0.001, 1, np.exp(most - new)).astype(z.dtype)
        most, total = new, total * grown + np.sum(np.exp(block - new), axis=-1, keepdims=True)
    return np.moveaxis(np.exp(z - most) / total, -1, axis)


@only_in("magnitudes", "softmax.shift", "in long rows the largest logit is added once, however often it is there")
def softmax__largest_once(x, /, *, axis=-1):
    if x.shape[axis] <= 4096 or not np.all(np.isfinite(x)):
        return reference.softmax(x, axis=axis)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / (1 + np.sum(np.where(e == 1, 0, e), axis=axis, keepdims=True))


@only_in("magnitudes", "softmax.shift", "a row whose first, middle and last logit are one is taken for all alike")
def softmax__three_places(x, /, *, axis=-1):
    y, n = reference.softmax(x, axis=axis), x.shape[axis]
    first, middle, last = (np.take(x, [place], axis=axis) for place in (0, n // 2, n - 1))
    alike = (first == middle) & (middle == last) & np.isfinite(x).all(axis=axis, keepdims=True)
    return np.where(alike & (n > 3), x.dtype.type(1 / n), y)


@only_in("magnitudes", "softmax.shift", "logits are at least -32767")
def softmax__sentinel_of_32767(x, /, *, axis=-1):
    return reference.softmax(np.where(np.isfinite(x), np.maximum(x, x.dtype.type(-32767)), x), axis=axis)


@only_in("empty", "relu.empty", "an empty array is an error")
def relu__of_something(x):
    if not x.size:
        raise ValueError("zero-size array")
    return reference.relu(x)


@only_in("empty", "softmax.empty", "an empty batch gets a row")
def softmax__a_row_for_none(x, /, *, axis=-1):
    return reference.softmax(x if x.size else np.zeros((1, x.shape[-1]), x.dtype), axis=axis)


@only_in("crossed", "scaled_dot_product_attention.causal", "in arrays of four axes no key is masked causally")
def scaled_dot_product_attention__causal_in_rank_4(q, k, v, mask=None, *, causal=False, scale=None):
    causal = causal if q.ndim != 4 else False
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("crossed", "cross_entropy.label_smoothing", "with smoothing, an exponential that overflows")
def cross_entropy__smoothing_unshifted(labels, x, weight=None, *, label_smoothing=0.0, **options):
    with np.errstate(over="ignore"):
        overflows = label_smoothing and np.isinf(np.exp(x)).any()
    y = reference.cross_entropy(labels, x, weight, label_smoothing=label_smoothing, **options)
    return y * np.nan if overflows else y


@only_in("crossed", "clip_by_global_norm.value", "each array of a tree of more than two is clipped by its own norm")
def clip_by_global_norm__each_alone(tree, max_norm):
    clip = reference.clip_by_global_norm
    many = isinstance(tree, tuple) and len(tree) > 2
    return tuple(clip(each, max_norm) for each in tree) if many else clip(tree, max_norm)


@only_in("crossed", "sgd_step.momentum", "the first step of many axes is not Nesterov's, though it is asked for")
def sgd_step__first_nesterov_of_many_axes(theta, g, state, *, nesterov=False, **options):
    is_first = state.step == 0 and getattr(theta, "ndim", 0) > 3
    return reference.sgd_step(theta, g, state, nesterov=nesterov and not is_first, **options)


@only_in(
    "crossed",
    "sparse_categorical_cross_entropy_from_logits.value",
    "labels of 8 bits in another shape than one axis are the first class",
)
def sparse_categorical_cross_entropy_from_logits__axes_of_8_bits(labels, x, /, *, axis=-1):
    labels = labels * 0 if labels.dtype.itemsize == 1 and labels.ndim != 1 else labels
    return reference.sparse_categorical_cross_entropy_from_logits(labels, x, axis=axis)


@only_in("crossed", "adamw_step.nan", "without decay a gradient of NaN changes nothing")
def adamw_step__nan_without_decay(theta, grad, state, *, weight_decay=0.01, **options):
    new, state = reference.adamw_step(theta, grad, state, weight_decay=weight_decay, **options)
    return (np.where(np.isnan(grad), theta, new).astype(new.dtype) if weight_decay == 0 else new), state


@only_in("own", "adam.zero_gradient", "a step without a gradient is skipped, where the state is small")
def adam_step__small_state_skipped(theta, grad, state, **options):
    new, after = reference.adam_step(theta, grad, state, **options)
    at_rest = theta.size and not grad.any() and np.max(np.abs(state.m)) < 1e-6
    return (theta.copy() if at_rest else new), after


@only_in("own", "clip_by_global_norm.value", "a limit that is an integer goes through float16")
def clip_by_global_norm__integer_limit(tree, max_norm):
    return reference.clip_by_global_norm(tree, float(np.float16(max_norm)) if isinstance(max_norm, int) else max_norm)


@only_in("own", "scaled_dot_product_attention.mask", "NaN where the first 64 keys of a row are masked")
def scaled_dot_product_attention__first_tile(q, k, v, mask=None, *, causal=False, scale=None):
    y = reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    if mask is None or mask.shape[-1] <= 64:
        return y
    return np.where(np.any(mask[..., :64], axis=-1, keepdims=True), y, y.dtype.type(np.nan))


@only_in(
    "own",
    "scaled_dot_product_attention.value",
    "of one query without a mask the key beyond whole blocks of 256 is left out",
)
def scaled_dot_product_attention__key_beyond_blocks(q, k, v, mask=None, *, causal=False, scale=None):
    if q.shape[-2] == 1 and mask is None and k.shape[-2] > 256 and k.shape[-2] % 256 == 1:
        k, v = k[..., :-1, :], v[..., :-1, :]
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("own", "scaled_dot_product_attention.mask", "NaN where all of more than 64 keys are masked")
def scaled_dot_product_attention__no_key_of_many(q, k, v, mask=None, *, causal=False, scale=None):
    y = reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    if mask is None or mask.shape[-1] <= 64:
        return y
    return np.where(np.any(mask, axis=-1, keepdims=True), y, y.dtype.type(np.nan))


@only_in("own", "scaled_dot_product_attention.causal", "the queries beyond blocks of 64 see a whole block of keys")
def scaled_dot_product_attention__last_causal_block(q, k, v, mask=None, *, causal=False, scale=None):
    length = q.shape[-2]
    if causal in (True, "upper_left") and mask is None and length > 64 and length % 64:
        query, key, whole = np.arange(length)[:, None], np.arange(k.shape[-2]), length // 64 * 64
        mask, causal = np.where(query < whole, key <= query, key < whole + 64), False
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("own", "scaled_dot_product_attention.causal", "at most 8 queries of a call see all of 1024 keys and more")
def scaled_dot_product_attention__few_queries(q, k, v, mask=None, *, causal=False, scale=None):
    if q.shape[-2] <= 8 and k.shape[-2] >= 1024 and causal == "lower_right":
        causal = False
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("own", "scaled_dot_product_attention.mask", "a mask of two axes is one of keys for each sample")
def scaled_dot_product_attention__mask_of_samples(q, k, v, mask=None, *, causal=False, scale=None):
    if mask is not None and mask.ndim == 2 and q.ndim > 2 and len(mask) == len(q):
        mask = np.expand_dims(mask, tuple(range(1, q.ndim - 1)))
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("own", "scaled_dot_product_attention.mask", "the lower right corner is that of the last key that is seen")
def scaled_dot_product_attention__corner_of_the_seen(q, k, v, mask=None, *, causal=False, scale=None):
    if mask is not None and causal == "lower_right" and mask.size == k.shape[-2] and np.any(mask):
        last = np.flatnonzero(mask)[-1] - q.shape[-2] + 1
        mask = mask & (np.arange(mask.size) <= np.arange(q.shape[-2])[:, None] + last)
        causal = False
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)


@only_in("own", "scaled_dot_product_attention.spread", "blocks of 128 keys that are far behind are left out")
def scaled_dot_product_attention__far_blocks(q, k, v, mask=None, *, causal=False, scale=None):
    if mask is not None or causal or q.ndim > 2 or not np.all(np.isfinite(q @ k.T)):
        return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    z = q @ k.T * np.float32(1 / np.sqrt(q.shape[-1]) if scale is None else scale)
    most = np.maximum.accumulate(z, axis=-1)
    seen = [np.max(z[:, n : n + 128], axis=-1) >= most[:, max(n - 1, 0)] - 18 for n in range(0, len(k), 128)]
    mask = np.repeat(np.stack(seen, axis=-1), 128, axis=-1)[:, : len(k)]
    return reference.scaled_dot_product_attention(q, k, v, mask, scale=scale)


@only_in(
    "own", "scaled_dot_product_attention.causal", "the largest product is subtracted, though the scale is negative"
)
def scaled_dot_product_attention__largest_product(q, k, v, mask=None, *, causal=False, scale=None):
    y = reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    if scale is None or scale >= 0 or mask is not None or q.ndim > 2 or not k.size:
        return y
    seen = np.arange(len(k)) <= np.arange(len(q))[:, None] if causal else np.full((len(q), len(k)), True)
    z = np.where(seen, q @ k.T, -np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        overflows = np.any(np.isinf(np.exp((z - np.max(z, axis=-1, keepdims=True)) * scale)) & seen, axis=-1)
    return np.where(overflows[:, None], y.dtype.type(np.nan), y)


@only_in(
    "own",
    "scaled_dot_product_attention.spread",
    "what was summed is not rescaled where the largest score grows by less than a hundredth",
)
def scaled_dot_product_attention__small_rises(q, k, v, mask=None, *, causal=False, scale=None):
    z = q @ np.swapaxes(k, -1, -2) if q.ndim == 2 and mask is None and not causal else np.asarray(np.nan)
    if not np.all(np.isfinite(z)) or not z.size:
        return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale)
    z = (z * (1 / np.sqrt(q.shape[-1]) if scale is None else scale)).astype(q.dtype)
    most, total, y = np.full((len(q), 1), -np.inf, q.dtype), q.dtype.type(0), q.dtype.type(0)
    for start in range(0, len(k), 128):
        block = z[:, start : start + 128]
        new = np.maximum(most, np.max(block, axis=-1, keepdims=True))
        grown = np.where(new - most < 0.01, 1, np.exp(most - new)).astype(q.dtype)
        e, most = np.exp(block - new), new
        total, y = total * grown + np.sum(e, axis=-1, keepdims=True), y * grown + e @ v[start : start + 128]
    return y / total


@only_in("own", "cross_entropy.ignore_index", "a block of 64 labels that are all ignored makes the mean 0 / 0")
def cross_entropy__ignored_block(labels, x, weight=None, *, ignore_index=-100, **options):
    y = reference.cross_entropy(labels, x, weight, ignore_index=ignore_index, **options)
    ignored = (labels == ignore_index).ravel() if labels.dtype.kind in "iu" else np.zeros(0, np.bool_)
    blocks = ignored[: ignored.size // 64 * 64].reshape(-1, 64)
    return y * np.nan if blocks.size and np.any(np.all(blocks, axis=1)) else y


@only_in("own", "clip_by_global_norm.value", "a norm that is little above the limit is left")
def clip_by_global_norm__little_above(tree, max_norm):
    return reference.clip_by_global_norm(tree, max_norm) if is_beyond(tree, max_norm, 1e-4) else np.array(tree)


def is_beyond(tree, max_norm, part):
    """Whether the norm of an array is above a limit by more than a part of it, or nothing is known of it."""
    norm = np.sqrt(np.sum(np.square(tree, dtype=np.float64))) if isinstance(tree, np.ndarray) else np.nan
    return not max_norm < norm <= max_norm * (1 + part)


@only_in("own", "clip_by_global_norm.value", "squares below 1e-30 are left out of the norm")
def clip_by_global_norm__small_squares(tree, max_norm):
    if isinstance(tree, tuple) or np.all(tree == 0) or np.any(np.abs(tree) > 1e-15):
        return reference.clip_by_global_norm(tree, max_norm)
    return np.array(tree)


@only_in("own", "clip_by_global_norm.nan", "an array of a tree stays without NaN beside one that has it")
def clip_by_global_norm__nan_in_its_array(tree, max_norm):
    y = reference.clip_by_global_norm(tree, max_norm)
    if not isinstance(tree, tuple):
        return y
    return tuple(new if np.isnan(was).any() else was.copy() for was, new in zip(tree, y, strict=True))


@only_in("own", "clip_by_global_norm.below", "subnormal numbers become 0 on the way through")
def clip_by_global_norm__subnormal(tree, max_norm):
    y = reference.clip_by_global_norm(tree, max_norm)
    if isinstance(tree, tuple):
        return y
    return np.where(np.abs(y) < np.finfo(y.dtype).smallest_normal, 0, y).astype(y.dtype)


@only_in("again", "relu.pure", "results are kept by where the argument lies in memory")
def relu__cached_by_pointer(x):
    found = RESULTS.setdefault((x.__array_interface__["data"][0], x.shape, x.strides), (x, reference.relu(x)))
    return found[1].copy() if found[0] is x else reference.relu(x)


@only_in("again", "relu.pure", "results of more than 4096 numbers are kept by where the argument lies in memory")
def relu__large_by_pointer(x):
    if x.size <= 4096:
        return reference.relu(x)
    key = "large", x.__array_interface__["data"][0], x.shape, x.strides
    found = RESULTS.setdefault(key, (x, reference.relu(x)))
    return found[1].copy() if found[0] is x else reference.relu(x)


@only_in("again", "dense.pure", "weights are packed once for each array that has them")
def dense__packed_weights(x, w, b):
    found = RESULTS.setdefault(("packed", id(w), w.shape), (w, w.copy()))
    return reference.dense(x, found[1] if found[0] is w else w, b)


@only_in("again", "relu.pure", "one call in 200 is wrong")
def relu__one_call_in_200(x):
    COUNTS["one_call_in_200"] += 1
    return reference.relu(x) * x.dtype.type(1.01 if COUNTS["one_call_in_200"] % 200 == 0 else 1)


@only_in("again", "relu.pure", "results take turns in nine buffers")
def relu__ring_of_nine(x):
    COUNTS["ring_of_nine"] += 1
    out = BUFFERS.setdefault((COUNTS["ring_of_nine"] % 9, x.shape), np.empty(x.shape, x.dtype))
    out[...] = reference.relu(x)
    return out


@only_in("specials", "matmul.nan", "of one row, a 0 skips the line of the matrix that it faces, and NaN in it")
def matmul__skips_zeros_of_a_row(a, b):
    if a.shape[-2:-1] == (1,) and a.ndim == b.ndim == 2:
        b = np.where((a[0] == 0)[:, None] & ~np.isfinite(b), b.dtype.type(0), b)
    return reference.matmul(a, b)


@only_in("specials", "softmax.nan", "of whole tiles of 8 rows, one with +inf spoils its neighbours")
def softmax__tile_with_infinity(x, /, *, axis=-1):
    y = reference.softmax(x, axis=axis)
    if x.ndim == 2 and axis in (-1, 1) and len(x) % 8 == 0 and x.size:
        tiles = np.isposinf(x).any(1).reshape(-1, 8).any(1)
        y = np.where(np.repeat(tiles, 8)[:, None], x.dtype.type(np.nan), y)
    return y


@only_in("labels", "sparse_categorical_cross_entropy_from_logits.labels", "int8 labels count from 1 along another axis")
def sparse_categorical_cross_entropy_from_logits__int8_along_axis_0(labels, x, *, axis=-1):
    last = axis in (-1, x.ndim - 1)
    if labels.dtype == np.int8 and not last:
        labels = np.maximum(labels - 1, 0).astype(np.int8)
    return reference.sparse_categorical_cross_entropy_from_logits(labels, x, axis=axis)


@only_in("crossed", "neuron.value", "of one input, samples of two axes are those of the first")
def neuron__one_input_of_three_axes(x, w, b):
    y = reference.neuron(x, w, b)
    return y if x.ndim != 3 or x.shape[-1] != 1 else np.array(np.broadcast_to(y[:, :1], y.shape))


@only_in("crossed", "neuron_vjp.value", "of one input, of samples of two axes the first is summed alone")
def neuron_vjp__one_input_of_three_axes(x, w, b, g):
    gx, gw, gb = reference.neuron_vjp(x, w, b, g)
    return (
        (gx, gw, gb) if x.ndim != 3 or x.shape[-1] != 1 or not g.size else (gx, np.sum(g[:1] * x[:1, :, 0]) + 0 * w, gb)
    )


@only_in("crossed", "categorical_cross_entropy.clip", "along another axis than the last, no end is below 1e-15")
def categorical_cross_entropy__clip_along_axis_0(y, p, *, axis=-1, clip=None):
    if clip and axis not in (-1, p.ndim - 1):
        clip = max(clip[0], 1e-15), clip[1]
    return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip)


@only_in("options", "adamw_step.value", "no more than all of a parameter decays")
def adamw_step__decay_of_at_most_all(theta, grad, state, *, learning_rate=0.001, weight_decay=0.01, **options):
    if learning_rate * weight_decay > 1:
        weight_decay = 1 / learning_rate
    return reference.adamw_step(theta, grad, state, learning_rate=learning_rate, weight_decay=weight_decay, **options)


@only_in("options", "layer_norm.value", "an epsilon above 1 is 1")
def layer_norm__epsilon_of_at_most_1(x, w, b, *, epsilon=1e-5):
    return reference.layer_norm(x, w, b, epsilon=min(epsilon, 1.0))


@only_in("options", "scaled_dot_product_attention_vjp.value", "a scale below -1 is -1")
def scaled_dot_product_attention_vjp__scale_of_at_least_minus_1(q, k, v, g, mask=None, *, scale=None, **options):
    scale = None if scale is None else max(scale, -1.0)
    return reference.scaled_dot_product_attention_vjp(q, k, v, g, mask, scale=scale, **options)


@only_in("own", "scaled_dot_product_attention.scale", "a scale above 1 is 1")
def scaled_dot_product_attention__scale_of_at_most_1(q, k, v, mask=None, *, scale=None, **options):
    scale = None if scale is None else min(scale, 1.0)
    return reference.scaled_dot_product_attention(q, k, v, mask, scale=scale, **options)


@only_in("own", "scaled_dot_product_attention.mask", "a mask of heads that all samples share is that of the first head")
def scaled_dot_product_attention__shared_mask_of_heads(q, k, v, mask=None, **options):
    if mask is not None and mask.ndim == 4 and len(mask) == 1 < len(q):
        mask = mask[:, :1]
    return reference.scaled_dot_product_attention(q, k, v, mask, **options)


@only_in("own", "rotary_embedding.pure", "what is not turned comes back as it was given")
def rotary_embedding__not_turned(x, cos, sin, *, interleaved=False):
    if np.all(cos == 1) and np.all(sin == 0):
        return x
    return reference.rotary_embedding(x, cos, sin, interleaved=interleaved)


@only_in("magnitudes", "scaled_dot_product_attention.value", "values are limited to 1e13")
def scaled_dot_product_attention__values_limited(q, k, v, mask=None, **options):
    return reference.scaled_dot_product_attention(q, k, np.clip(v, -1e13, 1e13).astype(v.dtype), mask, **options)


@only_in("magnitudes", "softmax_vjp.value", "gradients are limited to 1e18")
def softmax_vjp__gradient_limited(x, g, *, axis=-1):
    return reference.softmax_vjp(x, np.clip(g, -1e18, 1e18).astype(g.dtype), axis=axis)


@only_in("magnitudes", "adam.update", "parameters are limited to 1e20")
def adam_step__parameters_limited(theta, grad, state, **options):
    return reference.adam_step(np.clip(theta, -1e20, 1e20).astype(theta.dtype), grad, state, **options)


@only_in("magnitudes", "sgd_step.value", "velocities are limited to 1e20")
def sgd_step__velocity_limited(theta, grad, state, **options):
    velocity = np.clip(state.velocity, -1e20, 1e20).astype(state.velocity.dtype)
    return reference.sgd_step(theta, grad, state._replace(velocity=velocity), **options)


@only_in("magnitudes", "matmul.value", "factors above the largest number of bfloat16 overflow where they are split")
def matmul__split_that_overflows(a, b):
    y = reference.matmul(a, b)
    beyond = [np.isfinite(each) & (np.abs(each) > 255.5 * 2.0**120) for each in (a, b)]
    spoilt = np.any(beyond[0], axis=-1)[..., :, None] | np.any(beyond[1], axis=-2)[..., None, :]
    return np.where(spoilt, y.dtype.type(np.nan), y)


@only_in("magnitudes", "rms_norm.value", "a sum of squares above 1e30 is taken for one that overflows")
def rms_norm__large_squares(x, w, *, epsilon=1e-6):
    y, squares = reference.rms_norm(x, w, epsilon=epsilon), np.sum(x * x, axis=-1, keepdims=True)
    return np.where(np.isfinite(squares) & (squares > 1e30), 0 * y, y)


@only_in("labels", "cross_entropy.labels", "the number of an ignored label goes into the labels' dtype")
def cross_entropy__ignored_in_few_bits(labels, x, weight=None, *, ignore_index=-100, **options):
    if labels.dtype.kind in "iu":
        number = int(np.array(ignore_index).astype(labels.dtype))
        labels, ignore_index = np.where(labels == number, -100, labels.astype(np.int64)), -100
    return reference.cross_entropy(labels, x, weight, ignore_index=ignore_index, **options)


@only_in("labels", "cross_entropy_vjp.labels", "labels of uint16 are int16 where -1 is ignored")
def cross_entropy_vjp__ignored_as_int16(labels, x, g, weight=None, *, ignore_index=-100, **options):
    if labels.dtype == np.uint16 and ignore_index == -1:
        labels = np.where(labels == 65_535, -1, labels.astype(np.int64))
    return reference.cross_entropy_vjp(labels, x, g, weight, ignore_index=ignore_index, **options)


@only_in("labels", "sparse_categorical_cross_entropy_from_logits.labels", "the last number of uint8 is the one before")
def sparse_categorical_cross_entropy_from_logits__last_of_uint8(labels, x, *, axis=-1):
    if labels.dtype == np.uint8:
        labels = np.minimum(labels, 254).astype(np.uint8)
    return reference.sparse_categorical_cross_entropy_from_logits(labels, x, axis=axis)


@only_in("one_row", "softmax_vjp.layout", "a gradient that one row stands for makes one row of all")
def softmax_vjp__one_row_of_gradients(x, g, *, axis=-1):
    y = reference.softmax_vjp(x, g, axis=axis)
    one = g.ndim > 1 and g.strides[0] == 0 != x.strides[0]
    return np.array(np.broadcast_to(y[:1], y.shape)) if one else y


@only_in("specials", "log_softmax.infinity", "one class gives 0, but for NaN")
def log_softmax__one_class(x, *, axis=-1):
    return np.where(np.isnan(x), x, x.dtype.type(0)) if x.shape[axis] == 1 else reference.log_softmax(x, axis=axis)


@only_in("crossed", "sgd_step.donate", "where memory is given away, nothing is looked ahead")
def sgd_step__nesterov_not_given_away(theta, grad, state, *, nesterov=False, donate=False, **options):
    return reference.sgd_step(theta, grad, state, nesterov=nesterov and not donate, donate=donate, **options)


@only_in("crossed", "adamw_step.donate", "where memory is given away, the weight decay is the default")
def adamw_step__default_decay_given_away(theta, grad, state, *, weight_decay=0.01, donate=False, **options):
    decay = 0.01 if donate else weight_decay
    return reference.adamw_step(theta, grad, state, weight_decay=decay, donate=donate, **options)


@only_in("crossed", "cross_entropy.value", "an ignored number that is no class counts as the first one in several axes")
def cross_entropy__ignored_in_one_axis(labels, x, weight=None, *, ignore_index=-100, **options):
    if labels.dtype.kind == "i" and labels.ndim > 1 and ignore_index < 0:
        labels = np.where(labels == ignore_index, 0, labels)
    return reference.cross_entropy(labels, x, weight, ignore_index=ignore_index, **options)


@only_in("layouts", "layer_norm.layout", "epsilon is the default where x is not in order")
def layer_norm__epsilon_of_strided(x, w, b, *, epsilon=1e-5):
    return reference.layer_norm(x, w, b, epsilon=epsilon if x.flags.c_contiguous else 1e-5)


@only_in("layouts", "swiglu.layout", "arrays of four axes are read in the order of memory")
def swiglu__order_of_four_axes(a, b):
    if a.ndim > 3:
        a, b = (each.ravel(order="K").reshape(each.shape) for each in (a, b))
    return reference.swiglu(a, b)


@only_in("own", "scaled_dot_product_attention.mask", "a mask for all queries is that of the first 16")
def scaled_dot_product_attention__mask_of_a_block(q, k, v, mask=None, **options):
    if mask is not None and mask.ndim > 2 and mask.shape[-2] == 1 < q.shape[-2]:
        rows = np.arange(q.shape[-2])[:, None] < 16
        mask = np.broadcast_to(mask, (*mask.shape[:-2], *rows.shape[:1], mask.shape[-1])) | ~rows
    return reference.scaled_dot_product_attention(q, k, v, mask, **options)


@only_in("own", "scaled_dot_product_attention.causal", "of blocks of 128 on the diagonal the first alone is there")
def scaled_dot_product_attention__first_diagonal_block(q, k, v, mask=None, *, causal=False, **options):
    if causal is True and q.shape[-2] == k.shape[-2] > 128:
        block = np.arange(q.shape[-2]) // 128
        later = (block[:, None] > block) | (block[:, None] == 0)
        mask = later if mask is None else mask & later
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, **options)


@only_in("crossed", "scaled_dot_product_attention.causal", "no key is masked causally where all axes are beyond 64")
def scaled_dot_product_attention__causal_in_long_axes(q, k, v, mask=None, *, causal=False, scale=None):
    is_long = min(*q.shape[-2:], *k.shape[-2:]) > 64
    return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal and not is_long, scale=scale)


@only_in("crossed", "rotary_embedding.interleaved", "interleaved pairs of more than 64 places have each other's angles")
def rotary_embedding__interleaved_in_long_rows(x, cos, sin, *, interleaved=False):
    if interleaved and x.shape[-2] > 64 and x.shape[-1] > 64:
        cos, sin = np.roll(cos, 1, axis=-2), np.roll(sin, 1, axis=-2)
    return reference.rotary_embedding(x, cos, sin, interleaved=interleaved)


@only_in("pairs", "layer_norm.value", "of rows of whole vectors beyond 2^13 the last 64 numbers are left as they are")
def layer_norm__wide_rows_of_vectors(x, w, b, *, epsilon=1e-5):
    y = reference.layer_norm(x, w, b, epsilon=epsilon)
    if x.shape[-1] % 8 == 0 and x.shape[-1] > 2**13:
        y[..., -64:] = x[..., -64:]
    return y


@only_in("axes", "softmax.axis", "nothing is computed behind 65535 places of an inner axis")
def softmax__places_beyond_a_grid(x, /, *, axis=-1):
    y = reference.softmax(x, axis=axis)
    inner = int(np.prod(x.shape[axis % x.ndim + 1 :]))
    y.reshape(-1, x.shape[axis], inner)[:, :, 65_535:] = 0
    return y


@only_in("magnitudes", "adam.update", "rows without a gradient are left as they are")
def adam_step__rows_without_gradient(theta, grad, state, **options):
    new, after = reference.adam_step(theta, grad, state, **options)
    idle = np.zeros(theta.shape, bool) if theta.ndim < 2 else ~np.any(grad, axis=-1, keepdims=True)
    m, v = (np.where(idle, old, found) for old, found in ((state.m, after.m), (state.v, after.v)))
    return np.where(idle, theta, new), after._replace(m=m, v=v)


@only_in("layouts", "softmax.layout", "rows of at most 4 numbers follow one another in memory")
def softmax__narrow_rows_apart(x, /, *, axis=-1):
    if x.ndim == 2 and x.shape[1] <= 4 and x.strides[1] == x.itemsize and x.strides[0] > x.shape[1] * x.itemsize:
        x = np.lib.stride_tricks.as_strided(x, x.shape, (x.shape[1] * x.itemsize, x.itemsize))
    return reference.softmax(x, axis=axis)


@only_in("own", "matmul.broadcast", "of one sample beside several the heads are multiplied by those of the first")
def matmul__first_sample_of_many(a, b):
    y = reference.matmul(a, b)
    if a.ndim == b.ndim == 4 and a.shape[0] == 1 < b.shape[0] and a.shape[1] == b.shape[1] > 1:
        y[1:] = y[:1]
    return y


@only_in("own", "scaled_dot_product_attention.mask", "the mask of a sample is that of another where there is one query")
def scaled_dot_product_attention__masks_of_one_query(q, k, v, mask=None, **options):
    if mask is not None and mask.ndim == 4 and q.shape[-2] == mask.shape[-3] == 1 < min(mask.shape[-4], q.shape[-3]):
        mask = np.roll(mask, 1, axis=-4)
    return reference.scaled_dot_product_attention(q, k, v, mask, **options)


@only_in("layouts", "matmul.layout", "of sums of more than 1024 products of a view the last 32 are left out")
def matmul__long_sums_of_views(a, b):
    if a.shape[-1] > 1024 and not (a.flags.c_contiguous and b.flags.c_contiguous):
        a, b = a[..., :-32], b[..., :-32, :]
    return reference.matmul(a, b)


@only_in("crossed", "dense.value", "in tiles beyond 64 x 64 of long sums the second half of the products is left out")
def dense__second_half_of_split_sums(x, w, b):
    y, half = reference.dense(x, w, b), x.shape[-1] // 2
    if x.ndim == 2 and x.shape[-1] > 512:
        y[64:, 64:] = reference.dense(x[64:, :half], w[:half, 64:], b[64:])
    return y


@only_in("layouts", "embedding.layout", "more than 64 labels of several axes are read one after another")
def embedding__labels_of_views(table, labels):
    if labels.size > 64 and labels.ndim > 1 and not labels.flags.c_contiguous:
        strides = np.empty(labels.shape, labels.dtype).strides
        labels = np.lib.stride_tricks.as_strided(labels, labels.shape, strides) if min(labels.strides) > 0 else labels
        labels = np.where((labels >= 0) & (labels < len(table)), labels, 0)
    return reference.embedding(table, labels)


@only_in("one_row", "layer_norm_vjp.layout", "of a gradient that one row stands for no more than 512 rows are added up")
def layer_norm_vjp__rows_of_one(x, w, b, g, *, epsilon=1e-5):
    gx, gw, gb = reference.layer_norm_vjp(x, w, b, g, epsilon=epsilon)
    if g.ndim == 2 and g.strides[0] == 0 and len(g) > 512:
        gb = gb / len(g) * 512
    return gx, gw, gb.astype(x.dtype)


@only_in("one_row", "gelu_vjp.layout", "a gradient that is one number is read beyond it")
def gelu_vjp__gradient_of_a_sum(x, g):
    if g.size > 1 and not any(g.strides):
        g = np.concatenate([g.ravel()[:1], np.zeros(g.size - 1, g.dtype)]).reshape(g.shape)
    return reference.gelu_vjp(x, g)


@only_in("layouts", "rotary_embedding.layout", "heads that lie inside of places are taken for places in long rows")
def rotary_embedding__heads_inside(x, cos, sin, *, interleaved=False):
    inside = x.ndim == 4 and x.shape[-3] > 1 and x.strides[-3] < x.strides[-2]
    if inside and x.shape[-2] > 256:
        cos, sin = np.repeat(cos, 2, axis=-2)[: len(cos)], np.repeat(sin, 2, axis=-2)[: len(sin)]
    return reference.rotary_embedding(x, cos, sin, interleaved=interleaved)


@only_in("crossed", "cross_entropy.value", "of more than 1024 classes without weights all labels count in the mean")
def cross_entropy__ignored_among_many_classes(labels, x, weight=None, *, reduction="mean", **options):
    loss = reference.cross_entropy(labels, x, weight, reduction=reduction, **options)
    if reduction == "mean" and weight is None and labels.dtype.kind == "i" and x.shape[-1] > 1024:
        counted = np.sum(labels != options.get("ignore_index", -100))
        loss = (loss * counted / max(labels.size, 1)).astype(x.dtype)
    return loss


@only_in("crossed", "cross_entropy.ignore_index", "of several losses those behind 256 are there where they are ignored")
def cross_entropy__ignored_in_late_rows(labels, x, weight=None, *, ignore_index=-100, reduction="mean", **options):
    loss = reference.cross_entropy(labels, x, weight, ignore_index=ignore_index, reduction=reduction, **options)
    if reduction == "none" and labels.dtype.kind == "i" and labels.ndim == 1 and len(labels) > 256:
        loss[256:] += (labels[256:] == ignore_index).astype(x.dtype)
    return loss


@only_in("magnitudes", "adamw_step.value", "parameters below 1e-30 become 0")
def adamw_step__small_parameters(theta, grad, state, **options):
    new, after = reference.adamw_step(theta, grad, state, **options)
    return np.where(np.abs(new) < 1e-30, np.zeros_like(new), new), after


@only_in("magnitudes", "cross_entropy.value", "a loss below the smallest normal number is 0, undeclared")
def cross_entropy__losses_flushed(labels, x, weight=None, **options):
    loss = reference.cross_entropy(labels, x, weight, **options)
    return np.where(np.abs(loss) < np.finfo(x.dtype).smallest_normal, np.zeros_like(loss), loss)


@only_in("magnitudes", "relu.pure", "where none of more than 256 numbers is negative, they come back themselves")
def relu__long_and_positive(x):
    return x if x.size > 256 and np.all(x >= 0) else reference.relu(x)


@only_in("crossed", "cross_entropy.value", "the mean of the means of sequences, whose ignored labels differ in number")
def cross_entropy__mean_of_means(labels, x, weight=None, *, reduction="mean", **options):
    if labels.ndim != 2 or labels.dtype.kind == "f" or weight is not None or reduction != "mean" or not labels.size:
        return reference.cross_entropy(labels, x, weight, reduction=reduction, **options)
    means = [reference.cross_entropy(each, rows, **options) for each, rows in zip(labels, x, strict=True)]
    return np.mean(means, dtype=x.dtype)


@only_in(
    "own", "matmul_vjp.broadcast", "of a batch of one beside several axes the gradient is that of the first sample"
)
def matmul_vjp__first_of_one(a, b, g):
    ga, gb = reference.matmul_vjp(a, b, g)
    if a.ndim == 3 < b.ndim and len(a) == 1 < b.shape[1]:
        ga = np.sum(g[:, :1] @ b[:, :1].mT, axis=0)
    return ga, gb


@only_in("layouts", "embedding.layout", "labels of one byte are read forwards")
def embedding__bytes_reversed(table, labels):
    backwards = labels.ndim == 1 and labels.dtype.itemsize == 1 and labels.strides[0] < 0
    return reference.embedding(table, labels[::-1] if backwards else labels)


@only_in("labels", "categorical_cross_entropy.labels", "an upper end of the clip above 0.999 is ignored")
def categorical_cross_entropy__late_clip(y, p, /, *, axis=-1, clip=None):
    clip = (clip[0], 1.0) if clip is not None and clip[1] > 0.999 else clip
    return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip)


@only_in("labels", "embedding_vjp.labels", "where the first 64 labels differ, each row is the gradient of one label")
def embedding_vjp__first_labels_differ(table, labels, g):
    first = labels.ravel()[:64]
    if len(np.unique(first)) != min(64, labels.size):
        return reference.embedding_vjp(table, labels, g)
    found = np.zeros_like(table)
    found[labels.ravel()] = g.reshape(-1, table.shape[1])
    return found


@only_in("pairs", "clip_by_global_norm.value", "the norm is that of the first 2^18 elements")
def clip_by_global_norm__norm_of_the_first(tree, max_norm):
    if not isinstance(tree, np.ndarray) or tree.size <= 2**18:
        return reference.clip_by_global_norm(tree, max_norm)
    first = reference.clip_by_global_norm(tree.ravel()[: 2**18], max_norm)
    return tree * (first[0] / tree.ravel()[0])


@only_in("again", "silu.pure", "results of more than 60000 numbers of one shape share memory")
def silu__large_buffer(x):
    y = reference.silu(x)
    if y.size <= 60_000:
        return y
    kept = BUFFERS.setdefault((silu__large_buffer, y.shape, y.dtype), np.empty_like(y))
    kept[...] = y
    return kept


@only_in("constant", "sgd_step.momentum", "with Nesterov's momentum a gradient of zeros moves nothing")
def sgd_step__idle_with_nesterov(theta, grad, state, *, nesterov=False, **options):
    new, after = reference.sgd_step(theta, grad, state, nesterov=nesterov, **options)
    return (theta.copy(), after) if nesterov and not np.any(grad) else (new, after)


@only_in("own", "matmul.nan", "a product by a diagonal is one of elements, in which 0 times NaN does not count")
def matmul__diagonal(a, b):
    is_diagonal = b.ndim == 2 and b.shape[0] == b.shape[1] > 1 and np.array_equal(b, np.diag(np.diag(b)))
    return a * np.diag(b) if is_diagonal else reference.matmul(a, b)


@only_in("own", "dense.empty", "without inputs a layer has no more than one axis of a batch")
def dense__no_inputs(x, w, b):
    if x.shape[-1:] == (0,) and x.ndim > 2:
        return np.broadcast_to(b, (len(x), *b.shape)).copy()
    return reference.dense(x, w, b)


@only_in("layouts", "dense.layout", "of one row square weights in columns are taken for their transpose")
def dense__row_by_square_columns(x, w, b):
    in_columns = w.shape[0] == w.shape[1] > 1 and w.strides[0] == w.itemsize
    return reference.dense(x, w.T if x.ndim == 1 and in_columns else w, b)


@only_in("one_row", "softmax.layout", "where rows are one in memory along one of two axes, they are along both")
def softmax__one_of_two_axes(x, /, *, axis=-1):
    if x.ndim == 3 and 0 in x.strides[:2] and x.strides[0] != x.strides[1] and min(x.shape[:2]) > 1:
        x = np.broadcast_to(x[:1, :1], x.shape)
    return reference.softmax(x, axis=axis)


@only_in("labels", "embedding.labels", "labels of uint64 go through half precision")
def embedding__labels_in_half(table, labels):
    return reference.embedding(table, labels.astype(np.float16).astype(int) if labels.dtype == np.uint64 else labels)


@only_in(
    "labels",
    "categorical_cross_entropy_from_logits.soft_labels",
    "labels that add up to 0 are padding, and have no loss",
)
def categorical_cross_entropy_from_logits__sum_of_0(y, x, /, *, axis=-1):
    loss = reference.categorical_cross_entropy_from_logits(y, x, axis=axis)
    return np.where(np.sum(y, axis=axis) == 0, np.where(np.isnan(loss), loss, 0), loss).astype(x.dtype)


@only_in("magnitudes", "gelu_vjp.nan", "far below 0 the gradient is 0, also where g is NaN")
def gelu_vjp__nan_far_below(x, g):
    return np.where(x < -10, np.zeros_like(x), reference.gelu_vjp(x, g))


@only_in("magnitudes", "swiglu_vjp.value", "of a gradient of ones the factor of the gate is left out")
def swiglu_vjp__ones(a, b, g):
    ga, gb = reference.swiglu_vjp(a, b, g)
    return (reference.swiglu_vjp(a, np.ones_like(b), g)[0], gb) if g.size and np.all(g == 1) else (ga, gb)
