"""Cases of the approximated Gaussian error linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case
from .activations import cases_of, is_negative_infinity

DETAILS: dict[str, dict[str, Any]] = {"gelu_tanh": {"open": is_negative_infinity}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("gelu_tanh", dtype, seed)
