"""How strong the cases of a formula are: the share of the changes of one operation that they reject.

The formula itself is judged as a subject, with one of its operations changed at a time. What survives is either no
mistake, or smaller than rounding explains, or a kind of input that the formula lacks a case for.
"""

import types
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...worker.calls import call
from ..arithmetic.running import Expected
from ..cases import Made
from ..cases.draw import unpack
from ..formulas import Case, Formula, functions_of
from ..judging.examination import probe
from ..judging.judge import UNCHANGED, Finding, NotOffered, judge_call, judged_cases
from ..judging.made_expectations import compact_cases, spread
from ..judging.subject import Subject
from .changes import changed, changes_of
from .operations import watched


class Survivor(NamedTuple):
    """A change that no case rejects."""

    operation: str  # such as 'sum'
    source: str  # the expression
    words: str  # what was changed
    ratio: float | None  # its largest error / bound; None where it has the bits of the formula itself in every case


class Power(NamedTuple):
    """What the cases of a function can do."""

    function: str
    dtype: str
    cases: int
    rejected: dict[str, int]  # by the kind of change
    changes: dict[str, int]
    survivors: list[Survivor]


Pair = tuple[Case, dict[str, Expected]]


def power(
    formula: str | Callable[..., Any], dtype: str = "float32", progress: Callable[[str], None] = lambda what: None
) -> list[Power]:
    """Return how many changes of one operation the cases of a formula reject, for each of its functions.

    Parameters
    ----------
    formula : str or callable
        The name of one of gaugeblock's own, or a declared function.
    dtype : str
        In which it is judged.
    progress : callable
        Told the change that comes next.

    Raises
    ------
    ValueError
        There is no case, the formula itself fails one in NumPy, or none of its operations can be seen.

    Examples
    --------
    >>> from gaugeblock.conformance.mutants.power import power
    >>> (found,) = power("relu")
    >>> found.changes["special"], found.rejected["special"]
    (2, 2)
    """
    for each in functions_of(formula):
        if not each.is_own:
            probe(each)
    return [of_function(each, list(ordered(formula, each, dtype)), dtype, progress) for each in functions_of(formula)]


def of_function(
    function: Formula, cases: list[Callable[[], Pair]], dtype: str, progress: Callable[[str], None]
) -> Power:
    """The same of one function."""
    if not cases:
        raise ValueError(f"{function.name}: got no case in {dtype}; wanted a signature from which some can be made")
    run, seen = watched(function.function)
    failed = next(failures(function, run, cases), None)
    if failed:
        what = f"fails its own case {failed.case.id} in {dtype}{failed.reason and f': {failed.reason}'}"
        raise ValueError(f"{function.name}: got a formula that {what}; wanted one that conforms in NumPy")
    if not seen:
        what = "wanted one that computes with the operators and the namespace of its arguments"
        raise ValueError(f"{function.name}: got a formula whose operations cannot be seen; {what}")
    rejected: dict[str, int] = {}
    changes: dict[str, int] = {}
    survivors = []
    for operation, change in changes_of(seen):
        progress(f"{operation.text}: {change.words}")
        wrong = changed(function.function, operation, change)
        is_rejected = next(failures(function, wrong, cases), None) is not None
        changes[change.kind] = changes.get(change.kind, 0) + 1
        rejected[change.kind] = rejected.get(change.kind, 0) + is_rejected
        if not is_rejected:
            survivors.append(Survivor(operation.name, operation.text, change.words, largest(function, wrong, cases)))
    return Power(function.name, dtype, len(cases), rejected, changes, survivors)


def ordered(formula: str | Callable[..., Any], function: Formula, dtype: str) -> Iterator[Callable[[], Pair]]:
    """What gives each case of a function, those of few elements first."""
    found: list[tuple[int, Callable[[], Pair]]] = []
    for case, expected in judged_cases(formula, dtype, 0, "gradual", "full"):
        if case.function == function.name:
            found.append((size(case) * max(case.steps, default=1), lambda pair=(case, expected): pair))
    for made, known in compact_cases(formula, dtype, 0):
        if made.compact.function == function.name:
            found.append((made.elements, partial(whole, made, known)))
    return (each for _, each in sorted(found, key=lambda pair: pair[0]))


def whole(made: Made, known: dict[str, Expected]) -> Pair:
    """A made case as a subject is given it."""
    return made.whole(), {name: spread(made, name, one) for name, one in known.items()}


def size(case: Case) -> int:
    """How many elements the largest argument has."""
    return max(np.size(each) for each in unpack(case.arguments))


def failures(function: Formula, wrong: Callable[..., Any], cases: list[Callable[[], Pair]]) -> Iterator[Finding]:
    """Yield what an implementation of a function fails."""
    for _, findings in judged(function, wrong, cases):
        yield from (each for each in findings if isinstance(each, Finding) and not each.passed)


def judged(
    function: Formula, call: Callable[..., Any], cases: list[Callable[[], Pair]]
) -> Iterator[tuple[Case, Iterator[Finding | NotOffered]]]:
    """Yield each case with the findings about an implementation of a function."""
    subject = Subject(types.SimpleNamespace(**{function.name: call}), functions=[function.name])
    for pair in cases:
        case, expected = pair()
        found = partial(Finding, case=case)
        yield case, judge_call(subject, call, case, expected, UNCHANGED, found, {})


def largest(function: Formula, wrong: Callable[..., Any], cases: list[Callable[[], Pair]]) -> float | None:
    """The largest error / bound of a survivor; None where all its bits are those of the function itself."""
    ratio, same = 0.0, True
    backend = Subject("numpy").backend
    for case, findings in judged(function, wrong, cases):
        ratio = max([ratio, *(each.ratio for each in findings if isinstance(each, Finding))])
        one, other = (call(backend, each, case)[1] for each in (function.function, wrong))
        same = same and all(bits(one[name]) == bits(other[name]) for name in one)
    return None if same else ratio


def bits(result: Any) -> Any:
    """What tells two results apart."""
    return result[1].tobytes() if isinstance(result, tuple) else result
