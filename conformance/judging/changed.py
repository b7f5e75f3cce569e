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
from .alone import LOCK
from .judge import Finding
from .known import PERHAPS, Here, agree, outcome

FEW = 6  # cases that fail, and as many that pass
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
        cases = [*failing, *smallest(finding for finding in every if finding.case.id not in bad)]
        call, here = subject.functions(function.name)[""], Here(backends.load("numpy"))
        run, seen = watched(function.function)
        right = [outcome(here, run, case) for case in cases]
        known = [(outcome(subject, call, case), oracle.expect(case, dtype)) for case in cases]
        for operation, change in changes_of(seen) if failing else ():
            wrong = changed(function.function, operation, change)
            found = [outcome(here, wrong, case) for case in cases]
            alike = all(agree(ours, each, wanted) for each, (ours, wanted) in zip(found, known, strict=True))
            same = all(agree(each, one, wanted) for each, one, (_, wanted) in zip(found, right, known, strict=True))
            if change.kind != ARTIFICIAL and alike and not same:
                yield f"{PERHAPS}in `{operation.text}`, {change.words_for(operation.name)}"


def smallest(findings: Iterable[Finding]) -> list[Any]:
    """The cases of few elements."""
    cases = {finding.case.id: finding.case for finding in findings}
    return sorted(cases.values(), key=lambda case: sum(map(np.size, unpack(case.arguments))))[:FEW]
