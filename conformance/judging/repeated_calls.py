"""A subject that is called again on made cases: the notes of `cases.repeated_calls`, with the requirement of each."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ...worker import repeated_calls
from ...worker.calls import BrokenResultError
from ...worker.foreign import NAME as OTHER
from ...worker.repeated_calls import Again, Values
from ..arithmetic.running import Expected
from ..cases.behaviour import MIXED, behaviour
from ..cases.build import Made
from ..cases.repeated_calls import Input, Note, note_of_change, note_of_threads, notes_of
from ..formulas import Case
from . import oracle
from .judge import answer
from .made_expectations import compact_cases, spread
from .remote import Remote

RANDOM = "random_seed_0_0", "random_seed_0_1"
# The first that there is of each, for which code may have a way of its own, and how often it is called: of about 50 000
# numbers; of fewer; and of the most.
LONGER = (
    (("2x2_by_12289", "none_by_70001", "6_by_1025"), 24),
    (("6_by_4097",), 24),
    (("none_by_1048601", "none_by_70001", "2_by_70001"), 4),
)
CALLS, CALLS_OF_SLOW = 512, 64
SLOW = IMMUTABLE = "jax", "dask", OTHER  # whose calls take longer, and whose arrays nobody changes in place

Pair = tuple[Made, dict[str, Expected]]


def called_again(
    subject: Any, formula: str | Callable[..., Any], dtype: str, repeat: int | None = None
) -> Iterator[tuple[str, Note]]:
    """Yield what is seen when the functions of a formula are called again, with the requirement that it is about."""
    known = compact_cases(formula, dtype, 0, subject.subnormals, subject.numerics)
    pairs = {(each.compact.function, each.name): (each, found) for each, found in known}
    for function in dict.fromkeys(name for name, _ in pairs):
        known_of = {name: pair for (of, name), pair in pairs.items() if of == function}
        random = [known_of[name] for name in RANDOM if name in known_of]
        some = {next((name for name in names if name in known_of), ""): calls for names, calls in LONGER}
        longer = [(known_of[name], calls) for name, calls in some.items() if name]
        if len(random) < len(RANDOM):  # nothing is known of small inputs
            continue
        for call in subject.functions(function).values():
            label = f"{random[0][0].compact.formula.formula}.pure"
            yield from ((label, note) for note in notes(subject, call, random, longer, repeat))


def notes(
    subject: Any, call: Any, random: list[Pair], longer: list[tuple[Pair, int]], repeat: int | None
) -> Iterator[Note]:
    """What is seen of one function."""
    small = [*random, *([same_start(*random[0])] if rows_move(random[0][0]) else [])]
    calls = repeat or (CALLS_OF_SLOW if subject.library in SLOW else CALLS)
    groups = [(small, calls), *(([each, rolled(*each)], many) for each, many in longer if rows_move(each[0]))]
    asked = [([made.whole() for made, _ in pairs], count) for pairs, count in groups]
    try:
        found = made_again(subject, call, asked)
    except NotImplementedError:
        return
    except BrokenResultError as error:
        if is_right_alone(subject, call, random[0]):
            yield Note(str(error), True)
        return
    inputs = [
        [given(subject, call, case, pair) for case, pair in zip(cases, pairs, strict=True)]
        for (cases, _), (pairs, _) in zip(asked, groups, strict=True)
    ]
    for own, seen in zip(inputs, found.repeated, strict=True):
        yield from notes_of(seen, own)
    for (_, after), values in zip(repeated_calls.changes(inputs), found.changed or [], strict=False):
        yield from note_of_change(values, after)
    if found.threads is not None:
        yield from note_of_threads(found.threads, [each for each, _ in repeated_calls.together(inputs)])


def made_again(subject: Any, call: Any, groups: list[tuple[list[Case], int]]) -> Again:
    """Call a function again and again, here or in its process."""
    changing = subject.library not in IMMUTABLE
    how = {"changing": changing, "threads": changing and subject.threads}
    if isinstance(call, Remote):
        return call.again(groups, **how)
    try:
        return repeated_calls.called_again(subject.backend, call, groups, **how)
    except (BrokenResultError, NotImplementedError):
        raise
    except (Exception, SystemExit) as error:  # of anybody's code
        raise BrokenResultError(f"it raised {type(error).__name__} when it was called again") from None


def given(subject: Any, call: Any, case: Case, pair: Pair) -> Input:
    """A case as an input whose right results are known."""
    return Input(case, partial(is_right, pair, case), cache(partial(is_right_alone, subject, call, pair)))


def is_right(pair: Pair, case: Case, values: Values) -> bool:
    """Whether all results are within their bounds."""
    made, found = pair
    return all(
        values[name].shape == one.value.shape
        and bool(np.all(oracle.ratios(values[name], one, oracle.may_be_nan(case, name))[0] <= 1))
        for name, one in ((name, spread(made, name, one)) for name, one in found.items())
    )


def is_right_alone(subject: Any, call: Any, pair: Pair) -> bool:
    """Whether a function is right where no call was made before.

    That is so in a new process. Of an object that is judged here there is no fresh copy. Its rows in reverse order,
    where they move, are a call that was not made before.
    """
    made = pair[0]
    if not isinstance(call, Remote) and rows_move(made):
        made = moved(made, np.arange(len(made.to.indices[BATCH]))[::-1])
    case = made.whole()
    try:
        found = call.fresh(case) if isinstance(call, Remote) else answer(subject, call, case)
    except (BrokenResultError, NotImplementedError):
        return False
    return is_right((made, pair[1]), case, found.results)


def rows_move(made: Made) -> bool:
    """Whether rows in another order give the same results in that order."""
    return behaviour(made.compact.formula).get(BATCH, MIXED) != MIXED


def moved(made: Made, order: np.ndarray) -> Made:
    """The case with its rows in another order."""
    indices = {**made.to.indices, BATCH: made.to.indices[BATCH][order]}
    return made._replace(to=made.to._replace(indices=indices))


def rolled(made: Made, found: dict[str, Expected]) -> Pair:
    """The case with its last row first, and what else stands for itself or is added up: weights change too."""
    kinds = behaviour(made.compact.formula)
    indices = {x: index if kinds.get(x, MIXED) == MIXED else np.roll(index, 1) for x, index in made.to.indices.items()}
    return made._replace(to=made.to._replace(indices=indices)), found


def same_start(made: Made, found: dict[str, Expected]) -> Pair:
    """The case with all rows but the first in reverse: what begins alike is not the same."""
    count = len(made.to.indices[BATCH])
    return moved(made, np.append(0, np.arange(count)[:0:-1])), found
