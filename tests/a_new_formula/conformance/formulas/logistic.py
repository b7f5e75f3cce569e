"""Cases of the logistic function."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case, case, seeded


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    for name, random in seeded(dtype, seed, 8):
        yield case("logistic", "logistic.value", name, "any mistake", array(random.normal(size=(4, 10))))
    yield case("logistic", "logistic.nan", "among_others", "NaN replaced", array([1, np.nan, -1]))
    yield case("logistic", "logistic.infinity", "both", "an infinity becomes NaN", array([np.inf, -np.inf, 1]))
    yield case("logistic", "logistic.layout", "two_axes", "memory order taken for granted", array(np.eye(4, 6)))
