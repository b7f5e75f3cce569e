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


def input_last(a: Any, b: Any, g: Any) -> Any:
    """With a as the last factor, which multiplies what the product before it loses by underflow."""
    s = sigmoid(a)
    return g * b * s + g * b * s * (1 - s) * a, g * s * a


def gate_last(a: Any, b: Any, g: Any) -> Any:
    """With b as the last factor."""
    s = sigmoid(a)
    return (g * s + g * s * (1 - s) * a) * b, g * (a * s)


def gradient_last(a: Any, b: Any, g: Any) -> Any:
    """With g as the last factor."""
    s = sigmoid(a)
    return (b * s + b * s * (1 - s) * a) * g, g * (a * s)


FORMS = {each.__name__: each for each in (distributed, input_last, gate_last, gradient_last)}
DETAILS: dict[str, dict[str, Any]] = {"swiglu_vjp": {"open": is_infinite, "forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("swiglu_vjp", dtype, seed)
