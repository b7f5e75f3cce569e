"""Cases of rows of a table."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, seeded
from . import case as any_case


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "embedding")
    rng, info = np.random.default_rng(25), finfo(dtype)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *shape: int) -> tuple[Any, Any]:
        """A normal table of 7 rows, and labels."""
        return array(generator.normal(size=(7, 5))), generator.integers(0, 7, shape)

    for name, random in seeded(dtype, seed, 2):
        yield case("embedding.value", name, "any mistake, a lower precision first", *drawn(random, 6))
    table, _ = drawn(rng)
    yield case("embedding.value", "no_axes", "labels without axes fail", table, np.asarray(3))
    yield case("embedding.value", "two_axes", "one axis of labels taken for granted", *drawn(rng, 2, 3))
    yield case("embedding.value", "first_and_last", "row 0 is padding, or labels count from 1", table, np.arange(7))
    large = array(rng.normal(size=(130, 1)))
    for width in ("int8", "uint8", "int64"):
        labels = np.array([0, 127, 5, 100], width)
        yield case("embedding.labels", width, "labels of one dtype only", large, labels)
    longer = array(rng.normal(size=(260, 1)))
    far = np.array([0, 255, 256, 258, 259], np.int32)
    yield case("embedding.labels", "far", "labels kept in 8 bits", longer, far)
    table, labels = drawn(rng, 6)
    table[labels[1], 2] = np.nan
    yield case("embedding.nan", "in_a_row", "NaN lost, or spread to other rows", table, labels)
    table = table.copy()
    table[labels[1], 2], table[labels[2], 0] = np.inf, -np.inf
    yield case(
        "embedding.infinity", "in_rows", "infinity replaced, or times 0 where a one-hot product is taken", table, labels
    )
    tiny = array(np.full((7, 5), float(info.smallest_subnormal) * 3))
    yield case("embedding.subnormal", "rows", "subnormal numbers flushed to 0", tiny, labels)
    yield case("embedding.empty", "no_labels", "no labels fail", *drawn(rng, 0))
    yield case("embedding.layout", "two_axes", "memory order taken for granted", *drawn(rng, 4, 3))
