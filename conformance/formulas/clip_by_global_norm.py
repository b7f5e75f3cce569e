"""Cases of clipping by the global norm."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case, case, seeded

NAME = "clip_by_global_norm"
DETAILS = {NAME: {"rows_together": True}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(27)
    nan = np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def clip(requirement: str, name: str, note: str, tree: Any, max_norm: float, exact: bool = False) -> Case:
        return case(NAME, f"{NAME}.{requirement}", name, note, tree, max_norm, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        yield clip("value", name, "any mistake", array(random.normal(size=10)), 1.0)
    yield clip("value", "small_limit", "an epsilon beside the norm", array(rng.normal(size=10) / 64), 1e-2)
    yield clip("value", "two_axes", "a norm of each row", array(rng.normal(size=(4, 6))), 0.5)
    yield clip("value", "no_axes", "an array without axes fails", array(3.5), 2.0)
    yield clip("value", "long", "elements left out of the norm", array(rng.normal(size=4099)), 1.0)
    yield clip("below", "half", "always scaled to the limit", array(rng.normal(size=10) / 8), 2.0, exact=True)
    yield clip("below", "far", "each element clipped", array(rng.normal(size=10)), 100.0, exact=True)
    yield clip("zero", "gradient", "0 / 0", array(np.zeros(10)), 1.0, exact=True)
    yield clip("zero", "limit", "a limit of 0 taken for none", array(rng.normal(size=10)), 0.0, exact=True)
    spoilt = array(rng.normal(size=10))
    spoilt[3] = nan
    yield clip("nan", "in_one", "the others as they are", spoilt, 1.0)
    yield clip("empty", "no_elements", "an empty array fails", array(np.zeros((0, 3))), 1.0)
    yield clip("layout", "two_axes", "memory order taken for granted", array(rng.normal(size=(4, 6))), 0.5)
