"""Cases of the gradient of the approximated Gaussian error linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.special import constant
from . import Case
from .activations import cases_of, is_infinite


def distributed(x: Any, g: Any) -> Any:
    """The derivative of the product, term by term, as automatic differentiation makes it."""
    xp, root, cubic = array_namespace(x), constant("sqrt(2/pi)", x), constant("0.044715", x)
    t = xp.tanh(root * (x + cubic * (x * x * x)))
    h = 0.5 * g * x * (1 - t * t) * root
    return 0.5 * g * (1 + t) + h + h * cubic * (3 * (x * x))


DETAILS: dict[str, dict[str, Any]] = {"gelu_tanh_vjp": {"open": is_infinite, "forms": {"distributed": distributed}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("gelu_tanh_vjp", dtype, seed, largest=16)
