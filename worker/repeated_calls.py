"""Calls that are made again, on the same inputs: which results differ, and which were changed later.

Nothing here knows a right result: what came out is handed to who does.
"""

import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .calls import Function, converted, named, same, unpack
from .messages import Asked

Values = Mapping[str, np.ndarray]  # the results by name
Call = Callable[[Any], Any]  # of arguments: the results as the subject returns them
Read = Callable[[Any], Values]  # of these: their values now

KEPT = 64
GROUPS = 2  # of inputs, small ones and longer ones, that are changed in place and called in threads
THREADS, CALLS_IN_A_THREAD = 4, (40, 60)  # of each group; longer inputs overlap for longer
ROOM = 2**26  # bytes of the results that are handed on


class Seen(NamedTuple):
    """A result whose bits no earlier call on that input gave."""

    number: int  # of the call, from 1
    which: int  # of the inputs
    values: Values


class Repeated(NamedTuple):
    """What was seen in calls one after the other."""

    seen: list[Seen]
    calls: int
    kept: int
    changed: bool  # whether a result that was kept was changed by a later call


class Threads(NamedTuple):
    """What was seen in calls at the same time."""

    seen: list[Seen]
    errors: list[str]


def repeated(call: Call, read: Read, inputs: Sequence[Any], calls: int) -> Repeated:
    """Call with the inputs in a random order; watch the bits of each result, and the results that are kept."""
    order = np.random.default_rng(0).integers(0, len(inputs), calls)
    order[: len(inputs)] = np.arange(len(inputs))[:calls]
    known = Differing()
    kept: list[tuple[Any, tuple[bytes, ...]]] = []
    for number, which in enumerate(map(int, order), 1):
        results = call(inputs[which])
        bits = known.add(number, which, read(results))
        if len(kept) < KEPT:
            kept.append((results, bits))
    changed = any(bits_of(read(results)) != bits for results, bits in kept)
    return Repeated(known.seen, calls, len(kept), changed)


def bits_of(values: Values) -> tuple[bytes, ...]:
    """The bits of all results."""
    return tuple(np.asarray(value).tobytes() for value in values.values())


class Differing:
    """The results that differ, of each input."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.bits: set[tuple[int, tuple[bytes, ...]]] = set()
        self.room = ROOM

    def add(self, number: int, which: int, values: Values) -> tuple[bytes, ...]:
        """Add a result, and return its bits."""
        bits = bits_of(values)
        if (which, bits) not in self.bits and self.room > 0:
            self.bits.add((which, bits))
            self.seen.append(Seen(number, which, values))
            self.room -= sum(map(len, bits))
        return bits


def changed_in_place(call: Call, read: Read, arguments: Any, after: Any, write: Callable[[Any, Any], None]) -> Values:
    """Call, write other numbers into the same arrays, and call again: what comes then."""
    call(arguments)
    write(arguments, after)
    return read(call(arguments))


def in_threads(call: Call, read: Read, inputs: Sequence[tuple[Any, int]]) -> Threads:
    """Call in several threads at once, each with one of the inputs, so many times."""
    errors: list[str] = []
    found = [Differing() for _ in range(THREADS)]
    together = threading.Barrier(THREADS)

    def work(thread: int, which: int) -> None:
        arguments, calls = inputs[which]
        together.wait()
        with np.errstate(all="ignore"):
            for number in range(1, calls + 1):
                try:
                    found[thread].add(number, which, read(call(arguments)))
                except Exception as error:  # of anybody's code
                    errors.append(type(error).__name__)
                    return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(n, n % len(inputs))) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return Threads([seen for each in found for seen in each.seen], errors)


class Again(NamedTuple):
    """What was seen of a function that was called again."""

    repeated: list[Repeated]
    changed: Sequence[Values] | None  # where arguments were changed in place: for each of `changes`
    threads: Threads | None


def called_again(
    backend: Any, function: Function, groups: Sequence[tuple[Sequence[Any], int]], *, changing: bool, threads: bool
) -> Again:
    """Call a function again.

    Parameters
    ----------
    backend : module
        The library whose arrays it takes.
    function : callable
    groups : sequence
        Of inputs, as cases or as `Asked`, each group with the number of calls. Those of the first groups are changed in
        place and called in threads.
    changing : bool
        Whether to call it with arguments that are changed in place.
    threads : bool
        Whether to call it in several threads at once.

    Raises
    ------
    BrokenResultError
        What it returned is no result.
    Exception
        What the function raised.
    """
    first: Any = groups[0][0][0]
    form, options, computed = first.formula, first.options, getattr(backend, "computed", same)

    def call(arguments: Any) -> dict[str, Any]:
        return dict(computed(named(form, function(*arguments, **options))))

    def read(results: Any) -> Values:
        found = unpack(backend, form, results)
        return {name: value[1] for name, value in found.items() if name not in form.counts}

    def arguments_of(asked: Asked) -> list[Any]:
        return converted(backend, asked)[1]

    def changed(before: Any, after: Any) -> Values:
        return changed_in_place(call, read, arguments_of(before), arguments_of(after), write)

    every = [inputs for inputs, _ in groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # large numbers are judged by what comes out
        return Again(
            [repeated(call, read, [*map(arguments_of, inputs)], calls) for inputs, calls in groups],
            [changed(*pair) for pair in changes(every)] if changing else None,
            in_threads(call, read, [(arguments_of(each), calls) for each, calls in together(every)])
            if threads
            else None,
        )


def changes(groups: Sequence[Sequence[Any]]) -> list[tuple[Any, Any]]:
    """An input and what is written over it: another one with other weights; the last, which may begin as it does."""
    return [(inputs[0], inputs[place]) for inputs in groups[:GROUPS] for place in sorted({1, len(inputs) - 1})]


def together(groups: Sequence[Sequence[Any]]) -> list[tuple[Any, int]]:
    """The inputs of the calls in threads, and how many calls: two small ones, and two of another shape if there are."""
    return [(each, calls) for inputs, calls in zip(groups, CALLS_IN_A_THREAD, strict=False) for each in inputs[:2]]


def write(arguments: Any, values: Any) -> None:
    """Write numbers into arrays that a caller holds, those of a state too."""
    for argument, value in zip(arguments, values, strict=True):
        if isinstance(argument, tuple):
            write(argument, value)
        elif hasattr(argument, "shape"):
            argument[...] = value
