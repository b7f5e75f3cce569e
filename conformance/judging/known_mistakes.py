"""What the mutants tell of a failing function: which of them, or of which several together, its outputs are."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ... import backends
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected
from ..cases.draw import unpack
from ..formulas import Case
from ..mutants import Mutant, mutants
from ..mutants.matrix import failures
from .combined_mistakes import DECLINED, several
from .judge import BrokenResultError, Finding, answer, judged_cases
from .lock import LOCK

# Two implementations of one mistake may part at the edges (empty, infinite, NaN): on this share of the failing cases.
SPECIAL_CASES = 0.15

NEARLY, PERHAPS = "nearly: ", "perhaps: "
CALLED_AGAIN = 8  # failing cases
MADE = 16  # failing cases that are made, whose worst elements a mutant has to have too

AnyFormula = str | Callable[..., Any]

# Where outputs agree, these still tell one mistake from another.
BESIDE_THE_VALUES = ("dtype", "shape", "pure", "layout", "step", "resumed", "donate")


def how_sure(dtype: np.dtype[Any], apart: int) -> str:
    """What stands before the words of a mutant: half precision tells fewer mistakes apart than the others."""
    return PERHAPS if dtype.itemsize < 4 else NEARLY if apart else ""


class Seen:
    """What is seen of a failing function: its outcomes on the chosen cases, and where it fails.

    Parameters
    ----------
    subject : Subject
    formula : str or callable
    function : str
    dtype : dtype
    seed : int
    failed : list of Finding
        Of that function, on chosen cases.
    """

    def __init__(
        self, subject: Any, formula: AnyFormula, function: str, dtype: np.dtype[Any], seed: int, failed: list[Finding]
    ) -> None:
        self.subject, self.formula, self.dtype, self.failed = subject, formula, dtype, failed
        self.call = next(iter(subject.functions(function).values()))
        self.failing, broken = {each.case.id for each in failed}, {each.requirement for each in failed}
        pairs = judged_cases(formula, dtype.name, seed, subject.subnormals, subject.numerics)
        chosen = [(case, expected) for case, expected in pairs if case.function == function]
        # Where the subject fails, most mutants part from it at once; many steps are for what one does not tell apart.
        chosen.sort(key=lambda p: (bool(p[0].steps), not any(name.startswith(p[0].id) for name in self.failing)))
        self.ours = {case.id: outcome(subject, self.call, case) for case, _ in chosen}
        self.declined = tuple(name for name, found in self.ours.items() if found is DECLINED)
        self.chosen = [(case, expected) for case, expected in chosen if self.ours[case.id] is not DECLINED]
        # Each mutant breaks the requirement that it is tied to.
        self.known = [
            each
            for each in mutants(formula)
            if each.function == function and each.requirement in broken and not (each.half and dtype.itemsize >= 4)
        ]

    def theirs(self, mutant: Mutant, case: Case) -> Any:
        """The outcome of a mutant."""
        with LOCK:  # it runs in this process
            return outcome(Here(backends.load("numpy")), mutant.in_dtype(self.dtype), case)

    def gives_other_bits(self) -> bool:
        """Whether a failing case, called again, has other bits."""
        cases = [case for case, _ in self.chosen if case.id in self.failing and not case.steps][:CALLED_AGAIN]
        again = ((self.ours[case.id], outcome(self.subject, self.call, case)) for case in cases)
        return any(bits_of(one) != bits_of(other) for one, other in again)


def bits_of(found: Any) -> Any:
    """The bits of an outcome's arrays, with one NaN for all."""
    if not isinstance(found, dict):
        return found
    arrays = [np.asarray(value) for value in found.values()]
    with np.errstate(all="ignore"):
        return [(each.shape, (each if each.dtype.kind in "biuc" else one_nan(each)).tobytes()) for each in arrays]


def one_nan(array: np.ndarray) -> np.ndarray:
    """Numbers in float64, with one NaN for all."""
    wide = array.astype(np.float64)
    return np.where(np.isnan(wide), np.nan, wide)


def explanations(seen: Seen) -> list[tuple[int, Mutant]]:
    """The mutants that give the subject's outputs, after the number of cases on which they do not, fewest first."""
    found = []
    for mutant in seen.known:
        apart: list[str] = []
        alike, special = 0, True
        for case, expected in seen.chosen:
            theirs = seen.theirs(mutant, case)
            if theirs is DECLINED:
                continue
            if agree(seen.ours[case.id], theirs, expected):
                alike += case.id in seen.failing
                continue
            apart.append(case.id)
            special = special and is_special(case)
            if len(apart) > max(SPECIAL_CASES * len(seen.failing), special):
                break
        else:
            if len(apart) <= alike and fails_alike([mutant], seen):
                found.append((len(apart), mutant))
    return sorted(found, key=lambda pair: pair[0])


