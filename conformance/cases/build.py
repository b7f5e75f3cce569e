"""Made cases: compact arrays that are drawn by domain, and the shape to which they are spread."""

import math
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import AXIS, BATCH, is_fixed, lengths_by_letter, letter_of, shape_of
from ..arithmetic.rounding import finfo
from ..formulas import Case, Formula, functions_of
from ..formulas.axes import result_axes
from ..formulas.requirements import name_of, requirements
from . import plan
from .behaviour import APART, MIXED, behaviour, letters_of
from .draw import Arrays, Leaf, classes, draw, is_row, leaves_of, pack, padded, unpack, within
from .growth import on_the_way
from .spread import AS_IT_IS, Spread, first_places, once, repeated, spread, straight

GENERAL = "value", "update"  # what a page's requirement about values is called
VALUES = "magnitudes", "labels", "specials", "options"  # the kinds that are about numbers, in whatever shape


class Made(NamedTuple):
    """A made case: the compact call that says what is right, and how it is spread."""

    kind: str  # of input, such as 'pairs' or 'layouts'
    compact: Case
    to: Spread
    requirement: str
    name: str
    note: str
    options: Mapping[str, Any]  # beyond the compact call's, which has the last axis
    leaves: tuple[Leaf, ...]
    labels: str = ""  # the dtype of the labels in the whole, if another than in the compact call

    def whole(self) -> Case:
        """The case as a subject is given it."""
        arrays = [
            self.placed(spread(array, leaf.axes, self.to), leaf)
            for array, leaf in zip(unpack(self.compact.arguments), self.leaves, strict=True)
        ]
        return self.compact._replace(
            requirement=self.requirement,
            name=self.name,
            note=self.note,
            arguments=pack(self.compact.formula, arrays),
            options={**self.compact.options, **self.options},
            kind=self.kind,
        )

    def placed(self, array: Any, leaf: Leaf) -> Any:
        """An index of classes, each moved to its place in the whole; what is no class, as it is ignored, stays."""
        letter = classes(letters_of(self.compact.formula), leaf) if leaf.domain == "index" else ""
        if letter not in self.to.indices:
            return array
        there = first_places(self.to.indices[letter])
        is_class = (array >= 0) & (array < len(there))
        return np.where(is_class, there[np.where(is_class, array, 0)], array).astype(self.labels or array.dtype)

    def spread(self, name: str, array: np.ndarray) -> np.ndarray:
        """What is known of a result of the compact call, such as its bound, in the result's whole shape."""
        axes = result_axes(self.compact.formula)[name]  # one that may be missing has no index
        there = tuple(axis for axis in axes if is_fixed(axis) or letter_of(axis) in self.to.indices)
        return np.asarray(spread(array, there, self.to))

    @property
    def elements(self) -> int:
        """How many elements the largest argument has in its whole shape."""
        if self.to is AS_IT_IS:
            return max(map(np.size, unpack(self.compact.arguments)))
        lengths = {letter: len(index) for letter, index in self.to.indices.items()}
        return max((math.prod(shape_of(leaf.axes, lengths)) for leaf in self.leaves), default=1)


def as_drawn(arrays: Arrays) -> None:
    """Change nothing."""


