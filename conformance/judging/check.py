"""A subject against formulas: what is judged, and the report on it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ... import reference, spec
from ...names import meant
from ..formulas import Formula, declared, functions_of
from ..formulas.requirements import name_of, requirements
from ..reporting.report import Report, Result, results_of
from .again import called_again
from .child import TIMEOUT
from .diagnosis import diagnose
from .examination import distinct, examine
from .judge import Finding, NotOffered, judge
from .loading import is_elsewhere, load_formulas
from .remote import Isolated
from .subject import Subject, refuse_strange_arithmetic
from .threads import SEATS, at_once

AnyFormula = str | Callable[..., Any]
AnySubject = Subject | Isolated
MOST_REPEATED = 10**7


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
        default 512, or 64 where each call of a library takes long. A fault in one of 10 000 calls needs more.

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
    refuse_few(repeat)
    manner = Manner(seed, version, made, twins, repeat)
    with selected(subject, formulas, dtypes, device, version, timeout, sealed) as (loaded, chosen, wanted):
        return report_on(loaded, chosen, wanted, progress, manner)


def known_version(version: str) -> None:
    """Raise ValueError for a version of the specification that there is not."""
    known("spec", [version], spec.VERSIONS, shown_by="")


def refuse_few(repeat: int | None) -> None:
    """Raise ValueError for a number of calls that cannot be made again."""
    if repeat is not None and not 2 <= repeat <= MOST_REPEATED:
        raise ValueError(f"repeat: got {repeat}; wanted a number of calls from 2 to {MOST_REPEATED}")


def report_on(
    subject: AnySubject,
    formulas: Sequence[AnyFormula],
    dtypes: Sequence[str],
    progress: Callable[[str], None],
    manner: Manner,
) -> Report:
    """Judge a subject that is loaded, in several dtypes at once where it has processes of its own."""
    results, notes = [], list[str]()
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
    report = Report(
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
        near=subject.near,
        places=subject.places,
        command=subject.command,
        foreign=[name_of(formula) for formula in formulas if not functions_of(formula)[0].is_own],
    )
    report.passed  # noqa: B018  raises if nothing was judged
    return report


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


@contextmanager
def selected(
    subject: Any,
    formulas: Iterable[AnyFormula] | AnyFormula | None,
    dtypes: Iterable[str] | None,
    device: str | None,
    version: str = spec.VERSION,
    timeout: float = TIMEOUT,
    sealed: bool = False,
) -> Iterator[tuple[AnySubject, list[AnyFormula], Sequence[str]]]:
    """Yield the subject, the formulas and the dtypes to judge; ValueError for one that there is not."""
    chosen = chosen_formulas(formulas, version)
    names = [each.name for formula in chosen for each in functions_of(formula) if not each.is_own]
    known(of_version("dtype", version), dtypes, spec.dtypes(version))  # before a process is started
    asked = [each.name for formula in chosen for each in functions_of(formula)]
    functions = names or (reference.FORMULAS if formulas is None else asked)
    loaded: AnySubject
    if isinstance(subject, Subject | Isolated):
        loaded = subject
    elif isinstance(subject, str):
        loaded = Isolated(subject, device, functions, timeout, sealed)
    else:
        loaded = Subject(subject, device, functions)
    try:
        yield loaded, chosen, chosen_dtypes(loaded, dtypes, version)
    finally:
        if loaded is not subject:
            loaded.close()


def of_version(what: str, version: str) -> str:
    """What there is in a version of the specification, in words."""
    return what if version == spec.VERSION else f"{what} of specification {version}"


def chosen_formulas(formulas: Iterable[AnyFormula] | AnyFormula | None, version: str) -> list[AnyFormula]:
    """The formulas to judge, all of gaugeblock's own by default; ValueError for one that there is not."""
    known_version(version)
    own = spec.formulas(version)
    if formulas is None:
        return list(own)
    chosen: dict[AnyFormula, None] = {}
    for given in [formulas] if isinstance(formulas, str) or not isinstance(formulas, Iterable) else formulas:
        if not isinstance(given, str):
            chosen[with_signature(declared(given))] = None
        elif is_elsewhere(given):
            chosen |= dict.fromkeys(with_signature(declared(each)) for each in load_formulas(given))
        else:
            chosen |= dict.fromkeys(known(of_version("formula", version), given, own))
    if not chosen:
        raise ValueError("formulas: got none; wanted at least one, or None for all of gaugeblock's own")
    return distinct(list(chosen))


def with_signature(formula: Formula) -> Formula:
    """The formula itself; ValueError for one without the signature that its cases are made from."""
    if formula.signature is None:
        wanted = "a function under @gaugeblock.formula(...), whose signature cases are made from"
        raise ValueError(f"formula: got {formula.name}, which is not declared; wanted {wanted}")
    return formula


def chosen_dtypes(subject: AnySubject, dtypes: Iterable[str] | None, version: str) -> Sequence[str]:
    """The dtypes to judge in, the usual ones by default; ValueError for one that the subject has not."""
    there = spec.dtypes(version)
    usual = [dtype for dtype in subject.usual_dtypes if dtype in there]
    wanted = usual if dtypes is None else known(of_version("dtype", version), dtypes, there)
    for dtype in wanted:
        if dtype not in subject.dtypes:
            raise ValueError(f"dtype: got {dtype!r}; wanted one that {subject.name} has: {', '.join(subject.dtypes)}")
    return wanted


def known(
    what: str, names: Iterable[str] | None, all_names: Sequence[str], shown_by: str = "gaugeblock spec"
) -> Sequence[str]:
    """`names`, each as it stands among all, or all of these; ValueError for one that there is not."""
    given = [names] if isinstance(names, str) else names
    chosen = all_names if given is None else tuple(dict.fromkeys(meant(str(name), all_names) for name in given))
    for name in chosen:
        if name not in all_names:
            raise ValueError(spec.unknown(what, name, all_names, shown_by))
    return chosen
