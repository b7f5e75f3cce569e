"""Which results of a formula are sums of products along an axis, and what their products are like.

Both are asked of the formula itself, with no knowledge of it. Where a result is a sum of products of the arguments, its
value on their magnitudes is the sum of the products' magnitudes, and on their squares that of the squares.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import is_axes
from ..arithmetic.orders import Terms
from ..formulas import Formula
from ..formulas.axes import result_axes
from .behaviour import letters_of
from .draw import Arrays, Leaf, classes, draw, leaves_of, neutral, pack

SIZE = 3
POWER = 32  # the norm of this order is at least the maximum, and at most K^(1/32) times it
LEAST = 1e-290  # below it, such a power may have been lost


class Products(NamedTuple):
    """A result that is a sum of products along a letter, and what else is added."""

    degrees: tuple[int, ...]  # of each argument in a product; 0 where it is none of the factors
    addends: tuple[int, ...]  # the arguments that are added, such as a bias
    others: tuple[str, ...] = ()  # the letters that are summed too

    @property
    def roundings(self) -> int:
        """Those of one product."""
        return max(sum(self.degrees) - 1, 0)


@lru_cache(maxsize=256)
def summed_results(formula: Formula, letter: str) -> tuple[str, ...]:
    """The results of which an element depends on several places along a letter, in whatever order they stand.

    Where an axis is a multiple of the letter, the places have an order that only the formula knows: none is found.

    Raises
    ------
    ValueError
        The order matters, as in a cumulative sum.
    """
    if letter in formula.multiplied:
        return ()
    leaves, rng = leaves_of(formula, np.dtype("float64")), np.random.default_rng(0)
    arrays = [draw(leaf, dict.fromkeys(letters_of(formula), SIZE), rng) for leaf in leaves]
    there = [number for number, leaf in enumerate(leaves) if letter in leaf.axes and leaf.is_floating]
    kept, order = np.arange(SIZE) != 0, np.array([2, 0, 1])

    def elsewhere(number: int) -> Any:
        leaf, array = leaves[number], arrays[number]
        other = draw(leaf, dict.fromkeys(letters_of(formula), SIZE), rng)
        return np.where(facing(kept, leaf, letter), array, other)

    changed = [elsewhere(number) if number in there else array for number, array in enumerate(arrays)]
    one, other = results(formula, arrays), results(formula, changed)
    moved = results(formula, reordered(arrays, leaves, letter, order))
    found = []
    for name, axes in result_axes(formula).items():
        place = axes.index(letter) if letter in axes else None
        was, now = (each[name] if place is None else np.take(each[name], [1, 2], axis=place) for each in (one, other))
        if np.array_equal(was, now):
            continue
        wanted = one[name] if place is None else np.take(one[name], order, axis=place)
        if not np.allclose(moved[name], wanted, rtol=1e-9, equal_nan=True):
            raise ValueError(
                f"formula: got {formula.name}, whose {name} depends on the order along {letter}; wanted a sum"
            )
        found.append(name)
    return tuple(found)


def facing(chosen: np.ndarray, leaf: Leaf, letter: str) -> np.ndarray:
    """A mask along a letter, for an array with more axes."""
    return np.expand_dims(chosen, tuple(place for place, axis in enumerate(leaf.axes) if axis != letter))


def reordered(arrays: Arrays, all_leaves: list[Leaf], letter: str, order: np.ndarray) -> Arrays:
    """The arrays in another order along a letter; an index of classes follows the class that it chooses."""
    letters = [each for leaf in all_leaves for each in leaf.axes]

    def moved(array: Any, leaf: Leaf) -> Any:
        if leaf.domain == "index" and letter == classes(letters, leaf):
            return np.argsort(order)[array].astype(array.dtype)
        return np.take(array, order, axis=leaf.axes.index(letter)) if letter in leaf.axes else array

    return [moved(array, leaf) for array, leaf in zip(arrays, all_leaves, strict=True)]


@lru_cache(maxsize=256)
def products_along(formula: Formula, letter: str) -> dict[str, Products]:
    """The results that are sums of products along a letter, found on small arrays."""
    if letter in formula.multiplied or not all(map(is_axes, formula.arguments.values())):
        return {}
    rng = np.random.default_rng(0)
    sizes = dict.fromkeys(letters_of(formula), SIZE)
    arrays = [draw(leaf, sizes, rng) for leaf in leaves_of(formula, np.dtype("float64"))]
    found = {}
    for name, axes in result_axes(formula).items():
        others = tuple(each for each in letters_of(formula) if each not in (letter, *axes))
        if letter not in axes:
            one = products_of(formula, arrays, (letter,), name)
            found[name] = one or (products_of(formula, arrays, (letter, *others), name) if others else None)
    return {name: each for name, each in found.items() if each}


def factors_along(formula: Formula, letter: str) -> list[int]:
    """The arguments that are a factor of the products of every sum along a letter."""
    found = [products.degrees for products in products_along(formula, letter).values()]
    leaves = leaves_of(formula, np.dtype("float64"))
    return [n for n, leaf in enumerate(leaves) if found and letter in leaf.axes and all(each[n] == 1 for each in found)]


def thinned(formula: Formula, letter: str, factor: int | None) -> list[int]:
    """The arguments in which terms along a letter are made neutral: the one factor, or all that face no others."""
    if factor is not None:
        return [factor]
    leaves = leaves_of(formula, np.dtype("float64"))
    floating = [n for n, leaf in enumerate(leaves) if letter in leaf.axes and leaf.is_floating]
    chosen = [n for n in floating if neutral(leaves[n], letter) != 1]
    return [n for n in chosen if leaves[n].axes == leaves[chosen[0]].axes]


def products_of(formula: Formula, arrays: Arrays, letters: tuple[str, ...], name: str) -> Products | None:
    """What a result is a sum of along some letters together, if it is a sum of products."""
    leaves = leaves_of(formula, np.dtype("float64"))
    summed = [number for number, leaf in enumerate(leaves) if {*letters} & {*leaf.axes}]
    others = [number for number, leaf in enumerate(leaves) if leaf.is_floating and number not in summed]
    if not all(leaves[number].is_floating for number in summed):
        return None

    def result(changed: Arrays) -> np.ndarray:
        return np.asarray(results(formula, changed)[name], np.float64)

    def only(place: tuple[int, ...]) -> Arrays:
        found = list(base)
        for letter, at in zip(letters, place, strict=True):
            for n, leaf in enumerate(leaves):
                if letter in leaf.axes:
                    found[n] = np.where(facing(np.arange(SIZE) == at, leaf, letter), found[n], 0.0)
        return found

    whole, nothing = result(arrays), [result(without(arrays, [number])) for number in others]
    added = (np.any(each != 0) and np.any(each != whole) for each in nothing)
    addends = tuple(number for number, is_added in zip(others, added, strict=True) if is_added)
    base = without(arrays, addends)
    factors = [number for number, leaf in enumerate(leaves) if leaf.is_floating and number not in addends]
    places = product(range(SIZE), repeat=len(letters))
    total, parts = result(base), np.array([result(only(place)) for place in places])
    degrees = [0] * len(arrays)
    for number in factors:
        with np.errstate(all="ignore"):
            degree = np.log2(result(mapped(base, [number], lambda each: 2 * each)) / total)
        if not (np.all(np.isfinite(degree)) and np.ptp(degree) < 1e-9 and abs(degree.flat[0] % 1) < 1e-9):
            return None
        degrees[number] = int(degree.flat[0])
    pairs = (
        (total, parts.sum(axis=0)),
        (whole, total + result(without(arrays, summed))),
        (result(mapped(base, factors, np.abs)), np.abs(parts).sum(axis=0)),
        (result(mapped(base, factors, np.square)), np.square(parts).sum(axis=0)),
    )
    fits = all(np.allclose(one, other, rtol=1e-9, atol=0) for one, other in pairs) and any(degrees)
    return Products(tuple(degrees), addends, letters[1:]) if fits else None


def terms_of(formula: Formula, arrays: Arrays, letter: str, name: str, count: int) -> Terms:
    """The products of a result that is a sum of `count` of them, on arrays of any size."""
    products, leaves = products_along(formula, letter)[name], leaves_of(formula, np.dtype("float64"))
    summed = [n for n, leaf in enumerate(leaves) if {letter, *products.others} & {*leaf.axes}]
    arrays = [np.asarray(a, np.float64) if leaf.is_floating else a for a, leaf in zip(arrays, leaves, strict=True)]
    scale, unit = 1.0, without(arrays, products.addends)  # each factor is at most 1, so that no power overflows
    for number, degree in enumerate(products.degrees):
        if degree:
            most = float(np.max(np.abs(arrays[number]), initial=0.0)) or 1.0
            unit[number], scale = unit[number] / most, scale * most**degree

    def sum_of(power: Callable[[Any], Any]) -> np.ndarray:
        chosen = [number for number, degree in enumerate(products.degrees) if degree]
        return np.asarray(results(formula, mapped(unit, chosen, power))[name], np.float64)

    return Terms(
        count,
        products.roundings,
        sum_of(np.asarray) * scale,
        sum_of(np.abs) * scale,
        sum_of(np.square) * scale**2,
        (sum_of(lambda each: np.abs(each) ** POWER) + LEAST) ** (1 / POWER) * scale * (1 + 1e-9),
        np.abs(results(formula, without(arrays, summed))[name]) if products.addends else np.zeros(()),
    )


def results(formula: Formula, arrays: Arrays) -> dict[str, Any]:
    """The formula's results on NumPy's arrays."""
    with np.errstate(all="ignore"):
        return dict(formula.named(formula.function(*pack(formula, arrays), **formula.given)))


def mapped(arrays: Arrays, numbers: Iterable[int], function: Callable[[Any], Any]) -> Arrays:
    """The arrays with some of them changed."""
    chosen = set(numbers)
    return [function(array) if number in chosen else array for number, array in enumerate(arrays)]


def without(arrays: Arrays, numbers: Iterable[int]) -> Arrays:
    """The arrays with zeros for some of them."""
    return mapped(arrays, numbers, np.zeros_like)
