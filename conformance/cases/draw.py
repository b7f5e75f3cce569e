"""The numbers that an argument may be, by its domain, and the neutral one among them."""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH, is_axes, is_fixed, is_range, leaves, letter_of, shape_of
from ...reference.validation import ends
from ..arithmetic.rounding import finfo
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
    """The arrays and numbers of a formula's arguments."""
    found = []
    for group, domain in zip(formula.arguments.values(), formula.domain, strict=True):
        own = dtype if is_axes(group) else formula.state_dtype(dtype)
        kinds = (domain,) if is_axes(group) else domain
        found += [Leaf(axes, kind, own) for axes, kind in zip(leaves(group), kinds, strict=True)]
    return found


def pack(formula: Formula, values: Arrays) -> tuple[Any, ...]:
    """The arguments that are made of these arrays and numbers; the last ones may be left out."""
    rest = iter(values)
    arguments: list[Any] = []
    for group in formula.arguments.values():
        parts = list(islice(rest, len(leaves(group))))
        if not parts:
            break
        arguments.append(
            parts[0] if is_axes(group) else formula.state_of(dict(zip(formula.state_names, parts, strict=True)))
        )
    return tuple(arguments)


def argument_counts(formula: Formula) -> tuple[int, ...]:
    """How many arguments may be given: all of them, or fewer where the last have a default."""
    parameters = formula.python_signature.parameters
    names = list(formula.arguments)
    needed = sum(parameters[name].default is inspect.Parameter.empty for name in names)
    return tuple(range(len(names), needed - 1, -1))


def unpack(arguments: tuple[Any, ...]) -> Iterator[Any]:
    """The arrays and numbers of some arguments."""
    for value in arguments:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def of_parts(function: Callable[[Any], Any], value: Any) -> Any:
    """A function of an argument, or of each part of a state."""
    if isinstance(value, tuple):
        return type(value)(*(of_parts(function, part) for part in value))
    return function(value)


def wide(value: Any) -> Any:
    """An argument in float64, if it is an array of floating-point numbers."""

    def widened(part: Any) -> Any:
        is_floating = getattr(part, "dtype", np.dtype(int)).kind not in "iub"  # that of bfloat16 is V
        return part.astype(np.float64) if is_floating else part

    return of_parts(widened, value)


def draw(leaf: Leaf, sizes: dict[str, int], rng: np.random.Generator) -> Any:
    """Plain numbers of a domain."""
    shape = shape_of(leaf.axes, sizes)
    if leaf.is_number:
        return usual(leaf.domain)
    if leaf.domain == "index":
        return rng.integers(0, sizes[classes(sizes, leaf)], shape)
    if leaf.domain == "mask":
        return np.asarray(rng.uniform(size=shape) < 0.7)
    if leaf.domain == "weight":
        values = rng.uniform(0, 1, shape) * (rng.uniform(size=shape) > 0.3)
    elif leaf.domain == "probability":
        values = rng.uniform(0.001, 1, shape)
    elif leaf.domain == "nonnegative":
        values = rng.normal(size=shape) ** 2 + 0.01
    else:
        values = rng.normal(size=shape)
    return np.asarray(values, leaf.dtype)


def within(array: Any, domain: str) -> Any:
    """An array with numbers of its domain: none is negative, and a probability is at most 1."""
    if domain not in ("nonnegative", "probability"):
        return array
    size = np.abs(array)
    return size if domain == "nonnegative" else np.minimum(size, size.dtype.type(1))


def in_rows(leaves: list[Leaf]) -> list[int]:
    """The arguments whose numbers stand in rows."""
    return [
        number for number, leaf in enumerate(leaves) if leaf.is_floating and leaf.axes[:1] == (BATCH,) and leaf.axes[1:]
    ]


def is_row(leaf: Leaf) -> bool:
    """Whether an argument is one row of any length for each element of the batch, as that of the classes."""
    return len(leaf.axes) == 2 and leaf.axes[0] == BATCH and not is_fixed(leaf.axes[1])


def row_of(leaves: list[Leaf], domain: str) -> int:
    """The first argument of a domain that is a row."""
    return next(number for number, leaf in enumerate(leaves) if leaf.domain == domain and is_row(leaf))


def classes(letters: Iterable[str], leaf: Leaf) -> str:
    """The letter of the classes that an index chooses from: the first one that is no axis of its own."""
    return next((letter for letter in letters if letter not in {BATCH, *map(letter_of, leaf.axes)}), "")


def usual(domain: str) -> Any:
    """A number of a count or a range."""
    return numbers(domain)[0]


def numbers(domain: str, all_over: bool = True) -> tuple[Any, ...]:
    """The numbers of a count or a range that are tried: the plan's, and others all over the range."""
    if domain == "count":
        return plan.COUNTS
    low, high = ends(domain) or (0.0, 1.0)
    closed = {low} if domain.startswith("[") else set()
    closed |= {high} if domain.endswith("]") else set()
    inside = tuple(number for number in plan.NUMBERS_IN_RANGE if low < number < high or number in closed)
    return tuple(dict.fromkeys([*inside, *beyond(low, high)])) if all_over or not inside else inside


def beyond(low: float, high: float) -> Iterator[float]:
    """Numbers all over a range, which the plan's need not be."""
    if math.isfinite(high - low):
        yield from (low + part * (high - low) for part in plan.PARTS_OF_RANGE)
    if math.isinf(high):
        yield from (max(low, 0.0) + distance for distance in plan.FROM_ONE_END)
    if math.isinf(low):
        yield from (min(high, 0.0) - distance for distance in plan.FROM_ONE_END)


def places(axes: tuple[str, ...], letter: str) -> list[int]:
    """Where a letter is among the axes of an array: of a square one it is there twice."""
    return [place for place, each in enumerate(axes) if each == letter]


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
        for place in places(leaf.axes, letter):
            shape = list(array.shape)
            shape[place] = count
            more = np.full(shape, neutral(leaf, letter, finite), array.dtype)
            array = np.concatenate([array, more], axis=place)
        found.append(array)
    return found
