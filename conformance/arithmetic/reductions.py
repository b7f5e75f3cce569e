"""Sums, products and what is made of them, along axes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ...reference.declaration import AXIS
from . import bounded, bounded_functions, exact, operand_errors
from .bounded import Bounded, nonnegative
from .creation import zeros_of
from .exact import Exact
from .first_order import Followed
from .functions import abs as absolute
from .kinds import core, is_real, lifted, together
from .operand_errors import finite
from .slopes import follows, running_sum
from .slopes import root as root_followed
from .specials import of_sum, settled, unsure
from .structure import concat, diagonal, expand_dims, moveaxis, reshape

Array = Any
Number = Any

FLOAT32 = np.dtype("float32")


def count_of(x: Array, axis: Any) -> int:
    """How many elements are reduced to one."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    return int(np.prod([x.shape[i] for i in axes]))


def sum(x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:  # noqa: A001
    """Several axes are one sum."""
    x = lifted(x)
    if not is_real(x):
        return np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)
    x = x if dtype is None else core(x).astype(x, dtype)
    return along(core(x).sum, x, axis, keepdims)


def along(function: Callable[..., Array], x: Array, axis: Any, keepdims: bool) -> Array:
    """A reduction of one axis, along several that are made one."""
    if not isinstance(axis, tuple | list):
        return function(x, axis=axis, keepdims=keepdims)
    chosen = sorted(int(i) % x.ndim for i in axis)
    rest = [i for i in range(x.ndim) if i not in chosen]
    last = moveaxis(x, chosen, range(len(rest), x.ndim))
    found = function(reshape(last, (*(x.shape[i] for i in rest), count_of(x, chosen))), axis=-1)
    return expand_dims(found, axis=tuple(chosen)) if keepdims else found


