"""Cases of clipping by the global norm."""

import dataclasses
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case, Formula, case, declared, finfo, seeded, variant

NAME = "clip_by_global_norm"
PLAIN = {"is_plain": True}  # a subject is given a tuple without names


def trees(case: Case) -> str:
    """A function may take arrays alone."""
    return "trees of arrays"


def variants(formula: Formula) -> Iterator[Formula]:
    """Of trees of two and of four arrays, each of another shape."""
    names_of_four = "first", "second", "third", "fourth"
    for tree, names in (("(n), (...)", names_of_four[:2]), ("(...), (n, m), (), (k)", names_of_four)):
        given = variant(formula, f"({tree}), () -> ({tree})", formula.domain)
        domain, tree_type = (
            (("real",) * len(names), formula.domain[1]),
            type("Tree", (namedtuple("Tree", names),), PLAIN),
        )
        yield dataclasses.replace(given, domain=domain, results=(names,), state_type=tree_type, may_refuse=trees)


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """Small and large norms and limits, NaN in several axes and above a limit of 0."""
    rng = np.random.default_rng(28)

    def clip(requirement: str, name: str, note: str, tree: Any, max_norm: float, exact: bool = False) -> Case:
        return case(NAME, f"{NAME}.{requirement}", name, note, np.asarray(tree, dtype), max_norm, exact=exact)

    yield clip("zero", "both", "0 / 0", np.zeros((3, 5)), 0.0, exact=True)
    yield clip("zero", "long", "0 / 0", np.zeros((2, 2_049)), 1.0, exact=True)
    only = np.zeros((3, 70))
    only[-1, -1] = -3
    yield clip("value", "the_last", "elements at the end left out of the norm", only, 0.75)
    tiny = np.asarray(rng.normal(size=(3, 5)) * 2.0 ** (3 * finfo(dtype).minexp // 7), dtype)
    limit = float(np.linalg.norm(tiny.astype(np.float64))) * (1 - 2.0 ** (-18 if dtype.itemsize > 2 else -5))
    yield clip("value", "tiny", "an epsilon beside the norm, or a limit that is nearly met", tiny, limit)
    below = np.append(rng.normal(size=14) * float(finfo(dtype).smallest_normal), 1).reshape(3, 5)
    yield clip("value", "subnormal", "products below the smallest normal number are lost", below, 0.25)
    yield clip("value", "three_axes_clipped", "rows left out of the norm", rng.normal(size=(70, 2, 2)), 1.0)
    note = "limits above 100 are none, or a limit that is an integer goes through half precision"
    yield clip("value", "large_limit", note, rng.normal(size=(9, 40)) * 512, 2_049)
    large = min(float(finfo(dtype).max) / 2, 2.0**60)
    yield clip("value", "large", "the norm overflows, or a limit is too large", np.full((3, 5), large), large)
    yield clip("below", "three_axes", "each row clipped", rng.normal(size=(70, 2, 2)) / 64, 2.0, exact=True)
    yield clip("below", "equal_rows", "a norm of what is stored once", np.ones((6, 4)) / 4, 2.0, exact=True)
    near, part = np.asarray(rng.normal(size=(5, 8)), dtype), 1 + 2.0 ** (-14 if dtype.itemsize > 2 else -5)
    limit = float(np.linalg.norm(near.astype(np.float64))) * part
    yield clip("below", "near", "scaled from just below the limit", near, limit, exact=True)
    apart = np.where(np.arange(15) % 3 == 1, 0.3 * float(finfo(dtype).smallest_normal), rng.normal(size=15) / 8)
    yield clip("below", "subnormal", "subnormal numbers count as 0", apart, 2.0, exact=True)
    spoilt = rng.normal(size=(4, 2, 3))
    spoilt[2, 1, 0] = np.nan
    for limit in (0.0, 1.0, 300.0):
        yield clip("nan", f"three_axes_{limit}", "its row alone is NaN", spoilt, limit)
    yield from of_trees(dtype)


def of_trees(dtype: np.dtype[Any]) -> Iterator[Case]:
    """Trees of zeros, with an array without elements, and with NaN in one array alone."""
    rng = np.random.default_rng(29)
    two, _ = variants(declared(NAME))

    def clip(requirement: str, name: str, note: str, arrays: Any, max_norm: float, exact: bool = False) -> Case:
        tree: Any = two.state_type
        given = tree(*(np.asarray(each, dtype) for each in arrays))
        return Case(f"{NAME}.{requirement}", name, note, two, (given, max_norm), {}, exact)

    some, others, none = rng.normal(size=7), rng.normal(size=(3, 5)), np.zeros((0, 3))
    for name, limit in (("tree", 1.0), ("tree_and_limit", 0.0)):
        yield clip("zero", name, "0 / 0 in a tree", (np.zeros(7), np.zeros((3, 5))), limit, exact=True)
    yield clip("zero", "limit_of_tree", "a limit of 0 taken for none in a tree", (some, others), 0.0, exact=True)
    yield clip("value", "tree_empty", "an array without elements fails in a tree", (some, none), 1.0)
    yield clip("value", "tree_tiny", "an epsilon beside the norm of a tree", (some / 4096, others / 4096), 2.0**-12)
    yield clip("below", "tree", "always scaled to the limit in a tree", (some / 64, others / 64), 2.0, exact=True)
    some[3] = np.nan
    yield clip("nan", "tree", "its array alone is NaN", (some, others), 1.0)


DETAILS = {NAME: {"rows_together": True, "variants": variants, "made": made}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(27)
    nan = np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def clip(requirement: str, name: str, note: str, tree: Any, max_norm: float, exact: bool = False) -> Case:
        return case(NAME, f"{NAME}.{requirement}", name, note, tree, max_norm, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        yield clip("value", name, "any mistake", array(random.normal(size=10)), 1.0)
    yield clip("value", "small_limit", "an epsilon beside the norm", array(rng.normal(size=10) / 64), 1e-2)
    yield clip("value", "two_axes", "a norm of each row", array(rng.normal(size=(4, 6))), 0.5)
    yield clip("value", "no_axes", "an array without axes fails", array(3.5), 2.0)
    yield clip("value", "long", "elements left out of the norm", array(rng.normal(size=4099)), 1.0)
    yield clip("below", "half", "always scaled to the limit", array(rng.normal(size=10) / 8), 2.0, exact=True)
    yield clip("below", "far", "each element clipped", array(rng.normal(size=10)), 100.0, exact=True)
    yield clip("zero", "gradient", "0 / 0", array(np.zeros(10)), 1.0, exact=True)
    yield clip("zero", "limit", "a limit of 0 taken for none", array(rng.normal(size=10)), 0.0, exact=True)
    spoilt = array(rng.normal(size=10))
    spoilt[3] = nan
    yield clip("nan", "in_one", "the others as they are", spoilt, 1.0)
    yield clip("empty", "no_elements", "an empty array fails", array(np.zeros((0, 3))), 1.0)
    yield clip("layout", "two_axes", "memory order taken for granted", array(rng.normal(size=(4, 6))), 0.5)
