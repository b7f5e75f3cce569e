"""The gradient of cross-entropy with weights, ignored labels and a reduction, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance.mutants.cross_entropy import log_probabilities, targets
from gaugeblock.conformance.mutants.cross_entropy_vjp import right


def cross_entropy_vjp__as_it_stands(labels, x, g, weight=None, **options):
    return right(labels, x, g, weight, **options)


def cross_entropy_vjp__as_autograd(
    labels, x, g, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing)
    s = g[..., None] if reduction == "none" else g / np.sum(counted) if reduction == "mean" else g
    h = s * t
    return (np.exp(log_probabilities(x)) * np.sum(h, axis=-1, keepdims=True) - h).astype(x.dtype)
