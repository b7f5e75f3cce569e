"""Wrong clipping by the global norm."""

import numpy as np

from . import breaks
from .memory import buffer
from .rounding import to_bfloat16, to_float16, to_tf32

NAME = "clip_by_global_norm"


def norm_of(x):
    """The root of the sum of squares."""
    return np.sqrt(np.sum(x * x, dtype=x.dtype))


def right(x, max_norm, norm=norm_of, factor=lambda max_norm, norm: max_norm / norm):
    """The right result, to be put to a wrong use: with another norm, or another factor."""
    found = norm(x)
    return np.where(found <= max_norm, x, x * np.asarray(factor(max_norm, found), x.dtype)).astype(x.dtype)


@breaks(f"{NAME}.value", "1e-6 is added to the norm", "torch.nn.utils.clip_grad_norm_")
def clip_by_global_norm__epsilon(x, max_norm):
    return x * np.asarray(np.minimum(max_norm / (norm_of(x) + 1e-6), 1), x.dtype)


@breaks(f"{NAME}.value", "a norm of each row", "Keras's clipnorm, of each array")
def clip_by_global_norm__of_rows(x, max_norm):
    def of_rows(x):
        return np.sqrt(np.sum(x * x, axis=-1, keepdims=True)) if x.ndim > 1 else norm_of(x)

    return right(x, max_norm, of_rows)


@breaks(f"{NAME}.value", "each element is clipped", "clipvalue, clip_grad_value_")
def clip_by_global_norm__elements(x, max_norm):
    return np.clip(x, -max_norm, max_norm).astype(x.dtype)


@breaks(f"{NAME}.value", "the square of the norm is compared and divided by")
def clip_by_global_norm__squared(x, max_norm):
    return right(x, max_norm, lambda x: np.sum(x * x))


@breaks(f"{NAME}.value", "the sum of the magnitudes is the norm", "norm_type=1")
def clip_by_global_norm__of_order_1(x, max_norm):
    return right(x, max_norm, lambda x: np.sum(np.abs(x)))


@breaks(f"{NAME}.value", "the largest magnitude is the norm", "norm_type=inf")
def clip_by_global_norm__largest(x, max_norm):
    return right(x, max_norm, lambda x: np.max(np.abs(x), initial=0))


@breaks(f"{NAME}.value", "the root mean square is the norm", "optax.clip_by_block_rms")
def clip_by_global_norm__mean(x, max_norm):
    return right(x, max_norm, lambda x: np.sqrt(np.mean(x * x)) if x.size else norm_of(x))


@breaks(f"{NAME}.value", "elements beyond 4096 are left out of the norm")
def clip_by_global_norm__of_the_first(x, max_norm):
    return right(x, max_norm, lambda x: norm_of(x.reshape(-1)[:4096]))


@breaks(f"{NAME}.value", "the gradients are rounded to TF32")
def clip_by_global_norm__tf32(x, max_norm):
    return right(to_tf32(x), max_norm)


@breaks(f"{NAME}.value", "the factor is rounded to bfloat16")
def clip_by_global_norm__bfloat16(x, max_norm):
    return right(x, max_norm, factor=lambda max_norm, norm: to_bfloat16(np.asarray(max_norm / norm, x.dtype)))


@breaks(f"{NAME}.below", "always scaled to the limit")
def clip_by_global_norm__always(x, max_norm):
    return np.where(norm_of(x) == 0, x, x * np.asarray(max_norm / norm_of(x), x.dtype)).astype(x.dtype)


@breaks(f"{NAME}.zero", "gradients of 0 give NaN: divided by the norm, and then chosen by a product")
def clip_by_global_norm__zero_by_zero(x, max_norm):
    norm = norm_of(x)
    return right(x, max_norm) + 0 * np.asarray(max_norm / norm if norm else x * np.nan, x.dtype)


@breaks(f"{NAME}.zero", "a limit of 0 is taken for none")
def clip_by_global_norm__no_limit(x, max_norm):
    return right(x, max_norm or np.inf)


@breaks(f"{NAME}.nan", "NaN stays where it is")
def clip_by_global_norm__nan_alone(x, max_norm):
    return x.copy() if np.any(np.isnan(x)) else right(x, max_norm)


@breaks(f"{NAME}.empty", "an empty array fails")
def clip_by_global_norm__empty_fails(x, max_norm):
    if not x.size:
        raise ValueError("got nothing")
    return right(x, max_norm)


@breaks(f"{NAME}.shape", "an axis is put in front")
def clip_by_global_norm__another_axis(x, max_norm):
    return right(x, max_norm)[None]


@breaks(f"{NAME}.dtype", "the result is in float16")
def clip_by_global_norm__float16(x, max_norm):
    return to_float16(right(x, max_norm)).astype(np.float16)


@breaks(f"{NAME}.layout", "the memory order is taken for granted")
def clip_by_global_norm__memory_order(x, max_norm):
    return right(x.ravel("K").reshape(x.shape), max_norm)


@breaks(f"{NAME}.pure", "all results of a shape are in one buffer")
def clip_by_global_norm__one_buffer(x, max_norm):
    y = right(x, max_norm)
    kept = buffer(y.shape, y.dtype)
    kept[...] = y
    return kept


@breaks(f"{NAME}.pure", "what is not clipped is returned itself")
def clip_by_global_norm__itself(x, max_norm):
    return x if norm_of(x) <= max_norm else right(x, max_norm)
