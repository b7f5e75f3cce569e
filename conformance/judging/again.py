"""A subject that is called again on made cases: the notes of `cases.again`, with the requirement that each is about."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.running import Expected
from ..cases.again import CALLS, Input, Note, changed_in_place, in_threads, repeated
from ..cases.behaviour import MIXED, behaviour
from ..cases.build import Made
from . import oracle
from .judge import BrokenResultError, converted, named, parts_of, unpack
from .made import compact_cases, spread
from .subject import Subject

RANDOM, LONGER = ("random_seed_0_0", "random_seed_0_1"), ("6_by_1025", "6_by_4097")
CALLS_OF_LONGER, CALLS_OF_SLOW = 24, 64
IMMUTABLE = "jax", "dask"  # whose arrays nobody changes in place


def called_again(subject: Subject, formula: str | Callable[..., Any], dtype: str) -> Iterator[tuple[str, Note]]:
    """Yield what is seen when the functions of a formula are called again, with the requirement that it is about."""
    known = compact_cases(formula, dtype, 0, subject.subnormals, subject.numerics)
    pairs = {(each.compact.function, each.name): (each, found) for each, found in known}
    for function in dict.fromkeys(name for name, _ in pairs):
        random, longer = (
            [pairs[function, name] for name in names if (function, name) in pairs] for names in (RANDOM, LONGER)
        )
        if len(random) < len(RANDOM):  # nothing is known of small inputs
            continue
        for call in subject.functions(function).values():
            label = f"{random[0][0].compact.formula.formula}.pure"
            try:
                yield from ((label, note) for note in notes(subject, call, random, longer))
            except BrokenResultError as error:
                yield label, Note(str(error), True)
            except NotImplementedError:
                continue
            except Exception as error:  # of anybody's code
                yield label, Note(f"it raised {type(error).__name__} when it was called again", True)


def notes(subject: Subject, call: Any, random: list[Any], longer: list[Any]) -> Iterator[Note]:
    """What is seen of one function."""
    function, read = caller(subject, random[0][0], call)
    small = [*random, *([same_start(*random[0])] if rows_move(random[0][0]) else [])]
    calls = CALLS_OF_SLOW if subject.backend.name in IMMUTABLE else CALLS
    yield from repeated(function, read, [given(subject, *each) for each in small], calls)
    for each in longer:
        if rows_move(each[0]):
            inputs = [given(subject, *each), given(subject, *rolled(*each))]
            yield from repeated(function, read, inputs, CALLS_OF_LONGER)
    if subject.backend.name not in IMMUTABLE:
        before, after = (given(subject, *each) for each in random)
        yield from changed_in_place(function, read, before, after, write)
    if subject.threads and subject.backend.name not in IMMUTABLE:
        yield from in_threads(function, read, [given(subject, *each) for each in random])


def caller(subject: Subject, made: Made, call: Any) -> tuple[Any, Any]:
    """What calls the subject's function on arguments, and what reads its results."""
    formula, options, backend = made.compact.formula, dict(made.compact.options), subject.backend
    computed = getattr(backend, "computed", lambda results: results)

    def read(results: Any) -> dict[str, Any]:
        found = unpack(backend, formula, results)
        return {name: value[1] for name, value in found.items() if name not in formula.counts}

    return lambda arguments: dict(computed(named(formula, call(*arguments, **options)))), read


def given(subject: Subject, made: Made, found: dict[str, Expected]) -> Input:
    """A made case as an input of the subject's library."""
    case = made.whole()
    expected = {name: spread(made, name, one) for name, one in found.items()}
    _, arguments = converted(subject.backend, case, lambda _, array: array)

    def is_right(values: Any) -> bool:
        return all(
            values[name].shape == one.value.shape
            and bool(np.all(oracle.ratios(values[name], one, oracle.may_be_nan(case, name))[0] <= 1))
            for name, one in expected.items()
        )

    return Input(arguments, is_right)


def rows_move(made: Made) -> bool:
    """Whether rows in another order give the same results in that order."""
    return behaviour(made.compact.formula).get(BATCH, MIXED) != MIXED


def moved(made: Made, order: np.ndarray) -> Made:
    """The case with its rows in another order."""
    indices = {**made.to.indices, BATCH: made.to.indices[BATCH][order]}
    return made._replace(to=made.to._replace(indices=indices))


def rolled(made: Made, found: dict[str, Expected]) -> tuple[Made, dict[str, Expected]]:
    """The case with its last row first."""
    return moved(made, np.roll(np.arange(len(made.to.indices[BATCH])), 1)), found


def same_start(made: Made, found: dict[str, Expected]) -> tuple[Made, dict[str, Expected]]:
    """The case with all rows but the first in reverse: what begins alike is not the same."""
    count = len(made.to.indices[BATCH])
    return moved(made, np.append(0, np.arange(count)[:0:-1])), found


def write(arguments: Any, values: Any) -> None:
    """Write numbers into arrays that a caller holds, those of a state too."""
    for argument, value in zip(arguments, values, strict=True):
        for array, new in zip(parts_of(argument), parts_of(value), strict=True):
            if hasattr(array, "shape"):
                array[...] = new