class Builder:
    """What the kinds of cases need of a formula in a dtype."""

    def __init__(self, formula: Formula, dtype: np.dtype[Any], prefix: str, labels: set[str], variant: int = 0) -> None:
        self.formula, self.dtype = formula, dtype
        self.variant, self.is_variant = variant, variant > 0  # 0: the formula as its declaration says
        self.prefix, self.labels = prefix, labels  # the name of the formula, and what is required of it
        self.leaves = leaves_of(formula, dtype)
        self.groups = {*formula.multiplied} if self.is_variant else set()  # letters of few, such as heads of keys
        letters = [letter for letter in letters_of(formula) if letter != BATCH]
        self.letters = sorted(letters, key=lambda letter: letter in self.groups)
        self.is_elementwise = not any(axis != BATCH for leaf in self.leaves for axis in leaf.axes)
        self.behaviour = behaviour(formula)
        self.rows_apart = self.behaviour.get(BATCH) == APART
        self.has_axis = AXIS in formula.parameters
        self.has_fixed = any(is_fixed(axis) for leaf in self.leaves for axis in leaf.axes)
        every, one = self.every_axes(), dict.fromkeys([BATCH, *self.letters], 1)
        of_a_row = (math.prod(shape_of(axes, one)) for axes in every if BATCH in axes)
        self.most_rows = plan.VERY_MANY // max(of_a_row, default=1)
        of_classes = [leaf for leaf in self.leaves if leaf.domain in ("logit", "weight", "probability")]
        self.has_classes = any(is_row(leaf) for leaf in of_classes) if self.has_fixed else bool(of_classes)
        self.is_line = formula.name != prefix and formula.is_own and not formula.state  # a part of another function
        self.shared: dict[Any, Case] = {}

    def label(self, *wanted: str) -> str:
        """The first of some requirements that there is, or the one about values."""
        line = self.formula.name.removeprefix(f"{self.prefix}_")  # of a formula of several functions
        found = next(each for each in (*wanted, line, *GENERAL) if each in self.labels)
        return f"{self.prefix}.{found}"

    def random(self, *key: Any) -> np.random.Generator:
        """A generator of its own for each key."""
        return np.random.default_rng([zlib.crc32(repr(key).encode()), self.dtype.itemsize])

    def fits(self, batch: tuple[int, ...], sizes: Mapping[str, int]) -> bool:
        """Whether memory has room for it, and the oracle can afford it: what is mixed is computed as a whole.

        Of that, no sum of as many squares as there are elements may overflow, as it would in half precision.
        """
        whole = self.whole_sizes(batch, sizes)
        mixed = [whole[letter] for letter, kind in self.behaviour.items() if kind == MIXED]
        compact = {letter: self.compact_size(letter, length) for letter, length in whole.items()}
        most = plan.LARGEST_EXACT if self.dtype.itemsize == 8 else plan.LARGEST_WHOLE
        affordable = self.largest(compact) <= most and 4 * math.prod(mixed) < float(finfo(self.dtype).max)
        return self.largest(whole) <= plan.LARGEST and (not mixed or affordable)

    def largest(self, sizes: Mapping[str, int]) -> int:
        """How many elements the largest argument or result has; of an array between them a part counts."""
        between = 0 if self.formula.is_own else on_the_way(self.formula, sizes) // plan.BETWEEN
        return max(between, *(math.prod(shape_of(axes, sizes)) for axes in self.every_axes()))

    def every_axes(self) -> list[tuple[str, ...]]:
        """The axes of each argument and of each result."""
        return [*(leaf.axes for leaf in self.leaves), *result_axes(self.formula).values()]

    def whole_sizes(self, batch: tuple[int, ...], sizes: Mapping[str, int]) -> dict[str, int]:
        """The number of elements along each letter; where there is none but the batch, lengths are axes of it."""
        return {BATCH: math.prod(batch)} | {letter: sizes.get(letter, plan.OTHER) for letter in self.letters}

    def compact_size(self, letter: str, length: int) -> int:
        """How many compact elements stand for this many."""
        most = plan.COLUMNS if letter != BATCH else plan.ROWS if self.letters else plan.NUMBERS
        kind = self.behaviour.get(letter, APART)
        all_rows = kind == APART and letter == BATCH and MIXED not in self.behaviour.values()
        return length if kind == MIXED else most if all_rows else min(length, most)

    def here(
        self,
        batch: tuple[int, ...],
        sizes: Mapping[str, int],
        changed: Callable[[Arrays], None] = as_drawn,
        finite: bool = True,
    ) -> tuple[Case, Spread]:
        """A compact call for a batch and lengths, shared by all of these compact sizes, and how it is spread."""
        whole = self.whole_sizes(batch, sizes)
        size = {letter: self.compact_size(letter, length) for letter, length in whole.items()}
        full = {letter for letter in whole if whole[letter] > size[letter] and self.behaviour.get(letter) != APART}
        key = (*name_of_change(changed), finite, *size.items(), *sorted(full))
        if key not in self.shared:
            rng = self.random(*size.items())
            arrays = [draw(leaf, size, rng) for leaf in self.leaves]
            changed(arrays)
            for letter in sorted(full):
                arrays = padded(arrays, self.leaves, letter, finite=finite)
            self.shared[key] = self.call(arrays)
        rng = self.random("places", *whole.items())
        indices = {letter: np.arange(length) for letter, length in size.items()}
        for letter, length in whole.items():
            if length != size[letter]:
                indices[letter] = (once if letter in full else repeated)(length, size[letter], rng)
        return self.shared[key], Spread(batch, indices)

    def call(self, arrays: Arrays, options: Mapping[str, Any] | None = None, exact: bool = False) -> Case:
        """The compact call of these arrays; of anybody's formula they are in its domains."""
        named = {**self.formula.given, **(options or {})}
        if not self.formula.is_own:
            arrays = [within(array, leaf.domain) for array, leaf in zip(arrays, self.leaves, strict=False)]
        return Case("", "", "", self.formula, pack(self.formula, arrays), named, exact)

    def small(self, *key: Any, rows: int = plan.BATCH) -> Arrays:
        """Arrays of the one small shape."""
        sizes = {BATCH: 4 * rows if self.is_elementwise else rows} | dict.fromkeys(self.letters, plan.LENGTH)
        rng = self.random("small", *key)
        return [draw(leaf, sizes, rng) for leaf in self.leaves]

    def sizes(self, arrays: Arrays) -> dict[str, int]:
        """The length along each letter; the last arrays may be left out."""
        shaped = [(array, leaf) for array, leaf in zip(arrays, self.leaves, strict=False) if leaf.axes]
        each = (lengths_by_letter(leaf.axes, np.shape(array)) for array, leaf in shaped)
        return {letter: size for lengths in each for letter, size in lengths.items()}

    def made(
        self, kind: str, label: str, name: str, note: str, compact: Case, to: Spread | None = None, **options: Any
    ) -> Made:
        """A made case; without a spread the compact call itself, whose rows are folded where it is about numbers."""
        arrays, turn = list(unpack(compact.arguments)), zlib.crc32(name.encode())
        if to is None:
            sizes = {BATCH: 1} | self.sizes(arrays)
            to = straight(sizes, folded(sizes[BATCH], turn) if kind in VALUES else None)
        named = f"{name}_variant_{self.variant}" if self.is_variant else name
        labels = plan.PAIRED_LABELS[turn % 2] if kind in ("magnitudes", "specials") else ""
        return Made(kind, compact, to, label, named, note, options, tuple(self.leaves[: len(arrays)]), labels)


