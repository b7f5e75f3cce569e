"""Operations that move elements and compute nothing: NumPy's own, run on the elements' positions.

`permute_dims` of an array of positions 0, 1, 2, ... tells where each element of any array goes, so values, errors,
balls and certainties follow it. Nothing is written for a single operation but its name.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import numpy as np

from . import bounded, exact
from .bounded import Bounded
from .device_arrays import Elsewhere
from .discrete import Discrete, discrete, parts
from .exact import Exact
from .first_order import moved as moved_followed
from .kinds import core, is_real, lifted, together
from .slopes import follows
from .slopes import in_a_row as row_followed

Array = Any


def positions(x: Array) -> np.ndarray:
    return np.arange(x.size).reshape(x.shape)


def picked(x: Array, places: Any) -> Any:
    """The elements at these positions; a list of them for a list."""
    if isinstance(places, list | tuple):
        return type(places)(picked(x, each) for each in places)
    return taken(x, places)


@follows(moved_followed)
def taken(x: Array, places: np.ndarray) -> Any:
    """The elements at the positions of one array."""
    if isinstance(x, Exact):
        return Exact(x.balls.ravel()[places], x.dtype)
    if isinstance(x, Discrete):
        return discrete(x.value.ravel()[places], x.sure.ravel()[places])
    return Bounded(
        x.value.ravel()[places], x.error.ravel()[places] / bounded.INFLATION, x.model, x.dtype, x.nonnegative
    )


def moved(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that moves the elements of one array."""

    def structural(x: Array, /, *arguments: Any, **options: Any) -> Any:
        if isinstance(x, Bounded) and isinstance(x.value, Elsewhere):
            return x.mapped(lambda each: function(each, *arguments, **options))
        if is_real(x) or isinstance(x, Discrete):
            return picked(x, function(positions(x), *arguments, **options))
        return function(x, *arguments, **options)

    return structural


