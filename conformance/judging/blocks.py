"""A call cut into blocks, so that the memory of a judgement does not grow with the arrays.

A result may be cut along an axis if each of its elements depends on one place of that axis alone; `links` says so. What
an axis adds up is kept whole, and one on which the result does not depend is left at length 1.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import AXIS, BATCH, is_axes, is_fixed, lengths_by_letter, letter_of, shape_of
from ..arithmetic.device_arrays import Elsewhere
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected, running
from ..cases.draw import unpack
from ..formulas import Case, Formula
from ..formulas.axes import axis_names, links, parts, result_axes

# Bytes of the arguments and results of a block: what is made of them then stays in a core's cache.
BLOCK = 1 << 20

Index = tuple[slice, ...]


class Block(NamedTuple):
    """Some elements of some results of a call, and the smaller call that has them."""

    call: Case
    places: dict[str, Index]  # in each of the results that this block gives; empty: all of all
    shapes: dict[str, tuple[int, ...]]  # of these results


class Cut(NamedTuple):
    """How a call is cut for some of its results: the size of each axis, and the lengths of a block along it."""

    results: dict[str, tuple[str, ...]]  # the axes of each, by name
    arguments: dict[str, tuple[str, ...]]
    sizes: dict[str, int]
    lengths: dict[str, int]
    free: tuple[str, ...]


def blocks(call: Case) -> Iterator[Block]:
    """Yield the blocks of a call, each element of each result in one of them."""
    found = cuts(call, BLOCK // max(dtype_of(call).itemsize, 4))  # half precision is no smaller in float64
    if not found:
        yield Block(call, {}, {})
    for cut in found:
        shapes = {name: tuple(cut.sizes[axis] for axis in axes) for name, axes in cut.results.items()}
        every = (range(0, cut.sizes[axis], cut.lengths[axis]) for axis in cut.free)
        for starts in product(*every):
            ends = (min(s + cut.lengths[axis], cut.sizes[axis]) for axis, s in zip(cut.free, starts, strict=True))
            chosen = {axis: slice(*pair) for axis, *pair in zip(cut.free, starts, ends, strict=True)}
            places = {name: index(axes, chosen) for name, axes in cut.results.items()}
            yield Block(part(call, cut, chosen), places, shapes)


def cuts(call: Case, limit: int) -> list[Cut]:
    """The cuts of a call that together have all results; none where the call is small, or has to stay whole."""
    formula = call.formula
    axis = call.options.get(AXIS, -1)
    whole = formula.signature is None or formula.rows_together or bool(call.steps)
    if whole or not isinstance(axis, int) or not all(map(is_leaf, unpack(call.arguments))):
        return []
    arguments = {n: axis_names(a, np.ndim(v), axis) for n, a, v in parts(formula, call.arguments)}
    values = {name: value for name, _, value in parts(formula, call.arguments)}
    sizes = sizes_of(arguments, values)
    ranks = {
        sum(letter_of(axis) == BATCH for axis in arguments[n])
        for n, a, _ in parts(formula, call.arguments)
        if BATCH in a
    }
    if len(ranks) > 1 and len(formula.names) > 1:  # a gradient of what was broadcast has fewer axes
        return []
    if sizes is None or 0 in sizes.values() or sum(np.size(value) for value in values.values()) <= limit // 4:
        return []
    groups: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    shaped = shaped_results(call, arguments)
    sizes = with_multiples(sizes, shaped)
    for name, axes in shaped.items():
        groups.setdefault(free_axes(call, name, axes), {})[name] = axes
    found = [cut_of(formula, results, arguments, sizes, free, limit) for free, results in groups.items()]
    return found if formula.is_own or all(independent(call, cut) for cut in found) else []


def chooses(call: Case) -> bool:
    """Whether an option is a choice, such as of a causal mask, where the place of a row is what matters."""
    return any(isinstance(value, bool | str) and bool(value) for value in call.options.values())


def is_leaf(value: Any) -> bool:
    """Whether an argument is one array or number."""
    return isinstance(value, np.ndarray | np.generic | int | float | Elsewhere)


def sizes_of(arguments: Mapping[str, tuple[str, ...]], values: Mapping[str, Any]) -> dict[str, int] | None:
    """The size of each axis; None where two arguments differ in it, which the formula itself refuses."""
    sizes: dict[str, int] = {}
    for name, axes in arguments.items():
        for axis, size in zip(axes, np.shape(values[name]), strict=True):
            if sizes.setdefault(axis, size) != size:
                return None
    return sizes


def with_multiples(sizes: dict[str, int], results: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """The sizes, with those of axes that no argument has, such as a half of an argument's."""
    lengths = lengths_by_letter(sizes, sizes.values())
    every = (axis for axes in results.values() for axis in axes)
    return sizes | {axis: shape_of((axis,), lengths)[0] for axis in every if axis not in sizes}


