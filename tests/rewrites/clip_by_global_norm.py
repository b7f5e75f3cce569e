"""Clipping by the global norm, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance.mutants.clip_by_global_norm import norm_of, right


def clip_by_global_norm__as_it_stands(x, max_norm):
    return right(x, max_norm)


def clip_by_global_norm__as_optax(x, max_norm):
    """The quotient first."""
    norm = norm_of(x)
    return np.where(norm <= max_norm, x, x / norm * x.dtype.type(max_norm))


def clip_by_global_norm__as_tensorflow(x, max_norm):
    """The product with the limit first."""
    norm = norm_of(x)
    return np.where(norm <= max_norm, x, x * x.dtype.type(max_norm) / norm)


def clip_by_global_norm__vector_norm(x, max_norm):
    return right(x, max_norm, lambda x: np.linalg.vector_norm(x) if x.ndim else np.abs(x))
