"""Wrong gradients of cross-entropy with weights, ignored labels and a reduction."""

import numpy as np

from . import breaks
from .cross_entropy import DEFAULTS, is_soft, smoothed, targets
from .gradients import softmax
from .rounding import to_bfloat16, to_tf32
from .spoilt import another_axis, float16, one_buffer, only

NAME = "cross_entropy_vjp"


def right(
    labels, x, g, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean",
    p=lambda x: softmax(x, -1), spread=smoothed, mean=lambda counted, labels: counted,
    whole=lambda t: np.sum(t, axis=-1, keepdims=True),
):  # fmt: skip
    """The right gradient, to be put to a wrong use: with other probabilities, labels, or another mean."""
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing, spread)
    s = g[..., None] if reduction == "none" else g
    if reduction == "mean":
        s = s / np.sum(mean(counted, labels))
    return (s * (p(x) * whole(t) - t)).astype(x.dtype)


def mistake(requirement, words, source=""):
    """Mark a function of the arguments and options, which gives what is otherwise, as a mutant."""

    def mark(wrong):
        def call(labels, x, g, weight=None, **options):
            given = {"labels": labels, "x": x, "g": g, "weight": weight} | options
            given |= wrong(labels, x, g, weight, DEFAULTS | options)
            return right(*[given.pop(name) for name in ("labels", "x", "g", "weight")], **given)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def changed(requirement, words, source=""):
    """Mark a function of the right gradient, the arguments and options as a mutant."""

    def mark(wrong):
        def call(labels, x, g, weight=None, **options):
            return wrong(right(labels, x, g, weight, **options), labels, x, g, DEFAULTS | options)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


@changed("value", "the sign is lost")
def negated(gx, labels, x, g, options):
    return -gx


@mistake("value", "g is ignored")
def g_ignored(labels, x, g, weight, options):
    return {"g": np.ones_like(g)}


@mistake("value", "the gradient of the sum where the mean is asked")
def always_sum(labels, x, g, weight, options):
    return {"reduction": "sum" if options["reduction"] == "mean" else options["reduction"]}


@mistake("value", "the logits are rounded to TF32")
def tf32(labels, x, g, weight, options):
    return {"x": to_tf32(x)}


@changed("value", "the result is rounded to bfloat16")
def bfloat16(gx, labels, x, g, options):
    return to_bfloat16(gx)


@mistake("shift", "exp of the logits as they are, which overflows")
def unshifted(labels, x, g, weight, options):
    return {"p": lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)}


@mistake("shift", "p is exp(x - logsumexp(x)), which loses what the offset rounds away")
def log_sum_exp(labels, x, g, weight, options):
    def p(x):
        top = np.max(x, axis=-1, keepdims=True)
        return np.exp(x - (top + np.log(np.sum(np.exp(x - top), axis=-1, keepdims=True))))

    return {"p": p}


@mistake("reduction", "that of the mean, whatever is asked")
def always_mean(labels, x, g, weight, options):
    return {"reduction": "mean" if options["reduction"] == "sum" else options["reduction"]}


@mistake("weight", "the weights are ignored")
def weight_ignored(labels, x, g, weight, options):
    return {"weight": None}


@mistake("weight", "that of the mean over the samples, whatever their weights", "optax, Keras")
def mean_over_samples(labels, x, g, weight, options):
    return {"mean": lambda counted, labels: counted * 0 + (is_soft(labels) | (labels != options["ignore_index"]))}


@mistake("weight", "p - t: the t of a sample are taken to add up to 1")
def sum_of_one(labels, x, g, weight, options):
    known = is_soft(labels) | (labels.astype(np.int64) != options["ignore_index"])
    return {"whole": lambda t: np.where(known, 1, 0).reshape(*t.shape[:-1], -1)[..., :1].astype(t.dtype)}


@changed("ignore_index", "an ignored sample has the gradient of the first class")
def not_ignored(gx, labels, x, g, options):
    none = np.zeros(1, bool) if is_soft(labels) else (labels.astype(np.int64) == options["ignore_index"])[..., None]
    return np.where(none, softmax(x, -1), gx).astype(x.dtype)


@mistake("ignore_index", "ignored samples count in the mean")
def ignored_in_the_mean(labels, x, g, weight, options):
    return {"mean": lambda counted, labels: np.where(counted == 0, 1, counted)}


@mistake("ignore_index", "-100 is ignored, whatever is asked")
def always_minus_100(labels, x, g, weight, options):
    return {"ignore_index": -100}


@changed("all_ignored", "NaN where all labels are ignored, of a sum too")
def nan_of_nothing(gx, labels, x, g, options):
    none = not is_soft(labels) and labels.size and np.all(labels == options["ignore_index"])
    return np.full_like(gx, np.nan) if none else gx


@mistake("label_smoothing", "the labels as they are")
def no_smoothing(labels, x, g, weight, options):
    return {"label_smoothing": 0.0}


@mistake("label_smoothing", "spread over the other classes alone, s / (n - 1)", "fairseq")
def over_the_others(labels, x, g, weight, options):
    def spread(y, s):
        return y * (1 - s) + (np.sum(y, axis=-1, keepdims=True) - y) * (s / max(y.shape[-1] - 1, 1))

    return {"spread": spread}


@mistake("soft_labels", "the largest label is taken for the only one")
def largest_label(labels, x, g, weight, options):
    return {"labels": np.argmax(labels, axis=-1) if is_soft(labels) else labels}


@mistake("soft_labels", "p - t, as if the labels added up to 1")
def p_less_labels(labels, x, g, weight, options):
    plain = is_soft(labels) and weight is None
    return {"whole": lambda t: np.ones_like(t[..., :1])} if plain else {}


@changed("labels", "labels of 8 bits fail")
def int8_fails(gx, labels, x, g, options):
    if labels.dtype.itemsize == 1:
        raise TypeError(f"got labels of {labels.dtype}")
    return gx


@mistake("infinity", "a masked class makes NaN")
def masked_is_nan(labels, x, g, weight, options):
    return {"p": lambda x: softmax(x, -1) + 0 * np.where(np.isneginf(x), np.inf, 0)}


@mistake("batch", "more than one axis of a batch fails")
def at_most_one_batch_axis(labels, x, g, weight, options):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return {}


@changed("batch", "NaN in one sample makes all gradients NaN")
def nan_spreads(gx, labels, x, g, options):
    return gx * gx.dtype.type(np.nan) if options["reduction"] == "none" and np.any(np.isnan(x)) else gx


@mistake("nan", "logits of NaN count as 0 in a mean")
def nan_as_zero(labels, x, g, weight, options):
    return {"x": np.where(np.isnan(x), 0, x).astype(x.dtype) if options["reduction"] == "mean" else x}


@changed("empty", "an empty array fails")
def empty_fails(gx, labels, x, g, options):
    if not x.size:
        raise ValueError("got nothing")
    return gx


of_another_shape = changed("shape", "an axis is put in front")(only(another_axis))


of_another_dtype = changed("dtype", "the result is in float16")(only(float16))


@mistake("layout", "the logits are read as they lie in memory")
def memory_order(labels, x, g, weight, options):
    return {"x": x.ravel("K").reshape(x.shape)}


in_one_buffer = changed("pure", "all results of a shape are in one buffer")(only(one_buffer))