def max(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A001
    x = lifted(x)
    if not is_real(x):
        return np.max(x, axis=axis, keepdims=keepdims)
    if axis is None and isinstance(x, Exact):
        axis = tuple(range(x.ndim))  # Arb's maximum of two takes one axis
    return along(core(x).max, x, axis, keepdims)


def min(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A001
    x = lifted(x)
    return -max(-x, axis=axis, keepdims=keepdims) if is_real(x) else np.min(x, axis=axis, keepdims=keepdims)


def in_half_too(function: Callable[..., Array]) -> Callable[..., Array]:
    """In half precision some libraries compute the whole in float32 and round once, others round each step.

    The bound is the larger of both; where the steps overflow, that of the first.
    """

    @wraps(function)
    def wrapped(x: Array, /, **options: Any) -> Array:
        x = lifted(x)
        if not isinstance(x, Bounded) or not x.model.accumulator:
            return function(x, **options)
        once = bounded_functions.astype(function(bounded_functions.astype(x, FLOAT32), **options), x.dtype)
        each = function(x, **options)
        error = np.where(np.isfinite(each.value) & np.isfinite(each.error), each.error, 0)
        return Bounded(
            once.value, np.maximum(once.error, error) / bounded.INFLATION, once.model, once.dtype, once.nonnegative
        )

    return wrapped


@in_half_too
def mean(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    return sum(x, axis=axis, keepdims=keepdims) / count_of(x, axis)


@in_half_too
def var(x: Array, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Two passes. The bound does not use that deviations add up to 0, so it covers Welford's updates too, whose error
    is n kappa u (Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115). One pass, E x^2 - (E x)^2, costs
    n kappa^2 u, and is not covered.
    """
    deviations = x - mean(x, axis=axis, keepdims=True)
    return sum(deviations * deviations, axis=axis, keepdims=keepdims) / (count_of(x, axis) - correction)


@in_half_too
def std(x: Array, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    return root(var(x, axis=axis, correction=correction, keepdims=keepdims))


@follows(root_followed)
def root(x: Array) -> Array:
    """The square root of what is no less than 0 however it is rounded, such as a sum of squares."""
    if isinstance(x, Exact):
        return Exact(np.frompyfunc(lambda ball: ball.nonnegative_part().sqrt(), 1, 1)(x.balls), x.dtype)
    with np.errstate(all="ignore"):
        y, least = np.sqrt(x.value), np.sqrt(np.maximum(x.value - x.error, 0))
        error = np.where(x.error < x.value, x.error / (y + least), np.sqrt(np.maximum(x.value, 0) + x.error))
        error = settled(np.sqrt, y, error, x.model.unit, (x.value, x.error))
    return bounded_functions.elementary(x, y, error, x.model.accuracy("sqrt"), x.model.flushed)


def prod(x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    x = lifted(x)
    if not is_real(x):
        return np.prod(x, axis=axis, dtype=dtype, keepdims=keepdims)
    x, axis = x if dtype is None else core(x).astype(x, dtype), tuple(axis) if isinstance(axis, list) else axis
    if isinstance(x, Exact):
        return Exact(np.prod(x.balls, axis=axis, keepdims=keepdims) + exact.ZERO, x.dtype)
    options = {AXIS: axis, "keepdims": keepdims}
    factors = np.maximum(count_of(x, axis) - 1, 0)
    return product(x, np.prod, np.sum, factors, options)


def cumulative_prod(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    x, axis = lifted(x), last_axis(x, axis)
    if not is_real(x):
        return np.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)
    if isinstance(x, Exact):
        found: Array = Exact(np.cumprod(x.balls, axis) + exact.ZERO, x.dtype)
    else:
        found = product(x, np.cumprod, np.cumsum, before(x, axis), {AXIS: axis})
    return concat([zeros_of(first_of(found, axis)) + 1, found], axis=axis) if include_initial else found


def product(x: Bounded, multiplied: Any, added: Any, factors: Number, options: Any) -> Bounded:
    """A product, each step of which may be rounded to the format.

    Inherited is |prod| (prod (1 + e / |x|) - 1); k multiplications cost (1 - u)^-k - 1; and what one loses by underflow
    grows with the factors that come after it.
    """
    model, size = x.model, finite(np.abs(x.value))
    with np.errstate(all="ignore"):
        value = multiplied(x.value, **options)
        magnitude, reach = finite(np.abs(value)), multiplied(size + x.error, **options)
        relative = np.expm1(added(np.log1p(np.where(size > 0, x.error / size, 0)), **options))
        inherited = np.where(magnitude > 0, magnitude * relative, reach)
        largest = multiplied(np.maximum(1, size + x.error), **options)
        own = np.expm1(-factors * np.log1p(-model.unit)) * (magnitude + inherited)
        zero = added((x.value == 0) & (x.error == 0), **options) > 0
        underflow = np.where((factors > 0) & ~zero, factors * model.underflow * largest, 0)
        error = inherited + own + underflow
        # An infinite factor makes NaN of a product of the others that underflows, or of one that may be 0.
        least = multiplied(np.where(size > 0, np.minimum(1, size), 1), **options) > model.smallest_normal
        doubt = added(unsure(x.value, x.error) | np.isinf(x.error), **options) > 0
        nan = added(np.isnan(x.value) & (x.error == 0), **options) > 0
        special = of_sum(value, np.where(doubt | ~least, np.inf, error), largest, model.largest, nan)
        error = np.where(np.isfinite(value), error, special)
    return in_steps(value, error, x, largest, nonnegative(x))


def in_steps(value: Number, error: Number, x: Bounded, partial: Number, nonnegative: bool = False) -> Bounded:
    """A result each step of which may be rounded to the format, or the last alone, by a wider accumulator."""
    narrow, roundings = x.model._replace(accumulator=0), int(bool(x.model.accumulator))
    found = bounded.rounded(value, error, narrow, x.dtype, roundings, partial=partial, nonnegative=nonnegative)
    found.model = x.model
    return found


def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """Each is a sum of its own terms in any order. In half precision each step may be rounded to it."""
    x, axis = lifted(x), last_axis(x, axis)
    if not is_real(x):
        return np.cumulative_sum(x, axis=axis, dtype=dtype, include_initial=include_initial)
    if isinstance(x, Exact):
        found: Array = Exact(np.cumsum(x.balls, axis), x.dtype)
    else:
        additions = before(x, axis)
        value, error = np.cumsum(x.value, axis), np.cumsum(x.error, axis)
        total = np.cumsum(finite(np.abs(x.value)), axis) + error
        own = np.expm1(-additions * np.log1p(-x.model.unit)) * total + additions * x.model.flushed
        nan = np.cumsum(np.isnan(x.value) & (x.error == 0), axis) > 0
        found = in_steps(value, of_sum(value, error + own, total, x.model.largest, nan), x, total)
        found = running_sum(found, x, axis) if isinstance(x, Followed) else found
    return concat([zeros_of(first_of(found, axis)), found], axis=axis) if include_initial else found


def last_axis(x: Array, axis: int | None) -> int:
    """The axis of a scan, which an array of one axis may leave out."""
    return int(x.ndim - 1 if axis is None else axis % x.ndim)


def before(x: Array, axis: int) -> np.ndarray:
    """The number of elements before each, along an axis."""
    return np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def first_of(x: Array, axis: int) -> Array:
    return x[tuple(slice(0, 1) if i == axis else slice(None) for i in range(x.ndim))]


def diff(x: Array, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Array:
    x = concat([each for each in (prepend, x, append) if each is not None], axis=axis)
    for _ in range(n):
        last = moveaxis(x, axis, -1)
        x = moveaxis(last[..., 1:] - last[..., :-1], -1, axis)
    return x


def matmul(a: Array, b: Array, /) -> Array:
    if not is_real(lifted(a)) and not is_real(lifted(b)):
        return np.matmul(a, b)
    if not (isinstance(a, Bounded) and isinstance(b, Bounded) and a.model is b.model):
        a, b = together(a, b)
    return core(b if isinstance(b, Followed) else a).matmul(a, b)


def bilinear(function: Callable[[Any, Any], Any], a: Array, b: Array, length: int) -> Array:
    """A sum of so many products of elements of a and of b, of which those by an exact 0 cost nothing."""
    a, b = together(a, b)
    if isinstance(a, Exact):
        return Exact(function(a.balls, b.balls) + exact.ZERO, a.dtype)
    terms = function(*(operand_errors.counts(each.value, each.error).astype(np.float64) for each in (a, b)))
    return bounded_functions.sum_of_products(function, a, b, terms, length)


def vecdot(a: Array, b: Array, /, *, axis: int = -1) -> Array:
    return bilinear(lambda x, y: np.sum(x * y, axis), a, b, a.shape[axis])


def tensordot(a: Array, b: Array, /, *, axes: Any = 2) -> Array:
    contracted = a.shape[a.ndim - axes :] if isinstance(axes, int) else [a.shape[i] for i in axes[0]]
    return bilinear(lambda x, y: np.tensordot(x, y, axes), a, b, int(np.prod(contracted)))


def einsum(subscripts: str, a: Array, b: Array, /) -> Array:
    """Of two arrays, with an arrow and without dots: the only ones of which every library agrees."""
    given, arrow, wanted = subscripts.replace(" ", "").partition("->")
    left, comma, right = given.partition(",")
    if not arrow or not comma or "." in subscripts:
        raise ValueError(f"einsum: got {subscripts!r}; wanted such as 'bij,bjk->bik'")
    sizes = dict(zip(left, a.shape, strict=True)) | dict(zip(right, b.shape, strict=True))
    terms = int(np.prod([size for letter, size in sizes.items() if letter not in wanted]))
    return bilinear(lambda x, y: np.einsum(subscripts, x, y), a, b, terms)


def outer(a: Array, b: Array, /) -> Array:
    return expand_dims(a, axis=1) * expand_dims(b, axis=0)


def trace(x: Array, /, *, offset: int = 0) -> Array:
    return sum(diagonal(x, offset, -2, -1), axis=-1)


@in_half_too
def vector_norm(x: Array, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Array:  # noqa: A002
    """Of the orders 1, 2 and infinity."""
    if ord not in (1, 2, np.inf):
        raise ValueError(f"vector_norm: got ord={ord}; gaugeblock has an error bound for 1, 2 and inf")
    if ord == 2:
        y = root(sum(x * x, axis=axis, keepdims=keepdims))
        if isinstance(y, Exact):
            return y
        # Some libraries divide x by its largest element, and multiply by it at last, so that nothing overflows.
        return bounded.rounded(y.value, y.error, y.model, y.dtype, 1 + y.model.division)
    return (max if ord == np.inf else sum)(absolute(x), axis=axis, keepdims=keepdims)


def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:  # noqa: A002
    if ord != "fro":
        raise ValueError(f"matrix_norm: got ord={ord!r}; gaugeblock has an error bound for 'fro'")
    return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
