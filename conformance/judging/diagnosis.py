"""The diagnosis: which known mistake or rival a failing subject most likely is.

The subject's outputs are compared with those of the mutants of the same function, on all cases. A mutant explains the
subject if they agree everywhere, within what rounding explains, and fail in the same way where the outputs alone do
not tell (inputs changed, shapes, dtypes, memory layouts). One that is merely coarse is named by its numerics class.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ... import backends
from ..arithmetic.rounding import MODELS, PRECISIONS, numerics
from ..arithmetic.running import Expected
from ..cases.blame import PLAIN, TOGETHER
from ..formulas import Case, Formula
from ..formulas.beside import lean
from ..mutants import Mutant, mutants
from ..mutants.matrix import failures
from . import oracle
from .alone import LOCK
from .blame import blamed
from .common import EVERY, in_common
from .judge import BrokenResultError, Finding, answer, judge, judged_cases
from .unit import Run, unit_of

NONE_KNOWN = "none of the known mistakes"
NO_VALUE = "each value is right; what fails is what a call does beside"

# Two implementations of one mistake may part at the edges (empty, infinite, NaN): on this share of the failing cases.
SPECIAL_CASES = 0.15

DECLINED = object()

AnyFormula = str | Callable[..., Any]

# Where outputs agree, these still tell one mistake from another.
BESIDE_THE_VALUES = ("dtype", "shape", "pure", "layout", "step", "resumed", "donate")


def diagnose(
    subject: Any, formula: AnyFormula, dtype: np.dtype[Any], seed: int, findings: list[Finding]
) -> dict[str, str]:
    """What each failing function most likely is, by its name; nothing of one that raises the same in every call."""
    found = {}
    failed = [finding for finding in findings if not finding.passed]
    for function in dict.fromkeys(finding.case.formula for finding in failed):
        alike = in_common(*([f for f in some if f.case.formula == function] for some in (failed, findings)))
        if alike == EVERY:
            continue
        own = [finding for finding in failed if finding.case.formula == function and not finding.case.kind]
        likely = [
            how_sure(dtype, apart) + mutant.words
            for apart, mutant in explanations(subject, formula, function.name, dtype, seed, own)
        ]
        leans = any(finding.case.beside is lean and finding.reason for finding in failed)
        unit = "" if numerics(subject.precision).block else unit_of(run(subject), function, dtype)
        precision = tightest_precision(subject, formula, function, dtype, seed, unit) if unit or not leans else ""
        coarse = f"it meets the bound of precision = {precision!r}, not that of full precision" if precision else ""
        if leans and not precision and meets(subject.declaring(subject.precision, "truncates"), formula, dtype, seed):
            coarse = "it meets the bounds of rounding = 'truncates', not those of rounding to nearest"
        # A mistake that is known explains the shapes too.
        wrong = [finding for finding in failed if not finding.requirement.endswith(".pure")]
        where = "" if likely or coarse or not wrong else blamed(subject, function, dtype, wrong)
        if alike and not likely and not coarse and (not where or TOGETHER in where or PLAIN in where):
            where = f"each failing case is one {alike}"
        none = NONE_KNOWN if wrong else NO_VALUE
        found[function.name] = "; ".join(filter(None, [*likely[:1], coarse, where])) or none
    return found


def how_sure(dtype: np.dtype[Any], apart: int) -> str:
    """What stands before the words of a mutant: half precision tells fewer mistakes apart than the others."""
    return "perhaps: " if dtype.itemsize < 4 else "nearly: " if apart else ""


def tightest_precision(
    subject: Any, formula: AnyFormula, function: Formula, dtype: np.dtype[Any], seed: int, unit: str
) -> str:
    """The tightest numerics class whose bound a subject meets that fails the one that it is judged by.

    Where its products are summed by a unit, it is that of the unit.
    """
    if not oracle.has_classes(function, dtype):
        return ""
    classes = list(PRECISIONS)
    known = classes.index(numerics(subject.precision).name)
    coarser = [f"{name}{unit}" for name in classes[known if unit else known + 1 :]]
    return next((p for p in coarser if meets(subject.declaring(p), formula, dtype, seed)), "")


def run(subject: Any) -> Run:
    """What calls a subject's function for a result by name; None where it gives none."""

    def call(case: Case, name: str) -> np.ndarray | None:
        function = subject.functions(case.function).get("")
        found = None if function is None else outcome(subject, function, case)
        return found.get(name) if isinstance(found, dict) else None

    return call


def meets(subject: Any, formula: AnyFormula, dtype: np.dtype[Any], seed: int) -> bool:
    """Whether a subject conforms to what it declares."""
    findings = judge(subject, formula, dtype, seed)
    return all(finding.passed for finding in findings if isinstance(finding, Finding))


