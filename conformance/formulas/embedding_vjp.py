"""Cases of the gradient of rows of a table."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, integers, seeded
from . import case as any_case
from .few_terms import LENGTH, NAME, NOTE

# An infinite sum of several terms may be NaN, as that of a compensated sum is.
DETAILS = {"embedding_vjp": {"compensated": True}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "embedding_vjp")
    rng, info, nan, inf = np.random.default_rng(26), finfo(dtype), np.nan, np.inf

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *shape: int) -> list[Any]:
        """A table of 13 rows, labels of which none is there twice, and g."""
        table = array(generator.normal(size=(13, 5)))
        labels = generator.permutation(13)[: int(np.prod(shape))].reshape(shape)
        return [table, labels, array(generator.normal(size=(*shape, 5)))]

    for name, random in seeded(dtype, seed, 2):
        yield case("embedding_vjp.value", name, "any mistake, a lower precision first", *drawn(random, 12))
    table, _, g = drawn(rng, 12)
    yield case("embedding_vjp.value", "no_axes", "labels without axes fail", table, np.asarray(3), g[0])
    yield case("embedding_vjp.value", "two_axes", "one axis of labels taken for granted", *drawn(rng, 3, 4))
    same = np.full(12, 2)
    yield case("embedding_vjp.repeated", "one_label", "the last g of a label is kept, or the mean", table, same, g)
    distinct = np.array([6, 0, 3])
    yield case("embedding_vjp.repeated", "none_twice", "row 0 is padding", table, distinct, g[:3])
    whole = integers(rng, 5, (4099, 2), dtype)
    many = np.arange(4099) % 3
    yield case(
        "embedding_vjp.exact",
        "many_labels",
        "labels beyond 4096 left out",
        table[:, :2].copy(),
        many,
        whole,
        exact=True,
    )
    large = array(rng.normal(size=(130, 1)))
    for width in ("int8", "uint8", "int64"):
        labels = np.array([0, 127, 5, 100], width)
        yield case(
            "embedding_vjp.labels", width, "labels of one dtype only", large, labels, array(rng.normal(size=(4, 1)))
        )
    longer = array(rng.normal(size=(260, 1)))
    far = np.array([0, 255, 256, 258, 259], np.int32)
    yield case("embedding_vjp.labels", "far", "labels kept in 8 bits", longer, far, array(rng.normal(size=(5, 1))))
    few = np.zeros((LENGTH, 5))
    few[[3, 1000, 2052]] = rng.normal(size=(3, 5))
    yield case("embedding_vjp.few", NAME, NOTE, table, np.zeros(LENGTH, np.int64), array(few))
    table, labels, g = drawn(rng, 12)
    g[1, 2], table[4] = nan, nan
    yield case("embedding_vjp.nan", "in_g", "NaN lost, or spread to other rows", table, labels, g)
    table, labels, g = drawn(rng, 4)
    labels[:], g[1, 2], g[2, 0] = [0, 1, 2, 3], inf, -inf
    yield case(
        "embedding_vjp.infinity",
        "in_g",
        "infinity replaced, or times 0 where a one-hot product is taken",
        table,
        labels,
        g,
    )
    table, labels, g = drawn(rng, 4)
    labels[:] = [0, 1, 2, 3]
    g[:3] = array(g[:3] * float(info.smallest_normal) / 8)
    yield case("embedding_vjp.subnormal", "g", "subnormal numbers flushed to 0", table, labels, g)
    yield case("embedding_vjp.empty", "no_labels", "no labels fail", *drawn(rng, 0), exact=True)
    yield case("embedding_vjp.layout", "two_axes", "memory order taken for granted", *drawn(rng, 4, 3))
