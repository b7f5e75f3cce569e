"""Which change of one operation of anybody's formula gives what a subject returns: of it, no mistake is known."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ... import backends
from ..cases.draw import unpack
from ..formulas import Formula
from ..mutants.changes import changed, changes_of
from ..mutants.operations import watched
from ..tracing import Traced
from . import oracle
from .judge import Finding
from .known_mistakes import PERHAPS, Here, agree, outcome
from .lock import LOCK

FEW = 6  # cases that fail, and as many that pass
MOST_ELEMENTS = 4_096  # of their arguments: each operation of the formula is changed in many ways
ARTIFICIAL = "constant"  # whose changes stand for others


def explained(
    subject: Any, function: Formula, dtype: np.dtype[Any], failed: list[Finding], every: list[Finding]
) -> Iterator[str]:
    """Yield each change with which a function of NumPy's arrays gives the subject's outputs, in words."""
    if function.is_own or isinstance(function, Traced):
        return
    with LOCK:
        bad = {finding.case.id for finding in every if not finding.passed}
        failing = smallest(finding for finding in failed if finding.place is not None)
        cases = [each.case for each in (*failing, *smallest(each for each in every if each.case.id not in bad))]
        call, here = next(iter(subject.functions(function.name).values())), Here(backends.load("numpy"))
        run, seen = watched(function.function)
        right = [outcome(here, run, finding.case) for finding in failing]
        if not right or any(gives(found, each) for found, each in zip(right, failing, strict=True)):
            return
        known = [(outcome(subject, call, case), oracle.expect(case, dtype)) for case in cases]
        for operation, change in changes_of(seen):
            wrong = changed(function.function, operation, change)
            if change.kind == ARTIFICIAL or not all(gives(outcome(here, wrong, each.case), each) for each in failing):
                continue
            found = (outcome(here, wrong, case) for case in cases)
            if all(agree(ours, each, wanted) for each, (ours, wanted) in zip(found, known, strict=True)):
                yield f"{PERHAPS}in `{operation.text}`, {change.words_for(operation.name)}"


def gives(found: Any, finding: Finding) -> bool:
    """Whether an outcome has the number that the subject gave where it is furthest off, within the bound."""
    if not isinstance(found, dict):
        return False
    try:
        number = float(found[finding.output][finding.place])
    except (IndexError, TypeError):  # the change gives another shape
        return False
    return bool(np.array_equal(number, finding.got, equal_nan=True)) or abs(number - finding.got) <= finding.bound


def smallest(findings: Iterable[Finding]) -> list[Finding]:
    """The findings about cases of few elements, one for each case."""
    of_cases = {finding.case.id: finding for finding in findings}
    sizes = {case: sum(map(np.size, unpack(finding.case.arguments))) for case, finding in of_cases.items()}
    return [of_cases[case] for case in sorted(sizes, key=sizes.__getitem__) if sizes[case] <= MOST_ELEMENTS][:FEW]