def explanations(
    subject: Any, formula: AnyFormula, function: str, dtype: np.dtype[Any], seed: int, failed: list[Finding]
) -> list[tuple[int, Mutant]]:
    """The mutants that give the subject's outputs, after the number of cases on which they do not, fewest first."""
    failing, broken = {finding.case.id for finding in failed}, {finding.requirement for finding in failed}
    pairs = judged_cases(formula, dtype.name, seed, subject.subnormals, subject.numerics)
    chosen = [(case, expected) for case, expected in pairs if case.function == function]
    # Where the subject fails, most mutants part from it at once; many steps are for those that one does not tell apart.
    chosen.sort(key=lambda p: (bool(p[0].steps), not any(name.startswith(p[0].id) for name in failing)))
    ours = {case.id: outcome(subject, subject.functions(function)[""], case) for case, _ in chosen}
    declined = tuple(name for name, found in ours.items() if found is DECLINED)
    chosen = [(case, expected) for case, expected in chosen if ours[case.id] is not DECLINED]
    found = []
    for mutant in mutants(formula):
        if mutant.function != function or mutant.requirement not in broken:  # each breaks the one that it is tied to
            continue
        if mutant.half and dtype.itemsize >= 4:
            continue
        apart = 0
        for case, expected in chosen:
            with LOCK:  # it runs in this process
                theirs = outcome(Here(backends.load("numpy")), mutant.in_dtype(dtype), case)
            apart += theirs is not DECLINED and not agree(ours[case.id], theirs, expected)
            if apart > SPECIAL_CASES * len(failing):
                break
        else:
            if fails_alike(mutant, dtype, failed, subject.layouts, declined):
                found.append((apart, mutant))
    return sorted(found, key=lambda pair: pair[0])


class Here(NamedTuple):
    """What a mutant is asked as: a subject on NumPy in this process."""

    backend: Any


def outcome(subject: Any, function: Any, case: Case) -> Any:
    """The results and counts of a call by name, None where it raises or returns none, or DECLINED."""
    try:
        found = answer(subject, function, case)
        return {**found.results, **found.counts}
    except NotImplementedError:
        return DECLINED
    except BrokenResultError:
        return None


def fails_alike(
    mutant: Mutant, dtype: np.dtype[Any], failed: list[Finding], layouts: Mapping[str, Any], declined: tuple[str, ...]
) -> bool:
    """Whether a mutant fails the requirements that values do not tell on the same cases and for the same reasons."""
    with LOCK:
        every = failures(mutant, dtype.name)
    known = [f for f in every if not f.case.id.startswith(declined)]
    ours = {f.case.id.removesuffix("_jit") for f in failed}
    if 2 * len(ours & {f.case.id for f in known}) < len(ours):
        return False
    return beside_the_values(failed, layouts) == beside_the_values(known, layouts)


def beside_the_values(failed: list[Finding], layouts: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """What failed that outputs alone do not tell, in the memory layouts that the subject's library has."""
    found = [f for f in failed if f.requirement.endswith(BESIDE_THE_VALUES)]
    found = [f for f in found if f.reason or not f.requirement.endswith(".donate")]  # of which values tell too
    here = [
        f for f in found if not f.case.requirement.endswith(".layout") or any(name in f.case.name for name in layouts)
    ]
    return {(f.requirement, f.case.id.removesuffix("_jit"), kind_of(f.reason)) for f in here}


def kind_of(reason: str) -> str:
    """What is wrong, without what differs from one library to another: a message, a dtype, a shape."""
    return "it raised" if reason.startswith("it raised") else reason.partition(" has ")[0]


def agree(ours: Any, theirs: Any, expected: dict[str, Expected]) -> bool:
    """Whether two outcomes are the same, but for what rounding explains."""
    if ours is None or theirs is None:
        return ours is theirs
    return all(
        alike(result, theirs[name], expected[name]) if name in expected else result == theirs[name]  # which is a count
        for name, result in ours.items()
    )


def alike(a: np.ndarray, b: np.ndarray, expected: Expected) -> bool:
    """Whether two results are the same, but for what rounding explains."""
    if a.shape != b.shape or "c" in (a.dtype.kind, b.dtype.kind):
        return False
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return True
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        bound = expected.bound if expected.bound.shape == b.shape else 0.0
        allowed = 2 * bound + rounding_of(expected.dtype) * np.abs(b)
        same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.isfinite(b) & (np.abs(a - b) <= allowed))
    return bool(same.all())


@cache
def rounding_of(dtype: np.dtype[Any]) -> float:
    """How far apart results may be, relatively: in half precision, by what rounds the result alone."""
    return (32 if dtype.itemsize >= 4 else 2) * MODELS[dtype.name].unit
