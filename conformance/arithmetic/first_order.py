"""Errors followed through a whole function: those of one step reach the result along all ways together.

`Bounded` takes the errors before each step as bad as they can be, so that ten matrices W multiply them by the product
of ten |W|. Here each step is kept, with its derivatives. The error of a result is, to first order, the sum of what each
step adds by itself, times the derivative of the result by it: of two matrices |W2 W1|, not |W2| |W1|. What the
derivatives leave out is of second order, and is added to what the step adds. So the bound is sound for errors of any
size; docs/soundness.md derives it.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from . import bounded
from .bounded import Bounded, value_of
from .derivatives import Pull, from_places, scaled, whole_error, without

Number = Any

# A bound is made smaller at once where it is so many times as wide as the last ones made smaller on its way; from the
# second one on, where what is of second order begins to count, sooner.
FINE, WIDER, COARSE, WIDER_IF_COARSE = 2.0**-14, 16.0, 2.0**-8, 2.0
# The most numbers that may be followed; the most work that smaller bounds may cost, of one array and of all.
MOST_FOLLOWED, MOST_OF_ONE, MOST_WORK = 20_000_000, 400_000_000, 1_500_000_000
NONE = np.zeros(())  # what a step adds that rounds nothing

FOLLOWING: ContextVar[bool | None] = ContextVar("FOLLOWING", default=None)  # whether wide bounds are made smaller


class TooLargeError(Exception):
    """A function whose steps are too many numbers to keep."""


class Tape:
    """What the steps of one run share."""

    def __init__(self) -> None:
        self.serial, self.size, self.work = itertools.count(), 0, 0


class Way(NamedTuple):
    """An operand of a step: an error e of it reaches `reach` to first order, and how derivatives come back to it."""

    operand: "Followed"
    reach: Number
    pull: Pull


def followed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays. Where a bound of a result is wide, it is run again, for the smaller one of two."""

    @functools.wraps(function)
    def of_any(*arguments: Any, **options: Any) -> Any:
        found = function(*arguments, **options)
        several = found if type(found) is tuple else (found,)
        if not FOLLOWING.get() or not any(map(is_wide, several)):
            return found
        tape = Tape()
        try:
            known = (made(x, tape, x.error, ()) if isinstance(x, Bounded) else x for x in arguments)
            again = function(*known, **options)
        except TooLargeError:
            return found
        tape.work = 0  # as results count most
        pairs = zip(several, again if type(again) is tuple else (again,), strict=True)
        results = tuple(plain(y, smaller(z, MOST_WORK)) if isinstance(z, Followed) else y for y, z in pairs)
        return results if type(found) is tuple else results[0]

    return of_any


@contextlib.contextmanager
def following(wanted: bool = True) -> Iterator[None]:
    """Where wide bounds are made smaller, unless somebody does not want it, as where a run may take no more time."""
    before = FOLLOWING.set(wanted if FOLLOWING.get() is None else FOLLOWING.get())
    try:
        yield
    finally:
        FOLLOWING.reset(before)


def is_wide(y: Any) -> bool:
    """Whether a result might not tell TF32 from float32. In half precision steps are computed in several formats."""
    return isinstance(y, Bounded) and y.model.accumulator == 0 and width(y) > FINE


def plain(y: Bounded, z: Bounded) -> Bounded:
    """A result that is not followed, with the smaller bound."""
    return Bounded(y.value, np.minimum(y.error, z.error) / bounded.INFLATION, y.model, y.dtype, y.nonnegative)


class Followed(Bounded):
    """A bounded array that knows of which ones it was made, and what its own step may add to its error."""

    tape: Tape
    local: Number
    ways: tuple[tuple["Followed", Pull], ...]
    serial: int
    level: float  # the width of the bounds that were last made smaller, on the way to this one

    def mapped(self, function: Callable[[Any], Any]) -> Bounded:
        return moved(super().mapped(function), self, function(np.arange(self.size).reshape(self.shape)))

    def __neg__(self) -> Bounded:
        return step(super().__neg__(), self.tape, each(self, self.error, lambda g: -g))

    def __add__(self, other: Number) -> Bounded:
        return linear(super().__add__(other), self.tape, (self, 1.0), (other, 1.0))

    def __sub__(self, other: Number) -> Bounded:
        return linear(super().__sub__(other), self.tape, (self, 1.0), (other, -1.0))

    def __mul__(self, other: Number) -> Bounded:
        return linear(super().__mul__(other), self.tape, (self, value_of(other)), (other, self.value))

    def __truediv__(self, other: Number) -> Bounded:
        y = super().__truediv__(other)
        with np.errstate(all="ignore"):
            slope = 1 / np.asarray(value_of(other), np.float64)
            return linear(y, self.tape, (self, slope), (other, -y.value * slope))

    def __rsub__(self, other: Number) -> Bounded:
        y: Bounded = (-self) + other
        return y

    def __rtruediv__(self, other: Number) -> Bounded:
        y = Bounded.__truediv__(bounded.constant(other, self), self)
        with np.errstate(all="ignore"):
            return linear(y, self.tape, (other, 1 / self.value), (self, -y.value / self.value))

    __radd__, __rmul__ = __add__, __mul__

    __hash__ = None


