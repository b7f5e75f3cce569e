"""Batches that are broadcast: the same formula with a letter for each axis that not every argument has.

A product of matrices with the batches (2, 1) and (3,) is '(..., p, n, k), (..., q, k, m) -> (..., p, q, n, m)' with a
batch of 1. What a signature says of a formula, as along which axes its results are sums, is so said of it too.
"""

import math
import string
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from ...reference.declaration import BATCH, parse
from ...reference.signature import written
from ..formulas import Formula
from ..formulas.axes import result_axes, typical
from .draw import Arrays, leaves_of

Flags = tuple[bool, ...]  # of each axis that is not shared, whether an array has it


class Layout(NamedTuple):
    """How an array lies for its user, and how with one batch: the shared axes as one, then those with a letter."""

    last: int  # where its last letter stands for its user
    shape: tuple[int, ...]  # with that letter last
    full: tuple[int, ...]  # with 1 for each axis that is missing
    order: tuple[int, ...]  # of these: shared axes, others, letters of the formula
    own: tuple[int, ...]
    has: Flags | None  # None where it has no batch

    def with_one_batch(self, array: np.ndarray) -> np.ndarray:
        """An array of the user's as one with one batch."""
        moved = np.moveaxis(array, self.last, -1) if array.ndim else array
        return moved.reshape(self.full).transpose(self.order).reshape(self.own)

    def as_given(self, array: np.ndarray) -> np.ndarray:
        """An array with one batch as the user's."""
        back = sorted(range(len(self.order)), key=lambda place: self.order[place])
        moved = array.reshape([self.full[place] for place in self.order]).transpose(back).reshape(self.shape)
        return np.moveaxis(moved, -1, self.last) if self.shape else moved


class OneBatch(NamedTuple):
    """A formula and arrays with one batch, and the layouts of its arguments."""

    formula: Formula
    arrays: Arrays
    layouts: list[Layout]
    shared: Flags  # of each axis of the whole batch, whether all arguments have it
    axis: int

    @property
    def words(self) -> dict[str, str]:
        """The names of the axes of the batch that have a letter: counted from the last, '...0'."""
        last = len(self.shared) - 1
        places = [place for place, is_shared in enumerate(self.shared) if not is_shared]
        return {
            x: f"{BATCH}{last - place}" for x, place in zip(sorted(self.formula.batch_letters), places, strict=True)
        }

    def layout(self, name: str, shape: tuple[int, ...]) -> Layout:
        """The layout of a result that has this shape for its user."""
        axes = result_axes(self.formula)[name]
        letters = sum(axis not in {BATCH, *self.formula.batch_letters} for axis in axes)
        last = self.axis if letters else -1
        return layout(last_moved(shape, last), letters if BATCH in axes else None, self.shared, last)


def with_one_batch(formula: Formula, arrays: Arrays, axis: int = -1) -> OneBatch:
    """The formula and its arrays with one batch; `axis` is where the last letter of each array stands.

    Raises
    ------
    ValueError
        An axis that is not there, or batches that the standard does not broadcast.
    """
    counts: list[int | None] = []
    for name, array, leaf in zip(formula.arguments, arrays, leaves_of(formula, np.dtype("float64")), strict=True):
        letters = len(leaf.axes) - (BATCH in leaf.axes)
        if array.ndim < letters or (BATCH not in leaf.axes and array.ndim > letters):
            wanted = f"the axes ({', '.join(leaf.axes)}); assert_conforms judges a sum of one term"
            raise ValueError(f"{formula.name}: {name}: got the shape {array.shape}; wanted {wanted}")
        counts.append(letters if BATCH in leaf.axes else None)
    lasts = [axis if array.ndim and count != 0 else -1 for count, array in zip(counts, arrays, strict=True)]
    pairs = [(last_moved(array.shape, last), count) for array, last, count in zip(arrays, lasts, counts, strict=True)]
    batches = [shape[: len(shape) - count] for shape, count in pairs if count is not None]
    try:
        whole = np.broadcast_shapes(*batches)
    except ValueError:
        got = " and ".join(map(str, dict.fromkeys(batches)))
        wanted = "batches that are broadcast; assert_conforms judges others"
        raise ValueError(f"{formula.name}: got the batches {got}; wanted {wanted}") from None
    padded = [(1,) * (len(whole) - len(each)) + each for each in batches]
    shared = tuple(all(each[place] == size for each in padded) for place, size in enumerate(whole))
    found = [layout(shape, count, shared, last) for (shape, count), last in zip(pairs, lasts, strict=True)]
    widened = with_letters(formula, tuple(each.has for each in found)) if not all(shared) else formula
    own = [each.with_one_batch(array) for each, array in zip(found, arrays, strict=True)]
    return OneBatch(widened, own, found, shared, axis)


