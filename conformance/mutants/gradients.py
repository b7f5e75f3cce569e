"""Mistakes that the gradient of any classification loss may have, written once for all of them.

Each takes the right gradient first, then labels, logits or probabilities, and the gradient of the losses. Those of
softmax give wrong probabilities. `mutants_of` ties them to a formula, whose page has the requirements that they break.
"""

import functools

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import coarse_if_long, to_bfloat16, to_float16, to_float32, to_tf32

OF_ANY, OF_SOFTMAX = [], []


def mutants_of(formula, *pairs):
    """The mutants of `formula`, by name, of pairs of mistakes and the function that they are made in."""
    found = {}
    for mistakes, base in pairs:
        for requirement, words, wrong in mistakes:
            call = functools.partial(wrong, base)
            call.__name__ = f"{formula}__{wrong.__name__}"
            found[call.__name__] = breaks(f"{formula}.{requirement}", words)(call)
    return found


def mistake(requirement, words, of=OF_ANY):
    """Mark a function as a mistake."""

    def mark(wrong):
        of.append((requirement, words, wrong))
        return wrong

    return mark


def of_softmax(requirement, words):
    """Mark a function of x and axis as wrong probabilities."""

    def mark(probabilities):
        @functools.wraps(probabilities)
        def wrong(with_probabilities, labels, x, g, *, axis=-1):
            return with_probabilities(labels, x, g, axis, probabilities(x, axis))

        return mistake(requirement, words, OF_SOFTMAX)(wrong)

    return mark


