"""How a subject sums products: by a unit that adds a block of them at once, cut to so many bits, or one by one.

A large number and its negative stand among ones. What was added beside them is lost, so the sum tells which terms were
added at once (FPRev: Xie and others 2024, arXiv:2411.00442). Then two numbers cancel in one block, and the third says
where terms are cut (Fasi, Higham, Mikaitis and Pranesh 2021, doi:10.7717/peerj-cs.330). They change places: where terms
are added by pairs, the two that cancel meet first in one of three, and nothing is lost.
"""

from collections.abc import Callable

import numpy as np

from ...reference.declaration import is_fixed
from ..arithmetic.rounding import LEAST_KEPT, MODELS, MOST_KEPT
from ..cases.behaviour import letters_of
from ..cases.draw import Arrays, leaves_of, pack
from ..cases.sums import factors_along, products_along
from ..formulas import Case, Formula, call
from ..formulas.axes import result_axes

LENGTH = 64
LARGE = 40  # exponent of the probes, where the format has it

# Calls a formula, and returns a result of the name.
Run = Callable[[Case, str], np.ndarray | None]


def unit_of(run: Run, formula: Formula, dtype: np.dtype[np.generic]) -> str:
    """In words, as a subject declares it, the unit that sums a formula's products; '' where it is none."""
    if not formula.products or formula.signature is None or formula.state or dtype.itemsize > 4:
        return ""
    if formula.multiplied:  # a row for each probe is no multiple
        return ""
    for letter in letters_of(formula):
        for factor in factors_along(formula, letter):
            if found := unit_along(run, formula, dtype, letter, factor):
                return found
    return ""


def unit_along(run: Run, formula: Formula, dtype: np.dtype[np.generic], letter: str, factor: int) -> str:
    """The same along a letter, of which a factor has a row for each probe."""
    exponent = min(LARGE, -MODELS[dtype.name].exponent)
    large, one = 2.0**exponent, 2.0**-exponent
    others = np.arange(1, LENGTH)
    rows = np.full((LENGTH - 1, LENGTH), one)
    rows[:, 0], rows[others - 1, others] = large, -large
    left = summed(run, formula, dtype, letter, factor, rows, large)
    if left is None:
        return ""
    most = float(np.max(left))
    together: list[int] = others[left == most].tolist()
    block = LENGTH - int(most) if 0 <= most < LENGTH - 2 and most % 1 == 0 else 0
    if len(together) != block - 1:
        return ""
    small = 2.0 ** np.arange(exponent - 1, -exponent - 1, -1)
    rows = np.zeros((3, len(small), LENGTH))
    for turn in range(3):
        first, second, third = np.roll([0, *together[:2]], turn)
        rows[turn, :, first], rows[turn, :, second], rows[turn, :, third] = large, -large, small
    left = summed(run, formula, dtype, letter, factor, rows.reshape(-1, LENGTH), 1.0)
    if left is None:
        return ""
    (kept, *differing) = {1 + int(np.argmin(np.append(part == small, [False]))) for part in left.reshape(3, -1)}
    return f" cut to {min(kept, MOST_KEPT)} bits in blocks of {block}" if kept >= LEAST_KEPT and not differing else ""


def summed(
    run: Run, formula: Formula, dtype: np.dtype[np.generic], letter: str, factor: int, rows: np.ndarray, weight: float
) -> np.ndarray | None:
    """The sums of each row times a number; None where a formula has no such result, or something else came."""
    leaves = leaves_of(formula, dtype)
    own, every = leaves[factor].axes, [axis for leaf in leaves for axis in leaf.axes]
    lines = next((axis for axis in own if axis != letter), "")
    axes = result_axes(formula)
    name = next((n for n in products_along(formula, letter) if lines in axes[n]), "")
    if not name or len(own) != 2 or any(map(is_fixed, every)) or products_along(formula, letter)[name].roundings != 1:
        return None
    sizes = {letter: rows.shape[1], lines: len(rows)}
    arrays: Arrays = []
    for number, leaf in enumerate(leaves):
        shape = tuple(sizes.get(axis, 1) for axis in leaf.axes)
        faces = letter in leaf.axes and products_along(formula, letter)[name].degrees[number]
        value = np.full(shape, weight if faces else 0.0)
        if number == factor:
            value = rows if own.index(letter) == 1 else rows.T
        arrays.append(value.astype(dtype))
    found = run(call(formula, pack(formula, arrays), {}), name)
    return None if found is None or found.size != len(rows) else found.astype(np.float64).ravel()
