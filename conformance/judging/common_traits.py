"""What the failing cases of a function have in common, in words: what is true of all of them and of few that pass."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from ...reference.declaration import AXIS, BATCH
from ..arithmetic.rounding import MODELS, finfo
from ..cases.draw import unpack
from ..formulas import Case
from ..formulas.axes import axis_names, parts
from .judge import Finding

EVERY = "every call fails in the same way"
FLUSHED = 'with a subnormal result, which comes out as 0: declare `subnormals = "flush"` if that is meant'
FEWEST = 3  # cases that fail, and others that pass: fewer have much in common by chance
# Of how many cases that pass it may be true too, as not every case shows a mistake: for each that fails, and of all.
MOST_OTHERS, MOST_OF_ALL = 0.5, 0.2
BLOCKS = tuple(2**power for power in range(1, 13))
RAISED = re.compile(r"it raised (?P<kind>\w+).*?(?P<place> \([^()]+:\d+\))?$")


class Facts(NamedTuple):
    """What a case is made of."""

    lengths: dict[str, int]  # of each letter of the signature
    batch: tuple[int, ...]  # its shape
    words: frozenset[str]  # what else is true of it
    largest: float = 0.0  # of its finite numbers, without their signs
    counts: Mapping[str, int] = {}  # such as Adam's step, where the last of its steps begins

    @property
    def rows(self) -> int:
        """How many there are in the batch."""
        return math.prod(self.batch)


Test = Callable[[Facts], bool]


def in_common(failed: Sequence[Finding], every: Sequence[Finding], loosely: bool = False) -> str:
    """What all failing findings have in common, and few cases that pass have; nothing if that is not known.

    What is true of all cases of their requirements says what is required, not which of the cases fail.

    Parameters
    ----------
    failed : sequence of Finding
        Those of one function that are to be described.
    every : sequence of Finding
        All of the same function, those that passed too.
    loosely : bool
        Whether it may be true of more cases that pass than fail: an option, a count, or how large numbers are, but no
        length.
    """
    if all(is_flushed(finding) for finding in failed):
        return FLUSHED
    bad = {finding.case.id for finding in every if not finding.passed}
    passing = {f.case.id: f.case for f in every if f.case.id not in bad}
    failing = {f.case.id: f.case for f in failed}
    if not passing:
        kinds = {kind_of(finding) for finding in failed}
        return EVERY if len(kinds) == 1 and "" not in kinds else ""
    if min(len(failing), len(passing)) < FEWEST:
        return ""
    ours, theirs = ([facts(case) for case in some.values()] for some in (failing, passing))
    asked = {finding.requirement for finding in failed}
    met = {finding.case.id for finding in every if finding.requirement in asked}
    others = [each for name, each in zip(passing, theirs, strict=True) if name in met]
    signature = failed[0].case.formula.signature
    where = f" in {signature.text}" if signature else ""
    found = [
        (sum(map(test, theirs)), words)
        for words, test in (loose_tests(ours, theirs) if loosely else tests(ours, theirs, where))
        if all(map(test, ours)) and not all(map(test, others))
    ]
    also, words = min(found, key=lambda pair: pair[0], default=(len(theirs), ""))
    if also > MOST_OF_ALL * len(theirs) or (also > MOST_OTHERS * len(ours) and not loosely):
        return ""
    return f"with {words}" + (
        f", as {'are' if also > 1 else 'is'} {also} of the {len(theirs)} cases that pass" if also else ""
    )


def is_flushed(finding: Finding) -> bool:
    """Whether a subnormal number was wanted, and 0 came."""
    names = [each.dtype.name for each in arrays(finding.case) if each.dtype.name in MODELS]
    if finding.place is None or not names:
        return False
    return finding.got == 0 and 0 < abs(finding.expected) < float(finfo(np.dtype(names[0])).smallest_normal)


def kind_of(finding: Finding) -> str:
    """In which way a call failed: the exception and its line, or else the reason; nothing where there was a result."""
    return raised_in(finding.reason) or (finding.reason if finding.place is None else "")


def raised_in(reason: str) -> str:
    """The exception that a reason names, and its line; nothing where a call did not raise."""
    raised = RAISED.match(reason)
    return f"{raised['kind']}{raised['place'] or ''}" if raised else ""


def facts(case: Case) -> Facts:
    """What is true of a case."""
    lengths, batch, words = dict[str, int](), dict[str, int](), set[str]()
    axis = case.options.get(AXIS, -1)
    if case.formula.signature is not None:
        for _, axes, value in parts(case.formula, case.arguments):
            own = np.shape(value)[bool(case.steps) :]  # many steps have an axis more
            for name, size in zip(axis_names(axes, len(own), axis), own, strict=True):
                (batch if name.startswith(BATCH) else lengths)[name] = size
            if own and axis % len(own) != len(own) - 1 and AXIS in case.options and axes[-1] != BATCH:
                words.add("another axis than the last")
    numbers = [each for each in arrays(case) if each.dtype.name in MODELS]
    words |= {"a batch"} if batch else set()
    words |= {"an array without elements"} if any(each.size == 0 for each in arrays(case)) else set()
    words |= {"NaN in the input"} if any(np.isnan(each).any() for each in numbers) else set()
    words |= {"an infinity in the input"} if any(np.isinf(each).any() for each in numbers) else set()
    given = {name: value for name, value in case.options.items() if name != AXIS}
    words |= {f"{name} given" for name in given}
    words |= {f"{name} = {value}" for name, value in given.items() if isinstance(value, str | int)}
    words |= named(case)
    finite = (np.abs(each[np.isfinite(each)], dtype=np.float64) for each in numbers if each.dtype.name != "bfloat16")
    largest = max((float(np.max(each, initial=0)) for each in finite), default=0.0)
    shape = tuple(batch[name] for name in sorted(batch, key=lambda name: -int(name.removeprefix(BATCH))))
    begun = max(case.steps, default=1) - 1
    counts = {name: start + begun for name, start in starts(case).items()}
    return Facts(lengths, shape, frozenset(words), largest, counts)


def starts(case: Case) -> dict[str, int]:
    """The counts of a state that is given."""
    states = [(name, value) for name in case.formula.counts for value in case.arguments if hasattr(value, name)]
    return {name: int(getattr(value, name)) for name, value in states}


def named(case: Case) -> set[str]:
    """Which arguments may be left out and are given, which axes they have, and of which dtype labels are."""
    defaults = zip(case.formula.parameters.items(), case.arguments, strict=False)
    words = {f"{name} given" for (name, default), _ in defaults if default is None}
    if case.formula.signature is None:
        return words
    words.add(f"arguments {case.formula.signature.text.partition(' -> ')[0]}")
    given = {name: getattr(value, "dtype", np.dtype(float)) for name, _, value in parts(case.formula, case.arguments)}
    return words | {f"{name} of {dtype}" for name, dtype in given.items() if dtype.kind in "iu"}


def arrays(case: Case) -> Iterator[np.ndarray]:
    """The arrays of a case, those of a state too."""
    return (np.asarray(each) for each in unpack(case.arguments) if isinstance(each, np.ndarray | np.generic))


def tests(ours: list[Facts], theirs: list[Facts], where: str) -> Iterator[tuple[str, Test]]:
    """Yield what may be true of a case, in words and as a test, the plainest first; `where` explains the letters."""

    def length(letter: str, each: Facts) -> int:
        return each.lengths[letter]

    yield from of_words(ours)
    for letter in ours[0].lengths:
        if all(letter in each.lengths for each in [*ours, *theirs]):
            yield from of_numbers(letter, where, ours, theirs, partial(length, letter))
    yield from of_numbers("batch axes", "", ours, theirs, lambda each: len(each.batch), least=0)
    yield from of_numbers("batch rows", "", ours, theirs, attrgetter("rows"))


def loose_tests(ours: list[Facts], theirs: list[Facts]) -> Iterator[tuple[str, Test]]:
    """The same of what may be true of many cases that pass: no length."""

    def count(name: str, each: Facts) -> int:
        return each.counts[name]

    yield from of_words(ours)
    yield from of_size(ours, theirs)
    for name in ours[0].counts:
        if all(name in each.counts for each in [*ours, *theirs]):
            yield from of_limits(name, ours, theirs, partial(count, name))


def of_words(ours: list[Facts]) -> Iterator[tuple[str, Test]]:
    """The same of what is true or not."""

    def has(words: str, each: Facts) -> bool:
        return words in each.words

    for words in sorted(ours[0].words):
        yield words, partial(has, words)


def of_size(ours: list[Facts], theirs: list[Facts]) -> Iterator[tuple[str, Test]]:
    """The same of how large numbers are: beyond the largest of those that pass with smaller ones."""
    low = min(each.largest for each in ours)
    below = max((each.largest for each in theirs if each.largest < low), default=0.0)
    if below:
        yield f"numbers beyond {below:.3g}", lambda each: each.largest > below


def of_numbers(
    name: str, where: str, ours: list[Facts], theirs: list[Facts], number: Callable[[Facts], int], least: int = 1
) -> Iterator[tuple[str, Test]]:
    """The same of a number that each case has: a limit, or what it is no multiple of.

    Of a lower limit of `least` nothing is said: with one row, or one class, much is right by chance.
    """

    def odd(block: int, each: Facts) -> bool:
        return number(each) % block != 0

    for words, test in of_limits(name, ours, theirs, number, least):
        yield f"{words}{where}", test
    for block in BLOCKS:
        yield f"{name} no multiple of {block}{where}", partial(odd, block)


def of_limits(
    name: str, ours: list[Facts], theirs: list[Facts], number: Callable[[Facts], int], least: int = 0
) -> Iterator[tuple[str, Test]]:
    """The same of the limits of a number."""
    low, high = min(map(number, ours)), max(map(number, ours))
    above = min((n for n in map(number, theirs) if n > high), default=0)
    below = max((n for n in map(number, theirs) if n < low), default=0)
    if low == high:
        yield f"{name} = {low}", lambda each: number(each) == low
    if above:
        yield f"{name} < {above}", lambda each: number(each) < above
    if below > least:
        yield f"{name} > {below}", lambda each: number(each) > below
