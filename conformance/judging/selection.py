"""What there is to judge: the subject, the formulas and the dtypes that a name or an object stands for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ... import reference, spec
from ...names import meant
from ..formulas import Formula, declared, functions_of
from .conversation import TIMEOUT
from .examination import distinct
from .loading import is_elsewhere, load_formulas
from .remote import Isolated
from .subject import Subject

AnyFormula = str | Callable[..., Any]
AnySubject = Subject | Isolated


def known_version(version: str) -> None:
    """Raise ValueError for a version of the specification that there is not."""
    if version not in spec.VERSIONS:
        raise ValueError(f"spec: got {version!r}; wanted one of {', '.join(spec.VERSIONS)}")


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
    dtypes = [dtypes] if isinstance(dtypes, str) else dtypes if dtypes is None else list(dtypes)
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
            otherwise = ", or a file or a module with formulas, such as formulas.py"
            chosen |= dict.fromkeys(known(of_version("formula", version), given, own, otherwise=otherwise))
    if not chosen:
        raise ValueError("formulas: got none; wanted at least one, or None for all of gaugeblock's own")
    return distinct(list(chosen))


def with_signature(formula: Formula) -> Formula:
    """The formula itself; ValueError for one without the signature that its cases are made from."""
    if formula.signature is None:
        wanted = "a function under @gaugeblock.formula(...), whose signature cases are made from"
        raise ValueError(f"formula: got {formula.name}, which is not declared; wanted {wanted}")
    return formula


def chosen_dtypes(subject: AnySubject, dtypes: Sequence[str] | None, version: str) -> Sequence[str]:
    """The dtypes to judge in, the usual ones by default; ValueError for one that the subject has not."""
    there = spec.dtypes(version)
    if dtypes is not None and not dtypes:
        raise ValueError("dtypes: got none; wanted at least one, or None for the usual ones")
    usual = [dtype for dtype in subject.usual_dtypes if dtype in there]
    wanted = usual if dtypes is None else known(of_version("dtype", version), dtypes, there)
    for dtype in wanted:
        if dtype not in subject.dtypes:
            raise ValueError(f"dtype: got {dtype!r}; wanted one that {subject.name} has: {', '.join(subject.dtypes)}")
    return wanted


def known(
    what: str,
    names: Iterable[str] | None,
    all_names: Sequence[str],
    shown_by: str = "gaugeblock spec",
    otherwise: str = "",
) -> Sequence[str]:
    """`names`, each as it stands among all, or all of these; ValueError for one that there is not."""
    given = [names] if isinstance(names, str) else names
    chosen = all_names if given is None else tuple(dict.fromkeys(meant(str(name), all_names) for name in given))
    for name in chosen:
        if name not in all_names:
            raise ValueError(spec.unknown(what, name, all_names, shown_by, otherwise))
    return chosen
