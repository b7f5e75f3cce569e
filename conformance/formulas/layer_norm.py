"""Cases of normalisation to mean 0 and variance 1."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from . import Case
from .norms import cases_of


def scaled_first(x: Any, w: Any, b: Any, *, epsilon: Any = 1e-5) -> Any:
    """Row and mean are rounded once more, as by a product with one number, before their difference is taken."""
    xp = array_namespace(x)
    mean = xp.mean(x, axis=-1, keepdims=True)
    d = x - mean
    root = xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)
    return (x * 1.0 - mean * 1.0) / root * w + b


DETAILS: dict[str, dict[str, Any]] = {"layer_norm": {"forms": {"scaled_first": scaled_first}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("layer_norm", dtype, seed)
