"""Long rows of which few terms are not neutral: adding 0 rounds nothing, so that their bound is that of the few."""

from typing import Any

import numpy as np

LENGTH, COUNTS = 2053, (8, 3, 1)  # of the rows, and of the terms in each that are not neutral
NOTE = "coarser arithmetic where a sum is long, whose own bound would let it pass"
NAME = f"few_of_{LENGTH}"


class Few:
    """Numbers at few places of long rows, which arrays that are made of the same one share."""

    def __init__(self, seed: int, dtype: np.dtype[Any], counts: tuple[int, ...] = COUNTS) -> None:
        self.rng, self.dtype = np.random.default_rng([seed, LENGTH]), dtype
        self.places = np.split(self.rng.permutation(LENGTH)[: sum(counts)], np.cumsum(counts)[:-1])

    def rows(self, neutral: float, uniform: bool = False) -> Any:
        """Rows that are normal, or uniform in [0, 1), at their places, and neutral elsewhere."""
        found = np.full((len(self.places), LENGTH), neutral, np.float64)
        for row, places in zip(found, self.places, strict=True):
            row[places] = self.rng.random(len(places)) if uniform else self.rng.normal(size=len(places))
        return np.asarray(found, self.dtype)

    def normal(self, *shape: int) -> Any:
        """What faces them."""
        return np.asarray(self.rng.normal(size=shape), self.dtype)
