"""A kernel with its user's arrays, as `assert_gauged` calls it: always with arrays of these shapes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ... import backends
from ...reference.declaration import AXIS, BATCH, is_fixed, parse
from ...reference.signature import written
from ..arithmetic.running import Expected
from ..cases.batches import with_one_batch
from ..cases.draw import Arrays, Leaf, leaves_of
from ..cases.sums import summed_results
from ..formulas import Formula, call
from . import oracle, tolerance
from .assertions import check_array, results_of
from .blocks import dtype_of
from .expectations import known_to_numpy
from .made_expectations import plain_run
from .user_call import on_the_host


class Gauge:
    """A kernel and its user's arrays. Their batch is one axis here; the kernel is given it as it was.

    What a module has of its own comes after them: the kernel is not given it, so that it stays as it is.
    """

    def __init__(
        self,
        kernel: Callable[..., Any],
        formula: Formula,
        given: tuple[Any, ...],
        options: Mapping[str, Any],
        own: Arrays | None = None,
    ) -> None:
        arrays = [*map(on_the_host, given), *(own or [])]
        self.fixed = frozenset(range(len(given), len(arrays)))
        formula = with_options(of_so_many(formula, len(arrays)), options)
        self.kernel, self.given, self.options = kernel, given, options
        for name, array in zip(formula.arguments, arrays, strict=True):
            if array.size == 0:
                raise ValueError(f"{formula.name}: {name}: got the shape {array.shape}; wanted one with elements")
        self.dtype = dtype_of(call(formula, tuple(arrays), {}))
        with np.errstate(all="ignore"):  # raises for what the formula does not take
            found = formula.named(formula.function(*map(known_to_numpy, arrays), **options))
        one = with_one_batch(formula, arrays, options.get(AXIS, -1))
        self.formula, self.layouts, self.words = one.formula, one.layouts, one.words
        self.shapes = {name: np.shape(value) for name, value in found.items()}
        self.results = {name: one.layout(name, shape) for name, shape in self.shapes.items()}
        self.leaves = leaves_of(self.formula, self.dtype)
        self.sizes = sizes_of(self.formula, self.leaves, one.arrays)
        self.notes: list[str] = []
        self.arrays = [self.with_finite(number, array) for number, array in enumerate(one.arrays)]

    def with_finite(self, number: int, array: np.ndarray) -> np.ndarray:
        """An array with finite numbers in the place of those that are not; a logit may be -infinity."""
        leaf, (name, *_) = self.leaves[number], [*self.formula.arguments][number:]
        if not leaf.is_floating or number in self.fixed:
            return array
        kept = np.isfinite(array) | ((array == -np.inf) if leaf.domain == "logit" else False)
        if np.all(kept):
            return array
        finite = array[np.isfinite(array)]
        what = "is not finite" if np.sum(~kept) == 1 else "are not finite"
        told = f"{name}: {np.sum(~kept)} of {array.size} elements {what}; others stand in their places"
        self.notes.append(f"{told}, and assert_conforms judges what comes of them")
        return np.where(kept, array, np.resize(finite if finite.size else np.ones(1), array.shape)).astype(array.dtype)

    def expected(self, arrays: Arrays, letter: str) -> dict[str, Expected]:
        """What the results that are summed along a letter should be."""
        asked = call(self.formula, tuple(arrays), self.formula.given)
        with np.errstate(all="ignore"):
            found = oracle.expect(asked, self.dtype)
            found = tolerance.judgeable(asked, self.dtype, found, plain_run(asked, self.dtype))
        return {name: found[name] for name in summed_results(self.formula, letter)}

    def values(self, arrays: Arrays, letter: str) -> dict[str, Expected]:
        """The same without bounds, which takes less time."""
        if self.dtype.itemsize == 8:
            return self.expected(arrays, letter)
        with np.errstate(all="ignore"):
            plain = plain_run(call(self.formula, tuple(arrays), self.formula.given), self.dtype)
        nothing = np.zeros(())
        return {n: Expected(plain[n], nothing, nothing, self.dtype) for n in summed_results(self.formula, letter)}

    def errors(
        self, arrays: Arrays, wanted: dict[str, Expected]
    ) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Of each result of the kernel on these arrays: error / bound, the error, and the value."""
        shaped = zip(arrays, self.layouts, self.given, strict=False)
        output = self.kernel(*(like(each, layout.as_given(array)) for array, layout, each in shaped), **self.options)
        asked = call(self.formula, tuple(arrays), self.formula.given)
        results, found = results_of(asked, output), {}
        for name, each in wanted.items():
            values = on_the_host(results[name])
            check_array(asked, name, values, each, self.shapes[name])
            values = self.results[name].with_one_batch(values)
            found[name] = (*oracle.ratios(values, each, oracle.may_be_nan(asked, name)), values)
        return found


def of_so_many(formula: Formula, count: int) -> Formula:
    """The formula of its first arguments, where the others may be left out."""
    if count == len(formula.arguments):
        return formula
    assert formula.signature is not None
    others = [*formula.arguments][count:]
    if not others or any(formula.parameters[name] is not None for name in others):
        wanted = f"{len(formula.arguments)}: {', '.join(formula.arguments)}"
        raise ValueError(f"{formula.name}: got {count} arrays; wanted {wanted}")
    groups = formula.signature.arguments[:count], formula.signature.results
    text = " -> ".join(", ".join(map(written, side)) for side in groups)
    return replace(formula, signature=parse(text), domain=formula.domain[:count])


def with_options(formula: Formula, options: Mapping[str, Any]) -> Formula:
    """The formula with options that are given in each call, but for the axis, which is the last one here."""
    given = {name: value for name, value in options.items() if name != AXIS}
    return replace(formula, given={**formula.given, **given}) if given else formula


def sizes_of(formula: Formula, leaves: list[Leaf], arrays: Arrays) -> dict[str, int]:
    """The size of each letter; ValueError where an argument has another one."""
    sizes: dict[str, int] = {}
    for name, array, leaf in zip(formula.arguments, arrays, leaves, strict=True):
        for letter, size in zip(leaf.axes, array.shape, strict=True):
            if sizes.setdefault(letter, int(letter) if is_fixed(letter) else size) != size and letter != BATCH:
                raise ValueError(f"{formula.name}: {name}: got {size} along {letter}; wanted {sizes[letter]}")
    return sizes


def like(given: Any, array: np.ndarray) -> Any:
    """A NumPy array as one of the library, and on the device, of a given one."""
    array = np.array(array, order="C")
    library = type(given).__module__.partition(".")[0]
    if library == "torch":
        return backends.load("torch", device=str(given.device)).asarray(array)
    names = {"jaxlib": "jax", "array_api_strict": "strict"}
    library = names.get(library, library)
    return backends.load(library if library in backends.NAMES else "numpy").asarray(array)
