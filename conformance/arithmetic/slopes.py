"""What each function adds to an error that is followed, and its derivatives: the rules of `first_order`.

The functions have the names that the arithmetic has; `follows` lets another function have the rule that is named to it.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import bounded, bounded_functions, first_order
from .bounded import Bounded, value_of
from .bounded_functions import ones_like as ones_like
from .bounded_functions import take_along_axis as take_along_axis
from .bounded_functions import where as where
from .bounded_functions import zeros_like as zeros_like
from .derivatives import Pull, narrowed, without
from .discrete import parts
from .first_order import NONE, Followed, Tape, Way, as_followed, each, made

Number = Any

A_PRODUCT = 64  # so many of its multiplications cost as much as one number of another step


def sum(x: Followed, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    y = bounded_functions.sum(x, axis=axis, keepdims=keepdims)
    reach = np.sum(x.error, axis=axis, keepdims=keepdims)

    def pull(g: Number) -> Number:
        if axis is None:
            return np.broadcast_to(g.reshape(*(1,) * x.ndim, -1), (*x.shape, g.shape[-1]))
        g = g if keepdims else np.expand_dims(g, axis % x.ndim)
        return np.broadcast_to(g, (*x.shape, g.shape[-1]))

    return first_order.step(y, x.tape, each(x, reach, pull))


def max(x: Followed, /, *, axis: int | None = None, keepdims: Any = False) -> Bounded:  # noqa: A001
    """What is the largest may be another one, which is no further above it than both errors."""
    y = bounded_functions.max(x, axis=axis, keepdims=keepdims)
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

    return first_order.step(y, x.tape, each(x, off, pull), over + off - y.error)


def matmul(a: Bounded, b: Bounded, /) -> Bounded:
    y = bounded_functions.matmul(a, b)
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
    return first_order.step(y, tape, ways)


def astype(x: Followed, dtype: Any, /) -> Bounded:
    y = bounded_functions.astype(x, dtype)
    return y if y is x else first_order.step(y, x.tape, each(x, x.error, lambda g: g))


def in_a_row(y: Bounded, arrays: list[Bounded]) -> Bounded:
    """All elements of several arrays."""
    tape = next((x.tape for x in arrays if isinstance(x, Followed)), None)
    if tape is None:
        return y
    ends = list(itertools.accumulate((x.size for x in arrays), initial=0))
    pairs = zip(arrays, ends, ends[1:], strict=False)
    ways = [(as_followed(x, tape), part(first, last, x.shape)) for x, first, last in pairs if np.any(x.error)]
    return made(y, tape, NONE, ways)


def part(first: int, last: int, shape: tuple[int, ...]) -> Pull:
    return lambda g: g[first:last].reshape(*shape, -1)


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


def chosen(y: Bounded, tape: Tape, pick: Number, a: Number, b: Number, more: Number = 0.0) -> Bounded:
    """The elements of a, or of b."""

    def ways() -> Iterator[Way]:
        for x, mask in ((a, pick), (b, ~pick)):
            if isinstance(x, Bounded):
                yield from each(x, np.broadcast_to(np.where(mask, x.error, 0.0), y.shape), kept(mask, x.shape))

    return first_order.step(y, tape, ways(), more)


def kept(mask: Number, shape: tuple[int, ...]) -> Pull:
    return lambda g: narrowed(np.where(mask[..., None], g, 0.0), shape)


def absolute(y: Bounded, x: Followed) -> Bounded:
    over = 2 * np.maximum(x.error - np.abs(x.value), 0) * bounded.INFLATION
    return by_slope(y, x, np.sign(x.value), more=over)


def by_slope(y: Bounded, x: Followed, slope: Number, bend: float = 0.0, more: Number = 0.0) -> Bounded:
    """A function of one number, whose slope here is known.

    The bound is at least e |slope|, with what the function does beyond that. But where the slope gets smaller within
    the error, it falls short by no more than half of the largest second derivative, the `bend`, times e^2. Such a
    function has a largest value, which bounds a large error.
    """
    slope = np.where(np.isfinite(slope), slope, 0.0)
    reach = np.abs(slope) * x.error
    more = np.where(reach < 0.5, bend / 2 * x.error**2, np.inf) if bend else more
    return first_order.step(y, x.tape, each(x, reach, lambda g: g * slope[..., None]), more)


def exp(x: Followed, /) -> Bounded:
    y = bounded_functions.exp(x)
    return by_slope(y, x, y.value)


def expm1(x: Followed, /) -> Bounded:
    y = bounded_functions.expm1(x)
    return by_slope(y, x, y.value + 1)


def log(x: Followed, /) -> Bounded:
    with np.errstate(all="ignore"):
        return by_slope(bounded_functions.log(x), x, 1 / x.value)


def sqrt(x: Followed, /) -> Bounded:
    return root(bounded_functions.sqrt(x), x)


def root(y: Bounded, x: Followed) -> Bounded:
    """Where x may be 0, the error of the root is no less at the other side."""
    with np.errstate(all="ignore"):
        return by_slope(y, x, 0.5 / y.value, more=np.where(x.error < x.value, 0.0, np.inf))


def power(y: Bounded, a: Followed, n: int) -> Bounded:
    """A whole power; its bound has the largest slope within the error, less that at the value."""
    return by_slope(y, a, n * a.value ** (n - 1)) if n >= 1 else y


def running_sum(y: Bounded, x: Followed, axis: int) -> Bounded:
    backwards = each(x, np.cumsum(x.error, axis), lambda g: np.flip(np.cumsum(np.flip(g, axis), axis), axis))
    return first_order.step(y, x.tape, backwards)


def var(y: Bounded, x: Followed, axis: Any, correction: float = 0.0, keepdims: bool = False) -> Bounded:
    """As one step, since a kernel may add up what makes the variance in other ways than step by step."""
    middle = np.mean(x.value, axis=axis, keepdims=True)
    slope = 2 * (x.value - middle) / (x.size // np.maximum(y.size, 1) - correction)
    reach = np.sum(np.abs(slope) * x.error, axis=axis, keepdims=keepdims)
    return first_order.step(y, x.tape, each(x, reach, lambda g: g.reshape(*middle.shape, -1) * slope[..., None]))


def as_one(y: Bounded, x: Followed, local: Number, pull: Pull) -> Bounded:
    """A step whose own part is known, and no less than what is beyond the first order."""
    ok = np.isfinite(local) & np.isfinite(y.value) & (local <= y.error)
    local = np.where(ok, local, y.error)
    ways = [(x, pull if np.all(ok) else without(pull, ~ok))] if np.any(x.error) else []
    return made(y, x.tape, local if ways else y.error, ways)


def narrowed_to(y: Bounded, x: Followed, *_: Any) -> Bounded:
    """The same numbers with a smaller bound."""
    return made(y, x.tape, x.local, x.ways)


def widened(y: Bounded, x: Followed, more: Number) -> Bounded:
    """The same numbers with a larger one."""
    return made(y, x.tape, x.local + more * bounded.INFLATION, x.ways)


def bare(x: Any) -> Any:
    """An array by itself."""
    if not isinstance(x, Followed):
        return x
    return Bounded(x.value, x.error / bounded.INFLATION, x.model, x.dtype, x.nonnegative)


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


# The slope of a function at x, of which y is the value, and the largest size of its second derivative. It is 0 for
# those whose bound is the change of the function itself at the end where it is the steepest: that has all of it.
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
