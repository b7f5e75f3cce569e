"""Twins of the chosen cases: the same structure with other numbers, so that a table of the published cases fails."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arithmetic.running import Expected
from ..formulas import Case, cases
from . import oracle, tolerance
from .lock import alone

PARTS = 2.0**-12  # a number becomes smaller by so many of these, from 1 to 63


@alone
def twin_cases(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str = "gradual", precision: str = "full"
) -> list[tuple[Case, dict[str, Expected]]]:
    """The twins of the chosen cases of a formula that can be judged, each with what its results should be."""
    found, kind = [], np.dtype(dtype)
    for twin in twins(formula, kind, seed):
        with contextlib.suppress(tolerance.EmptyToleranceError):  # of a bound that was made for the numbers of the case
            found.append((twin, tolerance.judgeable(twin, kind, oracle.expect(twin, kind, subnormals, precision))))
    return found


def twins(formula: str | Callable[..., Any], dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """Yield the twins of the chosen cases of a formula, but for those about exact results, many steps, or layouts."""
    rng = np.random.default_rng([seed, dtype.itemsize])
    for case in cases(formula, dtype, seed):
        if not (case.exact or case.steps or case.requirement.endswith(".layout")):
            arguments = tuple(moved(each, rng) for each in case.arguments)
            yield case._replace(name=f"{case.name}_twin", arguments=arguments)


def moved(value: Any, rng: np.random.Generator) -> Any:
    """An argument whose finite numbers are a little nearer to 0; integers, masks and special values as they are."""
    if isinstance(value, tuple):
        parts = [moved(part, rng) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if not isinstance(value, np.ndarray) or value.dtype.kind in "biu":
        return value
    with np.errstate(all="ignore"):
        factors = 1 - rng.integers(1, 64, value.shape) * PARTS
        other = (value.astype(np.float64) * factors).astype(value.dtype)
        return np.where(np.isfinite(value), other, value)
