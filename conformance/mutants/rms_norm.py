"""Wrong normalisations by the root of the mean square."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_EPSILON, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of
from .rounding import to_float16


def root(x, epsilon):
    """The right root."""
    return np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon))


def right(x, w, *, epsilon=1e-6):
    """The right normalisation, to be put to a wrong use."""
    return x / root(x, epsilon) * w


globals().update(mutants_of("rms_norm", (OF_ALL + OF_INFINITE + OF_SUBNORMAL + OF_EPSILON, right)))


@breaks("rms_norm.value", "the weight is 1 + w, as Gemma has it")
def rms_norm__one_plus_w(x, w, *, epsilon=1e-6):
    return right(x, w + 1, epsilon=epsilon)


@breaks("rms_norm.value", "the weight is left out")
def rms_norm__no_weight(x, w, *, epsilon=1e-6):
    return x / root(x, epsilon)


@breaks("rms_norm.value", "the sum of the squares in the place of their mean: the L2 norm")
def rms_norm__sum_of_squares(x, w, *, epsilon=1e-6):
    return x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True) + x.dtype.type(epsilon)) * w


@breaks("rms_norm.value", "the mean is subtracted, as in layer normalisation")
def rms_norm__mean_subtracted(x, w, *, epsilon=1e-6):
    return right(x - np.mean(x, axis=-1, keepdims=True), w, epsilon=epsilon)


@breaks("rms_norm.value", "the squares are divided by n - 1")
def rms_norm__unbiased(x, w, *, epsilon=1e-6):
    n = x.shape[-1]
    scale = x.dtype.type(n / max(n - 1, 1))
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) * scale + x.dtype.type(epsilon)) * w


@breaks("rms_norm.value", "x is rounded to float16 before it is squared")
def rms_norm__squares_of_float16(x, w, *, epsilon=1e-6):
    return x / root(to_float16(x), epsilon) * w


@breaks("rms_norm.value", "places beyond 1024 are left out of the mean")
def rms_norm__places_beyond_1024(x, w, *, epsilon=1e-6):
    return x / root(x[..., :1024], epsilon) * w


@breaks("rms_norm.value", "the last n % 8 places are left out of the mean")
def rms_norm__last_places_left_out(x, w, *, epsilon=1e-6):
    n = x.shape[-1] // 8 * 8 or x.shape[-1]
    return x / root(x[..., :n], epsilon) * w


@breaks("rms_norm.value", "a single row fails")
def rms_norm__one_row_fails(x, w, *, epsilon=1e-6):
    rows, columns = x.shape[-2], x.shape[-1]
    return right(x, w, epsilon=epsilon) if rows or columns else x


@breaks("rms_norm.epsilon", "epsilon is added outside the root")
def rms_norm__epsilon_outside(x, w, *, epsilon=1e-6):
    return x / (root(x, 0) + x.dtype.type(epsilon)) * w


@breaks("rms_norm.epsilon", "the larger of the root and of the root of epsilon, as a clamp has it")
def rms_norm__epsilon_as_clamp(x, w, *, epsilon=1e-6):
    return x / np.maximum(root(x, 0), x.dtype.type(epsilon**0.5)) * w


@breaks("rms_norm.epsilon", "epsilon is left out")
def rms_norm__no_epsilon(x, w, *, epsilon=1e-6):
    return right(x, w, epsilon=0)


@breaks("rms_norm.epsilon", "epsilon is 1e-5 by default")
def rms_norm__default_1e_5(x, w, *, epsilon=1e-5):
    return right(x, w, epsilon=epsilon)


@breaks("rms_norm.epsilon", "epsilon is the machine epsilon by default, as torch.nn.functional.rms_norm has it")
def rms_norm__default_of_the_dtype(x, w, *, epsilon=None):
    return right(x, w, epsilon=np.finfo(x.dtype).eps if epsilon is None else epsilon)


@breaks("rms_norm.epsilon", "epsilon is ignored: always 1e-6")
def rms_norm__epsilon_ignored(x, w, *, epsilon=1e-6):
    return right(x, w)


@breaks("rms_norm.batch", "the mean is over the whole batch")
def rms_norm__mean_over_batch(x, w, *, epsilon=1e-6):
    with np.errstate(all="ignore"):
        return x / np.sqrt(np.mean(x * x) + x.dtype.type(epsilon)) * w if x.ndim > 2 else right(x, w, epsilon=epsilon)


@breaks("rms_norm.batch", "a NaN reaches the other rows")
def rms_norm__nan_spreads(x, w, *, epsilon=1e-6):
    y = right(x, w, epsilon=epsilon)
    return y + 0 * np.sum(np.where(np.isnan(x), x, 0))


@breaks("rms_norm.nan", "NaN in the weight is read as 1")
def rms_norm__nan_in_w_lost(x, w, *, epsilon=1e-6):
    return right(x, np.where(np.isnan(w), w.dtype.type(1), w), epsilon=epsilon)


@breaks("rms_norm.value", "the normalised row is cast to half precision before the weight, as Llama has it", half=True)
def rms_norm__cast_before_the_weight(x, w, *, epsilon=1e-6):
    wide = x.astype(np.float32)
    return (wide / root(wide, epsilon)).astype(x.dtype) * w


@breaks("rms_norm.batch", "x is centred over the rows first, as batch normalisation does")
def rms_norm__centred_over_batch(x, w, *, epsilon=1e-6):
    if x.ndim < 2 or not x.size:
        return right(x, w, epsilon=epsilon)
    return right(x - np.mean(x, axis=0), w, epsilon=epsilon)
