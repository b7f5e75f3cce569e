"""The axes of a function of PyTorch or JAX, found by moving them: what moves with what, and what is summed.

An axis that may be put in another order, together with one axis of some other arrays, has a letter. If no axis of a
result moves with it, its elements are added up, or what else knows no order.
"""

import inspect
import itertools
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from ...reference.declaration import BATCH, Signature, contracts, default_results
from ...reference.signature import written
from ...worker.text import first_line
from ..formulas import Formula
from . import declared_in, example, library_of, like, name_of, reader
from .fitted import SMALL, Run, fitted, fixed_lengths, lengths

Arrays = Sequence[np.ndarray]
Place = tuple[int, int]  # of an array, and of an axis in it
MOST_TRIED = 300  # groups of axes that may move with one


class Found(NamedTuple):
    """A function as a declared formula of its arrays, those of a module's state last."""

    formula: Formula
    arrays: list[np.ndarray]
    letters: list[str]  # along which the order does not matter


@dataclass(frozen=True)
class OfFunction(Signature):
    """The axes of a function. Along some of them only the function knows which places go together."""

    ordered: frozenset[str] = frozenset()

    @cached_property
    def multiplied(self) -> frozenset[str]:
        return self.ordered


def with_axes(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Found | None:
    """A function of a library, called on these arrays, with the letters of its axes; None if it is of no library.

    Raises
    ------
    ValueError
        It takes something else than arrays of real numbers, or arrays of more axes than there are letters.
    """
    library = library_of(function, arguments)
    if library is None:
        return None
    of_library, name = reader(library), name_of(function)
    of_every, given, names = of_library.flat(function, arguments, {})
    every = list(map(of_library.to_numpy, given))
    kept = [number for number, each in enumerate(every) if each.dtype.kind not in "biu"]
    if len(names) < len(arguments) or not {*range(len(arguments))} <= {*kept}:
        wanted = "real ones alone; assert_conforms judges it on these"
        raise ValueError(
            f"formula: got {name}, which takes other arguments than arrays of real numbers; wanted {wanted}"
        )
    parsed, free = signature_of(of_library, of_every, given, kept, name)
    several = facing(parsed, free, len(arguments))
    parsed, kept = with_arguments(parsed, several, free), [kept[place] for place in several]
    free = [each for each in free if any(each in axes for axes in parsed.arguments)]
    of_kept, arrays = of_some(of_every, given, kept), [every[number] for number in kept]

    def of_tensors(*tensors: Any) -> Any:
        results = of_kept(*tensors)
        return results[0] if len(results) == 1 else tuple(results)

    of_tensors.__name__ = name
    parameters = [inspect.Parameter(word(names[each]), inspect.Parameter.POSITIONAL_ONLY) for each in kept]
    vars(of_tensors)["__signature__"] = inspect.Signature(parameters)
    domain = tuple("real" if np.any(each < 0) else "nonnegative" for each in arrays[len(arguments) :])
    domain, results = ("real",) * len(arguments) + domain, default_results(parsed)
    found = Formula(of_tensors, parsed, domain, results, products=contracts(parsed, domain), library=library)
    found = declared_in(found)
    fixed = fixed_lengths(partial(called, of_library, of_kept), parsed, arrays, free)
    function = fitted(found.function, parsed, lengths(parsed, arrays), fixed, free)
    found = replace(found, function=function)
    return Found(found, arrays, [each for each in free if fixed.get(each, SMALL) >= SMALL])


def signature_of(
    of_library: Any, of_every: Callable[..., Any], given: Sequence[Any], kept: list[int], name: str
) -> tuple[Signature, list[str]]:
    """The axes of all arrays of real numbers, those of a module's state too."""
    arrays = [example(*like(of_library.to_numpy(given[number]))).astype(np.float64) for number in kept]
    try:
        return signature(partial(called, of_library, of_some(of_every, given, kept)), arrays)
    except StopIteration:
        wanted = f"at most {len(string.ascii_lowercase)}; judge it layer by layer"
        raise ValueError(f"formula: got {name}, whose arrays have too many axes; wanted {wanted}") from None
    except (RuntimeError, TypeError) as error:
        wanted = "one that takes float64 too, without arrays of its own; a module's are its parameters and buffers"
        raise ValueError(
            f"formula: got {name}, which raises in float64: {first_line(error)}; wanted {wanted}"
        ) from None


def called(of_library: Any, function: Callable[..., Any], *values: np.ndarray) -> list[np.ndarray]:
    return list(of_library.called(function, values))


def of_some(function: Callable[..., Any], given: Sequence[Any], kept: Sequence[int]) -> Callable[..., list[Any]]:
    """A function of some of its arrays; the others are as they are given."""

    def of_kept(*tensors: Any) -> list[Any]:
        whole = [in_format(each, tensors[0]) for each in given]
        for number, tensor in zip(kept, tensors, strict=True):
            whole[number] = tensor
        return list(function(*whole))

    return of_kept


def in_format(array: Any, other: Any) -> Any:
    """An array in the format of another one, that may be written to."""
    xp = array_namespace(array)
    is_real = xp.isdtype(array.dtype, "real floating")
    return xp.asarray(array, dtype=other.dtype if is_real else array.dtype, copy=True)


def facing(signature: Signature, free: Sequence[str], count: int) -> list[int]:
    """The places of the first arguments, and of those that share a free letter with them, or with one that does."""
    found = [*range(count)]
    for _ in signature.arguments:
        shared = {letter for place in found for letter in signature.arguments[place] if letter in free}
        found = [place for place, axes in enumerate(signature.arguments) if place < count or shared & {*axes}]
    return found


def with_arguments(signature: Signature, kept: Sequence[int], free: Sequence[str]) -> Signature:
    """The signature of some of the arguments."""
    sides = tuple(signature.arguments[place] for place in kept), signature.results
    ordered = frozenset(letter for axes in sides[0] for letter in axes if letter not in free)
    return OfFunction(" -> ".join(", ".join(map(written, side)) for side in sides), *sides, ordered)


def word(name: str) -> str:
    """The name of a module's array as that of a parameter."""
    return name.replace(".", "_") if name[0].isalpha() else f"_{name.replace('.', '_')}"


def signature(run: Run, arrays: Arrays) -> tuple[Signature, list[str]]:
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
    found = Signature("", *(tuple(map(tuple, group)) for group in groups))  # results may have axes of their own
    return with_arguments(found, range(len(arrays)), free), free


def places(arrays: Arrays) -> Iterator[Place]:
    return ((number, axis) for number, array in enumerate(arrays) for axis in range(array.ndim))


def companions(arrays: Arrays, place: Place, taken: dict[Place, str]) -> Iterator[list[Place]]:
    """The axes of the other arrays that may move with one, the fewest first."""
    number, axis = place
    length = arrays[number].shape[axis]
    if length == 1:
        return
    fitting = [
        [(other, each) for each in range(array.ndim) if array.shape[each] == length and (other, each) not in taken]
        for other, array in enumerate(arrays)
        if other != number
    ]
    chosen = (some for count in range(len(fitting) + 1) for some in itertools.combinations(fitting, count))
    every = (list(each) for some in chosen for each in itertools.product(*some))
    yield from itertools.islice(every, MOST_TRIED)


def moving(run: Run, arrays: Arrays, results: Arrays, chosen: list[Place]) -> list[Place] | None:
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
