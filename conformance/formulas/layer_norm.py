"""Cases of normalisation to mean 0 and variance 1."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from . import Case
from .norms import cases_of


def normalised(x: Any, epsilon: Any, rounded: Callable[[Any, Any], tuple[Any, Any]]) -> Any:
    """The rows with mean 0 and variance 1, where row and mean are rounded once more before their difference."""
    xp = array_namespace(x)
    mean = xp.mean(x, axis=-1, keepdims=True)
    d = x - mean
    row, middle = rounded(x, mean)
    return (row - middle) / xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)


def scaled_first(x: Any, w: Any, b: Any, *, epsilon: Any = 1e-5) -> Any:
    """Row and mean are rounded once more, as by a product with one number, before their difference is taken."""
    return normalised(x, epsilon, lambda row, mean: (row * 1.0, mean * 1.0)) * w + b


def folded(x: Any, w: Any, b: Any, *, epsilon: Any = 1e-5) -> Any:
    """The difference of b and the scaled mean is rounded too, by no more than both. Their common factor cancels."""
    return normalised(x, epsilon, lambda row, mean: (row * 1.0, mean * 1.0 * 1.0)) * w + b * 1.0


def weight_first(x: Any, w: Any, b: Any, *, epsilon: Any = 1e-5) -> Any:
    """Deviations are multiplied by the weight before they are divided: a product that is subnormal is rounded there."""
    xp = array_namespace(x)
    d = x - xp.mean(x, axis=-1, keepdims=True)
    return d * w / xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon) + b


FORMS = {"scaled_first": scaled_first, "folded": folded, "weight_first": weight_first}

# Where w is infinite, so are both products.
DETAILS: dict[str, dict[str, Any]] = {"layer_norm": {"forms": FORMS, "compensated": True}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("layer_norm", dtype, seed)
