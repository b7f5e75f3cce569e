"""Answers that were computed elsewhere, judged by the numbers in the files of ``vectors.py`` alone.

``docs/vectors.md`` describes both; ``results.schema.json`` beside this module is the schema of the answers.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from inspect import Parameter
from pathlib import Path
from typing import Any

import numpy as np

from ... import spec
from ...worker.calls import BrokenResultError
from ...worker.text import one_line, plain
from ..arithmetic.running import Expected
from ..formulas import Case, declared
from ..formulas.requirements import name_of, requirements
from ..judging.judge import Finding, NotOffered, judge_array
from ..reporting import citation
from ..reporting.report import Report
from ..reporting.results import Result, results_of
from .program import result_of
from .vectors import MANIFEST, SCHEMA_VERSION, SEED, listed

LARGEST = 2**30  # bytes of a file


class VectorsError(ValueError):
    """A folder that does not have the vectors as they were written, or answers that are none."""


def judge_answers(
    folder: Path, path: Path, formulas: Iterable[str | Callable[..., Any]] = ()
) -> tuple[Report, list[str]]:
    """Judge the answers in a file.

    Parameters
    ----------
    folder : Path
        What `gaugeblock vectors` wrote.
    path : Path
        The answers: JSON, by the path of a file in the folder and the name of a case.
    formulas : iterable of callable, optional
        Those to judge; by default all of gaugeblock's own that the folder has.

    Returns
    -------
    Report
        On all formulas of the files' version of the specification, in the dtypes that there are answers in.
    list of str
        The cases that have no answer, of the files where others have.

    Raises
    ------
    VectorsError
        The folder is not as it was written, or of no version of the specification; the answers cannot be read, or are
        to something that is not there.
    """
    texts = unchanged(folder)
    documents = {name: mapping(folder / name, text) for name, text in texts.items() if "/" in name}
    answers = mapping(path, read(path))
    for name in answers:
        if name not in documents:
            raise VectorsError(f"{path}: got answers to {plain(name, 60)!r}; wanted files of {folder / MANIFEST}")
    version = version_of(folder, documents)
    dtypes = {Path(name).name for name in answers}
    known = {name_of(formula): formula for formula in formulas}
    there = {str(document.get("formula")) for document in documents.values()}
    asked = known.keys() or there
    for name in sorted(asked - there):
        raise VectorsError(f"{folder}: it has no vectors of {name}; wanted a formula whose cases are there")
    results: list[Result] = []
    missing: list[str] = []
    for name, document in documents.items():
        if Path(name).name in dtypes and str(document.get("formula")) in asked:
            own = an_object(f"{path}: {name}", answers.get(name, {}))
            try:
                results += judge_file(document, f"{path}: {name}", own, known)
                cases = [vector["case"] for vector in document["cases"]]
            except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError) as error:
                wrong = f"it is not as `gaugeblock vectors` writes it ({one_line(error)})"
                raise VectorsError(f"{folder / name}: {wrong}; write the vectors anew") from None
            missing += [f"{name}: {case}" for case in cases if own and case not in own]
    numpy, given = {"numpy": np.__version__}, sha256_of_manifest(folder)
    notes = () if given == citation.MANIFEST else (f"{STRANGE} {given}, and of the published ones {citation.MANIFEST}",)
    return Report(str(path), "", SEED, "gradual", "full", numpy, results, version=version, notes=notes), missing


STRANGE = "these are not the published vectors: the SHA-256 of their MANIFEST is"


def sha256_of_manifest(folder: Path) -> str:
    """The hash by which a folder's vectors are cited."""
    return hashlib.sha256(read(folder / MANIFEST)).hexdigest()


def version_of(folder: Path, documents: dict[str, dict[str, Any]]) -> str:
    """The version of the specification that a folder's files are of: the present one, or an earlier one."""
    for name, document in documents.items():
        schema, version = document.get("schema"), document.get("spec")
        if schema != SCHEMA_VERSION or version not in spec.VERSIONS:
            got, versions = f"schema {schema}, specification {version}", " or ".join(spec.VERSIONS)
            wanted = f"schema {SCHEMA_VERSION}, specification {versions}"
            raise VectorsError(f"{folder / name}: got {got}; wanted {wanted}; this version may be too old for it")
    found = sorted({document["spec"] for document in documents.values()})
    if len(found) != 1:
        raise VectorsError(f"{folder}: got vectors of {' and '.join(found) or 'no version'}; wanted those of one")
    return str(found[0])


