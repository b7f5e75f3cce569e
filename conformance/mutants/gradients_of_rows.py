"""Mistakes that the gradients of softmax and of log-softmax share, each written once for both.

Each takes the right gradient of the formula first, or, where the probabilities are wrong, what it makes of them and g.
"""

import numpy as np

from .gradients import mistake, softmax
from .memory import buffer, memory
from .rounding import to_bfloat16, to_float32

OF_ROWS, OF_POWERS = [], []


def top(x, axis):
    """The right shift."""
    return np.max(x, axis=axis, keepdims=True)


def total(terms, axis):
    """The right sum."""
    return np.sum(terms, axis=axis, keepdims=True)


def normalised(e, axis):
    """The right division."""
    return e / total(e, axis)


def moved(axis, *arrays):
    """The arrays with `axis` last."""
    return [np.moveaxis(array, axis, -1) for array in arrays]


@mistake("value", "straight-through: g comes back as it is", OF_ROWS)
def straight_through(right, x, g, *, axis=-1):
    return g + 0 * softmax(x, axis)


@mistake("value", "base 2 without its factor log(2)", OF_POWERS)
def base_2(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp2(x - top(x, axis)), axis), g, axis)


@mistake("value", "a temperature of sqrt(n), as attention has it", OF_ROWS)
def scaled_by_root_of_length(right, x, g, *, axis=-1):
    return right(x / x.dtype.type(np.sqrt(x.shape[axis])), g, axis)


@mistake("value", "the gradient is divided by the number of rows", OF_ROWS)
def divided_by_batch(right, x, g, *, axis=-1):
    return right(x, g, axis) / x.dtype.type(max(x.size // x.shape[axis], 1))


@mistake("shift", "the maximum is not subtracted, so that exp overflows", OF_POWERS)
def unshifted(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp(x), axis), g, axis)


@mistake("shift", "the maximum of the whole array is subtracted from every row", OF_POWERS)
def global_maximum(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp(x - np.max(x, initial=-np.inf)), axis), g, axis)


@mistake("shift", "the maximum starts from 0, so that nothing is subtracted from a negative row", OF_POWERS)
def maximum_with_0(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp(x - np.maximum(top(x, axis), 0)), axis), g, axis)


@mistake("spread", "the first logit is subtracted instead of the maximum", OF_POWERS)
def shift_by_first(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp(x - np.take(x, [0], axis=axis)), axis), g, axis)


@mistake("spread", "the minimum is subtracted instead of the maximum", OF_POWERS)
def shift_by_minimum(pulled_back, x, g, *, axis=-1):
    return pulled_back(normalised(np.exp(x - np.min(x, axis=axis, keepdims=True)), axis), g, axis)


@mistake("exact", "an epsilon as small as the dtype's is added to the denominator", OF_POWERS)
def epsilon_of_dtype(pulled_back, x, g, *, axis=-1):
    e = np.exp(x - top(x, axis))
    return pulled_back(e / (total(e, axis) + np.finfo(x.dtype).eps), g, axis)


@mistake("axis", "axis is ignored: always the last", OF_ROWS)
def axis_ignored(right, x, g, *, axis=-1):
    return right(x, g)


@mistake("axis", "the default axis is the whole array", OF_ROWS)
def whole_array_by_default(right, x, g, *, axis=None):
    return right(x.ravel(), g.ravel()).reshape(x.shape) if axis is None else right(x, g, axis)


@mistake("axis", "a negative axis loses its sign", OF_ROWS)
def axis_without_sign(right, x, g, *, axis=-1):
    return right(x, g, -1 if axis == -1 else abs(axis))


@mistake("axis", "the last axis is only found as -1: its number from the start means the one before", OF_ROWS)
def last_axis_by_number(right, x, g, *, axis=-1):
    return right(x, g, min(axis, max(x.ndim - 2, 0)))


@mistake("axis", "more than two axes fail", OF_ROWS)
def at_most_two_axes(right, x, g, *, axis=-1):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, g, axis)


@mistake("value", "classes beyond 1024 are left out of the maximum", OF_POWERS)
def maximum_beyond_1024(pulled_back, x, g, *, axis=-1):
    x, g = moved(axis, x, g)
    return np.moveaxis(pulled_back(normalised(np.exp(x - top(x[..., :1024], -1)), -1), g, -1), -1, axis)


@mistake("batch", "rows beyond 1024 stay 0", OF_ROWS)
def rows_beyond_1024(right, x, g, *, axis=-1):
    gx = right(x, g, axis)
    if gx.ndim > 1:
        gx[1024:] = 0
    return gx


