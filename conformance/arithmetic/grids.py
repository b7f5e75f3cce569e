"""Casts to formats of 8 bits, whose numbers are so few that a cast is a choice between them, as `round` is.

What libraries compute of such numbers they compute in a wider format, so there is no arithmetic of these formats.
"""

from typing import Any

import ml_dtypes
import numpy as np

from .decisions import step
from .namespace import MissingError

Array = Any

GRIDS = {name: np.dtype(getattr(ml_dtypes, name)) for name in (
    "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
)}  # fmt: skip


def on_grid(x: Array, name: str) -> Array:
    """The nearest numbers of a format of 8 bits; either one where the errors of x may turn the choice."""

    def of_ball(end: Any) -> Any:
        raise MissingError(f"{name}: gaugeblock has no error bound for a cast of float64 to it yet; wanted float32")

    return step(lambda value: np.asarray(value).astype(GRIDS[name]).astype(np.float64), of_ball)(x)
