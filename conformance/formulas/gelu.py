"""Cases of the Gaussian error linear unit."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.special import constant, erfc
from . import Case
from .activations import cases_of, is_negative_infinity


def through_erfc(x: Any) -> Any:
    """1 + erf(z) as erfc(-z), which does not cancel."""
    return 0.5 * x * erfc(-x * constant("sqrt(1/2)", x))


DETAILS: dict[str, dict[str, Any]] = {"gelu": {"open": is_negative_infinity, "forms": {"through_erfc": through_erfc}}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("gelu", dtype, seed)
