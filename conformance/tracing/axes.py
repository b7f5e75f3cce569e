"""The axes of a function of PyTorch or JAX, found by moving them: what moves with what, and what is summed.

An axis that may be put in another order, together with one axis of some other arrays, has a letter. If no axis of a
result moves with it, its elements are added up, or what else knows no order.
"""

import inspect
import itertools
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...reference.declaration import BATCH, contracts, default_results, parse
from ..formulas import Formula
from . import declared_in, example, library_of, like, name_of, reader

Arrays = Sequence[np.ndarray]
Place = tuple[int, int]  # of an array, and of an axis in it


class Found(NamedTuple):
    """A function as a declared formula of its arrays, those of a module's state last."""

    formula: Formula
    arrays: list[np.ndarray]
    letters: list[str]  # along which the order does not matter


def with_axes(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Found | None:
    """A function of a library, called on these arrays, with the letters of its axes; None if it is of no library.

    Raises
    ------
    ValueError
        It takes something else than arrays of real numbers, or works for arrays of these shapes alone.
    """
    library = library_of(function, arguments)
    if library is None:
        return None
    of_library, name = reader(library), name_of(function)
    of_arrays, given, names = of_library.flat(function, arguments, {})
    arrays = list(map(of_library.to_numpy, given))
    wanted = "a function of it under @gaugeblock.formula(...), whose signature names the axes"
    if len(names) < len(arguments) or not all(each.dtype.kind not in "biu" for each in arrays):
        raise ValueError(f"formula: got {name}, of other arguments than arrays of real numbers; wanted {wanted}")

    def run(*values: np.ndarray) -> list[np.ndarray]:
        return list(of_library.called(of_arrays, values))

    def of_tensors(*tensors: Any) -> Any:
        results = of_arrays(*tensors)
        return results[0] if len(results) == 1 else tuple(results)

    text, free = signature(run, [example(*like(each)).astype(np.float64) for each in arrays])
    of_tensors.__name__ = name
    parameters = [inspect.Parameter(each.replace(".", "_"), inspect.Parameter.POSITIONAL_ONLY) for each in names]
    vars(of_tensors)["__signature__"] = inspect.Signature(parameters)
    try:
        parsed = parse(text)
    except ValueError:
        raise ValueError(
            f"formula: got {name}, of whose result an axis goes with none of an array; wanted {wanted}"
        ) from None
    domain, results = ("real",) * len(arrays), default_results(parsed)
    found = Formula(of_tensors, parsed, domain, results, products=contracts(parsed, domain), library=library)
    if not works_for_others(run, text):
        raise ValueError(f"formula: got {name}, which works for arrays of these shapes alone; wanted {wanted}")
    return Found(declared_in(found), arrays, free)


def signature(run: Callable[..., list[np.ndarray]], arrays: Arrays) -> tuple[str, list[str]]:
    """The axes of the arrays and of the results, and the letters whose elements may stand in any order."""
    results = run(*arrays)
    names: dict[Place, str] = {}
    of_results: dict[Place, str] = {}
    free, unused = [], iter(string.ascii_lowercase)
    for place in places(arrays):
        if place in names:
            continue
        letter = next(unused)
        names[place] = letter
        for others in companions(arrays, place, names):
            moved = moving(run, arrays, results, [place, *others])
            if moved is not None:
                names |= dict.fromkeys(others, letter)
                of_results |= dict.fromkeys(moved, letter)
                free.append(letter)
                break
    for place in places(results):
        of_results.setdefault(place, next(unused))
    groups = [axes_of(arrays, names), axes_of(results, of_results)]
    first = names.get((0, 0))
    if first and first in free and leads(first, *groups[0], *groups[1]) and any(first in axes for axes in groups[1]):
        groups = [[[BATCH if each == first else each for each in axes] for axes in group] for group in groups]
        free[free.index(first)] = BATCH
    return " -> ".join(", ".join(f"({', '.join(axes)})" for axes in group) for group in groups), free


def places(arrays: Arrays) -> Iterator[Place]:
    return ((number, axis) for number, array in enumerate(arrays) for axis in range(array.ndim))


def companions(arrays: Arrays, place: Place, taken: dict[Place, str]) -> Iterator[list[Place]]:
    """The axes of the other arrays that may move with one, the fewest first."""
    number, axis = place
    length = arrays[number].shape[axis]
    if length == 1:
        return
    choices: list[list[Place | None]] = []
    for other, array in enumerate(arrays):
        fitting = [(other, each) for each in range(array.ndim) if array.shape[each] == length]
        if other != number:
            choices.append([None, *(each for each in fitting if each not in taken)])
    every = ([each for each in chosen if each] for chosen in itertools.product(*choices))
    yield from sorted(every, key=len)


def moving(
    run: Callable[..., list[np.ndarray]], arrays: Arrays, results: Arrays, chosen: list[Place]
) -> list[Place] | None:
    """The axes of the results that move as these of the arrays do; None if something else changes."""
    changed = list(arrays)
    length = arrays[chosen[0][0]].shape[chosen[0][1]]
    order = np.roll(np.random.default_rng(0).permutation(length), 1) if length > 2 else np.arange(length)[::-1]
    for number, axis in chosen:
        changed[number] = np.take(changed[number], order, axis)
    moved = []
    for number, (was, now) in enumerate(zip(results, run(*changed), strict=True)):
        if close(was, now):
            continue
        axes = (axis for axis in range(was.ndim) if was.shape[axis] == length)
        found = next((axis for axis in axes if close(np.take(was, order, axis), now)), None)
        if found is None:
            return None
        moved.append((number, found))
    return moved


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results are the same, but for the order of sums."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=0, equal_nan=True))


def axes_of(arrays: Arrays, names: dict[Place, str]) -> list[list[str]]:
    """The letters of each array."""
    return [[names[number, axis] for axis in range(array.ndim)] for number, array in enumerate(arrays)]


def leads(letter: str, *groups: list[str]) -> bool:
    """Whether a letter is the first of all groups that have it, as a batch is."""
    return all(letter not in axes[1:] for axes in groups)


def works_for_others(run: Callable[..., list[np.ndarray]], text: str) -> bool:
    """Whether the function takes small arrays too, and gives results of the shapes that the letters say."""
    parsed = parse(text)
    arrays = [example((3,) * len(axes), np.dtype("float64")) for axes in parsed.arguments]
    try:
        results = run(*arrays)
    except (IndexError, RuntimeError, TypeError, ValueError):
        return False
    return [each.shape for each in results] == [(3,) * len(axes) for axes in parsed.results]
