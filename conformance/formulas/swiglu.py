"""Cases of the gated linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.special import sigmoid
from . import Case
from .activations import cases_of, is_negative_infinity


def input_last(a: Any, b: Any) -> Any:
    """a is the last factor, which multiplies what the product before it loses by underflow."""
    return a * (sigmoid(a) * b)


DETAILS: dict[str, dict[str, Any]] = {"swiglu": {"open": is_negative_infinity, "forms": {"input_last": input_last}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("swiglu", dtype, seed)
