"""How an implementation is judged: against the reference itself, within the tolerance that follows from it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import backends, reference, spec
from .arithmetic.rounding import MODELS
from .judging import oracle
from .judging.diagnosis import diagnose
from .judging.judge import Finding, as_step, judge
from .judging.reproduce import reproduce
from .judging.subject import Subject, SubjectError
from .reporting.report import Report, results_of

__all__ = ["Report", "SubjectError", "assert_conforms", "check", "expected", "reproduce"]


def check(
    subject: Any,
    formulas: Iterable[str] | None = None,
    dtypes: Iterable[str] | None = None,
    device: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
    version: str = spec.VERSION,
) -> Report:
    """Judge a subject.

    Parameters
    ----------
    subject : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself: a module, a
        namespace or an instance that has some of the formulas by name.
    formulas, dtypes : iterable of str, optional
        What to judge; by default all formulas, and float32 and float64, or the dtypes that the subject declares.
    device : str, optional
        Where to judge it; by default where the subject says.
    seed : int
        Of the random cases.
    progress : callable
        Told the formula and dtype that comes next.
    version : str
        Of the specification: its formulas, requirements and dtypes are judged, with the meaning that they have now.

    Returns
    -------
    Report

    Raises
    ------
    SubjectError
        A subject that could not be loaded.
    ValueError
        A formula, dtype or version that there is not, or that nothing is left to judge.
    """
    loaded = subject if isinstance(subject, Subject) else Subject(subject, device)
    chosen, wanted = selection(loaded, formulas, dtypes, version)
    results = []
    for dtype in wanted:
        with loaded.settings(dtype):
            for formula in chosen:
                progress(f"{loaded.name} {formula} {dtype}")
                findings = list(judge(loaded, formula, np.dtype(dtype), seed, version))
                failed = [finding for finding in findings if isinstance(finding, Finding) and not finding.passed]
                diagnoses = diagnose(loaded, formula, np.dtype(dtype), seed, failed) if failed else {}
                results += results_of(formula, dtype, findings, diagnoses, version)
    declared = loaded.subnormals, loaded.precision
    report = Report(
        loaded.name,
        loaded.device or "cpu",
        seed,
        *declared,
        loaded.backend.versions(),
        results,
        loaded.dtypes,
        version=version,
        layouts=bool(loaded.layouts),
    )
    report.passed  # noqa: B018  raises if nothing was judged
    return report


def selection(
    subject: Subject,
    formulas: Iterable[str] | None,
    dtypes: Iterable[str] | None,
    version: str = spec.VERSION,
) -> tuple[Sequence[str], Sequence[str]]:
    """The formulas and the dtypes to judge; ValueError for one that there is not, or that the subject has not."""
    known("spec", [version], spec.VERSIONS)
    there = spec.dtypes(version)
    of = "" if version == spec.VERSION else f" of specification {version}"
    usual = [dtype for dtype in subject.usual_dtypes if dtype in there]
    wanted = usual if dtypes is None else known(f"dtype{of}", dtypes, there)
    for dtype in wanted:
        if dtype not in subject.dtypes:
            raise ValueError(f"dtype: got {dtype!r}; wanted one that {subject.name} has: {', '.join(subject.dtypes)}")
    return known(f"formula{of}", formulas, spec.formulas(version)), wanted


def known(what: str, names: Iterable[str] | None, all_names: Sequence[str]) -> Sequence[str]:
    """`names`, or all; ValueError for one that there is not."""
    chosen = all_names if names is None else tuple(dict.fromkeys([names] if isinstance(names, str) else names))
    for name in chosen:
        if name not in all_names:
            meant = spec.did_you_mean(name, all_names)
            raise ValueError(f"{what}: got {name!r}; wanted one of {', '.join(all_names)}{meant}")
    return chosen


def expected(formula: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """Return the real value of a formula on these inputs, and the largest admissible error of each element.

    Parameters
    ----------
    formula : str
        A function of ``gaugeblock.reference``, such as 'softmax'.
    *arguments, **options
        As the function takes them; arrays of any library.

    Returns
    -------
    value, bound : NumPy arrays in float64; tuples (theta, m, v) for 'adam_step', (gx, gw, gb) for 'dense_vjp'
        `value` is rounded to float64, which in float64 is itself part of an error.

    Raises
    ------
    TypeError, ValueError
        As the function itself raises; and ValueError for a formula that there is not, or a tolerance so wide that it
        would judge nothing.
    """
    found = expectation(formula, arguments, options)
    values, bounds = [e.value for e in found.values()], [e.bound for e in found.values()]
    return (values[0], bounds[0]) if len(found) == 1 else (tuple(values), tuple(bounds))


def assert_conforms(output: Any, formula: str, *arguments: Any, **options: Any) -> None:
    """Raise AssertionError unless `output` is what a formula gives on these inputs, within the derived tolerance.

    Parameters
    ----------
    output : array, or (theta, state) for 'adam_step', or (gx, gw, gb) for 'dense_vjp' and 'neuron_vjp'
        What the implementation under test returned.
    formula, *arguments, **options
        As in `expected`.

    Raises
    ------
    AssertionError
        With the worst element: its index, value, expected value, and error as a multiple of the bound; or with a step
        that is not one more.
    TypeError, ValueError
        As in `expected`.
    """
    found = expectation(formula, arguments, options)
    try:
        results = oracle.outputs(formula, output)
    except (TypeError, ValueError):
        raise AssertionError(f"{formula}: got {type(output).__name__}; expected {oracle.WANTED[formula]}") from None
    for name, result in results.items():
        if name == "step":
            if as_step(result) != arguments[2].step + 1:
                raise AssertionError(f"{formula}: step is {as_step(result)}, not {arguments[2].step + 1}")
            continue
        values, wanted = to_numpy(result), found[name]
        if values.dtype != wanted.dtype or values.shape != wanted.value.shape:
            what = f"{name}: got {values.dtype} of shape {values.shape}"
            raise AssertionError(f"{formula}: {what}; expected {wanted.dtype} of shape {wanted.value.shape}")
        ratio, error = oracle.ratios(values, wanted, oracle.may_be_nan(formula, arguments, name))
        if np.all(ratio <= 1):
            continue
        index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        place = f"{name}{[int(i) for i in index] if index else ''}"
        raise AssertionError(
            f"{formula}: {place} is {float(values[index])!r}; expected {float(wanted.value[index])!r} within "
            f"{wanted.bound[index]:.3g}; the error {error[index]:.3g} is {ratio[index]:.3g} times the bound; "
            f"{int(np.sum(~(ratio <= 1)))} of {ratio.size} elements are outside"
        )


def expectation(formula: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> dict[str, oracle.Expected]:
    """What each result should be."""
    function = known("formula", [formula], reference.FORMULAS)[0]
    converted = tuple(converted_argument(value, to_numpy) for value in arguments)
    with np.errstate(all="ignore"):  # checks the arguments
        getattr(reference, function)(*(converted_argument(value, known_to_numpy) for value in converted), **options)
    dtype = next(array.dtype for array in converted if getattr(array, "dtype", np.dtype(bool)).name in MODELS)
    found = oracle.expect(function, converted, options, dtype)
    oracle.refuse_empty(function, converted, options, found)
    return found


def converted_argument(value: Any, convert: Callable[[Any], np.ndarray]) -> Any:
    """An argument with its arrays converted."""
    if isinstance(value, reference.AdamState):
        return reference.AdamState(int(value.step), convert(value.m), convert(value.v))
    return convert(value) if hasattr(value, "dtype") and hasattr(value, "shape") else value


def to_numpy(array: Any) -> np.ndarray:
    """An array of any library as NumPy's."""
    return np.asarray(backends.load("torch").to_numpy(array) if hasattr(array, "detach") else array)


def known_to_numpy(array: np.ndarray) -> np.ndarray:
    """The array itself, or a stand-in for one of bfloat16, which NumPy's namespace does not count as floating point."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