def judge_file(
    document: dict[str, Any], where: str, answers: dict[str, Any], known: Mapping[str, str | Callable[..., Any]]
) -> list[Result]:
    """Judge the answers to the cases of a file."""
    name, dtype, version = document["formula"], document["dtype"], document["spec"]
    formula = known.get(name, name)
    if not answers:
        unanswered = [NotOffered(label, "no answer") for label in requirements(formula, version)]
        return results_of(formula, dtype, unanswered, {}, version)
    cases, left_out = {vector["case"]: vector for vector in document["cases"]}, document["left_out"]
    for case in answers:
        if case not in cases:
            reason = left_out.get(case, "there is no such case")
            raise VectorsError(f"{where}: got an answer to {plain(case, 60)!r}, which is not among the cases: {reason}")
    findings: list[Finding | NotOffered] = []
    for case, vector in cases.items():
        if case not in answers:
            findings.append(NotOffered(vector["requirement"], "no answer"))
            continue
        try:
            findings += judged(formula, vector, np.dtype(dtype), an_object(f"{where}: {case}", answers[case]))
        except BrokenResultError as error:
            raise VectorsError(f"{where}: {case}: {error}") from None
    findings += [NotOffered(case.partition("/")[0], reason) for case, reason in left_out.items()]
    findings.append(NotOffered(f"{name}.pure", "about memory, which numbers in a file do not show"))
    return results_of(formula, dtype, findings, {}, version)


def unchanged(folder: Path) -> dict[str, bytes]:
    """The files that a folder's manifest lists, if they have the sums that it says."""
    if not (folder / MANIFEST).is_file():
        raise VectorsError(f"{folder}: it has no {MANIFEST}; wanted a folder that `gaugeblock vectors` wrote")
    try:
        sums = listed(folder)
    except (OSError, ValueError) as error:
        raise VectorsError(str(error)) from None
    texts = {name: read(folder / name) for name in sums}
    for name, text in texts.items():
        if hashlib.sha256(text).hexdigest() != sums[name]:
            raise VectorsError(f"{folder / name}: it was changed after {MANIFEST} was written; write the vectors anew")
    return texts


def read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(text) > LARGEST:
        raise VectorsError(f"{path}: it has more than {LARGEST} bytes, which no answers have")
    return text


def mapping(path: Path, text: bytes) -> dict[str, Any]:
    """The object in a file of JSON."""
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        raise VectorsError(f"{path}: it is not JSON") from None
    return an_object(path, found)


def an_object(where: object, value: Any) -> dict[str, Any]:
    """`value`, if it is an object of JSON."""
    if not isinstance(value, dict):
        raise VectorsError(f"{where}: got {plain(json.dumps(value), 60)}; wanted an object")
    return value


def judged(
    formula: str | Callable[..., Any], vector: dict[str, Any], dtype: np.dtype[Any], answer: dict[str, Any]
) -> Iterator[Finding]:
    """Judge the answer to a case."""
    case, wanted = case_of(formula, vector, dtype), vector["expected"]
    found = partial(Finding, case=case)
    for name in (key.removesuffix(".bound") for key in wanted if key.endswith(".bound")):
        may_be_nan = wanted.get(f"{name}.infinity_or_nan", False)
        values = result_of(answer, name, dtype)
        yield from judge_array(case, expected_of(wanted, name, dtype), name, values, may_be_nan, found)
    for name in case.formula.counts:
        right = answer.get(name) == wanted[name]
        reason = "" if right else f"{name} is {plain(json.dumps(answer.get(name)), 60)}, not {wanted[name]}"
        yield found(f"{case.formula.formula}.{name}", passed=right, reason=reason)


def expected_of(wanted: dict[str, Any], name: str, dtype: np.dtype[Any]) -> Expected:
    """What a result should be."""
    value = result_of(wanted, name, dtype)
    shape = wanted[f"{name}.shape"]
    remainder, bound = (
        result_of({name: wanted[f"{name}.{part}"], f"{name}.shape": shape}, name, np.dtype(np.float64))
        for part in ("remainder", "bound")
    )
    # Where the bound is 0 the value itself is wanted, though in half precision it was rounded.
    remainder = np.where(bound == 0, 0.0, remainder)
    return Expected(value.astype(np.float64), remainder, bound, value.dtype, certain=True)


def case_of(formula: str | Callable[..., Any], vector: dict[str, Any], dtype: np.dtype[Any]) -> Case:
    """A case as a report shows it."""
    inputs, function = vector["inputs"], vector["function"]
    given = {name: value for name, value in inputs.items() if "." not in name}
    called = declared(function if isinstance(formula, str) else formula)
    domains = dict(zip(called.parameters, called.domain, strict=False))
    for name in given:
        if isinstance(given[name], list) and f"{name}.shape" in inputs:
            kind = bool if domains.get(name) == "mask" else int
            given[name] = np.asarray(given[name], kind).reshape(inputs[f"{name}.shape"])
        elif f"{name}.shape" in inputs:
            given[name] = result_of(inputs, name, dtype)
    if called.state:
        parts = {part: given.pop(part) for part in called.state_names}
        given[called.state] = called.state_of(parts)
    required = [name for name, default in called.parameters.items() if default is Parameter.empty]
    arguments = tuple(given.pop(name) for name in required)
    name, steps = vector["case"].partition("/")[2], tuple(given.pop("checkpoints", ()))
    exact = "exact" in vector["flags"]
    return Case(vector["requirement"], name, vector["note"], called, arguments, given, exact, steps)
