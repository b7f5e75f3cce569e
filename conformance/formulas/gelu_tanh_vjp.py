"""Cases of the gradient of the approximated Gaussian error linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case
from .activations import cases_of, is_infinite

DETAILS: dict[str, dict[str, Any]] = {"gelu_tanh_vjp": {"open": is_infinite}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("gelu_tanh_vjp", dtype, seed, largest=16)
