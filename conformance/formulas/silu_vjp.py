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


def input_last(x: Any, g: Any) -> Any:
    """The same with x as the last factor, which multiplies what the product before it loses by underflow."""
    s = sigmoid(x)
    return g * s + g * s * (1 - s) * x


FORMS = {"distributed": distributed, "input_last": input_last}
DETAILS: dict[str, dict[str, Any]] = {"silu_vjp": {"open": is_infinite, "forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("silu_vjp", dtype, seed)
