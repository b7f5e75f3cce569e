"""Errors followed through a whole function: those of one step reach the result along all ways together.

`Bounded` takes each step's errors as bad as they can be, so that a product by a matrix W multiplies them by |W|: after ten
layers by the product of ten such. Here each step is kept, with its derivatives. The error of a result is, to first order,
the sum of what each step adds by itself, times the derivative of the result by it; of two matrices that is |W2 W1|, not
|W2| |W1|. What the derivatives leave out is of second order, and is added to what the step adds. So the bound is sound for
errors of any size; docs/soundness.md derives it.
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
from .discrete import parts

Array = Any
Number = Any
Pull = Callable[[Number], Number]  # from derivatives by a result, with an axis for each at last, to those by an operand

# A bound is made smaller at once where it is so many times as wide as the last ones made smaller on its way; from the
# second one on, where what is of second order begins to count, sooner.
FINE, WIDER, COARSE, WIDER_IF_COARSE = 2.0**-14, 16.0, 2.0**-8, 2.0
# The most numbers that may be followed; the most work that smaller bounds may cost, of one array and of all.
MOST_FOLLOWED, MOST_OF_ONE, MOST_WORK, MOST_AT_ONCE = 20_000_000, 400_000_000, 1_500_000_000, 4_000_000


NONE = np.zeros(())  # what a step adds that rounds nothing

A_PRODUCT = 64  # so many of its multiplications cost as much as one number of another step


FOLLOWING = ContextVar("FOLLOWING", default=True)  # whether wide bounds are made smaller


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


def followed(run: Callable[[Any], list[Any]], arrays: Any) -> list[Any]:
    """The results of a function of arrays; where a bound is wide, with the smaller one of two, for which it is run again."""
    found = run(arrays)
    if not FOLLOWING.get() or not any(map(is_wide, found)):
        return found
    tape = Tape()
    try:
        again = run([made(x, tape, x.error, ()) if isinstance(x, Bounded) else x for x in arrays])
    except TooLargeError:
        return found
    tape.work = 0  # as results count most
    return [plain(y, smaller(z, MOST_WORK)) if isinstance(z, Followed) else y for y, z in zip(found, again, strict=True)]


@contextlib.contextmanager
def step_by_step() -> Iterator[None]:
    """Where no bound is made smaller, so that each run takes as long as its steps."""
    before = FOLLOWING.set(False)
    try:
        yield
    finally:
        FOLLOWING.reset(before)


def is_wide(y: Any) -> bool:
    """Whether a result might not tell TF32 from float32. In half precision steps are computed in several formats."""
    return isinstance(y, Bounded) and y.model.accumulator == 0 and width(y) > 2 * FINE


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
        return (-self) + other

    def __rtruediv__(self, other: Number) -> Bounded:
        y = Bounded.__truediv__(bounded.constant(other, self), self)
        with np.errstate(all="ignore"):
            return linear(y, self.tape, (other, 1 / self.value), (self, -y.value / self.value))

    __radd__, __rmul__ = __add__, __mul__

    __hash__ = None  # type: ignore[assignment]


def made(x: Bounded, tape: Tape, local: Number, ways: Any) -> Followed:
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


def without(pull: Pull, alone: Number) -> Pull:
    return lambda g: pull(np.where(alone[..., None], 0.0, g))


def linear(y: Bounded, tape: Tape, *terms: tuple[Number, Number]) -> Bounded:
    """A step of two operands, element by element, with its slopes by both."""

    def ways() -> Iterator[Way]:
        for x, slope in terms:
            if isinstance(x, Bounded):
                reach = np.abs(slope) * x.error if np.ndim(slope) or slope not in (1, -1) else x.error
                yield from each(x, np.broadcast_to(reach, y.shape), scaled(slope, x.shape))

    with np.errstate(all="ignore"):
        return step(y, tape, ways())


def scaled(slope: Number, shape: tuple[int, ...]) -> Pull:
    slope = np.where(np.isfinite(slope), slope, 0.0)[..., None]
    return lambda g: narrowed(g * slope, shape)


def narrowed(g: Number, shape: tuple[int, ...]) -> Number:
    """Derivatives by what was spread to a larger shape: their sums."""
    more = g.ndim - 1 - len(shape)
    g = np.sum(g, axis=tuple(range(more))) if more else g
    spread = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return np.sum(g, axis=spread, keepdims=True) if spread else g


def moved(y: Bounded, x: Followed, places: np.ndarray) -> Bounded:
    """Elements of x at these positions."""
    flat = np.asarray(places).ravel()
    return made(y, x.tape, NONE, [(x, from_places(flat, x.shape))] if y.size and np.any(x.error) else ())


def from_places(places: np.ndarray, shape: tuple[int, ...]) -> Pull:
    """Derivatives back to the places: the sums of those that come from one place."""
    size = int(np.prod(shape))
    if np.array_equal(places, np.arange(size)):
        return lambda g: g.reshape(*shape, -1)

    @functools.cache
    def order() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        in_order = np.argsort(places, kind="stable")
        return (in_order, *np.unique(places[in_order], return_index=True))

    def pull(g: Number) -> Number:
        in_order, targets, starts = order()
        taken = g.reshape(len(places), -1)[in_order]
        taken = taken if len(targets) == len(places) else np.add.reduceat(taken, starts, axis=0)
        if len(targets) < size:
            taken, some = np.zeros((size, g.shape[-1])), taken
            taken[targets] = some
        return taken.reshape(*shape, -1)

    return pull


def in_a_row(y: Bounded, arrays: list[Bounded]) -> Bounded:
    """All elements of several arrays."""
    tape = next((x.tape for x in arrays if isinstance(x, Followed)), None)
    if tape is None:
        return y
    ends = list(itertools.accumulate((x.size for x in arrays), initial=0))
    pairs = zip(arrays, ends, ends[1:], strict=False)
    ways = [(as_followed(x, tape), part(first, last, x.shape)) for x, first, last in pairs if np.any(x.error)]
    return made(y, tape, NONE, ways)


def as_followed(x: Bounded, tape: Tape) -> Followed:
    return x if isinstance(x, Followed) else made(x, tape, x.error, ())


def part(first: int, last: int, shape: tuple[int, ...]) -> Pull:
    return lambda g: g[first:last].reshape(*shape, -1)


def sum(x: Followed, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    y = bounded.sum(x, axis=axis, keepdims=keepdims)
    reach = np.sum(x.error, axis=axis, keepdims=keepdims)

    def pull(g: Number) -> Number:
        if axis is None:
            return np.broadcast_to(g.reshape(*(1,) * x.ndim, -1), (*x.shape, g.shape[-1]))
        g = g if keepdims else np.expand_dims(g, axis % x.ndim)
        return np.broadcast_to(g, (*x.shape, g.shape[-1]))

    return step(y, x.tape, each(x, reach, pull))


def max(x: Followed, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    """What is the largest may be another one, which is no further above it than both errors."""
    y = bounded.max(x, axis=axis, keepdims=keepdims)
    if not x.size or not y.size:
        return y
    if axis is None:
        flat = max(x.mapped(np.ravel), axis=0)  # type: ignore[arg-type]
        return flat.mapped(lambda a: np.reshape(a, y.shape))
    with np.errstate(all="ignore"):
        at = np.expand_dims(np.argmax(x.value, axis), axis)
        others = x.value + x.error
        np.put_along_axis(others, at, -np.inf, axis)
        off = np.take_along_axis(x.error, at, axis)
        over = np.maximum(np.max(others, axis, keepdims=True) + off - np.take_along_axis(x.value, at, axis), 0)
    off, over = (a if keepdims else np.squeeze(a, axis) for a in (off, over))
    over = over * bounded.INFLATION

    def pull(g: Number) -> Number:
        g = g if keepdims else np.expand_dims(g, axis % x.ndim)
        found = np.zeros((*x.shape, g.shape[-1]))
        np.put_along_axis(found, np.broadcast_to(at[..., None], g.shape), g, axis % x.ndim)
        return found

    return step(y, x.tape, each(x, off, pull), over + off - y.error)


def either(y: Bounded, condition: Any, a: Number, b: Number) -> Bounded:
    """The elements of a or of b; where that is undecided, an error of their own."""
    pick, sure = parts(condition)
    tape = (a if isinstance(a, Followed) else b).tape
    return chosen(y, tape, np.broadcast_to(pick, y.shape), a, b, np.where(sure, 0.0, np.inf))


def larger(y: Bounded, a: Number, b: Number) -> Bounded:
    """The larger one; the other one is no further above it than both errors."""
    values, errors = [value_of(x) for x in (a, b)], [x.error if isinstance(x, Bounded) else y.error for x in (a, b)]
    pick = np.broadcast_to(values[0] >= values[1], y.shape)
    over = np.maximum(errors[0] + errors[1] - np.abs(values[0] - values[1]), 0) * bounded.INFLATION
    tape = (a if isinstance(a, Followed) else b).tape
    return chosen(y, tape, pick, a, b, over)


def absolute(y: Bounded, x: Followed) -> Bounded:
    over = 2 * np.maximum(x.error - np.abs(x.value), 0) * bounded.INFLATION
    return by_slope(y, x, np.sign(x.value), more=over)


def chosen(y: Bounded, tape: Tape, pick: Number, a: Number, b: Number, more: Number = 0.0) -> Bounded:
    """The elements of a, or of b."""

    def ways() -> Iterator[Way]:
        for x, mask in ((a, pick), (b, ~pick)):
            if isinstance(x, Bounded):
                yield from each(x, np.broadcast_to(np.where(mask, x.error, 0.0), y.shape), kept(mask, x.shape))

    return step(y, tape, ways(), more)


def kept(mask: Number, shape: tuple[int, ...]) -> Pull:
    return lambda g: narrowed(np.where(mask[..., None], g, 0.0), shape)


def matmul(a: Bounded, b: Bounded, /) -> Bounded:
    y = bounded.matmul(a, b)
    tape = (a if isinstance(a, Followed) else b).tape  # type: ignore[attr-defined]
    if a.ndim < 2 or b.ndim < 2:
        return y

    def of_a(g: Number) -> Number:
        return narrowed(np.expand_dims(b.value, -3) @ g, a.shape)

    def of_b(g: Number) -> Number:
        rows = g.reshape(*g.shape[:-2], -1)  # of all columns and derivatives
        return narrowed((np.matrix_transpose(a.value) @ rows).reshape(*rows.shape[:-2], *b.shape[-2:], -1), b.shape)

    with np.errstate(all="ignore"):
        sizes = [np.where(np.isfinite(x.value), np.abs(x.value), 0.0) for x in (a, b)]
        ways = [*each(a, a.error @ sizes[1], of_a), *each(b, sizes[0] @ b.error, of_b)]
    tape.size += a.size * b.shape[-1] // A_PRODUCT
    return step(y, tape, ways)


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


def whole_error(y: Followed) -> Number:
    """What all steps before an array add to its error together: each by itself, times the derivative by it.

    The last rounding of an operand may differ from use to use, as where a product is fused with a sum.
    """
    found = np.zeros(y.size)
    rows = int(np.clip(MOST_AT_ONCE // np.maximum(y.size, 4096), 1, y.size))
    with np.errstate(all="ignore"):
        for first in range(0, y.size, rows):
            count = int(np.minimum(rows, y.size - first))
            g = np.zeros((y.size, count))
            g[first + np.arange(count), np.arange(count)] = 1
            found[first : first + count] = of_rows(y, g.reshape(*y.shape, count))
    return found.reshape(y.shape) * bounded.INFLATION


def of_rows(y: Followed, g: Number) -> Number:
    """The same for some of its elements, of which g has the derivatives by all."""
    total, waiting = times(g, y.local), {y.serial: (y, g)}
    while waiting:
        x, g = waiting.pop(np.max(list(waiting)))
        for operand, pull in x.ways:
            of_operand = pull(g)
            total += times(of_operand, operand.local)
            if operand.ways:
                before = waiting.get(operand.serial)
                of_operand = of_operand if before is None else before[1] + of_operand
                waiting[operand.serial] = operand, of_operand
    return total


def times(g: Number, local: Number) -> Number:
    """The sums of |g| times what a step adds, for each derivative; 0 times infinity is 0."""
    if not np.any(local):
        return np.zeros(g.shape[-1])
    sizes, local = np.abs(g).reshape(-1, g.shape[-1]), local.ravel()
    endless = ~np.isfinite(local)
    if not np.any(endless):
        return local @ sizes
    return np.where(np.any(sizes[endless] > 0, axis=0), np.inf, np.where(endless, 0.0, local) @ sizes)


def by_slope(y: Bounded, x: Followed, slope: Number, bend: float = 0.0, more: Number = 0.0) -> Bounded:
    """A function of one number, whose slope here is known.

    The bound is at least e |slope|, with what the function does beyond that; but where the slope gets smaller within the
    error it falls short, by no more than half of the largest second derivative, the `bend`, times e^2. Such a function has a
    largest value, which bounds a large error.
    """
    slope = np.where(np.isfinite(slope), slope, 0.0)
    reach = np.abs(slope) * x.error
    more = np.where(reach < 0.5, bend / 2 * x.error**2, np.inf) if bend else more
    return step(y, x.tape, each(x, reach, lambda g: g * slope[..., None]), more)


def bare(x: Any) -> Any:
    """An array by itself."""
    return Bounded(x.value, x.error / bounded.INFLATION, x.model, x.dtype, x.nonnegative) if isinstance(x, Followed) else x


def follows(rule: Callable[..., Bounded]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a rule say how the result of a function follows from its operands, where these are followed."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if not any(isinstance(x, Followed) for x in arguments[:3]):
                return function(*arguments, **options)
            y = function(*map(bare, arguments), **options)
            with np.errstate(all="ignore"):
                return rule(y, *arguments, **options) if isinstance(y, Bounded) else y

        return wrapped

    return decorated


def exp(x: Followed, /) -> Bounded:
    y = bounded.exp(x)
    return by_slope(y, x, y.value)


def expm1(x: Followed, /) -> Bounded:
    y = bounded.expm1(x)
    return by_slope(y, x, y.value + 1)


def log(x: Followed, /) -> Bounded:
    with np.errstate(all="ignore"):
        return by_slope(bounded.log(x), x, 1 / x.value)


def sqrt(x: Followed, /) -> Bounded:
    return root(bounded.sqrt(x), x)


def root(y: Bounded, x: Followed) -> Bounded:
    """Where x may be 0, the error of the root is no less at the other side."""
    with np.errstate(all="ignore"):
        return by_slope(y, x, 0.5 / y.value, more=np.where(x.error < x.value, 0.0, np.inf))


def astype(x: Followed, dtype: Any, /) -> Bounded:
    y = bounded.astype(x, dtype)
    return y if y is x else step(y, x.tape, each(x, x.error, lambda g: g))


def narrowed_to(y: Bounded, x: Followed, *_: Any) -> Bounded:
    """The same numbers with a smaller bound."""
    return made(y, x.tape, x.local, x.ways)


def widened(y: Bounded, x: Followed, more: Number) -> Bounded:
    """The same numbers with a larger one."""
    return made(y, x.tape, x.local + more * bounded.INFLATION, x.ways)


def var(y: Bounded, x: Followed, axis: Any, correction: float = 0.0, keepdims: bool = False) -> Bounded:
    """As one step, since a kernel may add up what makes the variance in other ways than step by step."""
    middle, kept = np.mean(x.value, axis=axis, keepdims=True), y.value if keepdims else np.expand_dims(y.value, axis)
    slope = 2 * (x.value - middle) / (x.size // np.maximum(y.size, 1) - correction)
    reach = np.sum(np.abs(slope) * x.error, axis=axis, keepdims=keepdims)
    return step(y, x.tape, each(x, reach, lambda g: g.reshape(*kept.shape, -1) * slope[..., None]))


def as_one(y: Bounded, x: Followed, local: Number, pull: Pull) -> Bounded:
    """A step whose own part is known, and no less than what is beyond the first order."""
    ok = np.isfinite(local) & np.isfinite(y.value) & (local <= y.error)
    local = np.where(ok, local, y.error)
    ways = [(x, pull if np.all(ok) else without(pull, ~ok))] if np.any(x.error) else []
    return made(y, x.tape, local if ways else y.error, ways)


def power(y: Bounded, a: Followed, n: int) -> Bounded:
    """A whole power; its bound has the largest slope within the error, less that at the value."""
    return by_slope(y, a, n * a.value ** (n - 1)) if n >= 1 else y


def running_sum(y: Bounded, x: Followed, axis: int) -> Bounded:
    backwards = each(x, np.cumsum(x.error, axis), lambda g: np.flip(np.cumsum(np.flip(g, axis), axis), axis))
    return step(y, x.tape, backwards)


where, concat, reshape = bounded.where, bounded.concat, bounded.reshape
take_along_axis, zeros_like, ones_like = bounded.take_along_axis, bounded.zeros_like, bounded.ones_like

# The slope of a function at x, of which y is the value, and the largest size of its second derivative; 0 where the slope
# is the smallest at the value's far side, so that the bound has all of it.
SLOPES: dict[str, tuple[Callable[[Number, Number], Number], float]] = {
    "tanh": (lambda x, y: 1 - y * y, 0.7699),
    "erf": (lambda x, y: 2 / np.sqrt(np.pi) * np.exp(-x * x), 0.9679),
    "sin": (lambda x, y: np.cos(x), 1.0),
    "cos": (lambda x, y: -np.sin(x), 1.0),
    "atan": (lambda x, y: 1 / (1 + x * x), 0.6496),
    "exp2": (lambda x, y: y * np.log(2), 0.0),
    "log1p": (lambda x, y: 1 / (1 + x), 0.0),
    "log2": (lambda x, y: 1 / (x * np.log(2)), 0.0),
    "log10": (lambda x, y: 1 / (x * np.log(10)), 0.0),
    "sigmoid": (lambda x, y: y * (1 - y), 0.0963),
}


def by_name(name: str) -> Callable[..., Bounded]:
    """The rule of a function whose slope is in the table."""

    def rule(y: Bounded, x: Followed) -> Bounded:
        slope, bend = SLOPES[name]
        return by_slope(y, x, slope(x.value, y.value), bend)

    return rule
