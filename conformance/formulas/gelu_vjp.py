"""Cases of the gradient of the Gaussian error linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.special import constant, erf, erfc
from . import Case
from .activations import cases_of, is_infinite


def through_erfc(x: Any, g: Any) -> Any:
    """The derivative of x erfc(-x / sqrt(2)) / 2 term by term: exp has the square of a rounded number."""
    xp, z = array_namespace(x), -x * constant("sqrt(1/2)", x)
    return 0.5 * g * erfc(z) + 0.5 * g * x * (2 * constant("1/sqrt(2 pi)", x) * xp.exp(-(z * z)))


def input_last(x: Any, g: Any) -> Any:
    """The derivative term by term, with x as the last factor, which multiplies what underflow loses before it."""
    xp = array_namespace(x)
    density = constant("1/sqrt(2 pi)", x) * xp.exp(-0.5 * x * x)
    return 0.5 * g * (1 + erf(x * constant("sqrt(1/2)", x), xp)) + g * density * x


FORMS = {"through_erfc": through_erfc, "input_last": input_last}
DETAILS: dict[str, dict[str, Any]] = {"gelu_vjp": {"open": is_infinite, "forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("gelu_vjp", dtype, seed)
