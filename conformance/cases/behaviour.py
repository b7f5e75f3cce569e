"""What the elements along a letter have to do with each other: asked of the formula itself, on bounded arrays.

*apart*: each element stands for itself, as the rows of a batch do. *neutral*: they are added up, and more neutral
elements change neither the value nor the bound of the others. *mixed*: neither, as under a mean, and as where an axis
is a multiple of the letter: which of its places go together is not known.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from ...reference.declaration import BATCH, letters
from ..arithmetic.discrete import UndecidedError
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected, running
from ..formulas import Formula, call
from ..formulas.axes import result_axes
from .draw import Arrays, classes, draw, leaves_of, pack, padded, places

APART, NEUTRAL, MIXED = "apart", "neutral", "mixed"

FLOAT32 = np.dtype("float32")
SIZE, LONG = 5, 300  # LONG: beyond 8 bits, and whole blocks
PLACES = np.linspace(1, LONG - 2, SIZE).astype(int)
SOME = np.array([0, 2, 2, 1])  # leaves elements out, and repeats one


def letters_of(formula: Formula) -> list[str]:
    """The letters of the arguments, the batch first, then the others in their order."""
    assert formula.signature is not None
    text = str(formula.signature)
    return sorted(letters(formula.signature.arguments), key=lambda letter: (letter != BATCH, text.index(letter)))


@lru_cache(maxsize=256)
def behaviour(formula: Formula) -> dict[str, str]:
    """How the elements along each letter behave."""
    names, rng = letters_of(formula), np.random.default_rng(0)
    arrays = [draw(leaf, dict.fromkeys(names, SIZE), rng) for leaf in leaves_of(formula, FLOAT32)]
    for array, leaf in zip(arrays, leaves_of(formula, FLOAT32), strict=True):
        if leaf.domain == "index":
            array %= 2  # classes that are never left out
    with np.errstate(all="ignore"):
        return {letter: behaves(formula, arrays, letter) for letter in names}


def behaves(formula: Formula, arrays: Arrays, letter: str) -> str:
    """How the elements along one letter behave; mixed, where equal elements leave a choice to rounding errors."""
    try:
        return MIXED if letter in formula.multiplied else measured(formula, arrays, letter)
    except UndecidedError:
        return MIXED


def measured(formula: Formula, arrays: Arrays, letter: str) -> str:
    """How they behave where some are left out, repeated, or neutral elements are put among them."""
    leaves = leaves_of(formula, FLOAT32)
    some = [at(array, leaf.axes, letter, SOME) for array, leaf in zip(arrays, leaves, strict=True)]
    if same(run(formula, some), taken(formula, run(formula, arrays), letter, SOME)):
        return APART
    one = run(formula, padded(arrays, leaves, letter))
    more = taken(formula, run(formula, padded(arrays, leaves, letter, 4)), letter, np.arange(SIZE + 1))
    # A finite logit that is far below the others is as good as -infinity, but for what its exponential is charged.
    finite = taken(formula, run(formula, padded(arrays, leaves, letter, finite=True)), letter, np.arange(SIZE))
    infinite = taken(formula, one, letter, np.arange(SIZE))
    known = not any(np.any(np.isnan(each.value)) for each in one.values())  # all NaN are alike, such as 0 / 0
    alike = known and same(one, more) and same(finite, infinite, bounds=False)
    if alike and among_neutral(formula, arrays, letter):
        return NEUTRAL
    return MIXED


def among_neutral(formula: Formula, arrays: Arrays, letter: str) -> bool:
    """Whether neutral elements change nothing wherever they stand, and are all alike: a place in a row is no matter."""
    leaves = leaves_of(formula, FLOAT32)
    index = np.full(LONG, SIZE)
    index[PLACES] = np.arange(SIZE)
    once = padded(arrays, leaves, letter)
    whole = [at(array, leaf.axes, letter, index) for array, leaf in zip(once, leaves, strict=True)]
    chosen = [leaf.domain == "index" and letter == classes(letters_of(formula), leaf) for leaf in leaves]
    whole = [PLACES[array] if is_chosen else array for array, is_chosen in zip(whole, chosen, strict=True)]
    return same(run(formula, whole), taken(formula, run(formula, once), letter, index))


def run(formula: Formula, arrays: Arrays) -> dict[str, Expected]:
    """The values and bounds of the results in float32."""
    return running(call(formula, pack(formula, arrays), formula.given), FLOAT32, MODELS["float32"], [formula.function])


def taken(formula: Formula, results: dict[str, Expected], letter: str, index: np.ndarray) -> dict[str, Expected]:
    """The results at an index along a letter, where they have it."""
    axes = result_axes(formula)

    return {
        name: each._replace(
            value=at(each.value, axes[name], letter, index), bound=at(each.bound, axes[name], letter, index)
        )
        for name, each in results.items()
    }


def at(array: Any, axes: tuple[str, ...], letter: str, index: np.ndarray) -> Any:
    """An array at an index along a letter, where it has it."""
    for place in places(axes, letter):
        array = np.take(array, index, axis=place)
    return array


def same(one: dict[str, Expected], other: dict[str, Expected], bounds: bool = True) -> bool:
    """Whether results have the same values, and the same bounds."""
    pairs = [(each, other[name]) for name, each in one.items()]
    return all(close(a.value, b.value) and (not bounds or close(a.bound, b.bound)) for a, b in pairs)


def close(a: Any, b: Any) -> bool:
    """Whether two arrays are equal but for the order of sums."""
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True))