@mistake("value", "bfloat16 logits", OF_ROWS)
def bfloat16_logits(right, x, g, *, axis=-1):
    return right(to_bfloat16(x), g, axis)


@mistake("value", "g is rounded to bfloat16", OF_ROWS)
def bfloat16_g(right, x, g, *, axis=-1):
    return right(x, to_bfloat16(g), axis)


@mistake("value", "the result is rounded to bfloat16", OF_ROWS)
def bfloat16_output(right, x, g, *, axis=-1):
    return to_bfloat16(right(x, g, axis))


@mistake("value", "float32 inside", OF_ROWS)
def float32_inside(right, x, g, *, axis=-1):
    return to_float32(right(x.astype(np.float32), g.astype(np.float32), axis)).astype(x.dtype)


@mistake("nan", "NaN in the gradient becomes 0", OF_ROWS)
def nan_as_zero(right, x, g, *, axis=-1):
    gx = right(x, g, axis)
    return np.where(np.isnan(gx), gx.dtype.type(0), gx)


@mistake("infinity", "a masked class makes its row NaN: 0 times -infinity", OF_ROWS)
def masked_nan(right, x, g, *, axis=-1):
    return right(x, g, axis) + 0 * total(np.where(np.isneginf(x), x, 0), axis)


@mistake("infinity", "a masked logit counts as -10000, so that a fully masked row has a gradient", OF_ROWS)
def masked_as_minus_10000(right, x, g, *, axis=-1):
    return right(np.where(np.isneginf(x), x.dtype.type(-1e4), x), g, axis)


@mistake("infinity", "+infinity counts as a sure class, whose row gets 0", OF_ROWS)
def infinite_is_sure(right, x, g, *, axis=-1):
    return np.where(np.isposinf(top(x, axis)), x.dtype.type(0), right(x, g, axis))


@mistake("batch", "a NaN anywhere makes the whole array NaN", OF_ROWS)
def nan_spreads(right, x, g, *, axis=-1):
    gx = right(x, g, axis)
    return np.where(np.any(np.isnan(x)), gx.dtype.type(np.nan), gx)


@mistake("pure", "written into g", OF_ROWS)
def in_place(right, x, g, *, axis=-1):
    g[...] = right(x, g, axis)
    return g


@mistake("pure", "the logits become probabilities in place", OF_ROWS)
def probabilities_in_place(right, x, g, *, axis=-1):
    gx = right(x, g, axis)
    x[...] = softmax(x, axis)
    return gx


@mistake("pure", "one buffer for each shape is reused, so that a later call changes an earlier result", OF_ROWS)
def buffer_reused(right, x, g, *, axis=-1):
    gx = buffer(x.shape, x.dtype)
    gx[...] = right(x, g, axis)
    return gx


@mistake("dtype", "always float32", OF_ROWS)
def always_float32(right, x, g, *, axis=-1):
    return right(x, g, axis).astype(np.float32)


@mistake("dtype", "always float64", OF_ROWS)
def always_float64(right, x, g, *, axis=-1):
    return right(x, g, axis).astype(np.float64)


@mistake("shape", "an array of one axis comes back with two", OF_ROWS)
def at_least_two_axes(right, x, g, *, axis=-1):
    return np.atleast_2d(right(x, g, axis))


@mistake("shape", "the axis of the classes comes last in the result", OF_ROWS)
def axis_left_at_the_end(right, x, g, *, axis=-1):
    return right(*moved(axis, x, g))


@mistake("empty", "it asks for an element, which an empty array has not", OF_ROWS)
def looks_at_first_element(right, x, g, *, axis=-1):
    x.item(0)
    return right(x, g, axis)


@mistake("layout", "g is read as it lies in memory", OF_ROWS)
def strides_of_g_ignored(right, x, g, *, axis=-1):
    return right(x, memory(g), axis)


@mistake("layout", "the logits are read as they lie in memory", OF_ROWS)
def strides_of_x_ignored(right, x, g, *, axis=-1):
    return right(memory(x), g, axis)


@mistake("layout", "leading axes are joined as a view, which fails where three axes are not contiguous", OF_ROWS)
def joined_as_view(right, x, g, *, axis=-1):
    return right(np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), g, axis)


@mistake("layout", "g serves as scratch memory and is put back, so that a read-only one fails", OF_ROWS)
def g_as_scratch(right, x, g, *, axis=-1):
    kept = g.copy()
    g *= softmax(x, axis)
    g[...] = kept
    return right(x, g, axis)