def last_moved(shape: tuple[int, ...], last: int) -> tuple[int, ...]:
    """A shape whose axis `last` is put last."""
    place = last % max(len(shape), 1)
    return (*shape[:place], *shape[place + 1 :], *shape[place : place + 1])


def layout(shape: tuple[int, ...], letters: int | None, shared: Flags, last: int) -> Layout:
    """The layout of an array with so many letters, None if it has no batch."""
    if letters is None:
        return Layout(last, shape, shape, tuple(range(len(shape))), shape, None)
    batch, core = shape[: len(shape) - letters], shape[len(shape) - letters :]
    batch = (1,) * (len(shared) - len(batch)) + batch
    places = [place for place, is_shared in enumerate(shared) if is_shared]
    others = [place for place, is_shared in enumerate(shared) if not is_shared]
    has = tuple(batch[place] > 1 for place in others)
    own = (math.prod(batch[place] for place in places), *(batch[place] for place in others if batch[place] > 1), *core)
    order = (*places, *others, *range(len(batch), len(batch) + letters))
    return Layout(last, shape, (*batch, *core), order, own, has)


@lru_cache(maxsize=256)
def with_letters(formula: Formula, has: tuple[Flags | None, ...]) -> Formula:
    """The formula with a letter for each axis of the batch that is not shared, by what each argument has."""
    assert formula.signature is not None
    count = len(next(each for each in has if each is not None))
    free = [letter for letter in string.ascii_lowercase if letter not in str(formula.signature)]
    names = free[len(free) - count :]

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def widened(*arrays: Any, **options: Any) -> Any:
            found = function(*(expanded(*pair) for pair in zip(arrays, has, strict=False)), **options)
            if isinstance(found, tuple):
                return tuple(squeezed(*pair) for pair in zip(found, results, strict=True))
            return squeezed(found, results[0])

        return widened

    def text(group: Any, flags: Flags | None) -> str:
        more = [] if flags is None else [name for name, is_there in zip(names, flags, strict=True) if is_there]
        return written((*group[: flags is not None], *more, *group[flags is not None :]))

    sides = ", ".join(map(text, formula.signature.arguments, has)), ", ".join(map(written, formula.signature.results))
    arguments = parse(" -> ".join(sides)).arguments
    with np.errstate(all="ignore"):
        small = [expanded(*each) for each in zip(map(typical, arguments, formula.domain), has, strict=True)]
        found = formula.named(formula.function(*small, **formula.given))
    results = [
        tuple(size > 1 for size in found[name].shape[1 : 1 + count]) if BATCH in axes else None
        for name, axes in result_axes(formula).items()
    ]
    return replace(
        formula,
        function=around(formula.function),
        signature=parse(f"{sides[0]} -> {', '.join(map(text, formula.signature.results, results))}"),
        forms={name: around(form) for name, form in formula.forms.items()},
        half_forms={name: around(form) for name, form in formula.half_forms.items()},
        open=around(formula.open) if formula.open else None,
        batch_letters=frozenset(names),
    )


def expanded(array: Any, has: Flags | None) -> Any:
    """An array with an axis of length 1 for each that it lacks, if it has a batch."""
    if has is None:
        return array
    sizes = iter(array.shape[1:])
    batch = [next(sizes) if is_there else 1 for is_there in has]
    return array_namespace(array).reshape(array, (array.shape[0], *batch, *sizes))


def squeezed(array: Any, has: Flags | None) -> Any:
    """An array without the axes that it lacks."""
    if has is None or not getattr(array, "ndim", 0):
        return array
    batch = [size for size, is_there in zip(array.shape[1:], has, strict=False) if is_there]
    return array_namespace(array).reshape(array, (array.shape[0], *batch, *array.shape[1 + len(has) :]))
