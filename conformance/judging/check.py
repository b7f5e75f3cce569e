"""A subject against formulas: what is judged, and the report on it."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import spec
from ...names import meant
from ..formulas import functions_of
from ..formulas.requirements import name_of, requirements
from ..reporting.report import Report
from ..reporting.results import Result, results_of
from .conversation import TIMEOUT
from .diagnosis import diagnose
from .examination import examine
from .judge import Finding, NotOffered, judge
from .remote import Isolated
from .repeated_calls import called_again
from .selection import AnyFormula, AnySubject, selected
from .subject import refuse_strange_arithmetic
from .threads import SEATS, at_once

MOST_REPEATED, SEEDS = 10**7, 10**18


class Manner(NamedTuple):
    """How each formula is judged, as `check` says."""

    seed: int = 0
    version: str = spec.VERSION
    made: bool = True
    twins: bool = False
    repeat: int | None = None


def check(
    subject: Any,
    formulas: Iterable[AnyFormula] | AnyFormula | None = None,
    dtypes: Iterable[str] | None = None,
    device: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
    version: str = spec.VERSION,
    made: bool = True,
    timeout: float = TIMEOUT,
    sealed: bool = False,
    twins: bool = False,
    repeat: int | None = None,
) -> Report:
    """Judge a subject by the conformance suite, as ``gaugeblock check`` does.

    Parameters
    ----------
    subject : str or object
        The name of a backend, the path of a Python file, or ``package.module:object``; gaugeblock loads these in a
        process of their own. Or an object, which is judged in this process: a module, a namespace or an instance whose
        functions have the names of formulas.
    formulas : iterable of str or callable, optional
        The formulas to judge; by default all of gaugeblock's own. A string can also name a formula that an installed
        package registers, a file (all formulas that it declares), or ``package.module:name``.
    dtypes : iterable of str, optional
        The dtypes to judge in; by default float32 and float64, or those that the subject declares.
    device : str, optional
        The device to judge on; by default the one that the subject names.
    seed : int
        The seed of the random cases.
    progress : callable
        Called with the formula and dtype that comes next.
    version : str
        The version of the specification whose formulas, requirements and dtypes are judged, as they are defined now.
    made : bool
        Whether to use the generated cases, and to repeat calls, too. Without them a slow subject is judged faster, by
        the chosen cases alone, and the report says so.
    timeout : float
        Seconds to wait for an answer of a subject's process. A late one is asked for once more, with six times as long.
    sealed : bool
        Whether to keep a subject's process from importing gaugeblock's own formulas and judge.
    twins : bool
        Whether to judge each chosen case a second time with other random numbers, drawn from the seed.
    repeat : int, optional
        How many calls of each function are made again, in a random order, to see whether one depends on another; by
        default 512, or 64 with JAX, Dask and libraries that are not known, whose calls take longer. A fault in one of
        10 000 calls needs more.

    Returns
    -------
    Report
        `passed`, `results` (one for each requirement and dtype), `to_dict()`, and more.

    Raises
    ------
    SubjectError
        The subject could not be loaded; or a library that was loaded into this process makes it flush subnormal numbers
        or round otherwise, so that no verdict would be right.
    ValueError
        An unknown formula, dtype or version; a number of calls that is none; nothing that could be judged; or a formula
        of your own that contradicts its declaration or its own definition.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> report = check(SimpleNamespace(relu=lambda x: x * (x > 0)), formulas=["relu"], dtypes=["float32"])
    >>> report.passed, next(each.requirement for each in report.results if each.status == "fail")
    (False, 'relu.infinity')
    """
    refuse_repeat(repeat)
    refuse_seed(seed)
    manner = Manner(seed, version, made, twins, repeat)
    with selected(subject, formulas, dtypes, device, version, timeout, sealed) as (loaded, chosen, wanted):
        return with_cases(report_on(loaded, chosen, wanted, manner, progress))


def refuse_seed(seed: int) -> None:
    """Raise ValueError for what the random cases cannot be drawn from."""
    if not isinstance(seed, int | np.integer) or not 0 <= seed < SEEDS:
        raise ValueError(f"seed: got {seed!r}; wanted a whole number from 0 to {SEEDS - 1}")


def refuse_repeat(repeat: int | None) -> None:
    """Raise ValueError for a number of calls that cannot be made again."""
    if repeat is not None and not (isinstance(repeat, int | np.integer) and 2 <= repeat <= MOST_REPEATED):
        raise ValueError(f"repeat: got {repeat!r}; wanted a number of calls from 2 to {MOST_REPEATED}")


def with_cases(report: Report) -> Report:
    """The report itself; ValueError if nothing was judged."""
    report.passed  # noqa: B018  raises it
    return report


def report_on(
    subject: AnySubject,
    formulas: Sequence[AnyFormula],
    dtypes: Sequence[str],
    manner: Manner,
    progress: Callable[[str], None] = lambda what: None,
) -> Report:
    """Judge a subject that is loaded, in several dtypes at once where it has processes of its own."""
    results, notes = [], list[str]()
    asked = {each.name for formula in formulas for each in functions_of(formula)}
    for formula in formulas:
        for dtype in dtypes:
            notes += [f"{name_of(formula)} in {dtype}: {words}" for words in examine(formula, dtype, manner.seed)]

    def judged(dtype: str) -> tuple[list[Result], list[str]]:
        with SEATS:
            return judge_part(parts[dtype], formulas, dtype, progress, manner)

    parts = {dtype: subject.in_dtype(dtype) for dtype in dtypes}
    found = dict(at_once(judged, dtypes) if isinstance(subject, Isolated) else enumerate(map(judged, dtypes)))
    for own, seen in (found[number] for number in range(len(dtypes))):
        results += own
        notes += seen
    notes += [] if manner.made else ["judged by the chosen cases alone"]
    notes += [f"judged by twins of the chosen cases too, of seed {manner.seed}"] if manner.twins else []
    notes += [] if manner.repeat is None else [f"{manner.repeat} calls of each function were made again"]
    return Report(
        subject.name,
        subject.device or "cpu",
        manner.seed,
        subject.subnormals,
        subject.precision,
        subject.versions,
        results,
        subject.dtypes,
        version=manner.version,
        layouts=bool(subject.layouts),
        notes=tuple(dict.fromkeys([*subject.notes(), *notes])),
        unverified=tuple(name_of(formula) for formula in formulas if not functions_of(formula)[0].definition),
        judged_in=subject.judged_in,
        rounding=subject.rounding,
        near={own: name for own, name in subject.near.items() if meant(name, asked) in asked},
        places=subject.places,
        command=subject.command,
        foreign=[name_of(formula) for formula in formulas if not functions_of(formula)[0].is_own],
    )


def judge_part(
    subject: AnySubject,
    formulas: Sequence[AnyFormula],
    dtype: str,
    progress: Callable[[str], None],
    manner: Manner,
) -> tuple[list[Result], list[str]]:
    """The results in one dtype, and what was seen beside them."""
    results, notes = [], list[str]()
    refuse_strange_arithmetic()
    with subject.settings(dtype):
        for formula in formulas:
            progress(f"{subject.name} {name_of(formula)} {dtype}")
            seconds: dict[str, float] = {}
            findings, seen = findings_of(subject, formula, np.dtype(dtype), manner, seconds)
            judged = [finding for finding in findings if isinstance(finding, Finding)]
            diagnoses = diagnose(subject, formula, np.dtype(dtype), manner.seed, judged)
            results += results_of(formula, dtype, findings, diagnoses, manner.version, seconds, subject.request)
            notes += [f"{name_of(formula)} in {dtype}: {words}" for words in seen]
            refuse_strange_arithmetic()
    return results, notes


def findings_of(
    subject: AnySubject,
    formula: AnyFormula,
    dtype: np.dtype[Any],
    manner: Manner,
    seconds: dict[str, float],
) -> tuple[list[Finding | NotOffered], list[str]]:
    """What the cases say about a formula, and what is seen when it is called again; beside them what fails nobody.

    The time that each requirement takes is added to `seconds`.
    """
    findings, start = list[Finding | NotOffered](), time.perf_counter()
    for found in judge(subject, formula, dtype, manner.seed, manner.version, manner.made, manner.twins):
        now = time.perf_counter()
        seconds[found.requirement] = seconds.get(found.requirement, 0.0) + now - start
        findings.append(found)
        start = now
    judged = [finding.case for finding in findings if isinstance(finding, Finding)]
    random = [case for case in judged if case.kind == "random"]
    notes = []
    for label, note in called_again(subject, formula, dtype.name, manner.repeat) if random else ():
        if label in requirements(formula, manner.version):
            findings.append(Finding(label, random[0], passed=not note.fails, reason=note.words if note.fails else ""))
        notes += [] if note.fails else [note.words]
    return findings, notes
