"""Cases of the gradients of rotary position embedding."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case
from .rotary_embedding import cases_of

# An infinite sum of several terms may be NaN, as that of a compensated sum is.
DETAILS: dict[str, dict[str, Any]] = {"rotary_embedding_vjp": {"compensated": True}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rotary_embedding_vjp", dtype, seed)
