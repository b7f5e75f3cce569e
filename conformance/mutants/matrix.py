"""Which requirements and cases a mutant fails."""

import types
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..arithmetic.rounding import HALF
from ..judging.judge import Finding, judge
from ..judging.repeated_calls import called_again
from ..judging.subject import Subject
from . import Mutant

DTYPES = ("float32", "float64")


class Kills(NamedTuple):
    """What a mutant fails, by dtype."""

    mutant: Mutant
    labels: dict[str, set[str]]
    cases: dict[str, set[str]]


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
    )


class Kinds(NamedTuple):
    """What a mistake in one kind of input fails in float32, by the made cases and by calls made again too."""

    requirements: set[str]
    kinds: set[str]  # of made cases, "again", and "chosen" for the chosen cases


@lru_cache(maxsize=256)
def kinds(mutant: Mutant) -> Kinds:
    """Judge such a mistake by everything."""
    formula, dtype = mutant.requirement.partition(".")[0], "float32"
    subject = Subject(types.SimpleNamespace(__name__=mutant.name, **{mutant.function: mutant.call}))
    with subject.settings(dtype), np.errstate(all="ignore"):
        findings = judge(subject, formula, np.dtype(dtype), 0)
        failed = [each for each in findings if isinstance(each, Finding) and not each.passed]
        again = {label for label, note in called_again(subject, formula, dtype) if note.fails}
    by_kind = {each.case.kind or "chosen" for each in failed}
    return Kinds({each.requirement for each in failed} | again, by_kind | ({"again"} if again else set()))
