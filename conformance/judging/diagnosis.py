"""The diagnosis: which known mistake or rival a failing subject most likely is.

The subject's outputs are compared with those of the mutants of the same function, on all cases. A mutant explains the
subject if they agree everywhere, within what rounding explains, and fail in the same way where the outputs alone do
not tell (inputs changed, shapes, dtypes, memory layouts). One that is merely coarse is named by its numerics class.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ...worker.text import one_line
from ..arithmetic.rounding import PRECISIONS, numerics
from ..cases.blame import PLAIN, TOGETHER
from ..cases.draw import unpack
from ..formulas import Case, Formula
from ..formulas.beside import lean
from . import oracle
from .assertions import ALMOST, OTHER_ORDER
from .blame import blamed
from .changed_operations import explained
from .common_traits import EVERY, in_common
from .judge import Finding, judge
from .known_mistakes import NEARLY, Seen, explanations, how_sure, outcome, together, worst_alike
from .lock import alone
from .product_unit import Run, unit_of

NONE_KNOWN = "none of the known mistakes"
NO_VALUE = "each value is right; what fails is what a call does beside"
NOT_SAID = "gaugeblock failed to say what it is, by a mistake of its own"

EXPLAINED = 0.75  # of the made cases that fail: a known mistake that does not explain so many is another one
COARSE_SHARE = 1 / 3  # of the cases; measured: 0.6 and more of a class, at most 0.15 of what is wrong in some calls

AnyFormula = str | Callable[..., Any]

FEW = 5  # cases, of which the bounds are derived once more

OTHER_BITS = "it gives other bits when it is called again on the same input"


def diagnose(
    subject: Any, formula: AnyFormula, dtype: np.dtype[Any], seed: int, findings: list[Finding]
) -> dict[str, str]:
    """What each failing function most likely is, by its name; nothing of one that raises the same in every call.

    What goes wrong here costs the words alone: the verdict stands, and a RuntimeWarning tells of it.
    """
    found = {}
    failed = [finding for finding in findings if not finding.passed]
    for name in dict.fromkeys(finding.case.formula.name for finding in failed):
        own, every = ([f for f in some if f.case.formula.name == name] for some in (failed, findings))
        # Some cases are of a variant, with other axes.
        ((function, _),) = Counter(finding.case.formula for finding in own).most_common(1)
        try:
            words = of_function(subject, formula, function, dtype, seed, own, every)
        except (Exception, SystemExit) as error:
            words = f"{NOT_SAID}: {one_line(error)}"
            warnings.warn(f"{name} in {dtype}: {words}; please report it", RuntimeWarning, stacklevel=2)
        if words:
            found[name] = words
    return found


def of_function(
    subject: Any,
    formula: AnyFormula,
    function: Formula,
    dtype: np.dtype[Any],
    seed: int,
    failed: list[Finding],
    every: list[Finding],
) -> str:
    """What a failing function most likely is; nothing where the reasons that stand with the failures say all."""
    alike = in_common(failed, every)
    if alike == EVERY:
        return ""
    chosen = [finding for finding in failed if not finding.case.kind]
    seen = Seen(subject, formula, function.name, dtype, seed, chosen)
    single = (
        how_sure(dtype, apart) + mutant.words
        for apart, mutant in explanations(seen)
        if worst_alike(seen, mutant, failed) >= EXPLAINED
    )
    likely = [*islice(single, 1)]
    if not likely or likely[0].startswith(NEARLY):
        likely = [*together(seen), *likely]
    likely = likely or [*islice(explained(subject, function, dtype, failed, every), 1)]
    wrong = [finding for finding in failed if not finding.requirement.endswith(".pure")]
    other_bits = seen.gives_other_bits()
    leans = any(finding.case.beside is lean and finding.reason for finding in failed)
    unit = "" if numerics(subject.precision).block else unit_of(run(subject), function, dtype)
    # A class has errors in short calls too, and nothing fails beside the values.
    everywhere = bool(unit) or (not leans and errs_everywhere(every))
    is_coarse = len(wrong) == len(failed) and not other_bits and everywhere
    precision = tightest_precision(subject, formula, function, dtype, seed, unit, wrong) if is_coarse else ""
    coarse = f"it meets the bound of precision = {precision!r}, not that of full precision" if precision else ""
    if leans and not precision and meets(subject.declaring(subject.precision, "truncates"), formula, dtype, seed):
        coarse = "it meets the bounds of rounding = 'truncates', not those of rounding to nearest"
    # A mistake that is known explains the shapes too.
    known = bool(likely or coarse or not wrong)
    is_near = not known and not alike and errs_little(wrong, dtype)
    where = "" if known else OTHER_ORDER if is_near else blamed(subject, function, dtype, wrong)
    if not known and not is_near and (not where or TOGETHER in where or PLAIN in where):
        shared = alike or in_common(failed, every, loosely=True)
        where = f"each failing case is one {shared}" if shared else where
    without_numbers = wrong and all(finding.place is None for finding in wrong)
    if without_numbers and not (other_bits or likely or coarse) and (not where or PLAIN in where):
        return ""
    parts = OTHER_BITS if other_bits else "", *likely[:1], coarse, where
    none = NONE_KNOWN if function.is_own else ""  # of anybody's formula there are no known mistakes
    return "; ".join(filter(None, parts)) or (none if wrong else NO_VALUE)


def errs_little(wrong: list[Finding], dtype: np.dtype[Any]) -> bool:
    """Whether each number that anybody's formula is given another one for is off by little.

    That is less than the bound of another element, or few times its own. And none is finite where the other is not.
    """
    numbers = [finding for finding in wrong if finding.place is not None]
    if any(np.isfinite(finding.got) != np.isfinite(finding.expected) for finding in numbers):
        return False
    numbers = [finding for finding in numbers if np.isfinite(finding.got)]
    if not numbers or any(finding.case.formula.is_own or finding.bound == 0 for finding in numbers):
        return False
    if max(finding.ratio for finding in numbers) <= ALMOST:
        return True
    few = sorted(numbers, key=lambda finding: sum(map(np.size, unpack(finding.case.arguments))))[:FEW]
    for finding in few:
        bound = alone(oracle.expect)(finding.case, dtype)[finding.output].bound
        if abs(finding.got - finding.expected) > np.max(bound, where=np.isfinite(bound), initial=0):
            return False
    return True


def errs_everywhere(every: list[Finding]) -> bool:
    """Whether each result that has errors above its bound has them in a large part of all cases.

    What leaves out a tile of a long row also meets the bound of a class, but its short rows have no errors.
    """
    bounded = [finding for finding in every if finding.place is not None and 0 < finding.bound < np.inf]
    shares = {name: [not f.passed for f in bounded if f.output == name] for name in {f.output for f in bounded}}
    return all(np.mean(wrong) >= COARSE_SHARE for wrong in shares.values() if any(wrong))


def tightest_precision(
    subject: Any,
    formula: AnyFormula,
    function: Formula,
    dtype: np.dtype[Any],
    seed: int,
    unit: str,
    wrong: list[Finding],
) -> str:
    """The tightest numerics class whose bound a subject meets that fails the one that it is judged by.

    Where its products are summed by a unit, it is that of the unit. Its bound has to judge most of what was wrong.
    """
    if not oracle.has_classes(function, dtype):
        return ""
    classes = list(PRECISIONS)
    known = classes.index(numerics(subject.precision).name)
    coarser = [f"{name}{unit}" for name in classes[known if unit else known + 1 :]]
    return next((p for p in coarser if meets(subject.declaring(p), formula, dtype, seed, wrong)), "")


def run(subject: Any) -> Run:
    """What calls a subject's function for a result by name; None where it gives none."""

    def call(case: Case, name: str) -> np.ndarray | None:
        function = next(iter(subject.functions(case.function).values()), None)
        found = None if function is None else outcome(subject, function, case)
        return found.get(name) if isinstance(found, dict) else None

    return call


def meets(subject: Any, formula: AnyFormula, dtype: np.dtype[Any], seed: int, wrong: Sequence[Finding] = ()) -> bool:
    """Whether a subject conforms to what it declares, and at least half of some cases are judged by that."""
    findings = [each for each in judge(subject, formula, dtype, seed) if isinstance(each, Finding)]
    cases, asked = ({each.case.id for each in some} for some in (findings, wrong))
    return all(finding.passed for finding in findings) and 2 * len(cases & asked) >= len(asked)
