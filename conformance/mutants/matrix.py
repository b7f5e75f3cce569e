"""Which requirements and cases a mutant fails."""

import types
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..arithmetic.rounding import HALF
from ..judging.judge import Finding, judge
from ..judging.subject import Subject
from . import Mutant

DTYPES = ("float32", "float64")


class Kills(NamedTuple):
    """What a mutant fails, by dtype."""

    mutant: Mutant
    labels: dict[str, set[str]]
    cases: dict[str, set[str]]
    findings: dict[str, list[Finding]]


@lru_cache(maxsize=4096)
def failures(mutant: Mutant, dtype: str) -> list[Finding]:
    """What a mutant fails in a dtype."""
    functions = {mutant.function: mutant.in_dtype(np.dtype(dtype))}
    subject = Subject(types.SimpleNamespace(__name__=mutant.name, **functions))
    with subject.settings(dtype):
        findings = judge(subject, mutant.requirement.partition(".")[0], np.dtype(dtype), 0, made=False)
        return [f for f in findings if isinstance(f, Finding) and not f.passed]


def kills(mutant: Mutant) -> Kills:
    """Judge a mutant in each dtype that it is for."""
    found = {dtype: failures(mutant, dtype) for dtype in (HALF if mutant.half else DTYPES)}
    return Kills(
        mutant,
        {dtype: {f.requirement for f in failed} for dtype, failed in found.items()},
        {dtype: {f.case.id for f in failed} for dtype, failed in found.items()},
        found,
    )
