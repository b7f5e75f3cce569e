"""The result of each requirement: what the findings about it come to, and the worst of them."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ... import spec
from ..formulas.requirements import name_of, requirements
from ..judging.common_traits import in_common
from ..judging.judge import Finding, NotOffered
from .worst import Worst, number, worst_of

NO_RESULT = "no result to ask it of"
NO_FUNCTION = "the subject has no function that this is asked of"


class Result(NamedTuple):
    """The verdict on one requirement of a formula in one dtype."""

    formula: str
    dtype: str
    requirement: str
    status: str  # 'pass', 'fail' or 'not offered'
    cases: frozenset[str]  # the ids of those that were judged
    measured: dict[str, tuple[float, float]]  # the ratio and ulp of those whose numbers were compared, by id
    ratio: float  # the worst error / bound; infinite where a result is wrong in kind
    ulp: float  # the worst error in units of the last place
    worst: Worst | None  # the element with that ratio, or the first failure
    diagnosis: str | None  # the known mistake or rival that it most likely is
    reason: str  # why it was not offered
    text: str = ""  # the requirement in words
    failing: int = 0  # how many cases fail
    common: str = ""  # what these have in common, and few that pass
    seconds: float = 0.0  # that the calls and their judging took


def in_words(reasons: Iterable[str]) -> str:
    """Reasons, each once: not one that another begins with."""
    every = sorted(set(reasons))
    return "; ".join(each for each in every if not any(each != other and other.startswith(each) for other in every))


def results_of(
    formula: str | Callable[..., Any],
    dtype: str,
    findings: Iterable[Finding | NotOffered],
    diagnoses: dict[str, str],
    version: str = spec.VERSION,
    seconds: Mapping[str, float] | None = None,
    request: Callable[[Any], str] = lambda case: "",
) -> list[Result]:
    """One result for each requirement of a version that a subject can be judged by, in the order of the page."""
    found, name = list(findings), name_of(formula)
    by_label: dict[str, list[Finding | NotOffered]] = {}
    for finding in found:
        by_label.setdefault(finding.requirement, []).append(finding)
    alike = common_of([each for each in found if isinstance(each, Finding)])
    results = []
    for label, requirement in requirements(formula, version).items():
        if requirement.own:
            continue
        judged = [f for f in by_label.get(label, ()) if isinstance(f, Finding)]
        declined = [f.reason for f in by_label.get(label, ()) if isinstance(f, NotOffered)]
        if not judged and not declined and found and not isinstance(formula, str):
            continue  # no case of a formula without a page asks it
        if not judged:
            missing = NO_RESULT if found else NO_FUNCTION
            reason = declined[0] if declined else missing
            none: frozenset[str] = frozenset()
            empty = Result(name, dtype, label, "not offered", none, {}, 0.0, 0.0, None, None, reason, requirement.words)
            results.append(empty)
            continue
        worst = max(judged, key=lambda f: (not f.passed, f.place is not None, f.ratio))
        measured: dict[str, tuple[float, float]] = {}
        for f in judged:
            if f.place is not None or 0 < f.ratio < math.inf:
                ratio, ulp = measured.get(f.case.id, (0.0, 0.0))
                measured[f.case.id] = max(ratio, f.ratio), max(ulp, f.ulp)
        results.append(
            Result(
                name,
                dtype,
                label,
                "pass" if all(f.passed for f in judged) else "fail",
                frozenset(f.case.id for f in judged),
                measured,
                max(f.ratio for f in judged),
                max(f.ulp for f in judged),
                worst_of(worst, request) if worst.place is not None or not worst.passed else None,
                None if worst.passed else diagnoses.get(worst.case.function),
                in_words(declined),
                requirement.words,
                len({f.case.id for f in judged if not f.passed}),
                alike.get((label, worst.case.function), ""),
                round((seconds or {}).get(label, 0.0), 3),
            )
        )
    return results


def common_of(findings: list[Finding]) -> dict[tuple[str, str], str]:
    """What failing cases have in common, by requirement and function: all of the function's, or else these alone."""
    found = {}
    failed = [finding for finding in findings if not finding.passed]
    for function in dict.fromkeys(finding.case.function for finding in failed):
        every, bad = ([f for f in some if f.case.function == function] for some in (findings, failed))
        whole = in_common(bad, every)
        for label in dict.fromkeys(finding.requirement for finding in bad):
            found[label, function] = whole or in_common([f for f in bad if f.requirement == label], every)
    return found


def count_cases(results: Iterable[Result]) -> int:
    """How many cases stand behind the results, each counted once for a dtype."""
    return len({(result.dtype, case) for result in results for case in result.cases})


def result_to_dict(result: Result) -> dict[str, Any]:
    worst = result.worst
    return {
        "formula": result.formula,
        "dtype": result.dtype,
        "requirement": result.requirement,
        "text": result.text,
        "status": result.status,
        "cases": len(result.cases),
        "measured": {case: [number(ratio), number(ulp)] for case, (ratio, ulp) in result.measured.items()},
        "ratio": number(result.ratio),
        "ulp": number(result.ulp),
        "diagnosis": result.diagnosis,
        "reason": worst.reason if worst and result.status == "fail" else result.reason,
        "failing": result.failing,
        "common": result.common,
        "seconds": result.seconds,
        "worst": None if worst is None else worst.to_dict(),
    }
