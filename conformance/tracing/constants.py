"""The constants of a graph: real numbers, which are cast to the format of the arrays beside them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic import bounded
from ..arithmetic.bounded import Bounded

Array = Any


def constant_as(
    constant: np.ndarray, form: np.dtype[Any] | None, xp: Any, lift: Callable[[np.ndarray], Array]
) -> Array:
    """A constant in a format. Its cast is an error, but of a number that the format has."""
    if form is None or constant.dtype == form:
        return lift(constant)
    found = xp.astype(lift(constant), form)
    if not isinstance(found, Bounded):
        return found
    with np.errstate(all="ignore"):
        nearest = constant.astype(form)
        error = np.where(nearest == constant, lift(nearest).error, found.error)
    return Bounded(found.value, error / bounded.INFLATION, found.model, found.dtype, found.nonnegative)


def is_computed_alike(name: str, constant: np.ndarray) -> bool:
    """Whether every library makes these numbers of a constant operation; steps that are fractions are added up, or
    multiplied."""
    return name not in ("arange", "linspace", "logspace") or bool(np.all(constant == np.trunc(constant)))
