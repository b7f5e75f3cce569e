"""Which requirements and cases a mutant fails."""

import types
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..judge import Finding, judge
from ..subject import Subject
from . import Mutant

DTYPES = ("float32", "float64")


class Kills(NamedTuple):
    """What a mutant fails, by dtype."""

    mutant: Mutant
    labels: dict[str, set[str]]
    cases: dict[str, set[str]]
    findings: dict[str, list[Finding]]


@lru_cache(maxsize=2048)
def kills(mutant: Mutant) -> Kills:
    """Judge a mutant in each dtype."""
    subject = Subject(types.SimpleNamespace(__name__=mutant.name, **{mutant.function: mutant.call}))
    found: dict[str, list[Finding]] = {}
    for dtype in DTYPES:
        with subject.backend.settings(dtype):
            findings = judge(subject, mutant.requirement.partition(".")[0], np.dtype(dtype), 0)
            found[dtype] = [f for f in findings if isinstance(f, Finding) and not f.passed]
    return Kills(
        mutant,
        {dtype: {f.requirement for f in failed} for dtype, failed in found.items()},
        {dtype: {f.case.id for f in failed} for dtype, failed in found.items()},
        found,
    )
