"""Cases of normalisation by the root of the mean square."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from . import Case
from .norms import cases_of


def weight_first(x: Any, w: Any, *, epsilon: Any = 1e-6) -> Any:
    """x is multiplied by the weight before it is divided: a product that is subnormal is rounded there."""
    xp = array_namespace(x)
    return x * w / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon)


def weight_over_root(x: Any, w: Any, *, epsilon: Any = 1e-6) -> Any:
    """The weight is divided before x is multiplied by it: a quotient that is subnormal is rounded there."""
    xp = array_namespace(x)
    return x * (w / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon))


FORMS = {"weight_first": weight_first, "weight_over_root": weight_over_root}
DETAILS: dict[str, dict[str, Any]] = {"rms_norm": {"forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rms_norm", dtype, seed)
