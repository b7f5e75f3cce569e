"""A diagnosis of several mistakes at once: mutants that together give the outputs of a subject where it fails.

Each of them must leave its mark: wherever a mutant is wrong the subject fails too, and has its output, unless another
of them is wrong there as well. Where two are, the subject may have the outputs of either, or something between.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.running import Expected
from ..formulas import Case
from ..mutants import Mutant
from . import oracle

AT_MOST = 3  # mistakes in one function
CANCELLED = 0.1  # the share of the cases in which a mutant is wrong where another mistake may cancel it
SMALL = 0.1  # the share of the result up to which an error is small beside it

DECLINED = object()

Outcome = Any  # the results by name, None where there are none, or DECLINED
Alike = Callable[[Outcome, Outcome, dict[str, Expected]], bool]


class Candidate(NamedTuple):
    """A mutant that may be one of several mistakes."""

    mutant: Mutant
    outcomes: Mapping[str, Outcome]  # by case
    wrong: frozenset[str]  # the failing cases in which it is wrong
    same: frozenset[str]  # those of them in which the subject's outputs are the mutant's


class Several(NamedTuple):
    """The mutants that explain a subject together, and the failing cases that they leave unexplained."""

    mutants: list[Mutant]
    rest: frozenset[str]
    by_one_case: bool  # whether one of them is known by a single case


def several(
    every: Iterable[Mutant],
    outcome_of: Callable[[Mutant, Case], Outcome],
    ours: Mapping[str, Outcome],
    chosen: Sequence[tuple[Case, dict[str, Expected]]],
    failing: Collection[str],
    alike: Alike,
) -> Several:
    """The fewest mutants, found greedily, that explain the failing cases.

    Parameters
    ----------
    every : iterable of Mutant
        Of the function, in order.
    outcome_of : callable
        What a mutant gives in a case.
    ours : mapping
        What the subject gives, by case.
    chosen : sequence
        The cases with what is expected.
    failing : collection of str
        The cases whose values the subject fails.
    alike : callable
        Whether two outcomes are the same, but for what rounding explains.
    """
    by_name = {case.id: (case, expected) for case, expected in chosen}
    candidates = [c for c in (candidate(m, outcome_of, ours, by_name, failing, alike) for m in every) if c is not None]
    while candidates:
        found, rest = covered(candidates, frozenset(failing))
        contradicted = [each for each in found if not each.wrong - each.same <= union(found, each)]
        if not contradicted:
            rest = frozenset(name for name in rest if not between(found, ours[name], name, by_name[name][1]))
            return Several([each.mutant for each in found], rest, any(len(each.same) == 1 for each in found))
        candidates.remove(min(contradicted, key=lambda each: len(each.same)))
    return Several([], frozenset(failing), False)


def candidate(
    mutant: Mutant,
    outcome_of: Callable[[Mutant, Case], Outcome],
    ours: Mapping[str, Outcome],
    by_name: Mapping[str, tuple[Case, dict[str, Expected]]],
    failing: Collection[str],
    alike: Alike,
) -> Candidate | None:
    """The mutant with where it is wrong; None if the subject is right in some of these, or has none of its outputs."""
    outcomes: dict[str, Outcome] = {}
    wrong, right = set[str](), 0
    for name in sorted(by_name, key=lambda name: (bool(by_name[name][0].steps), name in failing)):
        case, expected = by_name[name]
        theirs = outcomes[name] = outcome_of(mutant, case)
        if theirs is not DECLINED and is_wrong(theirs, expected, case):
            right += name not in failing
            if right > CANCELLED * len(failing):
                return None
            wrong |= {name} & {*failing}
    if right > CANCELLED * len(wrong):
        return None
    same = frozenset(name for name in wrong if alike(ours[name], outcomes[name], by_name[name][1]))
    return Candidate(mutant, outcomes, frozenset(wrong), same) if same else None


def is_wrong(found: Outcome, expected: Mapping[str, Expected], case: Case) -> bool:
    """Whether an outcome is outside the bounds."""
    if found is None:
        return True
    for name, each in expected.items():
        values = found.get(name)
        if values is None or values.shape != each.value.shape or values.dtype.kind == "c":
            return True
        if np.any(oracle.ratios(values, each, oracle.may_be_nan(case, name.partition(" ")[0]))[0] > 1):
            return True
    return False


def covered(candidates: Sequence[Candidate], failing: frozenset[str]) -> tuple[list[Candidate], frozenset[str]]:
    """The candidates that explain the most of what is left, one after the other, and what is left in the end."""
    found: list[Candidate] = []
    rest = failing
    while rest and len(found) < AT_MOST:
        best = max(candidates, key=lambda each: (len(each.same & rest), -len(each.wrong - each.same)))
        if not best.same & rest:
            break
        found.append(best)
        rest -= best.same
    return found, rest


def union(found: Iterable[Candidate], but: Candidate) -> frozenset[str]:
    """The cases in which one of the others is wrong."""
    return frozenset(name for each in found if each is not but for name in each.wrong)


def between(found: Sequence[Candidate], ours: Outcome, name: str, expected: Mapping[str, Expected]) -> bool:
    """Whether the subject is off from the mutant with the larger error by no more than the errors of the others.

    Twice these, since one mistake may double what another one does; they must be small beside the result.
    """
    theirs = [each.outcomes[name] for each in found if name in each.wrong]
    if len(theirs) < 2 or not all(isinstance(each, dict) for each in (ours, *theirs)):
        return False
    for result, each in expected.items():
        arrays = [outcome[result] for outcome in (ours, *theirs)]
        if any(array.shape != each.value.shape or array.dtype.kind == "c" for array in arrays):
            return False
        with np.errstate(all="ignore"):
            own, *errors = (array.astype(np.float64) - each.value for array in arrays)
            sizes = np.abs(errors)
            largest = np.take_along_axis(np.asarray(errors), np.argmax(sizes, axis=0)[None], axis=0)[0]
            others = np.sum(sizes, axis=0) - np.max(sizes, axis=0)
            close = np.abs(own - largest) <= 2 * (others + len(errors) * each.bound)
            small = others <= SMALL * np.abs(each.value) + each.bound
            same = np.all([np.isnan(each) | (each == 0) for each in (own, *errors)], axis=0)
        if not np.all((small & close) | same):
            return False
    return True