def made(x: Bounded, tape: Tape, local: Number, ways: Any) -> Followed:
    """A bounded array as one that is followed. Its bound is made smaller at once, where it has become wide."""
    found = Followed.__new__(Followed)
    level = float(np.max([operand.level for operand, _ in ways], initial=FINE))
    vars(found).update(vars(x), tape=tape, local=local, ways=ways, serial=next(tape.serial), level=level)
    tape.size += found.size if np.any(found.error) else 0  # derivatives by what is exact are not asked for
    if tape.size > MOST_FOLLOWED:
        raise TooLargeError
    if not ways or local is NONE:
        return found
    wide = width(found)
    return smaller(found) if wide > (WIDER_IF_COARSE if wide > COARSE else WIDER) * level else found


def each(x: Number, reach: Number, pull: Pull) -> Iterator[Way]:
    """The way to an operand, if it is one that has errors."""
    if isinstance(x, Bounded) and np.any(x.error):
        yield Way(x, reach, pull)  # type: ignore[arg-type]


def step(y: Bounded, tape: Tape, ways: Any, more: Number = 0.0) -> Bounded:
    """The result of a step, whose bound is its own error, what its operands' errors reach to first order, and `more`.

    An element for which that says nothing has an error of its own.
    """
    ways = list(ways)
    if not ways:
        return made(y, tape, y.error, ())
    with np.errstate(all="ignore"):
        local = y.error + more
        for way in ways:
            local = local - way.reach
        alone = ~((local <= y.error) & (local >= -bounded.INFLATION * 1e-9 * y.error) & np.isfinite(y.value))
        alone |= np.isinf(y.error)
        local = np.where(alone, y.error, np.maximum(local, 0))
    operands = [as_followed(way.operand, tape) for way in ways]
    pulls = [without(way.pull, alone) if np.any(alone) else way.pull for way in ways]
    return made(y, tape, local, tuple(zip(operands, pulls, strict=True)))


def linear(y: Bounded, tape: Tape, *terms: tuple[Number, Number]) -> Bounded:
    """A step of two operands, element by element, with its slopes by both."""

    def ways() -> Iterator[Way]:
        for x, slope in terms:
            if isinstance(x, Bounded):
                reach = np.abs(slope) * x.error if np.ndim(slope) or slope not in (1, -1) else x.error
                yield from each(x, np.broadcast_to(reach, y.shape), scaled(slope, x.shape))

    with np.errstate(all="ignore"):
        return step(y, tape, ways())


def moved(y: Bounded, x: Followed, places: np.ndarray) -> Bounded:
    """Elements of x at these positions."""
    flat = np.asarray(places).ravel()
    return made(y, x.tape, NONE, [(x, from_places(flat, x.shape))] if y.size and np.any(x.error) else ())


def as_followed(x: Bounded, tape: Tape) -> Followed:
    return x if isinstance(x, Followed) else made(x, tape, x.error, ())


def width(y: Bounded) -> float:
    """The largest error over the largest value."""
    largest = np.max(np.abs(y.value), initial=0, where=np.isfinite(y.value))
    return float(np.max(y.error, initial=0) / largest) if largest else 0.0


def smaller(y: Followed, most: float = MOST_OF_ONE) -> Followed:
    """The same array with the smaller one of two bounds."""
    work = y.size * y.tape.size
    if not y.ways or work > most or work + y.tape.work > MOST_WORK:
        return y
    y.tape.work += work
    y.error = np.minimum(y.error, whole_error(y))
    y.level = float(np.maximum(FINE, width(y)))
    return y