def worst_alike(seen: Seen, mutant: Mutant, failed: list[Finding]) -> float:
    """On which share of some failing made cases a mutant has the subject's worst element.

    It may be of one length, and the subject, which has the same results on the chosen cases, of a shorter one.
    """
    values = [
        f for f in failed if f.case.kind and f.place is not None and not f.requirement.endswith(BESIDE_THE_VALUES)
    ]
    some = values[:: math.ceil(len(values) / MADE) or 1]
    return float(np.mean([has_element(seen.theirs(mutant, each.case), each) for each in some])) if some else 1.0


def has_element(theirs: Any, finding: Finding) -> bool:
    """Whether the worst element of a failing result is the same in a mutant's outcome, but for rounding."""
    found = theirs.get(finding.output) if isinstance(theirs, dict) else None
    if found is None or np.ndim(found) != len(finding.place or ()):
        return False
    return bool(same(np.float64(finding.got), np.float64(found[finding.place]), finding.bound, found.dtype))


def is_special(case: Case) -> bool:
    """Whether a case has no elements, or some that are infinite or NaN."""
    arrays = [np.asarray(part) for part in unpack(case.arguments)]
    return any(each.size == 0 or (each.dtype.kind not in "biu" and not np.all(np.isfinite(each))) for each in arrays)


def together(seen: Seen) -> list[str]:
    """Several mistakes that explain the subject together, in words; none or one."""
    failing = [f.case.id for f in seen.failed if not f.requirement.endswith(BESIDE_THE_VALUES)]
    values = {case.id for case, _ in seen.chosen} & {*failing}
    found = several(seen.known, seen.theirs, seen.ours, seen.chosen, values, agree)
    words = [*dict.fromkeys(each.words for each in found.mutants)]
    if len(words) < 2 or len(found.rest) > SPECIAL_CASES * len(values) or not fails_alike(found.mutants, seen):
        return []
    sure = how_sure(seen.dtype, len(found.rest))
    return [(sure or PERHAPS * found.by_one_case) + "; and ".join(words)]


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


def fails_alike(found: list[Mutant], seen: Seen) -> bool:
    """Whether mutants fail the requirements that values do not tell on the same cases and for the same reasons."""
    with LOCK:
        every = [each for mutant in found for each in failures(mutant, seen.dtype.name)]
    known = [f for f in every if not f.case.id.startswith(seen.declined)]
    ours = {f.case.id.removesuffix("_jit") for f in seen.failed}
    if 2 * len(ours & {f.case.id for f in known}) < len(ours):
        return False
    layouts = seen.subject.layouts
    return beside_the_values(seen.failed, layouts) == beside_the_values(known, layouts)


def beside_the_values(failed: list[Finding], layouts: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """What failed that outputs alone do not tell, in the memory layouts that the subject's library has."""
    found = [f for f in failed if f.requirement.endswith(BESIDE_THE_VALUES)]
    found = [f for f in found if f.reason or not f.requirement.endswith(".donate")]  # of which values tell too
    here = [
        f for f in found if not f.case.requirement.endswith(".layout") or any(name in f.case.name for name in layouts)
    ]
    return {(f.requirement, f.case.id.removesuffix("_jit"), kind_of(f.reason)) for f in here}


def kind_of(reason: str) -> str:
    """What is wrong, without what differs from one library to another: a message, a shape. A dtype is kept."""
    if " has dtype " in reason:
        return reason.partition(", not ")[0]
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
    bound = expected.bound if expected.bound.shape == b.shape else 0.0
    return bool(np.all(same(a.astype(np.float64), b.astype(np.float64), bound, expected.dtype)))


def same(a: Any, b: Any, bound: Any, dtype: np.dtype[Any]) -> Any:
    """Which numbers are the same, but for what rounding explains."""
    with np.errstate(all="ignore"):
        allowed = 2 * bound + rounding_of(dtype) * np.abs(b)
        return (a == b) | (np.isnan(a) & np.isnan(b)) | (np.isfinite(b) & (np.abs(a - b) <= allowed))


@cache
def rounding_of(dtype: np.dtype[Any]) -> float:
    """How far apart results may be, relatively: in half precision, by what rounds the result alone."""
    return (32 if dtype.itemsize >= 4 else 2) * MODELS[dtype.name].unit
