"""The cases: few, chosen inputs, each tied to the requirement that it exercises and to the mistake that it catches.

There is a module for each formula, with a function ``cases(dtype, seed)`` that yields them. The same dtype and seed
give the same cases; the chosen ones do not depend on the seed, the random ones are drawn anew from it.
"""

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.rounding import finfo as finfo


class Case(NamedTuple):
    """An input of a formula."""

    requirement: str  # the label on the page
    name: str
    note: str  # the mistake that it catches
    function: str
    arguments: tuple[Any, ...]  # NumPy arrays, Python scalars, an AdamState
    options: dict[str, Any]  # keywords
    exact: bool  # whether the result must be the exact one, not only within its bound

    @property
    def id(self) -> str:
        return f"{self.requirement}/{self.name}"


def case(
    function: str, requirement: str, name: str, note: str, *arguments: Any, exact: bool = False, **options: Any
) -> Case:
    """A `Case`, with the formula's arguments as they are called."""
    return Case(requirement, name, note, function, arguments, options, exact)


def cases(formula: str, dtype: np.dtype[Any], seed: int = 0) -> list[Case]:
    """Return the cases of a formula."""
    with np.errstate(all="ignore"):  # large numbers are infinite in float16
        return list(importlib.import_module(f"{__name__}.{formula}").cases(dtype, seed))


def integers(rng: np.random.Generator, bits: int, shape: int | tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Random integers of at most `bits` bits and both signs."""
    return rng.integers(-(2**bits) + 1, 2**bits, shape).astype(dtype)


def powers(base: float, exponents: Any) -> Any:
    """Powers in 40 bits: the last ones of float64 are not the same on every machine."""
    fraction, exponent = np.frexp(base**exponents)
    return np.ldexp(np.round(np.ldexp(fraction, 40)), exponent - 40)


def filled_rows(dtype: np.dtype[Any], *starts: list[float], rest: float) -> Any:
    """Rows of one shape, since every new shape costs a compilation where there is a compiler."""
    filled = np.full((4, 10), rest, dtype)
    for row, start in zip(filled, starts, strict=False):
        row[: len(start)] = start
    return filled


def every_number(dtype: np.dtype[Any]) -> Any:
    """Every finite number of half precision."""
    numbers = np.arange(2**16, dtype=np.uint16).view(dtype)
    return numbers[np.isfinite(numbers)]


def seeded(dtype: np.dtype[Any], seed: int, count: int) -> Iterator[tuple[str, np.random.Generator]]:
    """The random cases of a seed: their names, which print it, and their generators."""
    for i in range(count):
        yield f"random_seed_{seed}_{i}", np.random.default_rng([seed, i, dtype.itemsize])
