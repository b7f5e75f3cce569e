"""Wrong normalisations to mean 0 and variance 1."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_EPSILON, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def deviations(x):
    """x less its mean."""
    return x - np.mean(x, axis=-1, keepdims=True)


def root(d, epsilon):
    """The right root, of the deviations."""
    return np.sqrt(np.mean(d * d, axis=-1, keepdims=True) + d.dtype.type(epsilon))


def right(x, w, b, *, epsilon=1e-5):
    """The right normalisation, to be put to a wrong use."""
    return deviations(x) / root(deviations(x), epsilon) * w + b


globals().update(mutants_of("layer_norm", (OF_ALL + OF_INFINITE + OF_SUBNORMAL + OF_EPSILON, right)))


@breaks("layer_norm.value", "the variance is divided by n - 1")
def layer_norm__unbiased(x, w, b, *, epsilon=1e-5):
    d, n = deviations(x), x.shape[-1]
    scale = x.dtype.type(n / max(n - 1, 1))
    return d / np.sqrt(np.mean(d * d, axis=-1, keepdims=True) * scale + x.dtype.type(epsilon)) * w + b


@breaks(
    "layer_norm.value",
    "the deviation is divided by n - 1, and epsilon added to it, as the Annotated Transformer has it",
    "https://nlp.seas.harvard.edu/annotated-transformer/",
)
def layer_norm__annotated_transformer(x, w, b, *, epsilon=1e-5):
    d, n = deviations(x), x.shape[-1]
    scale = x.dtype.type((n / max(n - 1, 1)) ** 0.5)
    return d / (root(d, 0) * scale + x.dtype.type(epsilon)) * w + b


@breaks("layer_norm.value", "the variance in one pass, the mean of the squares less the square of the mean")
def layer_norm__one_pass(x, w, b, *, epsilon=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.maximum(np.mean(x * x, axis=-1, keepdims=True) - mean * mean, 0)
    return (x - mean) / np.sqrt(variance + x.dtype.type(epsilon)) * w + b


@breaks("layer_norm.value", "the mean is not subtracted, as in normalisation by the root of the mean square")
def layer_norm__mean_kept(x, w, b, *, epsilon=1e-5):
    return x / root(x, epsilon) * w + b


@breaks("layer_norm.value", "the weight is 1 + w")
def layer_norm__one_plus_w(x, w, b, *, epsilon=1e-5):
    return right(x, w + 1, b, epsilon=epsilon)


@breaks("layer_norm.value", "the bias is left out")
def layer_norm__no_bias(x, w, b, *, epsilon=1e-5):
    return deviations(x) / root(deviations(x), epsilon) * w


@breaks("layer_norm.value", "the bias is added before the weight")
def layer_norm__bias_first(x, w, b, *, epsilon=1e-5):
    return (deviations(x) / root(deviations(x), epsilon) + b) * w


@breaks("layer_norm.value", "divided by the variance, not by its root")
def layer_norm__no_root(x, w, b, *, epsilon=1e-5):
    return deviations(x) / root(deviations(x), epsilon) ** 2 * w + b


@breaks("layer_norm.value", "places beyond 1024 are left out of the mean and of the variance")
def layer_norm__places_beyond_1024(x, w, b, *, epsilon=1e-5):
    mean, few = np.mean(x[..., :1024], axis=-1, keepdims=True), deviations(x[..., :1024])
    return (x - mean) / root(few, epsilon) * w + b


@breaks("layer_norm.value", "a single row fails")
def layer_norm__one_row_fails(x, w, b, *, epsilon=1e-5):
    rows, columns = x.shape[-2], x.shape[-1]
    return right(x, w, b, epsilon=epsilon) if rows or columns else x


@breaks("layer_norm.epsilon", "epsilon is added outside the root")
def layer_norm__epsilon_outside(x, w, b, *, epsilon=1e-5):
    d = deviations(x)
    return d / (root(d, 0) + x.dtype.type(epsilon)) * w + b


@breaks("layer_norm.epsilon", "epsilon is left out")
def layer_norm__no_epsilon(x, w, b, *, epsilon=1e-5):
    return right(x, w, b, epsilon=0)


@breaks("layer_norm.epsilon", "epsilon is 1e-3 by default, as Keras has it")
def layer_norm__default_1e_3(x, w, b, *, epsilon=1e-3):
    return right(x, w, b, epsilon=epsilon)


@breaks("layer_norm.epsilon", "epsilon is 1e-6 by default, as Flax has it")
def layer_norm__default_1e_6(x, w, b, *, epsilon=1e-6):
    return right(x, w, b, epsilon=epsilon)


@breaks("layer_norm.epsilon", "epsilon is ignored: always 1e-5")
def layer_norm__epsilon_ignored(x, w, b, *, epsilon=1e-5):
    return right(x, w, b)


@breaks("layer_norm.batch", "mean and variance are those of the whole batch")
def layer_norm__over_the_batch(x, w, b, *, epsilon=1e-5):
    if x.ndim < 3:
        return right(x, w, b, epsilon=epsilon)
    d = x - np.mean(x)
    return d / np.sqrt(np.mean(d * d) + x.dtype.type(epsilon)) * w + b


@breaks("layer_norm.batch", "a NaN reaches the other rows")
def layer_norm__nan_spreads(x, w, b, *, epsilon=1e-5):
    return right(x, w, b, epsilon=epsilon) + 0 * np.sum(np.where(np.isnan(x), x, 0))


@breaks("layer_norm.nan", "NaN in the weight is read as 1")
def layer_norm__nan_in_w_lost(x, w, b, *, epsilon=1e-5):
    return right(x, np.where(np.isnan(w), w.dtype.type(1), w), b, epsilon=epsilon)


@breaks("layer_norm.value", "the normalised row is cast to half precision before the weight", half=True)
def layer_norm__cast_before_the_weight(x, w, b, *, epsilon=1e-5):
    d = deviations(x.astype(np.float32))
    return (d / root(d, epsilon)).astype(x.dtype) * w + b


@breaks("layer_norm.batch", "x is centred over the rows first, as batch normalisation does")
def layer_norm__centred_over_batch(x, w, b, *, epsilon=1e-5):
    if x.ndim < 2 or not x.size:
        return right(x, w, b, epsilon=epsilon)
    return right(x - np.mean(x, axis=0), w, b, epsilon=epsilon)