def folded(count: int, turn: int) -> tuple[int, ...]:
    """A batch of so many rows: one axis, two, or three of which one is of length 1."""
    first = next((each for each in (2, 3, 5) if count % each == 0), 1)
    return ((count,), (first, count // first), (first, 1, count // first))[turn % 3]


def shape_name(batch: tuple[int, ...]) -> str:
    """A batch's shape as a word."""
    return "x".join(map(str, batch)) or "none"


def name_of_change(changed: Callable[[Arrays], None]) -> tuple[str, ...]:
    """What a function that changes arrays is known by: with what it was given, if anything."""
    if isinstance(changed, partial):
        return (changed.func.__qualname__, *map(repr, changed.args))
    return (changed.__qualname__,)


def builders(formula: str | Callable[..., Any], dtype: np.dtype[Any]) -> list[Builder]:
    """A builder for each function of a formula that takes the dtype."""
    asked = {label.partition(".")[2] for label, each in requirements(formula).items() if not each.own}
    functions = [function for function in functions_of(formula) if offered(function, dtype)]
    every = [pair for own in functions for pair in enumerate((own, *own.variants(own)))]
    return [Builder(each, dtype, name_of(formula), asked, variant) for variant, each in every]


def offered(formula: Formula, dtype: np.dtype[Any]) -> bool:
    """Whether a function takes a dtype: the lines of Adam take no half precision."""
    stand_in = np.dtype("float16") if dtype.name == "bfloat16" else dtype
    rng = np.random.default_rng(0)
    arrays = [draw(leaf, dict.fromkeys(letters_of(formula), 2), rng) for leaf in leaves_of(formula, stand_in)]
    return accepted(formula, arrays, {})


def label_dtypes(formula: Formula) -> tuple[str, ...]:
    """The dtypes of labels: PyTorch's functions take int64 alone."""
    return ("int64",) if formula.library == "torch" else plan.LABEL_DTYPES


def accepted(formula: Formula, arrays: Arrays, options: Mapping[str, Any]) -> bool:
    """Whether the formula itself takes these arguments, such as an epsilon that is not 0 in the dtype.

    Those in bfloat16 are tried in float32, which has the same range: NumPy does not count it as floating point.
    """
    try:
        results_of(formula, arrays, options)
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError):  # PyTorch's errors are RuntimeError
        return False
    return True


def results_of(formula: Formula, arrays: Arrays, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the formula itself makes of these arguments, by name."""
    known = [array.astype(np.float32) if getattr(array, "dtype", None) == "bfloat16" else array for array in arrays]
    return formula.named(formula.function(*pack(formula, known), **{**formula.given, **options}))
