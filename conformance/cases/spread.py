"""How a compact case is spread: an index for each letter of the signature says which compact element is where.

The expected value and the bound are spread by the same index. What fills the rest is neutral: a class whose exponential
is 0, a term that is 0, a row that adds nothing. Adding 0 is exact in every order of summation, so the bound of the
compact call is one of right code's error on the whole arrays.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH, letter_of, times


class Spread(NamedTuple):
    """Where the elements of compact arrays are in the whole ones."""

    batch: tuple[int, ...]  # the shape of the batch, which is one axis in the compact arrays
    indices: Mapping[str, np.ndarray]  # for each letter: which compact element each element of the whole is
    axis: int | None = None  # where the last axis stands in the whole arrays


AS_IT_IS = Spread((), {})


def spread(array: Any, axes: tuple[str, ...], to: Spread) -> Any:
    """A compact array in its whole shape."""
    for place, axis in enumerate(axes):
        if times(axis) == 1 and letter_of(axis) in to.indices:  # a multiple is of a letter of which all is there
            array = np.take(array, to.indices[letter_of(axis)], axis=place)
    if BATCH in axes and BATCH in to.indices:
        array = array.reshape(to.batch + array.shape[1:])
    if to.axis is not None and axes[:1] == (BATCH,) and len(axes) == 2:
        array = np.ascontiguousarray(np.moveaxis(array, -1, to.axis))
    return array


def first_places(index: np.ndarray) -> np.ndarray:
    """Where each compact element is in the whole, for the first time."""
    return np.unique(index, return_index=True)[1]


def straight(sizes: Mapping[str, int], batch: tuple[int, ...] | None = None) -> Spread:
    """The whole arrays are the compact ones."""
    index = {letter: np.arange(size) for letter, size in sizes.items()}
    return Spread((sizes[BATCH],) if batch is None else batch, index)


def repeated(length: int, compact: int, rng: np.random.Generator) -> np.ndarray:
    """An index of elements that stand for themselves: each may be there many times; any of them where few are."""
    if length < compact:
        return rng.permutation(compact)[:length]
    index = rng.integers(0, compact, length)
    index[:compact] = np.arange(compact)
    return index


def once(length: int, compact: int, rng: np.random.Generator) -> np.ndarray:
    """An index that has each element once, at places that matter; all others are the neutral one, the last."""
    index = np.full(length, compact)
    index[places(length, compact, rng)] = np.arange(compact)
    return index


def places(length: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` places: the last, the first, both sides of multiples of powers of two, and random ones."""
    wanted = [length - 1, length - 2, length - 3, 0, length // 2]
    for power in range(3, 17):
        wanted += [length // 2**power * 2**power, 2**power, 2**power - 1]
    inside = dict.fromkeys(place for place in wanted if 0 <= place < length)
    chosen = list(dict.fromkeys([*inside, *rng.permutation(length)[:count].tolist()]))
    return np.sort(np.array(chosen[:count]))
