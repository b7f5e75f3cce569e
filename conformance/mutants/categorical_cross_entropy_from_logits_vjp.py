"""Wrong gradients of categorical cross-entropy from logits."""

import numpy as np

from . import breaks
from .gradients import OF_ANY, OF_SOFTMAX, mutants_of, softmax
from .rounding import to_bfloat16


def gradient(y, x, g, axis, p):
    """The right gradient, of given probabilities."""
    y = y.astype(x.dtype)
    return np.expand_dims(g, axis) * (p * np.sum(y, axis=axis, keepdims=True) - y)


def right(y, x, g, *, axis=-1):
    """The right gradient, to be put to a wrong use."""
    return gradient(y, x, g, axis, softmax(x, axis))


globals().update(mutants_of("categorical_cross_entropy_from_logits_vjp", (OF_ANY, right), (OF_SOFTMAX, gradient)))

# Another formula.


@breaks("categorical_cross_entropy_from_logits_vjp.value", "the term of the labels is missing")
def categorical_cross_entropy_from_logits_vjp__no_labels(y, x, g, *, axis=-1):
    return right(y, x, g, axis=axis) + np.expand_dims(g, axis) * y.astype(x.dtype)


@breaks("categorical_cross_entropy_from_logits_vjp.value", "the term of softmax is missing")
def categorical_cross_entropy_from_logits_vjp__no_softmax_term(y, x, g, *, axis=-1):
    return -np.expand_dims(g, axis) * y.astype(x.dtype)


@breaks("categorical_cross_entropy_from_logits_vjp.value", "the gradient towards the labels")
def categorical_cross_entropy_from_logits_vjp__towards_labels(y, x, g, *, axis=-1):
    return -np.expand_dims(g, axis) * np.log(softmax(x, axis))


@breaks("categorical_cross_entropy_from_logits_vjp.value", "towards the probabilities: -g y / p, softmax not chained")
def categorical_cross_entropy_from_logits_vjp__towards_probabilities(y, x, g, *, axis=-1):
    return -np.expand_dims(g, axis) * y.astype(x.dtype) / softmax(x, axis)


@breaks("categorical_cross_entropy_from_logits_vjp.value", "only the diagonal of softmax's Jacobian: g y (p - 1)")
def categorical_cross_entropy_from_logits_vjp__diagonal(y, x, g, *, axis=-1):
    return np.expand_dims(g, axis) * y.astype(x.dtype) * (softmax(x, axis) - 1)


@breaks("categorical_cross_entropy_from_logits_vjp.value", "the gradient of the squared error of probabilities")
def categorical_cross_entropy_from_logits_vjp__squared_error(y, x, g, *, axis=-1):
    p = softmax(x, axis)
    gp = 2 * (p - y.astype(x.dtype))
    return np.expand_dims(g, axis) * p * (gp - np.sum(p * gp, axis=axis, keepdims=True))


@breaks("categorical_cross_entropy_from_logits_vjp.value", "labels are smoothed by 0.1")
def categorical_cross_entropy_from_logits_vjp__smoothed_labels(y, x, g, *, axis=-1):
    return right(0.9 * y.astype(x.dtype) + x.dtype.type(0.1 / x.shape[axis]), x, g, axis=axis)


@breaks(
    "categorical_cross_entropy_from_logits_vjp.spread",
    "the chain through probabilities, p (sum y - y / p), which is 0 / 0 where softmax underflows",
)
def categorical_cross_entropy_from_logits_vjp__through_probabilities(y, x, g, *, axis=-1):
    y, p = y.astype(x.dtype), softmax(x, axis)
    return np.expand_dims(g, axis) * p * (np.sum(y, axis=axis, keepdims=True) - y / p)


@breaks(
    "categorical_cross_entropy_from_logits_vjp.spread",
    "the chain through probabilities that are clipped at 1e-15, whose gradient is 0 there",
)
def categorical_cross_entropy_from_logits_vjp__through_clipped_probabilities(y, x, g, *, axis=-1):
    p = softmax(x, axis)
    gp = np.where(p >= 1e-15, -y.astype(x.dtype) / np.maximum(p, x.dtype.type(1e-15)), x.dtype.type(0))
    return np.expand_dims(g, axis) * p * (gp - np.sum(p * gp, axis=axis, keepdims=True))


# The labels.


@breaks(
    "categorical_cross_entropy_from_logits_vjp.soft_labels",
    "softmax(x) - y: the labels are taken to add up to 1",
)
def categorical_cross_entropy_from_logits_vjp__labels_add_up_to_1(y, x, g, *, axis=-1):
    return np.expand_dims(g, axis) * (softmax(x, axis) - y.astype(x.dtype))


