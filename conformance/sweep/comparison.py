"""Results of a function against the oracle.

The oracle is the formula in NumPy's float64, which is assumed to be good to `ORACLE_ULP` of float64. What lies too near
an edge of the histogram to be sure of, and the largest error, is computed again in Arb balls, so that every count is
certain; and so are some values of each chunk, to hold the assumption against.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from ... import reference
from .. import special
from ..arithmetic import bounded, bounded_functions, exact, functions
from ..arithmetic.rounding import MODELS, Model, nearest
from .tallies import COMPOSED, EDGES, ELEMENTARY, FORMULAS, LAST, NOTHING, OTHERS, Array, Place, Sweep, Tally, to_bits

SMALL = 2.0**-8  # ulp; a largest error below it is left to float64: exp is nearly 1 for half of all values
CHECKED = 8  # values of a block in each chunk at which the oracle itself is held against Arb


def meaning(xp: Any, formula: str) -> Callable[..., Array]:
    """The formula on the arrays of a namespace: floating point, exact or bounded."""
    if formula in OTHERS:
        return functions.FUNCTIONS[formula].value if xp is np else functions.FUNCTIONS[formula]
    if formula in COMPOSED:
        return getattr(special if xp is np else functions, formula)  # type: ignore[no-any-return]
    if formula in ELEMENTARY:
        return getattr(xp, formula)  # type: ignore[no-any-return]
    return functools.partial(getattr(reference, formula), xp=xp)


def compared(sweep: Sweep, flush: bool, first: int, given: list[Array], got: Array, check: bool) -> Tally:
    """The tally of results, against the oracle."""
    model = MODELS[sweep.dtype]._replace(flush=flush)
    wide = [each.astype(np.float64) for each in given]
    y, g, x = meaning(np, sweep.formula)(*wide), got.astype(np.float64), wide[0].reshape(-1)

    exactly = specials(sweep.formula, x, y)  # the rest is compared by the error
    right = (g == y) | (np.isnan(g) & np.isnan(y))
    if FORMULAS[sweep.formula].signed:
        right &= (y != 0) | (np.signbit(g) == np.signbit(y))
    if (exactly & right).all():  # half of all values, for log and sqrt
        return NOTHING._replace(exact=len(y))
    wrong = np.where(exactly, ~right, np.isnan(g))
    if (infinite := np.isinf(g)).any():  # stands for the number that would come after the largest, and all beyond
        top = 2.0 ** (2 - model.exponent)
        y, g = np.where(infinite, np.clip(y, -top, top), y), np.clip(g, -top, top)
    error = np.abs(g - y) / spacing(y, model)
    error[exactly | wrong] = 0.0

    flushed = np.zeros(0, np.intp)
    if model.flushes:
        off = np.flatnonzero((error > 0.5) | wrong)
        flushed = off[is_flushed(sweep.formula, x[off], y[off], got[off], model)]
        error[flushed], exactly[flushed], wrong[flushed] = 0.0, True, False

    oracle = settle(sweep.formula, x, y, g, error, check, model) if sweep.formula in ELEMENTARY else 0.0
    other = exactly | wrong
    place, bits, mistakes = int(np.argmax(error)), to_bits(got), int(np.count_nonzero(wrong))
    over: Any = np.flatnonzero((error > sweep.limit) | wrong) if mistakes or error[place] > sweep.limit else ()
    off = error[(error > EDGES[0]) & ~other]
    bins = np.bincount(np.ceil(np.minimum(2 * off, LAST)).astype(np.intp), minlength=LAST + 1).tolist()
    return Tally(
        int(np.count_nonzero(exactly & ~wrong)) - len(flushed),
        len(flushed),
        (len(y) - int(np.count_nonzero(other)) - len(off), *bins[2:]),
        mistakes,
        beyond(sweep, given, over, got, model),
        min(float(error[place]), 2.0**1000),
        Place(first + place, int(bits[place])) if error[place] else None,
        Place(first + int(over[0]), int(bits[over[0]])) if len(over) else None,
        oracle,
    )


def settle(formula: str, x: Array, y: Array, g: Array, error: Array, check: bool, model: Model) -> float:
    """Replace the errors that are too near an edge, and the largest, by those in Arb; the largest error of the oracle.

    With `check`, some others are too.
    """
    doubled, width = 2 * error, 2 * FORMULAS[formula].oracle * 2.0 ** (model.precision - 52)
    edge = np.rint(doubled)
    places = np.flatnonzero((np.abs(doubled - edge) < width) & (edge > 0)).tolist()
    places = [place for place in places if edge[place] < LAST]
    if check:
        places += np.flatnonzero(error)[:: max(len(error) // CHECKED, 1)].tolist()
    oracle, settled = 0.0, set()
    while True:
        for place in places:
            if np.abs(y[place]) <= 2.0 ** (2 - model.exponent):
                error[place], off = certain(formula, x[place], y[place], g[place], model)
                oracle = max(oracle, off)
        settled.update(places)
        places = [int(np.argmax(error))]
        largest = float(np.max(error[list(settled)], initial=0.0))
        if places[0] in settled or error[places[0]] < max(SMALL, largest + width):  # acos is the same number for half
            return float(oracle)


def specials(formula: str, x: Array, y: Array) -> Array:
    """Which results are compared exactly: those that are no numbers of their own, and all where nothing is rounded."""
    if formula in ELEMENTARY:
        found = np.isnan(y)
        known = np.flatnonzero(np.isinf(x) | (x == ELEMENTARY[formula].exact_at) | (x == 0))
        found[known] |= np.floor(y[known]) == y[known]  # not the right angle that acos(0) is
        return found
    return ~np.isfinite(y) if FORMULAS[formula].limit else np.ones(y.shape, np.bool_)


def spacing(y: Array, model: Model) -> Array:
    """An ulp: the distance of numbers of the format at the one that is nearest to y."""
    # From (1 - u/2) 2^e on, 2^e is nearest. The exponent's bits alone are a power of two.
    power = ((np.abs(y) / (1 - model.unit / 2)).view(np.int64) & 0x7FF0000000000000).view(np.float64)
    return np.clip(power * (2 * model.unit), model.smallest_subnormal, 2.0 ** (1 - model.exponent) * (2 * model.unit))


def certain(formula: str, x: float, y: float, got: float, model: Model) -> tuple[float, float]:
    """The error of a result in ulp, rounded up, by Arb; and that of the oracle's y, in ulp of float64.

    Raises
    ------
    ArithmeticError
        The oracle is worse than assumed.
    """
    with exact.working_precision():
        (ball,) = meaning(exact, formula)(exact.lift([x], np.dtype(np.float64))).balls
        near = nearest(ball, model)
        if near is None:
            raise ArithmeticError(f"{formula}({x.hex()}): {exact.PRECISION} bits are not enough to decide on its ulp")
        ulp = float(spacing(np.asarray([near]), model)[0])
        error = (abs(arb(got) - ball) / arb(ulp)).upper()
        off = float((abs(arb(y) - ball) / arb(float(np.spacing(np.abs(y))))).upper())
        assumed = FORMULAS[formula].oracle
        if off > assumed and abs(y) > MODELS["float64"].smallest_normal:
            what = f"NumPy's {formula}({float(x).hex()}) in float64 is off by {off:g} ulp"
            raise ArithmeticError(f"{what}; assumed {assumed}")
        rounded = float(error)
        return (rounded if arb(rounded) >= error else float(np.nextafter(rounded, np.inf))), off


def is_flushed(formula: str, x: Array, y: Array, got: Array, model: Model) -> Array:
    """Which results are those of an arithmetic in which subnormal numbers count as 0."""
    operand = (np.abs(x) < model.smallest_normal) & (got == meaning(np, formula)(np.copysign(0.0, x)))
    slack = 1 + 2 * getattr(model, formula, 0) * model.unit  # it may have come out below the smallest normal number
    return operand | ((np.abs(y) <= model.smallest_normal * slack) & (got == 0))


def beyond(sweep: Sweep, given: list[Array], places: Any, got: Array, model: Model) -> int:
    """How many of the results in some places are further off than the bound that formulas charge for the operation."""
    if len(places) == 0:
        return 0
    chosen = [each[places] if len(each.shape) and len(each) == len(got) else each for each in given]
    allowed = meaning(bounded_functions, sweep.formula)(*(bounded.lift(each, model, each.dtype) for each in chosen))
    g = got[places].astype(np.float64)
    return int(np.count_nonzero(~((np.abs(g - allowed.value) <= allowed.error) | (g == allowed.value))))
