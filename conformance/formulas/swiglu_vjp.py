"""Cases of the gradients of the gated linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.special import sigmoid
from . import Case
from .activations import cases_of, is_infinite


def distributed(a: Any, b: Any, g: Any) -> Any:
    """The derivative of the product, term by term."""
    s = sigmoid(a)
    return g * b * s + g * b * a * s * (1 - s), g * (a * s)


DETAILS: dict[str, dict[str, Any]] = {"swiglu_vjp": {"open": is_infinite, "forms": {"distributed": distributed}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("swiglu_vjp", dtype, seed)
