"""Cases of the gradient of the sigmoid linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.special import sigmoid
from . import Case
from .activations import cases_of, is_infinite


def distributed(x: Any, g: Any) -> Any:
    """The derivative of the product, term by term, as automatic differentiation makes it."""
    s = sigmoid(x)
    return g * s + g * x * s * (1 - s)


DETAILS: dict[str, dict[str, Any]] = {"silu_vjp": {"open": is_infinite, "forms": {"distributed": distributed}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("silu_vjp", dtype, seed)