def softmax(x, axis):
    """The right probabilities."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def over(e, axis):
    """Powers over their sum."""
    return e / np.sum(e, axis=axis, keepdims=True)


# The samples.


@mistake("per_sample", "g is left out: the gradient of the sum of all losses")
def g_ignored(right, labels, x, g, **options):
    return right(labels, x, np.ones_like(g), **options)


@mistake("per_sample", "the gradient of the mean over the batch")
def mean_over_batch(right, labels, x, g, **options):
    return right(labels, x, g, **options) / x.dtype.type(max(g.size, 1))


@mistake("per_sample", "the gradient of the mean over the classes")
def mean_over_classes(right, labels, x, g, *, axis=-1, **options):
    return right(labels, x, g, axis=axis, **options) / x.dtype.type(x.shape[axis])


@mistake("per_sample", "every sample gets the mean of g")
def mean_of_g(right, labels, x, g, **options):
    return right(labels, x, np.full_like(g, np.mean(g)), **options)


@mistake("per_sample", "every sample gets the sum of g")
def sum_of_g(right, labels, x, g, **options):
    return right(labels, x, np.full_like(g, np.sum(g)), **options)


@mistake("per_sample", "every sample gets the g of the first one")
def first_g(right, labels, x, g, **options):
    return right(labels, x, np.full_like(g, g.flat[0] if g.size else 0), **options)


@mistake("per_sample", "the absolute value of g is taken")
def g_without_sign(right, labels, x, g, **options):
    return right(labels, x, np.abs(g), **options)


@mistake("per_sample", "g is clipped to [-1, 1]")
def g_clipped(right, labels, x, g, **options):
    return right(labels, x, np.clip(g, -1, 1), **options)


@mistake("per_sample", "g counts twice")
def g_squared(right, labels, x, g, **options):
    return right(labels, x, g * g, **options)


@mistake("per_sample", "an array of one axis fails")
def two_axes_only(right, labels, x, g, **options):
    rows, *_ = x.shape[0], x.shape[1]
    return right(labels, x, g, **options) if rows else np.zeros_like(x)


# Values.


@mistake("value", "the minus sign is missing")
def sign_missing(right, labels, x, g, **options):
    return -right(labels, x, g, **options)


@mistake("value", "the gradient is halved")
def halved(right, labels, x, g, **options):
    return right(labels, x, g, **options) / 2


@mistake("value", "the gradient of the last class stays 0")
def last_class_left_out(right, labels, x, g, *, axis=-1, **options):
    gx = np.array(right(labels, x, g, axis=axis, **options))
    np.moveaxis(gx, axis, -1)[..., -1] = 0
    return gx


@mistake("value", "the gradients of the last n % 8 classes stay 0, where n is at least 8")
def remainder_of_8_classes(right, labels, x, g, *, axis=-1, **options):
    gx, n = np.array(right(labels, x, g, axis=axis, **options)), x.shape[axis]
    np.moveaxis(gx, axis, -1)[..., n - n % 8 or n :] = 0
    return gx


@mistake("value", "the gradients of classes beyond 1024 stay 0")
def classes_beyond_1024(right, labels, x, g, *, axis=-1, **options):
    gx = np.array(right(labels, x, g, axis=axis, **options))
    np.moveaxis(gx, axis, -1)[..., 1024:] = 0
    return gx


@mistake("value", "g is rounded to bfloat16")
def bfloat16_g(right, labels, x, g, **options):
    return right(labels, x, to_bfloat16(g), **options)


@mistake("value", "the result is rounded to bfloat16")
def bfloat16_output(right, labels, x, g, **options):
    return to_bfloat16(right(labels, x, g, **options))


@mistake("value", "the result is rounded to float16, as where a gradient is sent over a network")
def float16_output(right, labels, x, g, **options):
    return to_float16(right(labels, x, g, **options))


@mistake("value", "the result is rounded to TF32")
def tf32_output(right, labels, x, g, **options):
    return to_tf32(right(labels, x, g, **options))


@mistake("value", "float32 inside")
def float32_inside(right, labels, x, g, **options):
    return to_float32(right(labels, x.astype(np.float32), g.astype(np.float32), **options)).astype(x.dtype)


@mistake("value", "the result is rounded to four decimals")
def four_decimals(right, labels, x, g, **options):
    return np.round(right(labels, x, g, **options), 4)


# The axis.


@mistake("axis", "more than two axes fail")
def at_most_two_axes(right, labels, x, g, **options):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(labels, x, g, **options)


@mistake("axis", "the last axis is only found as -1: its number from the start means the one before")
def last_axis_by_number(right, labels, x, g, *, axis=-1, **options):
    return right(labels, x, g, axis=min(axis, max(x.ndim - 2, 0)), **options)


@mistake("axis", "a negative axis loses its sign")
def axis_without_sign(right, labels, x, g, *, axis=-1, **options):
    return right(labels, x, g, axis=-1 if axis == -1 else abs(axis) - 1, **options)


# NaN, and samples that are mixed or left out.


@mistake("nan", "NaN becomes 0")
def nan_as_zero(right, labels, x, g, **options):
    return np.nan_to_num(right(labels, x, g, **options), nan=0, posinf=np.inf, neginf=-np.inf)


@mistake("nan", "a g that is NaN counts as 0")
def nan_g_as_zero(right, labels, x, g, **options):
    return right(labels, x, np.where(np.isnan(g), g.dtype.type(0), g), **options)


@mistake("batch", "a NaN in one sample makes all gradients NaN")
def nan_spreads(right, labels, x, g, **options):
    gx = right(labels, x, g, **options)
    return np.where(np.any(np.isnan(gx)), gx.dtype.type(np.nan), gx)


@mistake("batch", "the gradients of samples beyond 1024 stay 0")
def samples_beyond_1024(right, labels, x, g, *, axis=-1, **options):
    gx = np.array(right(labels, x, g, axis=axis, **options))
    np.moveaxis(gx, axis, -1)[1024:] = 0
    return gx


# Dtype, shape and memory.


@mistake("dtype", "always float32")
def always_float32(right, labels, x, g, **options):
    return right(labels, x, g, **options).astype(np.float32)


@mistake("dtype", "always float64")
def always_float64(right, labels, x, g, **options):
    return right(labels, x, g, **options).astype(np.float64)


@mistake("shape", "the classes are moved to the last axis")
def classes_last(right, labels, x, g, *, axis=-1, **options):
    return np.moveaxis(right(labels, x, g, axis=axis, **options), axis, -1)


@mistake("shape", "a single sample becomes a batch of one")
def at_least_two_axes(right, labels, x, g, **options):
    return np.atleast_2d(right(labels, x, g, **options))


@mistake("shape", "the gradients are summed over the classes")
def summed_over_classes(right, labels, x, g, *, axis=-1, **options):
    return np.sum(right(labels, x, g, axis=axis, **options), axis=axis)


@mistake("pure", "the result is written over x")
def over_x(right, labels, x, g, **options):
    x[...] = right(labels, x, g, **options)
    return x


@mistake("pure", "g changes its sign in place")
def g_in_place(right, labels, x, g, **options):
    gx = right(labels, x, g.copy(), **options)
    np.negative(g, out=g)
    return gx


@mistake("pure", "one buffer for each shape is reused, so that a later call changes a result")
def buffer_reused(right, labels, x, g, **options):
    kept = buffer(x.shape, x.dtype)
    kept[...] = right(labels, x, g, **options)
    return kept


@mistake("empty", "it asks for an element, which an empty array has not")
def looks_at_first_element(right, labels, x, g, **options):
    x.item(0)
    return right(labels, x, g, **options)


@mistake("empty", "a batch of 0 gives one gradient of 0")
def zero_when_empty(right, labels, x, g, **options):
    return right(labels, x, g, **options) if x.size else x.dtype.type(0)


@mistake("layout", "elements are read in the order of memory, so that transposed arrays are scrambled")
def memory_order(right, labels, x, g, **options):
    return right(*(a.ravel(order="K").reshape(a.shape) for a in (labels, x, g)), **options)


@mistake("layout", "the strides of g are ignored")
def strides_of_g_ignored(right, labels, x, g, **options):
    return right(labels, x, memory(g), **options)


@mistake("layout", "the strides of the labels are ignored")
def strides_of_labels_ignored(right, labels, x, g, **options):
    return right(memory(labels), x, g, **options)


@mistake("layout", "leading axes are joined as a view, which fails where three axes are not contiguous")
def joined_as_view(right, labels, x, g, **options):
    return right(labels, np.reshape(x, (-1, x.shape[-1]), copy=False).reshape(x.shape), g, **options)


@mistake("layout", "x serves as scratch memory and is put back, so that read-only arrays fail")
def x_as_scratch(right, labels, x, g, **options):
    kept = x.copy()
    x -= x
    x += kept
    x[...] = kept
    return right(labels, x, g, **options)


# Softmax.


@of_softmax("value", "base 2 instead of e")
def base_2(x, axis):
    return over(np.exp2(x - np.max(x, axis=axis, keepdims=True)), axis)


@of_softmax("value", "a temperature of 2")
def temperature_2(x, axis):
    return softmax(x / 2, axis)


@of_softmax("value", "the sigmoid of each logit, as in binary cross-entropy")
def sigmoid(x, axis):
    return 1 / (1 + np.exp(-x))


@of_softmax("value", "the logits are taken for probabilities")
def no_softmax(x, axis):
    return x


@of_softmax("value", "softmax twice: it is applied to probabilities")
def softmax_twice(x, axis):
    return softmax(softmax(x, axis), axis)


@of_softmax("value", "log-softmax instead of softmax: the result of the forward pass, without exp")
def without_exp(x, axis):
    return np.log(softmax(x, axis))


@of_softmax("value", "1 is added to the denominator")
def one_in_denominator(x, axis):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / (1 + np.sum(e, axis=axis, keepdims=True))


@of_softmax("value", "the largest probability is left out: the maximum counts as a function of the logits")
def maximum_not_detached(x, axis):
    p = softmax(x, axis)
    return p - (x == np.max(x, axis=axis, keepdims=True))


@of_softmax("value", "the probabilities are rounded to bfloat16")
def bfloat16_probabilities(x, axis):
    return to_bfloat16(softmax(x, axis))


@of_softmax("value", "the probabilities are rounded to TF32")
def tf32_probabilities(x, axis):
    return to_tf32(softmax(x, axis))


@of_softmax("value", "the logits are rounded to bfloat16")
def bfloat16_logits(x, axis):
    return softmax(to_bfloat16(x), axis)


@of_softmax("spread", "the probabilities are clipped to [1e-7, 1 - 1e-7]")
def clip_1e_7(x, axis):
    return np.clip(softmax(x, axis), 1e-7, 1 - 1e-7)


@of_softmax("spread", "the probabilities are clipped to [1e-15, 1 - 1e-15]")
def clip_1e_15(x, axis):
    return np.clip(softmax(x, axis), 1e-15, 1 - 1e-15)


@of_softmax("spread", "1e-12 is added to the probabilities")
def epsilon_1e_12(x, axis):
    return softmax(x, axis) + x.dtype.type(1e-12)


@of_softmax("spread", "the first logit is subtracted instead of the maximum")
def shift_by_first(x, axis):
    return over(np.exp(x - np.take(x, [0], axis=axis)), axis)


@of_softmax("shift", "the maximum is not subtracted, so that exp overflows")
def unshifted(x, axis):
    return over(np.exp(x), axis)


@of_softmax("shift", "exp(x - log-sum-exp): the maximum and the logarithm are added before they are subtracted")
def exp_of_logit_minus_logsumexp(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    return np.exp(x - (top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))))


@of_softmax("shift", "the maximum starts from 0, so that nothing is subtracted from a negative row")
def maximum_with_0(x, axis):
    return over(np.exp(x - np.maximum(np.max(x, axis=axis, keepdims=True), 0)), axis)


@of_softmax("axis", "softmax along the last axis, whatever `axis` is")
def softmax_of_last_axis(x, axis):
    return softmax(x, -1)


@of_softmax("axis", "softmax along the first axis, whatever `axis` is")
def softmax_of_first_axis(x, axis):
    return softmax(x, 0)


@of_softmax("few", "where there are more than 2000 classes, the terms of the sum are rounded to bfloat16")
def long_sums_of_bfloat16(x, axis):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(coarse_if_long(e, axis), axis=axis, keepdims=True)


@of_softmax("nan", "a NaN logit counts as -infinity")
def nan_as_masked(x, axis):
    return softmax(np.where(np.isnan(x), x.dtype.type(-np.inf), x), axis)


@of_softmax("infinity", "a sample with +infinity, or masked whole, gets probabilities of 0")
def no_answer_as_zero(x, axis):
    p = softmax(x, axis)
    return np.where(np.isinf(np.max(x, axis=axis, keepdims=True)), p.dtype.type(0), p)


@of_softmax("infinity", "a masked logit counts as -30")
def masked_as_minus_30(x, axis):
    return softmax(np.where(np.isneginf(x), x.dtype.type(-30), x), axis)


@of_softmax("infinity", "a masked class makes NaN: 0 times its logit")
def masked_nan(x, axis):
    return softmax(x, axis) + 0 * x
