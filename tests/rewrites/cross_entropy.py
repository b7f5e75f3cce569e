"""Cross-entropy with weights, ignored labels and a reduction, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance.mutants.cross_entropy import is_soft, log_probabilities, reduced, right, targets


def cross_entropy__as_it_stands(labels, x, weight=None, **options):
    return right(labels, x, weight, **options)


def cross_entropy__as_pytorch(labels, x, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """The label's part and the spread part apart, each reduced."""
    if is_soft(labels):
        return right(labels, x, weight, label_smoothing=label_smoothing, reduction=reduction)
    labels = labels.astype(np.int64)
    w, logs = np.ones(x.shape[-1], x.dtype) if weight is None else weight, log_probabilities(x)
    known, index = labels != ignore_index, np.where(labels == ignore_index, 0, labels)
    own = np.where(known, -np.take_along_axis(w * logs, index[..., None], -1)[..., 0], 0).astype(x.dtype)
    counted = (w[index] * known).astype(x.dtype)
    loss = reduced(own, counted, reduction)
    if label_smoothing == 0:
        return loss
    spread = reduced(np.where(known, -np.sum(w * logs, axis=-1), 0).astype(x.dtype), counted, reduction)
    s = x.dtype.type(label_smoothing)
    return (1 - s) * loss + s / x.dtype.type(x.shape[-1]) * spread


def cross_entropy__divided_first(labels, x, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing)
    t = t / np.sum(counted) if reduction == "mean" else t
    terms = np.where(t == 0, 0, t * log_probabilities(x))
    nothing = counted.size and reduction == "mean" and not np.any(counted)
    losses = -np.sum(terms, axis=-1, dtype=x.dtype)
    return losses if reduction == "none" else np.asarray(np.nan if nothing else np.sum(losses), x.dtype)
