"""Which axes of an argument go with which axes of a result, by the signature and by a small run with NaN in it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ...reference.declaration import (
    AXIS,
    BATCH,
    Declaration,
    axes_in,
    is_axes,
    is_fixed,
    is_range,
    leaves,
    letter_of,
    letters,
    shape_of,
)
from . import Formula

# What a number of each domain may be, in a small run.
TYPICAL: Mapping[str, Any] = {"index": 0, "count": 1, "mask": True}


def axis_names(axes: tuple[str, ...], ndim: int, axis: int = -1) -> tuple[str, ...]:
    """Name each axis of an array: a letter, or the batch's, numbered from the last on as ``...1``, ``...0``.

    Letters that may be missing are, where there are not enough axes; `axis` is where the last letter stands.
    """
    core = [letter for letter in axes if letter != BATCH]
    core = core[max(len(core) - ndim, 0) :]
    batch = [f"{BATCH}{number}" for number in reversed(range(ndim - len(core)))]
    if axis == -1 or not core:
        return (*batch, *core)
    names = [*batch, *core[:-1]]
    names.insert(axis % ndim, core[-1])
    return tuple(names)


def parts(formula: Declaration, arguments: tuple[Any, ...]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Yield the name, the axes and the value of each argument, those of a state's parts too."""
    for (name, group), value in zip(formula.arguments.items(), arguments, strict=False):
        if is_axes(group):
            yield name, leaves(group)[0], value
        else:
            for part, axes, each in zip(value._fields, leaves(group), value, strict=True):
                yield f"{name}.{part}", axes, each


@lru_cache(maxsize=256)
def result_axes(formula: Declaration) -> dict[str, tuple[str, ...]]:
    """The axes of each result by its name."""
    assert formula.signature is not None
    every = [axes for group in formula.signature.results for axes in leaves(group)]
    return dict(zip(formula.names, every, strict=True))


def summed(formula: Formula, call: Any, result: str) -> int:
    """How many terms are added up in an element of a result, a bias among them."""
    lengths: dict[str, int] = {}
    bias = 0
    for name, axes, value in parts(formula, call.arguments):
        along = links(formula)[result].get(name)
        if along is not None:
            named = axis_names(axes, np.ndim(value), call.options.get(AXIS, -1))
            lengths |= {n: size for n, size in zip(named, np.shape(value), strict=True) if letter_of(n) in along}
            bias += not along and any(links(formula)[result].values())
    return int(np.prod([*lengths.values(), 1])) + bias


def depends_on(worst: Any, name: str, array: np.ndarray) -> tuple[Any, ...] | None:
    """The part of an argument that the worst element of a finding depends on, as an index; None for all of it.

    The inputs of many steps have an axis more, the first.
    """
    case, place = worst.case, worst.place
    formula, result = case.formula, worst.output.partition(" ")[0]
    if formula.signature is None:
        return None
    lead = (slice(None),) if case.steps and name not in formula.carried else ()
    if formula.state:
        own = array.shape[len(lead) :]  # a state's parts may have other shapes
        return (
            (*lead, *place) if len(own) == len(place) and all(i < n for i, n in zip(place, own, strict=True)) else None
        )
    along = links(formula)[result].get(name)
    if along is None:
        return None
    axis, (axes,) = case.options.get(AXIS, -1), leaves(formula.arguments[name])
    chosen = dict(zip(axis_names(result_axes(formula)[result], len(place), axis), place, strict=True))
    own, longest = axis_names(axes, array.ndim, axis), lengths_of(case, axis)
    index = tuple(
        slice(None)
        if is_fixed(each) or letter_of(each) in along or each not in chosen
        else chosen[each] * size // longest[each]
        for each, size in zip(own, array.shape, strict=True)
    )
    return None if all(each == slice(None) for each in index) else index


def lengths_of(case: Any, axis: int) -> dict[str, int]:
    """The length of each axis by its name: of heads that are shared, that of the argument that has most."""
    found: dict[str, int] = {}
    for _, axes, value in parts(case.formula, case.arguments):
        for name, size in zip(axis_names(axes, np.ndim(value), axis), np.shape(value), strict=True):
            found[name] = max(size, found.get(name, 0))
    return found


@lru_cache(maxsize=256)
def links(formula: Formula) -> dict[str, dict[str, frozenset[str]]]:
    """For each result and each argument that it depends on: the letters along which an element depends on all.

    An element depends on the numbers that make it NaN, and on all integers, of which an index is one of any class. A
    formula with a state is elementwise.
    """
    elementwise: dict[str, frozenset[str]] = dict.fromkeys(formula.arguments, frozenset())
    if formula.state:
        return dict.fromkeys(formula.names, elementwise)
    found: dict[str, dict[str, frozenset[str]]] = {name: {} for name in formula.names}
    every = axes_in(formula.arguments.values())
    of_letters = [letter_of(axis) for axis in every if axis != BATCH and not is_fixed(axis)]
    chosen_from = frozenset(of_letters[:1])  # of an index's classes
    values = [typical(axes, kind) for axes, kind in zip(formula.arguments.values(), formula.domain, strict=False)]
    for number, (name, axes) in enumerate(formula.arguments.items()):
        if not isinstance(values[number], np.ndarray) or values[number].dtype.kind != "f":
            for along in found.values():
                along[name] = chosen_from if formula.domain[number] == "index" else frozenset()
            continue
        spoilt = [value.copy() if isinstance(value, np.ndarray) else value for value in values]
        spoilt[number][(0,) * spoilt[number].ndim] = np.nan
        with np.errstate(all="ignore"):
            results = formula.named(formula.function(*spoilt, **formula.given))
        for result, own in result_axes(formula).items():
            output = np.isnan(results[result])
            if output.any():
                shared = {letter_of(axis) for place, axis in enumerate(own) if np.take(output, 1, axis=place).any()}
                argument, results_own = letters([axes]), letters([own])
                found[result][name] = frozenset(argument - results_own | argument & (shared | formula.multiplied))
    return found


def typical(axes: Any, kind: str) -> Any:
    """An argument of a domain with two places along each of its letters; no two real numbers are equal."""
    shape = shape_of(leaves(axes)[0], dict.fromkeys(letters([axes]), 2))
    if kind in TYPICAL:
        return np.full(shape, TYPICAL[kind])
    size = int(np.prod(shape))
    return 0.5 if is_range(kind) else (0.5 - np.arange(size) / (8 * size)).reshape(shape)
