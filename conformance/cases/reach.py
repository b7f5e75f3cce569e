"""How large the arguments of a formula may be before something overflows on its way to the results, as a square."""

from functools import lru_cache
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.rounding import finfo
from ..formulas import Formula
from . import plan
from .behaviour import letters_of
from .build import accepted, results_of
from .draw import Arrays, Leaf, draw, leaves_of

FLOAT32 = np.dtype("float32")
CLOSE = 1e-3  # to its own scale, of a run in float32 on whose way nothing overflows


@lru_cache(maxsize=256)
def reaches(formula: Formula, number: int) -> bool:
    """Whether one argument may be large in float32, and nothing overflows on the formula's way to its results."""
    leaves = leaves_of(formula, FLOAT32)
    if not leaves[number].is_floating or leaves[number].domain in ("logit", "probability"):
        return False
    options = with_which_it_matters(formula, number)
    if options is None:
        return False
    arrays = plain(formula)
    arrays[number] = arrays[number] * np.float32(2.0 ** (int(finfo(FLOAT32).maxexp) - plan.SPARE))
    wide = [each.astype(np.float64) if leaf.is_floating else each for each, leaf in zip(arrays, leaves, strict=True)]
    with np.errstate(all="ignore"):
        found, wanted = results_of(formula, arrays, options), results_of(formula, wide, options)
    return all(is_close(found[name], each) for name, each in wanted.items())


@lru_cache(maxsize=256)
def with_which_it_matters(formula: Formula, number: int) -> dict[str, Any] | None:
    """The defaults, or one option in their place, with which the results depend on an argument; None if they do not."""
    arrays = plain(formula)
    changed = [*arrays[:number], plain(formula, 1)[number], *arrays[number + 1 :]]
    for options in ({}, *({name: value} for name, values in formula.options.items() for value in values[1:])):
        if accepted(formula, arrays, options) and accepted(formula, changed, options):
            one, other = results_of(formula, arrays, options), results_of(formula, changed, options)
            if any(not np.array_equal(each, other[name]) for name, each in one.items()):
                return options
    return None


def plain(formula: Formula, seed: int = 0) -> Arrays:
    """Small arrays in float32, within 1/2."""
    sizes, leaves = dict.fromkeys(letters_of(formula), plan.LENGTH), leaves_of(formula, FLOAT32)
    rng = np.random.default_rng(seed)
    return within_half(leaves, [draw(leaf, sizes | {BATCH: plan.BATCH}, rng) for leaf in leaves])


def is_close(found: Any, wanted: Any) -> bool:
    """Whether two results differ by rounding alone."""
    scale = np.max(np.abs(np.asarray(wanted, np.float64)), initial=0.0)
    return bool(np.all(np.abs(np.asarray(found, np.float64) - wanted) <= CLOSE * scale))


def within_half(leaves: list[Leaf], arrays: Arrays) -> Arrays:
    """The arrays, no real number of which is above 1/2."""
    real = [leaf.is_floating and leaf.domain == "real" for leaf in leaves]
    pairs = zip(arrays, leaves, real, strict=True)
    return [np.asarray(np.clip(array, -0.5, 0.5), leaf.dtype) if each else array for array, leaf, each in pairs]