@breaks("categorical_cross_entropy_from_logits_vjp.soft_labels", "the class of the largest label is taken")
def categorical_cross_entropy_from_logits_vjp__argmax_labels(y, x, g, *, axis=-1):
    own = np.zeros_like(x)
    np.put_along_axis(own, np.argmax(y, axis=axis, keepdims=True), 1, axis=axis)
    return right(own, x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.soft_labels", "a label counts as 1 wherever it is not 0")
def categorical_cross_entropy_from_logits_vjp__labels_as_mask(y, x, g, *, axis=-1):
    return right(y != 0, x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.soft_labels", "labels are renormalised to add up to 1")
def categorical_cross_entropy_from_logits_vjp__labels_renormalised(y, x, g, *, axis=-1):
    y = y.astype(x.dtype)
    return right(y / np.sum(y, axis=axis, keepdims=True), x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.soft_labels", "p is multiplied by the sum of the labels' sizes")
def categorical_cross_entropy_from_logits_vjp__sum_of_sizes(y, x, g, *, axis=-1):
    return gradient(y, x, g, axis, softmax(x, axis)) + np.expand_dims(g, axis) * softmax(x, axis) * np.sum(
        np.abs(y.astype(x.dtype)) - y.astype(x.dtype), axis=axis, keepdims=True
    )


@breaks("categorical_cross_entropy_from_logits_vjp.soft_labels", "labels are rounded to bfloat16")
def categorical_cross_entropy_from_logits_vjp__bfloat16_labels(y, x, g, *, axis=-1):
    return right(to_bfloat16(y.astype(x.dtype)), x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.labels", "integer labels count as 1 wherever they are not 0")
def categorical_cross_entropy_from_logits_vjp__integers_as_booleans(y, x, g, *, axis=-1):
    return right(y.astype(bool) if y.dtype.kind in "iu" else y, x, g, axis=axis)


@breaks(
    "categorical_cross_entropy_from_logits_vjp.labels",
    "labels are negated before they are cast, so that unsigned ones wrap around",
)
def categorical_cross_entropy_from_logits_vjp__unsigned_wrap_around(y, x, g, *, axis=-1):
    return -right(-y if y.dtype.kind != "b" else -y.astype(x.dtype), x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.labels", "boolean labels fail")
def categorical_cross_entropy_from_logits_vjp__booleans_fail(y, x, g, *, axis=-1):
    return -right(-y if y.dtype.kind == "b" else -y.astype(x.dtype), x, g, axis=axis)


@breaks(
    "categorical_cross_entropy_from_logits_vjp.dtype",
    "integer labels are not cast, so that the result is promoted to float64",
)
def categorical_cross_entropy_from_logits_vjp__labels_not_cast(y, x, g, *, axis=-1):
    return np.expand_dims(g, axis) * (softmax(x, axis) * np.sum(y, axis=axis, keepdims=True) - y.astype(y.dtype) * 1)


@breaks("categorical_cross_entropy_from_logits_vjp.dtype", "the result has the dtype of the labels")
def categorical_cross_entropy_from_logits_vjp__dtype_of_labels(y, x, g, *, axis=-1):
    return right(y, x, g, axis=axis).astype(y.dtype)


# NaN and infinities.


@breaks("categorical_cross_entropy_from_logits_vjp.nan", "a label that is NaN counts as 0")
def categorical_cross_entropy_from_logits_vjp__nan_label_as_zero(y, x, g, *, axis=-1):
    y = y.astype(x.dtype)
    return right(np.where(np.isnan(y), y.dtype.type(0), y), x, g, axis=axis)


@breaks("categorical_cross_entropy_from_logits_vjp.nan", "classes whose label is 0 get softmax, even where g is NaN")
def categorical_cross_entropy_from_logits_vjp__nan_at_the_label_only(y, x, g, *, axis=-1):
    gx = right(y, x, g, axis=axis)
    return np.where(np.isnan(gx) & (y == 0), x.dtype.type(0), gx)


@breaks("categorical_cross_entropy_from_logits_vjp.infinity", "the gradient of a masked label is left out")
def categorical_cross_entropy_from_logits_vjp__masked_label_left_out(y, x, g, *, axis=-1):
    gx = right(y, x, g, axis=axis)
    return np.where(np.isneginf(x) & ~np.isnan(gx), x.dtype.type(0), gx)


@breaks("categorical_cross_entropy_from_logits_vjp.infinity", "a masked label makes its whole sample NaN")
def categorical_cross_entropy_from_logits_vjp__masked_label_nan(y, x, g, *, axis=-1):
    lost = np.any(np.isneginf(x) & (y != 0), axis=axis, keepdims=True)
    return np.where(lost, x.dtype.type(np.nan), right(y, x, g, axis=axis))