def shaped_results(call: Case, arguments: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The axes of each result as it comes out of this call, by its name."""
    formula = call.formula
    every = {axis for axes in arguments.values() for axis in axes}
    batch, present = sum(letter_of(axis) == BATCH for axis in every), {*map(letter_of, every)}
    return {
        name: axis_names(
            axes,
            batch * (BATCH in axes) + sum(is_fixed(axis) or letter_of(axis) in present - {BATCH} for axis in axes),
            call.options.get(AXIS, -1),
        )
        for name, axes in result_axes(formula).items()
        if name not in formula.counts
    }


def free_axes(call: Case, result: str, axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes along which an element of a result depends on one place alone; of anybody's formula, the batch's."""
    held = {letter for along in links(call.formula)[result].values() for letter in along}
    free = tuple(axis for axis in axes if letter_of(axis) not in held)
    known = call.formula.is_own and not chooses(call)
    return free if known else tuple(axis for axis in free if letter_of(axis) == BATCH)


def cut_of(
    formula: Formula,
    results: dict[str, tuple[str, ...]],
    arguments: dict[str, tuple[str, ...]],
    sizes: dict[str, int],
    free: tuple[str, ...],
    limit: int,
) -> Cut:
    """Halve the longest free axis until a block has at most `limit` elements."""
    needed = {letter for name in results for along in links(formula)[name].values() for letter in along}
    inside = {axis for axes in results.values() for axis in axes}
    lengths = {a: size if a in inside or is_fixed(a) or letter_of(a) in needed else 1 for a, size in sizes.items()}
    every = [*arguments.values(), *results.values()]
    while sum(math.prod(lengths[axis] for axis in axes) for axes in every) > limit:
        longest = max(free, key=lambda axis: lengths[axis], default=None)
        if longest is None or lengths[longest] == 1:
            break
        lengths[longest] = -(-lengths[longest] // 2)
    return Cut(results, arguments, sizes, lengths, free)


def index(axes: Iterable[str], chosen: Mapping[str, Any]) -> Index:
    return tuple(chosen.get(axis, slice(None)) for axis in axes)


def part(call: Case, cut: Cut, chosen: Mapping[str, Any]) -> Case:
    """The smaller call: each argument at the chosen places, slices or indices, of its free axes."""
    single = {axis: slice(0, 1) for axis, length in cut.lengths.items() if axis not in cut.free and length == 1}
    places = single | dict(chosen)

    def taken(name: str, value: Any) -> Any:
        for number, axis in enumerate(cut.arguments.get(name, ())):
            if axis in places:
                value = value[(slice(None),) * number + (places[axis],)]
        return value

    arguments = []
    for name, value in zip(call.formula.parameters, call.arguments, strict=False):
        if isinstance(value, tuple) and not is_axes(call.formula.arguments[name]):
            state: Any = value
            fields = zip(state._fields, state, strict=True)
            arguments.append(type(state)(*(taken(f"{name}.{field}", each) for field, each in fields)))
        else:
            arguments.append(taken(name, value))
    return call._replace(arguments=tuple(arguments))


def independent(call: Case, cut: Cut) -> bool:
    """Whether four places of each free axis that has as many give together what they give in two halves.

    The signature of anybody's formula says so, and a NaN tells most of what it depends on; a mean over `x.shape[0]` is
    seen here.
    """
    dtype, long = dtype_of(call), [axis for axis in cut.free if cut.sizes[axis] >= 4]

    def run(low: int, high: int) -> dict[str, Expected]:
        smaller = part(call, cut, dict.fromkeys(long, slice(low, high)))
        return running(smaller, dtype, MODELS[dtype.name], [call.formula.function])

    together = run(0, 4)
    for low, high in ((0, 2), (2, 4)):
        alone, chosen = run(low, high), dict.fromkeys(long, slice(low, high))
        for name, axes in cut.results.items():
            pairs = zip(alone[name][:3], together[name][:3], strict=True)
            place = index(axes, chosen)
            if not all(np.allclose(a, b[place], rtol=1e-6, atol=0, equal_nan=True) for a, b in pairs):
                return False
    return True


def dtype_of(call: Case) -> np.dtype[Any]:
    """The dtype of a call's first array of floating-point numbers; float32 for a library's function of integers alone.

    Raises
    ------
    TypeError
        There is no array.
    """
    dtypes: list[np.dtype[Any]] = [np.dtype(each.dtype) for each in unpack(call.arguments) if hasattr(each, "dtype")]
    for dtype in dtypes:
        if dtype.name in MODELS:
            return dtype
    if dtypes and call.formula.signature is None:
        return np.dtype(np.float32)
    got = f"arrays of {', '.join(map(str, dict.fromkeys(dtypes)))} alone" if dtypes else "no array"
    raise TypeError(f"{call.function}: got {got}; wanted at least one of float16, bfloat16, float32 or float64")


def converted(arguments: tuple[Any, ...], how: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Arguments with their arrays converted, those of a state too."""
    return tuple(convert(value, how) for value in arguments)


def convert(value: Any, how: Callable[[Any], Any]) -> Any:
    """An argument with its arrays converted, those of a state too."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(number_of(convert(part, how)) for part in value))
    return how(value) if hasattr(value, "dtype") and hasattr(value, "shape") else value


def number_of(part: Any) -> Any:
    """A part of a state, a count as a Python number."""
    is_count = isinstance(part, np.ndarray) and part.shape == () and part.dtype.kind in "iu"
    return int(part) if is_count else part
