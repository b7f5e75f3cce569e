"""Calls that are made again: whether one depends on another.

Nothing here knows a formula: a subject is called on inputs whose right results are known. A result within its bound
whose bits differ from those of an equal call is no failure, only a note: the subject is not deterministic.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Values = Mapping[str, Any]  # the results by name, as NumPy's arrays
Call = Callable[[Any], Any]  # of arguments: the results as the subject returns them
Read = Callable[[Any], Values]  # of these: their values now

CALLS, KEPT = 512, 64
THREADS, CALLS_IN_A_THREAD = 4, 40


class Input(NamedTuple):
    """Arguments, and what says whether results of theirs are right."""

    arguments: Any
    is_right: Callable[[Values], bool]


class Note(NamedTuple):
    """What was seen, in words, and whether it fails."""

    words: str
    fails: bool


def repeated(call: Call, read: Read, inputs: Sequence[Input], calls: int = CALLS) -> Iterator[Note]:
    """Call with the inputs in a random order; watch the bits of each result, and the results that are kept."""
    order = np.random.default_rng(0).integers(0, len(inputs), calls)
    order[: len(inputs)] = np.arange(len(inputs))
    first: dict[int, tuple[bytes, ...]] = {}
    judged: set[tuple[int, tuple[bytes, ...]]] = set()
    kept: list[tuple[Any, tuple[bytes, ...]]] = []
    for number, which in enumerate(map(int, order), 1):
        results = call(inputs[which].arguments)
        values = read(results)
        bits = bits_of(values)
        if len(kept) < KEPT:
            kept.append((results, bits))
        if (which, bits) not in judged:
            judged.add((which, bits))
            is_first, right = first.setdefault(which, bits) == bits, inputs[which].is_right(values)
            if not right:
                yield Note(f"call {number} of {calls} is outside the bound", True)
                return
            if not is_first:
                yield Note(
                    f"not deterministic: call {number} of {calls} has other bits than an equal one before", False
                )
    if any(bits_of(read(results)) != bits for results, bits in kept):
        yield Note(f"one of {len(kept)} results that were kept was changed by a later call", True)


def bits_of(values: Values) -> tuple[bytes, ...]:
    """The bits of all results."""
    return tuple(np.asarray(value).tobytes() for value in values.values())


def changed_in_place(
    call: Call, read: Read, before: Input, after: Input, write: Callable[[Any, Any], None]
) -> Iterator[Note]:
    """Call, write other numbers into the same arrays, and call again."""
    call(before.arguments)
    write(before.arguments, after.arguments)
    if not after.is_right(read(call(before.arguments))):
        yield Note("arguments that were changed in place give the results of what they were", True)


def in_threads(call: Call, read: Read, inputs: Sequence[Input]) -> Iterator[Note]:
    """Call in several threads at once, each with one of the inputs."""
    wrong: list[str] = []
    together = threading.Barrier(THREADS)

    def work(each: Input) -> None:
        together.wait()
        with np.errstate(all="ignore"):
            for _ in range(CALLS_IN_A_THREAD):
                try:
                    right = each.is_right(read(call(each.arguments)))
                except Exception as error:  # of anybody's code
                    wrong.append(type(error).__name__)
                    return
                if not right:
                    wrong.append("a result outside the bound")
                    return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(inputs[n % len(inputs)],)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if wrong:
        yield Note(f"calls in several threads disturb one another: {wrong[0]}", True)
