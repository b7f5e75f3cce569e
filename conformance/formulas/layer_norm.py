"""Cases of normalisation to mean 0 and variance 1."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from . import Case
from .norms import cases_of


def scaled_first(x: Any, w: Any, b: Any, *, epsilon: Any = 1e-5) -> Any:
    """Row and mean are multiplied by the reciprocal of the root before one is subtracted from the other."""
    xp = array_namespace(x)
    mean = xp.mean(x, axis=-1, keepdims=True)
    d = x - mean
    r = 1 / xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)
    return (x * r - mean * r) * w + b


DETAILS: dict[str, dict[str, Any]] = {"layer_norm": {"forms": {"scaled_first": scaled_first}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("layer_norm", dtype, seed)
