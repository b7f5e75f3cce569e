"""The values in float64: by twofold arrays, and by balls where their radii leave too much open."""

from typing import Any

import numpy as np

from ..arithmetic import exact, twofold
from ..arithmetic.discrete import UndecidedError
from ..arithmetic.running import Expected, enclosed, evaluate, lift_twofold
from ..arithmetic.twofold_functions import NoRadiusError
from ..cases.draw import unpack
from ..formulas import Case
from .blocks import Cut, cuts, part

# A radius that is no larger beside the bound changes no verdict, unless the ratio is as near to 1: then balls decide.
SHARE = 2.0**-21

radii: Any = np.frompyfunc(lambda ball: float(ball.rad()), 1, 1)

# Of arguments of so few elements balls are faster.
FEW = 1000


def precisely(expected: dict[str, Expected], call: Case, dtype: np.dtype[Any]) -> dict[str, Expected]:
    """`expected` with its finite values replaced by those of the exact run, each split into two floats."""
    if call.steps or sum(map(np.size, unpack(call.arguments))) < FEW:
        return exactly(expected, call, dtype)
    try:
        with np.errstate(all="ignore"):
            found = evaluate(call.formula.function, call, lift_twofold(dtype))
    except (NoRadiusError, UndecidedError, TypeError):  # the standard has more options than twofold functions
        return exactly(expected, call, dtype)
    results, unsure = dict(expected), {}
    for name, each in found.items():
        if isinstance(each, twofold.Twofold):
            results[name], unsure[name] = replaced(expected[name], each)
    if not any(np.any(mask) for mask in unsure.values()):
        return results
    several = cuts(call, 0)  # whose blocks are single elements, or rows
    if not several:
        return exactly(expected, call, dtype)
    for cut in several:
        settle(results, unsure, cut, call, dtype)
    return results


def replaced(expected: Expected, found: twofold.Twofold) -> tuple[Expected, np.ndarray]:
    """An expectation with the centres as its finite values, and where they are not good enough."""
    finite = np.isfinite(expected.value)
    with np.errstate(invalid="ignore"):
        sure = (found.rad <= SHARE * expected.bound) & np.isfinite(found.hi) & np.isfinite(found.lo)
    # What is left to balls keeps its own value, by which they know that it is finite.
    value, remainder = np.where(finite & sure, found.hi, expected.value), np.where(finite & sure, found.lo, 0.0)
    return expected._replace(value=value, remainder=remainder), finite & ~sure


def settle(
    results: dict[str, Expected], unsure: dict[str, np.ndarray], cut: Cut, call: Case, dtype: np.dtype[Any]
) -> None:
    """Replace what is not good enough by balls: of the smaller call that has these elements."""
    names = [name for name in cut.results if name in unsure and np.any(unsure[name])]
    if not names:
        return
    places: dict[str, Any] = {}
    for axis in cut.free:
        along = [np.flatnonzero(np.any(unsure[n], axis=others(cut.results[n], axis))) for n in names]
        places[axis] = np.unique(np.concatenate(along))
    balls = enclosed(part(call, cut, places), dtype)
    for name in names:
        where = np.ix_(*(places.get(axis, np.arange(cut.sizes[axis])) for axis in cut.results[name]))
        value, remainder, bound = (each[where] for each in results[name][:3])
        some = Expected(value, remainder, bound, results[name].dtype)
        better = centred(some, balls[name])
        results[name].value[where], results[name].remainder[where] = better.value, better.remainder


def others(axes: tuple[str, ...], axis: str) -> tuple[int, ...]:
    """The numbers of all axes but one."""
    return tuple(number for number, each in enumerate(axes) if each != axis)


def exactly(expected: dict[str, Expected], call: Case, dtype: np.dtype[Any]) -> dict[str, Expected]:
    """`expected` with its finite values replaced by the centres of the exact balls, each split into two floats."""
    balls = enclosed(call, dtype)
    return {name: centred(each, balls[name]) if name in balls else each for name, each in expected.items()}


def centred(expected: Expected, balls: np.ndarray) -> Expected:
    """A ball's centre as ``value + remainder``. What balls leave undecided has a large radius, and keeps its value."""
    radius = np.asarray(radii(balls), np.float64)
    finite = np.isfinite(expected.value) & ((radius <= SHARE * expected.bound) | (expected.bound == 0))
    value, remainder = np.array(expected.value), np.array(expected.remainder)  # a number without axes has no places
    chosen = balls[finite]
    with exact.working_precision():
        value[finite] = near = np.array(list(map(float, chosen)), np.float64)
        remainder[finite] = np.array(list(map(float, chosen - near.astype(object))), np.float64)
    return expected._replace(value=value, remainder=remainder, certain=True)
