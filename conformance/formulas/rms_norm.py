"""Cases of normalisation by the root of the mean square."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case
from .norms import cases_of


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rms_norm", dtype, seed)
