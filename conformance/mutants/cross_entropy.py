"""Wrong cross-entropies with weights, ignored labels and a reduction."""

import numpy as np

from . import breaks
from .memory import memory
from .rounding import to_bfloat16, to_tf32
from .spoilt import another_axis, float16, one_buffer, only

NAME = "cross_entropy"
DEFAULTS = {"ignore_index": -100, "label_smoothing": 0.0, "reduction": "mean"}


def log_probabilities(x):
    """The right logarithms."""
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def smoothed(y, s):
    """Labels that are spread over all classes."""
    return y * y.dtype.type(1 - s) + y.dtype.type(s / y.shape[-1])


def targets(labels, x, weight, ignore_index, s, spread=smoothed):
    """The weight of each class in each loss, and what each sample counts for in the mean."""
    w = np.ones(x.shape[-1], x.dtype) if weight is None else weight
    if labels.dtype.kind not in "iu":
        return (spread(labels, s) * w).astype(x.dtype), np.ones(labels.shape[:-1], x.dtype)
    labels = labels.astype(np.int64)
    known = labels != ignore_index
    y = np.zeros((*labels.shape, x.shape[-1]), x.dtype)
    np.put_along_axis(y, np.where(known, labels, 0)[..., None], 1, axis=-1)
    t = spread(y, s) * w * known[..., None]
    return t.astype(x.dtype), (np.sum(y * w, axis=-1) * known).astype(x.dtype)


def reduced(losses, counted, reduction):
    """The losses, their sum, or their mean."""
    if reduction == "none":
        return losses.astype(counted.dtype)
    total = np.sum(losses, dtype=counted.dtype)
    return np.asarray(total / np.sum(counted) if reduction == "mean" else total)


def right(
    labels, x, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean",
    logs=log_probabilities, spread=smoothed, mean=lambda counted, labels: counted,
):  # fmt: skip
    """The right loss, to be put to a wrong use: with other logarithms, another smoothing, or another mean."""
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing, spread)
    losses = -np.sum(np.where(t == 0, 0, t * logs(x)), axis=-1)
    return reduced(losses.astype(x.dtype), mean(counted, labels).astype(x.dtype), reduction)


def mistake(requirement, words, source=""):
    """Mark a function of the arguments and options, which gives what is otherwise, as a mutant."""

    def mark(wrong):
        def call(labels, x, weight=None, **options):
            given = {"labels": labels, "x": x, "weight": weight} | options
            given |= wrong(labels, x, weight, DEFAULTS | options)
            return right(given.pop("labels"), given.pop("x"), given.pop("weight"), **given)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def changed(requirement, words, source=""):
    """Mark a function of the right loss, the arguments and options as a mutant."""

    def mark(wrong):
        def call(labels, x, weight=None, **options):
            return wrong(right(labels, x, weight, **options), labels, x, weight, options)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def is_soft(labels):
    return labels.dtype.kind not in "iu"


@mistake("value", "probabilities are taken for logits: the logarithm of x itself")
def of_probabilities(labels, x, weight, options):
    return {"logs": lambda x: np.log(np.abs(x))}


@mistake("value", "softmax is applied twice")
def softmax_twice(labels, x, weight, options):
    return {"logs": lambda x: log_probabilities(np.exp(log_probabilities(x)))}


@mistake("value", "the logarithm of base 2")
def in_bits(labels, x, weight, options):
    return {"logs": lambda x: log_probabilities(x) / np.log(2)}


@changed("value", "the sign is lost")
def negated(y, labels, x, weight, options):
    return -y


@mistake("value", "the logits are rounded to TF32")
def tf32(labels, x, weight, options):
    return {"x": to_tf32(x)}


@mistake("value", "the logarithms are rounded to bfloat16")
def bfloat16(labels, x, weight, options):
    return {"logs": lambda x: to_bfloat16(log_probabilities(x))}


@mistake("value", "1e-7 is added to the probabilities")
def epsilon(labels, x, weight, options):
    return {"logs": lambda x: np.log(np.exp(log_probabilities(x)) + 1e-3 * (x.dtype == np.float16) + 1e-6)}


@mistake("shift", "exp of the logits as they are, which overflows")
def unshifted(labels, x, weight, options):
    return {"logs": lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))}


@mistake("shift", "log-sum-exp less the logit, which loses what the offset rounds away", "optax")
def log_sum_exp(labels, x, weight, options):
    def logs(x):
        top = np.max(x, axis=-1, keepdims=True)
        return x - (top + np.log(np.sum(np.exp(x - top), axis=-1, keepdims=True)))

    return {"logs": logs}


@mistake("reduction", "the mean, whatever is asked")
def always_mean(labels, x, weight, options):
    return {"reduction": "mean" if options["reduction"] == "sum" else options["reduction"]}


@mistake("value", "the sum where the mean is asked")
def always_sum(labels, x, weight, options):
    return {"reduction": "sum" if options["reduction"] == "mean" else options["reduction"]}


