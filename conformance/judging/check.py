"""A subject against formulas: what is judged, and the report on it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ... import reference, spec
from ..formulas import Formula, declared, functions_of
from ..formulas.requirements import name_of, requirements
from ..reporting.report import Report, results_of
from .again import called_again
from .diagnosis import diagnose
from .examination import distinct, examine
from .judge import Finding, NotOffered, judge
from .loading import is_elsewhere, load_formulas
from .subject import Subject

AnyFormula = str | Callable[..., Any]


def check(
    subject: Any,
    formulas: Iterable[AnyFormula] | AnyFormula | None = None,
    dtypes: Iterable[str] | None = None,
    device: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
    version: str = spec.VERSION,
    made: bool = True,
) -> Report:
    """Judge a subject.

    Parameters
    ----------
    subject : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself: a module, a
        namespace or an instance that has some of the formulas by name.
    formulas : iterable of str or callable, optional
        What to judge; by default all of gaugeblock's own. A string may also name an installed one, a file of Python, of
        which all declared formulas are meant, or ``package.module:name``.
    dtypes : iterable of str, optional
        In which dtypes; by default float32 and float64, or those that the subject declares.
    device : str, optional
        Where to judge it; by default where the subject says.
    seed : int
        Of the random cases.
    progress : callable
        Told the formula and dtype that comes next.
    version : str
        Of the specification: its formulas, requirements and dtypes are judged, with the meaning that they have now.
    made : bool
        Whether by made cases and by calls made again too. A subject that takes long for a call may do without them; its
        report is then on the chosen cases alone, and says so.

    Returns
    -------
    Report

    Raises
    ------
    SubjectError
        A subject that could not be loaded.
    ValueError
        A formula, dtype or version that there is not, nothing that is left to judge, or a formula of somebody else's
        that does not go with its declaration, or that its own definition disagrees with on a case.
    """
    loaded, chosen, wanted = selection(subject, formulas, dtypes, device, version)
    results, notes = [], list[str]()
    for formula in chosen:
        for dtype in wanted:
            notes += [f"{name_of(formula)} in {dtype}: {words}" for words in examine(formula, dtype, seed)]
    for dtype in wanted:
        with loaded.settings(dtype):
            for formula in chosen:
                progress(f"{loaded.name} {name_of(formula)} {dtype}")
                findings, seen = findings_of(loaded, formula, np.dtype(dtype), seed, version, made)
                failed = [finding for finding in findings if isinstance(finding, Finding) and not finding.passed]
                diagnoses = diagnose(loaded, formula, np.dtype(dtype), seed, failed) if failed else {}
                results += results_of(formula, dtype, findings, diagnoses, version)
                notes += [f"{name_of(formula)} in {dtype}: {words}" for words in seen]
    notes += [] if made else ["judged by the chosen cases alone"]
    report = Report(
        loaded.name,
        loaded.device or "cpu",
        seed,
        loaded.subnormals,
        loaded.precision,
        loaded.backend.versions(),
        results,
        loaded.dtypes,
        version=version,
        layouts=bool(loaded.layouts),
        notes=tuple(dict.fromkeys(notes)),
        rounding=loaded.rounding,
        unverified=tuple(name_of(formula) for formula in chosen if not functions_of(formula)[0].definition),
    )
    report.passed  # noqa: B018  raises if nothing was judged
    return report


def findings_of(
    subject: Subject, formula: AnyFormula, dtype: np.dtype[Any], seed: int, version: str, made: bool
) -> tuple[list[Finding | NotOffered], list[str]]:
    """What the cases say about a formula, and what is seen when it is called again; beside them what fails nobody."""
    findings = list(judge(subject, formula, dtype, seed, version, made))
    judged = [finding.case for finding in findings if isinstance(finding, Finding)]
    random = [case for case in judged if case.kind == "random"]
    notes = []
    for label, note in called_again(subject, formula, dtype.name) if random else ():
        if label in requirements(formula, version):
            findings.append(Finding(label, random[0], passed=not note.fails, reason=note.words if note.fails else ""))
        notes += [] if note.fails else [note.words]
    return findings, notes


def selection(
    subject: Any,
    formulas: Iterable[AnyFormula] | AnyFormula | None,
    dtypes: Iterable[str] | None,
    device: str | None,
    version: str = spec.VERSION,
) -> tuple[Subject, list[AnyFormula], Sequence[str]]:
    """The subject, the formulas and the dtypes to judge; ValueError for what there is not, or the subject has not."""
    chosen = chosen_formulas(formulas, version)
    names = [each.name for formula in chosen for each in functions_of(formula) if not each.is_own]
    loaded = subject if isinstance(subject, Subject) else Subject(subject, device, names or reference.FORMULAS)
    return loaded, chosen, chosen_dtypes(loaded, dtypes, version)


def chosen_formulas(formulas: Iterable[AnyFormula] | AnyFormula | None, version: str) -> list[AnyFormula]:
    """The formulas to judge, all of gaugeblock's own by default; ValueError for one that there is not."""
    known("spec", [version], spec.VERSIONS)
    own = spec.formulas(version)
    if formulas is None:
        return list(own)
    of = "" if version == spec.VERSION else f" of specification {version}"
    chosen: dict[AnyFormula, None] = {}
    for given in [formulas] if isinstance(formulas, str) or not isinstance(formulas, Iterable) else formulas:
        if not isinstance(given, str):
            chosen[with_signature(declared(given))] = None
        elif is_elsewhere(given):
            chosen |= dict.fromkeys(with_signature(declared(each)) for each in load_formulas(given))
        else:
            chosen |= dict.fromkeys(known(f"formula{of}", given, own))
    if not chosen:
        raise ValueError("formulas: got none; wanted at least one, or None for all of gaugeblock's own")
    return distinct(list(chosen))


def with_signature(formula: Formula) -> Formula:
    """The formula itself; ValueError for one without the signature that its cases are made from."""
    if formula.signature is None:
        wanted = "a function under @gaugeblock.formula(...), whose signature cases are made from"
        raise ValueError(f"formula: got {formula.name}, which is not declared; wanted {wanted}")
    return formula


def chosen_dtypes(subject: Subject, dtypes: Iterable[str] | None, version: str) -> Sequence[str]:
    """The dtypes to judge in, the usual ones by default; ValueError for one that the subject has not."""
    there = spec.dtypes(version)
    of = "" if version == spec.VERSION else f" of specification {version}"
    usual = [dtype for dtype in subject.usual_dtypes if dtype in there]
    wanted = usual if dtypes is None else known(f"dtype{of}", dtypes, there)
    for dtype in wanted:
        if dtype not in subject.dtypes:
            raise ValueError(f"dtype: got {dtype!r}; wanted one that {subject.name} has: {', '.join(subject.dtypes)}")
    return wanted


def known(what: str, names: Iterable[str] | None, all_names: Sequence[str]) -> Sequence[str]:
    """`names`, or all; ValueError for one that there is not."""
    chosen = all_names if names is None else tuple(dict.fromkeys([names] if isinstance(names, str) else names))
    for name in chosen:
        if name not in all_names:
            meant = spec.did_you_mean(name, all_names)
            raise ValueError(f"{what}: got {name!r}; wanted one of {', '.join(all_names)}{meant}")
    return chosen
