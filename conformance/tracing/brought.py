"""An operation of a library that gaugeblock does not know, of which a user says how accurate it is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.bounded_functions import elementary
from ..arithmetic.functions import overflowing
from ..arithmetic.specials import settled

A_WAY = ", or bring how accurate it is: accuracy={{{0!r}: 4}}, in ulp"


def brought(name: str, arrays: Sequence[Any]) -> float | None:
    """The accuracy that a user brings for an operation of one array; None where there is none."""
    if len(arrays) != 1 or not isinstance(arrays[0], Bounded):
        return None
    return dict(arrays[0].model.brought).get(name)


def by_library(x: Bounded, ulp: float, run: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Bounded:
    """What a library gives in float64; its slope is the largest at the value and at both ends of its error."""
    with np.errstate(all="ignore"):
        places = x.value, x.value - x.error, x.value + x.error
        (y, slope), *others = map(run, places)
        slopes = [np.abs(slope), *(np.abs(each) for _, each in others)]
        error = np.where(x.error == 0, 0.0, np.nan_to_num(x.error * np.max(slopes, axis=0), nan=np.inf, posinf=np.inf))
        error = settled(lambda at: run(at)[0], y, error, x.model.unit, (x.value, x.error))
        return overflowing(elementary(x, y, error, ulp, x.model.underflow, exact_at=np.nan))


def is_elementwise(run: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], x: Any) -> bool:
    """Whether no other element of the result changes with the first one of x, as with a decomposition."""
    if not isinstance(x, Bounded) or x.size < 2:
        return True
    other = np.array(x.value)
    other.flat[0] = 2 * other.flat[0] + 1
    with np.errstate(all="ignore"):
        was, now = (run(each)[0].ravel()[1:] for each in (x.value, other))
    return bool(np.array_equal(was, now, equal_nan=True))
