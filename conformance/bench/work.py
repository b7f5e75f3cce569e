"""What is measured: a formula on arrays of one shape, which follow from its signature and its domain."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH, axes_in, is_axes, is_range, leaves, letter_of, times
from ..formulas import Formula, function_of

Array = np.ndarray
STEP = 10  # that states have done


class Work(NamedTuple):
    """A formula on arrays of one shape: the batch, then the letters of the signature; with a state, on several."""

    formula: str
    shape: tuple[int, ...]
    tensors: int = 1
    cores: int = 1

    def __str__(self) -> str:
        size = " x ".join(map(str, (self.tensors, *self.shape) if self.tensors > 1 else self.shape))
        return f"{self.formula} {size}" + (f", {self.cores} cores" if self.cores > 1 else "")

    @property
    def declared(self) -> Formula:
        """The formula's function."""
        return function_of(self.formula)

    @property
    def batch(self) -> tuple[int, ...]:
        """The shape of the batch."""
        return self.shape[: len(self.shape) - len(letters_of(self.declared))]

    @property
    def elements(self) -> int:
        """Of the first argument with a batch and the most axes: x, or the parameters of an optimizer."""
        every = [axes for group in self.declared.arguments.values() for axes in leaves(group)]
        return math.prod(self.shape_of(max(every, key=lambda axes: (BATCH in axes, len(axes))))) * self.tensors

    def shape_of(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """The shape of an array with these axes."""
        lengths = dict(zip(letters_of(self.declared), self.shape[len(self.batch) :], strict=True))
        return tuple(
            size
            for each in axes
            for size in (self.batch if each == BATCH else (times(each) * lengths[letter_of(each)],))
        )


def letters_of(formula: Formula) -> list[str]:
    """The letters of a signature, in order."""
    every = map(letter_of, axes_in(formula.arguments.values()))
    return [each for each in dict.fromkeys(every) if each != BATCH]


def of_size(formula: str, size: int) -> Work:
    """`size` elements: rows of 1000 classes, a batch of 100 features for 100 neurons, or 10^6 terms of a sum."""
    declared = function_of(formula)
    letters = letters_of(declared)
    if not letters:
        return Work(formula, (size,))
    columns = min(size, 100 if len(letters) > 1 else 10**6 if declared.products else 1000)
    return Work(formula, (size // columns, columns, *[100] * (len(letters) - 1)))


def one_hot(normal: Array) -> Any:
    return (normal == np.max(normal, axis=-1, keepdims=True)).astype(normal.dtype)


def distribution(normal: Array) -> Any:
    powers = np.exp(normal)
    return powers / np.sum(powers, axis=-1, keepdims=True)


# Of normally distributed numbers, by domain.
MADE: dict[str, Callable[[Array], Array]] = {
    "weight": one_hot,
    "probability": distribution,
    "nonnegative": lambda normal: normal * normal + np.float32(1e-6),
    "mask": lambda normal: normal > 0,
}


def inputs(work: Work) -> tuple[Any, ...]:
    """The arguments of the formula, from normally distributed numbers; of several tensors each is a list."""
    random, formula = np.random.default_rng(0), work.declared

    def array(axes: tuple[str, ...], kind: str) -> Array:
        if kind == "index":
            (count,) = work.shape_of((letters_of(formula)[0],))  # of the classes
            return random.integers(0, count, work.shape_of(axes))
        normal = np.asarray(random.standard_normal(work.shape_of(axes), dtype=np.float32), np.float32)
        return MADE[kind](normal) if kind in MADE else normal

    def argument(axes: tuple[str, ...], kind: str) -> Any:
        if kind == "count" or is_range(kind):
            return STEP if kind == "count" else 0.5
        arrays = [array(axes, kind) for _ in range(work.tensors)]
        return arrays if work.tensors > 1 else arrays[0]

    def made(group: Any, kinds: Any) -> Any:
        if is_axes(group):
            return argument(leaves(group)[0], kinds)
        found = map(argument, leaves(group), kinds)
        return formula.state_of(dict(zip(formula.state_names, found, strict=True)))

    return tuple(map(made, formula.arguments.values(), formula.domain))
