"""What a property is made of: inputs that Hypothesis draws from signature and domain, and results that are compared."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ...reference.declaration import BATCH, axes_in, is_axes, is_fixed, is_range, leaves, letter_of, shape_of
from ..formulas import Formula


class Result(NamedTuple):
    """One result of a call: its values, how far they are off, and how far they may be."""

    values: np.ndarray
    error: np.ndarray
    bound: np.ndarray


Call = Callable[..., dict[str, Result]]  # the subject's function; its inputs by name, as NumPy arrays
Inputs = dict[str, st.SearchStrategy[Any]]


class Property(NamedTuple):
    """What must hold of a formula for all inputs that are drawn."""

    formula: Formula
    holds: Callable[..., None]  # of a Call and the inputs by name; raises AssertionError
    inputs: Callable[[np.dtype[Any]], Inputs]


def demand(difference: np.ndarray, allowed: np.ndarray, what: str, limit: str = "the bounds add up to") -> None:
    """Raise AssertionError unless each difference is at most what is allowed; NaN never is."""
    size = np.where(np.isnan(difference), np.inf, np.abs(difference))
    if np.all(size <= allowed):
        return
    with np.errstate(divide="ignore"):
        ratio = np.where(size <= allowed, 0.0, size / allowed)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    place = [int(i) for i in worst]
    raise AssertionError(f"{what} {size[worst]:.3g} at {place}; {limit} {allowed[worst]:.3g}: {ratio[worst]:.3g} times")


@lru_cache(maxsize=256)  # Hypothesis looks through a new strategy before each draw of it
def floats(low: float, high: float, shape: tuple[int, ...], dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    """Any numbers of a range; each element is drawn, since most of an array is equal otherwise."""
    return hnp.arrays(dtype, shape, elements=hnp.from_dtype(dtype, min_value=low, max_value=high), fill=st.nothing())


def grid(low: int, high: int, unit: float, shape: tuple[int, ...], dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    """Multiples of a power of two, which can be scaled by another one, or added to, without rounding."""
    return hnp.arrays(dtype, shape, elements=st.integers(low, high).map(lambda k: k * unit), fill=st.nothing())


BATCHES = ((3,), (), (3, 2))  # few, since each costs a compilation
LENGTHS: tuple[int, ...] = (5, 4, 3, 2)  # of the letters of a signature, in their order


def drawn(formula: Formula, dtype: np.dtype[Any], batches: tuple[tuple[int, ...], ...] = BATCHES) -> Inputs:
    """The arguments of a formula by name, those of a state by the names of its parts, with one batch in all."""
    batch = st.shared(st.sampled_from(batches), key="batch")
    letters = dict.fromkeys(letter_of(each) for each in axes_in(formula.arguments.values()) if not is_fixed(each))
    lengths: dict[str, int] = dict(zip([each for each in letters if each != BATCH], LENGTHS, strict=False))

    def one(axes: tuple[str, ...], kind: str) -> st.SearchStrategy[Any]:
        if kind == "count":
            return st.integers(0 if formula.state else 1, 100)
        if is_range(kind):
            return in_range(kind)
        core = shape_of([each for each in axes if each != BATCH], lengths)
        if BATCH not in axes:
            return arrays(core, kind, dtype, min(lengths.values(), default=0))
        return batch.flatmap(lambda first: arrays((*first, *core), kind, dtype, min(lengths.values(), default=0)))

    return {name: one(axes, kind) for name, axes, kind in inputs_of(formula)}


def inputs_of(formula: Formula) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield name, axes and domain of each argument, and of the parts of a state."""
    for (name, group), kind in zip(formula.arguments.items(), formula.domain, strict=True):
        if is_axes(group):
            yield name, leaves(group)[0], kind
        else:
            yield from zip(formula.state_names, leaves(group), kind, strict=True)


@lru_cache(maxsize=256)
def arrays(shape: tuple[int, ...], kind: str, dtype: np.dtype[Any], classes: int) -> st.SearchStrategy[Any]:
    """An array of numbers of a domain: near each other, or far apart."""
    if kind == "index":
        return hnp.arrays(np.int32, shape, elements=st.integers(0, classes - 1))
    if kind == "mask":
        return hnp.arrays(np.bool_, shape)
    if kind in SPANS:
        return floats(*SPANS[kind], shape, dtype)
    return floats(-4, 4, shape, dtype) | floats(-1000, 1000, shape, dtype)


SPANS = {"weight": (0, 1), "probability": (0, 1), "nonnegative": (0, 10000)}


def in_range(domain: str) -> st.SearchStrategy[float]:
    """A number of a range such as '[0, 1)'."""
    low, high = (min(max(float(end), -1000.0), 1000.0) for end in domain[1:-1].split(","))
    return st.floats(low, high, exclude_min=domain[0] == "(", exclude_max=domain[-1] == ")", allow_subnormal=False)