@mistake("value", "the mean over the classes too", "numpy.mean of the terms")
def mean_of_terms(labels, x, weight, options):
    return {"mean": lambda counted, labels: counted * x.shape[-1]}


@mistake("weight", "the weights are ignored")
def weight_ignored(labels, x, weight, options):
    return {"weight": None}


@mistake("weight", "the mean over the samples, whatever their weights", "optax, Keras")
def mean_over_samples(labels, x, weight, options):
    return {"mean": lambda counted, labels: counted * 0 + (is_soft(labels) | (labels != options["ignore_index"]))}


@mistake("ignore_index", "a label that is ignored is the first class")
def not_ignored(labels, x, weight, options):
    if is_soft(labels):
        return {}
    return {"labels": labels * (labels.astype(np.int64) != options["ignore_index"]), "ignore_index": -1}


@mistake("ignore_index", "ignored samples count in the mean")
def ignored_in_the_mean(labels, x, weight, options):
    return {"mean": lambda counted, labels: np.where(counted == 0, 1, counted)}


@mistake("ignore_index", "-100 is ignored, whatever is asked")
def always_minus_100(labels, x, weight, options):
    return {"ignore_index": -100}


@changed("all_ignored", "0 where all labels are ignored", "sum / max(count, 1)")
def zero_of_nothing(y, labels, x, weight, options):
    none = not is_soft(labels) and np.all(labels == options.get("ignore_index", -100))
    return np.zeros_like(y) if none else y


@mistake("label_smoothing", "the labels as they are")
def no_smoothing(labels, x, weight, options):
    return {"label_smoothing": 0.0}


@mistake("label_smoothing", "spread over the other classes alone, s / (n - 1)", "fairseq")
def over_the_others(labels, x, weight, options):
    def spread(y, s):
        n = y.shape[-1]
        return y * (1 - s) + (np.sum(y, axis=-1, keepdims=True) - y) * (s / max(n - 1, 1))

    return {"spread": spread}


@mistake("label_smoothing", "the label keeps its whole weight")
def more_than_one(labels, x, weight, options):
    return {"spread": lambda y, s: y + y.dtype.type(s / y.shape[-1])}


@mistake("label_smoothing", "the spread part is not weighted")
def spread_unweighted(labels, x, weight, options):
    w = np.ones(x.shape[-1], x.dtype) if weight is None else np.where(weight == 0, 1, weight)
    return {"spread": lambda y, s: y * (1 - s) + s / y.shape[-1] / w}


@mistake("soft_labels", "the largest label is taken for the only one")
def largest_label(labels, x, weight, options):
    return {"labels": np.argmax(labels, axis=-1) if is_soft(labels) else labels}


@mistake("soft_labels", "the labels are made to add up to 1")
def made_to_one(labels, x, weight, options):
    return {"labels": labels / np.sum(labels, axis=-1, keepdims=True) if is_soft(labels) else labels}


@mistake("soft_labels", "the mean over the sum of the weighted labels")
def mean_over_soft_weights(labels, x, weight, options):
    w = 1 if weight is None else weight
    return {"mean": lambda counted, labels: np.sum(labels * w, axis=-1) if is_soft(labels) else counted}


@changed("labels", "labels of 8 bits fail")
def int8_fails(y, labels, x, weight, options):
    if labels.dtype.itemsize == 1:
        raise TypeError(f"got labels of {labels.dtype}")
    return y


@changed("infinity", "an infinite loss is the largest number")
def finite(y, labels, x, weight, options):
    return np.nan_to_num(y, nan=np.nan)


@mistake("infinity", "a masked class makes NaN: 0 times -infinity")
def zero_times_infinity(labels, x, weight, options):
    return {"logs": lambda x: log_probabilities(x) + np.sum(0 * log_probabilities(x), axis=-1, keepdims=True)}


@changed("batch", "NaN in one sample makes all losses NaN")
def nan_spreads(y, labels, x, weight, options):
    return y * y.dtype.type(np.nan) if y.ndim and np.any(np.isnan(x)) else y


@changed("batch", "more than one axis of a batch fails")
def at_most_one_batch_axis(y, labels, x, weight, options):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return y


@changed("nan", "NaN is left out of the mean")
def nan_left_out(y, labels, x, weight, options):
    known = ~np.any(np.isnan(x), axis=-1)
    return y if y.ndim or not x.size or np.all(known) else right(labels[known], x[known], weight, **options)


@changed("empty", "an empty array fails")
def empty_fails(y, labels, x, weight, options):
    if not x.size:
        raise ValueError("got nothing")
    return y


of_another_shape = changed("shape", "an axis is put in front")(only(another_axis))


of_another_dtype = changed("dtype", "the result is in float16")(only(float16))


@mistake("layout", "the logits are read as they lie in memory")
def memory_order(labels, x, weight, options):
    return {"x": memory(x)}


in_one_buffer = changed("pure", "all results of a shape are in one buffer")(only(one_buffer))
