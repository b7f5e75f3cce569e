"""What is to blame where a made case fails: each part of its shape is tried alone, and what fails is put into words."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np

from ...reference.declaration import AXIS
from . import plan
from .build import Builder, Made, shape_name
from .kinds import axes, uneven

Batch = tuple[int, ...]
LISTED = 4  # that have nothing in common
BLOCKS = tuple(2**power for power in range(3, 17))
ODD = tuple(odd * size for size in BLOCKS if size <= 1_024 for odd in (3, 5, 17))  # of one size of blocks alone
# What no part of a shape explains begins with one of these.
TOGETHER, PLAIN = "only where", "in a small shape already"
SMALL = f"{PLAIN}, so that no length is the reason"


def blame(builder: Builder, fails: Callable[[Made], bool], batch: Batch = (), length: int = 0) -> tuple[str, str]:
    """The requirement that a failing subject does not meet, and where, in words.

    Parameters
    ----------
    builder : Builder
        Of the formula and dtype.
    fails : callable
        Whether the subject fails on a made case.
    batch, length : tuple of int, int
        The pair on which it failed, if it did on one.
    """
    usual_batch, usual_length = plan.USUAL

    @cache
    def fails_at(batch: Batch, length: int, letter: str = "") -> bool:
        return fails(alone(builder, batch, length, letter))

    if fails_at(usual_batch, usual_length):
        return builder.label("value"), SMALL
    lengths = sorted({n for _, n in plan.PAIRS} | {*ODD})
    batches = [*(each for each, _ in plan.PAIRS), *((size,) for size in ODD)]
    if not builder.letters and (words := of_elements(fails_at, lengths, batches)):
        return builder.label("value"), wherever("the number of elements", words)
    for letter in builder.letters or [""]:
        tried = [n for n in lengths if can_be(builder, usual_batch, n, letter)]
        failing = [n for n in tried if fails_at(usual_batch, n, letter)]
        if failing:
            return builder.label("value"), wherever(axis_of(builder, letter), of_lengths(failing, tried))
    unfit = [each for each in dict.fromkeys(batches) if fails_at(each, usual_length)]
    if unfit:
        return builder.label("batch", "elementwise"), wherever("the batch", of_batches(unfit, batches))
    wrong = [each for each in axes(builder) if fails(each)]
    if wrong:
        return builder.label("axis"), wherever("the axis", of_axes(wrong, list(axes(builder))))
    what = f"{TOGETHER} a batch of shape {batch} and a last axis of {length} come together"
    return builder.label("value"), what


def wherever(what: str, description: str) -> str:
    """In which cases a subject fails; nothing where no description was found."""
    return f"wherever {what} {description}" if description else ""


def can_be(builder: Builder, batch: Batch, length: int, letter: str) -> bool:
    """Whether the oracle can afford a shape."""
    return not letter or builder.fits(batch, {letter: length})


def axis_of(builder: Builder, letter: str) -> str:
    """The axis that has a letter, in words: the last one of the first argument, or the letter itself."""
    is_last = not letter or builder.leaves[0].axes[-1:] == (letter,)
    return "the last axis" if is_last else f"{letter} of {builder.formula.signature}"


def alone(builder: Builder, batch: Batch, length: int, letter: str = "") -> Made:
    """A case of this shape, all else as usual; the length is that of a letter, the first one by default."""
    name, note = f"{shape_name(batch)}_by_{length}", "a part of a shape alone"
    if not builder.letters:
        compact, to = builder.here((*batch, length), {})
    else:
        compact, to = builder.here(batch, {letter or builder.letters[0]: length}, uneven(builder, True))
    return builder.made("pairs", builder.label("value"), name, note, compact, to)


def of_elements(fails_at: Callable[[Batch, int], bool], lengths: list[int], batches: list[Batch]) -> str:
    """For how many elements a subject fails, in rows and in long ones; nothing where their number does not tell."""
    usual_batch, usual_length = plan.USUAL
    wrong, right = set[int](), set[int]()
    for shapes in ([(usual_batch, length) for length in lengths], [(batch, usual_length) for batch in batches]):
        found = [(int(np.prod(batch)) * length, fails_at(batch, length)) for batch, length in shapes]
        if not any(failed for _, failed in found):
            return ""
        wrong |= {count for count, failed in found if failed}
        right |= {count for count, failed in found if not failed}
    return "" if wrong & right else of_lengths(sorted(wrong), sorted(wrong | right), "more than", "at most", "")


def of_lengths(
    failing: list[int], tried: list[int], more: str = "longer than", most: str = "no longer than", unit: str = " long"
) -> str:
    """The shortest description that is true of the failing lengths and of no other one that was tried."""
    if len(failing) == 1:
        return f"is {failing[0]}{unit}"
    above = {f"is {more} {limit}": (lambda size, n=n: size > n) for n, limit in limits(tried).items()}
    below = {f"is {most} {limit}": (lambda size, n=n: size <= n) for n, limit in limits(tried).items()}
    tail = {f"is no multiple of {k}": (lambda size, k=k: size % k != 0) for k in BLOCKS}
    whole = {f"is a multiple of {k}": (lambda size, k=k: size % k == 0) for k in BLOCKS}
    return described(failing, tried, [above, below, tail, whole], [(above, tail), (above, whole)])


def limits(tried: list[int]) -> dict[int, str]:
    """The limit between each number that was tried and the next, in words: nothing between them was tried."""
    following = dict(pairwise(tried))
    return {n: f"a limit from {n} to {following[n] - 1}" if following.get(n, n + 1) > n + 1 else f"{n}" for n in tried}


def of_batches(failing: list[Batch], tried: list[Batch]) -> str:
    """The same of batches."""
    if len(failing) == 1:
        return f"is {failing[0]}"
    ranks = {f"has {count} axes": (lambda batch, count=count: len(batch) == count) for count in range(6)}
    more = {f"has more than {count} axes": (lambda batch, count=count: len(batch) > count) for count in range(5)}
    one = {"has an axis of length 1": lambda batch: 1 in batch}
    sizes = sorted({int(np.prod(batch)) for batch in tried})
    above = {
        f"has more rows than {limit}": (lambda batch, n=n: np.prod(batch) > n) for n, limit in limits(sizes).items()
    }
    tail = {f"has no multiple of {k} rows": (lambda batch, k=k: np.prod(batch) % k != 0) for k in BLOCKS}
    return described(failing, tried, [ranks, more, one, above, tail], [(above, tail)])


def of_axes(failing: list[Made], tried: list[Made]) -> str:
    """The same of axes, each with the number of axes of its array."""

    def place(each: Made) -> tuple[int, int]:
        return int(each.options[AXIS]), len(each.to.batch) + 1

    tests: dict[str, Callable[[tuple[int, int]], bool]] = {
        "is not the last": lambda place: place[0] % place[1] != place[1] - 1,
        "is the first": lambda place: place[0] % place[1] == 0,
        "is negative": lambda place: place[0] < 0,
    }
    ranks = {f"is one of {count}": (lambda place, count=count: place[1] == count) for count in range(2, 6)}
    ranks |= {f"is one of more than {count}": (lambda place, count=count: place[1] > count) for count in range(2, 5)}
    number = {f"is {axis}": (lambda place, axis=axis: place[0] == axis) for axis in range(-4, 4)}
    return described(
        [*map(place, failing)], [*map(place, tried)], [tests, number, ranks], [(tests, ranks), (number, ranks)]
    )


def described(
    failing: Iterable[Any],
    tried: Iterable[Any],
    simple: list[Mapping[str, Any]],
    joined: list[tuple[Mapping[str, Any], ...]],
) -> str:
    """The first description that separates what fails from what does not, or a short list; nothing of many."""
    wanted = {each: each in failing for each in tried}

    def separates(*tests: Callable[[Any], Any]) -> bool:
        return all(all(test(each) for test in tests) == is_bad for each, is_bad in wanted.items())

    for words, test in (pair for tests in simple for pair in tests.items()):
        if separates(test):
            return words
    for first, second in joined:
        for (words, test), (more, other) in product(first.items(), second.items()):
            if separates(test, other):
                return f"{words} and {more}"
    found = [*map(str, failing)]
    return f"is one of {', '.join(found)}" if len(found) <= LISTED else ""  # of more it is chance
