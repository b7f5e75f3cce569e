"""Calls that are made again: whether one depends on another.

Nothing here knows a formula: a subject is called on inputs whose right results are known. A result within its bound
whose bits differ from those of an equal call is no failure, only a note: the subject is not deterministic. One that is
outside the bound is a fault of the order of the calls only where an equal call, or a fresh copy of the subject, is
right; a subject that is always wrong fails by its values.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ...worker.repeated_calls import Repeated, Threads, Values


class Input(NamedTuple):
    """Arguments, what says whether results of theirs are right, and what says whether a fresh copy's would be."""

    arguments: Any
    is_right: Callable[[Values], bool]
    is_right_elsewhere: Callable[[], bool] = lambda: True


class Note(NamedTuple):
    """What was seen, in words, and whether it fails."""

    words: str
    fails: bool


def notes_of(found: Repeated, inputs: Sequence[Input]) -> Iterator[Note]:
    """What is to be said of calls that were made one after the other."""
    right = [inputs[each.which].is_right(each.values) for each in found.seen]
    wrong = [each for each, is_right in zip(found.seen, right, strict=True) if not is_right]
    once = {each.which for each, is_right in zip(found.seen, right, strict=True) if is_right}
    first = next((each for each in wrong if each.which in once or inputs[each.which].is_right_elsewhere()), None)
    if first is not None:
        yield Note(f"call {first.number} of {found.calls} is outside the bound", True)
        return
    seen = set[int]()
    for each in found.seen:
        if each.which in seen and not wrong:
            words = f"call {each.number} of {found.calls} has other bits than an equal one before"
            yield Note(f"not deterministic: {words}", False)
        seen.add(each.which)
    if found.changed:
        yield Note(f"one of {found.kept} results that were kept was changed by a later call", True)


def note_of_change(values: Values, after: Input) -> Iterator[Note]:
    """What is to be said of a call whose arguments were changed in place."""
    if not after.is_right(values) and after.is_right_elsewhere():
        yield Note("arguments that were changed in place give the results of what they were", True)


def note_of_threads(found: Threads, inputs: Sequence[Input]) -> Iterator[Note]:
    """What is to be said of calls at the same time."""
    wrong = {each.which for each in found.seen if not inputs[each.which].is_right(each.values)}
    first = "a result outside the bound" if any(inputs[each].is_right_elsewhere() for each in wrong) else ""
    if words := next(iter(found.errors), first):
        yield Note(f"calls in several threads disturb one another: {words}", True)
