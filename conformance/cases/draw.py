"""The numbers that an argument may be, by its domain, and the neutral one among them."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH, is_axes, is_range, leaves
from ..arithmetic.rounding import at_least_float32, finfo
from ..formulas import Formula
from . import plan

Arrays = list[Any]


class Leaf(NamedTuple):
    """An array or a number among the arguments, those of a state apart."""

    axes: tuple[str, ...]
    domain: str
    dtype: np.dtype[Any]

    @property
    def is_number(self) -> bool:
        """Whether it is a Python number."""
        return self.domain == "count" or is_range(self.domain)

    @property
    def is_floating(self) -> bool:
        """Whether it is an array of floating-point numbers."""
        return not self.is_number and self.domain not in ("index", "mask")


def leaves_of(formula: Formula, dtype: np.dtype[Any]) -> list[Leaf]:
    """The arrays and numbers of a formula's arguments; the moments of a state are in at least float32."""
    found = []
    for group, domain in zip(formula.arguments.values(), formula.domain, strict=True):
        own = dtype if is_axes(group) else at_least_float32(dtype)
        kinds = (domain,) if is_axes(group) else domain
        found += [Leaf(axes, kind, own) for axes, kind in zip(leaves(group), kinds, strict=True)]
    return found


def pack(formula: Formula, values: Arrays) -> tuple[Any, ...]:
    """The arguments that are made of these arrays and numbers."""
    rest = iter(values)
    arguments = []
    for group in formula.arguments.values():
        parts = [next(rest) for _ in leaves(group)]
        arguments.append(
            parts[0] if is_axes(group) else formula.state_of(dict(zip(formula.state_names, parts, strict=True)))
        )
    return tuple(arguments)


def unpack(arguments: tuple[Any, ...]) -> Iterator[Any]:
    """The arrays and numbers of some arguments."""
    for value in arguments:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def draw(leaf: Leaf, sizes: dict[str, int], rng: np.random.Generator) -> Any:
    """Plain numbers of a domain."""
    shape = tuple(sizes[letter] for letter in leaf.axes)
    if leaf.is_number:
        return usual(leaf.domain)
    if leaf.domain == "index":
        return rng.integers(0, sizes[classes(sizes)], shape)
    if leaf.domain == "mask":
        return rng.uniform(size=shape) < 0.7
    if leaf.domain == "weight":
        values = rng.uniform(0, 1, shape) * (rng.uniform(size=shape) > 0.3)
    elif leaf.domain == "probability":
        values = rng.uniform(0.001, 1, shape)
    elif leaf.domain == "nonnegative":
        values = rng.normal(size=shape) ** 2 + 0.01
    else:
        values = rng.normal(size=shape)
    return np.asarray(values, leaf.dtype)


def classes(sizes: dict[str, int]) -> str:
    """The letter of the classes that an index chooses from: the first one."""
    return next(letter for letter in sizes if letter != BATCH)


def usual(domain: str) -> Any:
    """A number of a count or a range."""
    return plan.COUNTS[0] if domain == "count" else numbers(domain)[0]


def numbers(domain: str) -> tuple[Any, ...]:
    """The numbers of a count or a range that the plan has."""
    if domain == "count":
        return plan.COUNTS
    low, high = (float(end) for end in domain.strip("[]() ").split(","))
    ends = {low} if domain.startswith("[") else set()
    ends |= {high} if domain.endswith("]") else set()
    inside = tuple(number for number in plan.NUMBERS_IN_RANGE if low < number < high or number in ends)
    return inside or ((low + high) / 2,)


def neutral(leaf: Leaf, letter: str, finite: bool = False) -> Any:
    """What adds nothing along a letter: 0, and a weight of 1 facing it; a logit whose exponential is 0."""
    if leaf.domain == "logit":
        return -math.inf if not finite else -min(1e6, 0.9 * float(finfo(leaf.dtype).max))
    if leaf.domain == "probability":
        return 0.5  # under a label of 0
    return 1 if leaf.domain == "real" and BATCH not in leaf.axes and letter != BATCH else 0


def padded(arrays: Arrays, all_leaves: list[Leaf], letter: str, count: int = 1, finite: bool = False) -> Arrays:
    """The arrays with neutral elements more along a letter."""
    found = []
    for array, leaf in zip(arrays, all_leaves, strict=True):
        if letter in leaf.axes:
            place = leaf.axes.index(letter)
            shape = list(array.shape)
            shape[place] = count
            more = np.full(shape, neutral(leaf, letter, finite), array.dtype)
            array = np.concatenate([array, more], axis=place)
        found.append(array)
    return found