def joined(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that moves the elements of several arrays."""

    def structural(arrays: Iterable[Array], /, **options: Any) -> Any:
        several = alike(list(arrays))
        if not any(is_real(x) or isinstance(x, Discrete) for x in several):
            return function(several, **options)
        starts = np.cumsum([0, *(x.size for x in several)])
        places = function([positions(x) + start for x, start in zip(several, starts, strict=False)], **options)
        return picked(in_a_row(several), places)

    return structural


def alike(arrays: list[Array]) -> list[Array]:
    """Arrays of one kind and one arithmetic."""
    real = [x for x in map(lifted, arrays) if is_real(x)]
    if not real:
        return arrays
    balls = [x for x in real if isinstance(x, Exact)]
    widest = balls[0] if balls else reduce(lambda a, b: together(a, b)[0], real)
    return [together(x, widest)[0] for x in arrays]


def in_a_row(arrays: list[Array]) -> Array:
    """All elements of several arrays."""
    first = arrays[0]
    if isinstance(first, Exact):
        return Exact(np.concatenate([x.balls.ravel() for x in arrays]), first.dtype)
    if isinstance(first, Bounded):
        value, error = (np.concatenate([getattr(x, name).ravel() for x in arrays]) for name in ("value", "error"))
        found = Bounded(value, error / bounded.INFLATION, first.model, first.dtype, bounded.nonnegative(*arrays))
        return row_followed(found, arrays)
    pairs = [np.broadcast_arrays(*parts(x)) for x in arrays]
    return Discrete(*(np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1)))


reshape = moved(np.reshape)
permute_dims = moved(np.permute_dims)
matrix_transpose = moved(np.matrix_transpose)
moveaxis = moved(np.moveaxis)
swapaxes = moved(np.swapaxes)
expand_dims = moved(np.expand_dims)
squeeze = moved(np.squeeze)
flip = moved(np.flip)
roll = moved(np.roll)
tile = moved(np.tile)
repeat = moved(np.repeat)
diagonal = moved(np.diagonal)
split = moved(np.split)
unstack = moved(np.unstack)

concat = joined(np.concat)
stack = joined(np.stack)


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    if isinstance(x, Bounded):
        return x.mapped(lambda each: np.broadcast_to(each, shape))
    return moved(np.broadcast_to)(x, shape)


def broadcast_arrays(*arrays: Array) -> list[Array]:
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return [broadcast_to(x, shape) for x in arrays]


def meshgrid(*arrays: Array, indexing: str = "xy") -> list[Array]:
    places = np.meshgrid(*map(positions, arrays), indexing=indexing)  # type: ignore[call-overload]
    return [picked(lifted(x), each) if is_real(lifted(x)) else x[each] for x, each in zip(arrays, places, strict=True)]


PADDED = "constant", "edge", "reflect", "symmetric", "wrap"  # the modes that move elements


def pad(x: Array, widths: Any, /, mode: str = "constant", constant_values: float = 0) -> Array:
    """As NumPy's; the constant is one more element, at the last position."""
    if mode not in PADDED or np.ndim(constant_values):
        raise ValueError(f"pad: got mode={mode!r}, constant_values={constant_values}; wanted one number, or {PADDED}")
    if not is_real(x):
        return np.pad(x, widths, mode, **({"constant_values": constant_values} if mode == "constant" else {}))  # type: ignore[call-overload]
    longer = concat([reshape(x, (-1,)), reshape(together(float(constant_values), x)[0], (1,))])
    options = {"constant_values": x.size} if mode == "constant" else {}
    return picked(longer, np.pad(positions(x), widths, mode, **options))  # type: ignore[call-overload]


def tril(x: Array, /, *, k: int = 0) -> Array:
    return below(x, np.tri(x.shape[-2], x.shape[-1], k, np.bool_))


def triu(x: Array, /, *, k: int = 0) -> Array:
    return below(x, ~np.tri(x.shape[-2], x.shape[-1], k - 1, np.bool_))


def below(x: Array, mask: np.ndarray) -> Array:
    """The elements of a mask, and 0 elsewhere."""
    if not is_real(x):
        return np.where(mask, x, np.zeros_like(x))
    return picked(pad(reshape(x, (-1,)), (0, 1)), np.where(mask, positions(x), x.size))


def take(x: Array, indices: Any, /, *, axis: int | None = None) -> Array:
    """What is taken at an undecided index may be any element along the axis."""
    index, sure = parts(indices)
    along = 0 if axis is None else axis % x.ndim
    if not is_real(x) and not isinstance(x, Discrete) and np.all(sure):
        return np.take(x, index, along)
    if isinstance(x, Bounded) and np.all(sure) and index.ndim == 1:
        return x.mapped(lambda each: np.take(each, index, axis=along))
    found = picked(x, np.take(positions(x), index, along))
    if np.all(sure):
        return found
    after = x.ndim - 1 - along
    return any_along(x, found, np.reshape(sure, sure.shape + (1,) * after), along, index.ndim)


def take_along_axis(x: Array, indices: Any, /, *, axis: int = -1) -> Array:
    index, sure = parts(indices)
    if not is_real(x) and not isinstance(x, Discrete) and np.all(sure):
        return np.take_along_axis(x, index, axis)
    if is_real(x) and np.all(sure):
        return core(x).take_along_axis(x, index, axis=axis)
    found = picked(x, np.take_along_axis(positions(x), index, axis))
    return found if np.all(sure) else any_along(x, found, sure, axis, 1)


def any_along(x: Array, found: Array, sure: Array, axis: int, taken: int) -> Array:
    """Elements that, where not sure, may be any along an axis, which became `taken` axes."""

    def spread(ends: np.ndarray) -> np.ndarray:
        return np.expand_dims(np.squeeze(ends, axis), tuple(range(axis % x.ndim, axis % x.ndim + taken)))

    if isinstance(x, Exact):
        every = exact.union.reduce(x.balls, axis=axis, keepdims=True)
        return Exact(np.where(sure, found.balls, spread(every)), x.dtype)
    if not isinstance(x, Bounded):
        value, certain = parts(found)
        return discrete(value, certain & sure)
    low = spread(np.min(x.value - x.error, axis, keepdims=True))
    high = spread(np.max(x.value + x.error, axis, keepdims=True))
    with np.errstate(invalid="ignore"):
        reach = np.nan_to_num(np.maximum(high - found.value, found.value - low), nan=np.inf, posinf=np.inf)
    value, error = np.where(sure | np.isfinite(found.value), found.value, 0), np.where(sure, found.error, reach)
    return Bounded(value, error, x.model, x.dtype)
