"""The judge: calls the subject on each case and compares what comes back with what should."""

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ... import spec
from ...reference import AdamState
from ..arithmetic.rounding import MODELS
from ..formulas import Case, cases
from . import oracle
from .subject import Subject, one_line
from .trajectory import after, trajectory


class Finding(NamedTuple):
    """What one case says about one requirement."""

    requirement: str
    case: Case
    passed: bool
    reason: str = ""  # why not, in words
    ratio: float = 0.0  # the worst element's error / bound
    ulp: float = 0.0  # its error in units of the last place
    place: tuple[int, ...] | None = None  # of the worst element, in the result `output`
    output: str = "y"
    got: float = 0.0
    expected: float = 0.0
    bound: float = 0.0


class NotOffered(NamedTuple):
    """A case that the subject declined, with its reason."""

    requirement: str
    reason: str


# Results of earlier calls that are watched for changes: a subject may have some buffers that it uses in turn.
KEPT = 8


class BrokenResultError(Exception):
    """What came back is no result."""


@lru_cache(maxsize=64)
def judged_cases(
    formula: str, dtype: str, seed: int, subnormals: str, precision: str
) -> tuple[tuple[Case, dict[str, oracle.Expected]], ...]:
    """The cases of a formula, each with what its results should be: the same for every subject."""
    found = []
    for case in cases(formula, np.dtype(dtype), seed):
        expected = oracle.expect(case.function, case.arguments, case.options, np.dtype(dtype), subnormals, precision)
        oracle.refuse_empty(case.function, case.arguments, case.options, expected)
        for name, each in expected.items():
            if case.exact and (precision == "full" or not oracle.has_classes(case.function, np.dtype(dtype))):
                nearest = each.value.astype(each.dtype).astype(np.float64)  # the value itself, but for half precision
                expected[name] = each._replace(value=nearest, bound=np.zeros_like(each.bound))
        found.append((case, expected))
    return tuple(found)


def judge(
    subject: Subject, formula: str, dtype: np.dtype[Any], seed: int, version: str = spec.VERSION
) -> Iterator[Finding | NotOffered]:
    """Yield the findings of all cases of a formula, about what a version of the specification requires."""
    earlier: dict[str, list[tuple[Any, bytes]]] = {}
    for case, expected in judged_cases(formula, dtype.name, seed, subject.subnormals, subject.precision):
        if case.requirement not in spec.requirements(formula, version):
            continue
        functions = subject.functions(case.function)
        if functions and case.requirement.endswith(".layout") and not subject.layouts:
            yield NotOffered(case.requirement, f"{subject.name} is given no memory layout that a caller can choose")
            continue
        for named, function, change in calls(subject, case):
            found = partial(Finding, case=named)
            yield from judge_call(subject, function, case, expected, change, found, earlier)


Change = Callable[[int, Any], Any]  # of an argument's number and array: the array in another layout


def calls(subject: Subject, case: Case) -> Iterator[tuple[Case, Callable[..., Any], Change]]:
    """The calls that a case is judged by, one for each variant and memory layout: the case with its full name."""
    functions = subject.functions(case.function)
    for (suffix, function), (layout, change) in product(functions.items(), layouts(subject, case)):
        yield case._replace(name=f"{case.name}{layout}{suffix}"), function, change


def layouts(subject: Subject, case: Case) -> Iterator[tuple[str, Change]]:
    """The memory layouts in which a case is put: one, but where layouts are judged, on all arrays and on each alone."""
    about_layouts, donated = case.requirement.endswith(".layout"), case.options.get("donate", False)
    if not about_layouts:
        yield "", lambda _, array: array
    if not (about_layouts or (donated and case.arguments[0].ndim > 1)):
        return
    arrays = sum(2 if isinstance(value, AdamState) else isinstance(value, np.ndarray) for value in case.arguments)
    for name, change in subject.layouts.items():
        if donated and name == "read_only":
            continue  # nobody gives away what cannot be written to
        yield f"_{name}", partial(changed, change, None)
        for only in range(arrays if arrays > 1 else 0):
            yield f"_{name}_argument_{only + 1}", partial(changed, change, only)


def changed(change: Callable[[Any], Any], only: int | None, number: int, array: Any) -> Any:
    """An argument in another layout, or as it is where `only` another one is to change."""
    return change(array) if only in (None, number) else array


def judge_call(
    subject: Subject,
    function: Callable[..., Any],
    case: Case,
    expected: dict[str, oracle.Expected],
    change: Change,
    found: Callable[..., Finding],
    earlier: dict[str, list[tuple[Any, bytes]]],
) -> Iterator[Finding | NotOffered]:
    """Call the subject once, and judge the values, shapes and dtypes that come back and the inputs that stay."""
    backend, formula = subject.backend, case.requirement.partition(".")[0]
    try:
        given, results = call(backend, function, case, change)
        if case.requirement == "adam.resumed":
            _, again = call(backend, function, case, change, partial(read_back, backend))
            reason = difference(results, again)
            yield found(case.requirement, passed=not reason, reason=reason)
    except NotImplementedError as error:
        yield NotOffered(case.requirement, str(error) or "the subject raises NotImplementedError")
        return
    except BrokenResultError as error:
        yield found(case.requirement, passed=False, reason=str(error), ratio=np.inf, ulp=np.inf)
        return

    step = results.pop("step", None)
    donated = case.options.get("donate", False)
    kept, label = (given[1:2], "adam.donate") if donated else (given, f"{formula}.pure")  # the gradient, or all
    for name, (array, values) in results.items():
        admits_nan = oracle.may_be_nan(case.function, case.arguments, name, subject.precision)
        yield from judge_array(case, expected[name], name, values, admits_nan, found)
        shared = any(backend.shares_memory(array, other) for _, other in kept)
        reason = f"{name} shares memory with {'the gradient' if donated else 'an input'}" if shared else ""
        yield found(label, passed=not shared, reason=reason)
    if step is not None:
        wanted = steps_after(case)
        reason = "" if step == wanted else f"step is {step}, not {wanted}"
        yield found("adam.step", passed=not reason, reason=reason)
    altered = [n for n, (before, after) in enumerate(kept) if not still(backend, after, before.tobytes())]
    number = altered[0] + 1 + donated if altered else 0
    reason = f"array argument {number} of {len(given)} was changed" if altered else ""
    yield found(label, passed=not altered, reason=reason)
    for array, bits in earlier.get(case.function, []):
        if not still(backend, array, bits):
            yield found(f"{formula}.pure", passed=False, reason="the result of an earlier call was changed")
    new = [(array, values.tobytes()) for array, values in results.values()]
    new = new[-3:] if donated else new  # those of the last step: the others were given away
    earlier[case.function] = [*earlier.get(case.function, []), *new][-KEPT:]


def steps_after(case: Case) -> int | list[int]:
    """The step that a state of Adam should have, or a list of those at the checkpoints."""
    start, checkpoints = case.arguments[2].step, case.options.get("checkpoints")
    return start + 1 if checkpoints is None else [start + done for done in checkpoints]


def read_back(backend: Any, array: Any) -> Any:
    """An array's copy, by way of NumPy."""
    return backend.asarray(np.array(backend.to_numpy(array)))


def difference(results: dict[str, Any], again: dict[str, Any]) -> str:
    """Which results have other bits in another run, in words."""
    names = [name for name in results if name != "step" and results[name][1].tobytes() != again[name][1].tobytes()]
    parts = dict.fromkeys(name.partition(" ")[0] for name in names)
    return f"other bits in {' and '.join(parts)} where the steps go on from copies" if names else ""


def call(
    backend: Any,
    function: Callable[..., Any],
    case: Case,
    change: Change = lambda _, array: array,
    copied: Callable[[Any], Any] = lambda array: array,
) -> tuple[list[tuple[np.ndarray, Any]], dict[str, Any]]:
    """Call a function on a case; return its arrays, each as it was and as it is now, and its results by name.

    Where the case has checkpoints, Adam is called for each gradient, and goes on from what `copied` gives there.
    """
    given, arguments = converted(backend, case, change)
    computed = getattr(backend, "computed", lambda results: results)

    def name(result: Any) -> dict[str, Any]:
        return dict(computed(named(case.function, result)))

    def run() -> dict[str, Any]:
        if "checkpoints" not in case.options:
            return unpack(backend, name(function(*arguments, **case.options)))
        theta, _, state = arguments
        grads = (backend.asarray(np.array(grad)) for grad in case.arguments[1])
        found = trajectory(function, name, theta, grads, state, copied=copied, **case.options)
        return after(case.options["checkpoints"], (unpack(backend, each) for each in found))

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # special values are judged by what comes out
            return given, run()
    except (NotImplementedError, BrokenResultError):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, TypeError) and "donate" in case.options:  # not all libraries' words name the keyword
            raise NotImplementedError(f"{case.function} does not take donate: {one_line(error)}") from None
        raise BrokenResultError(f"it raised {one_line(error)}") from None


def converted(backend: Any, case: Case, change: Change) -> tuple[list[tuple[np.ndarray, Any]], list[Any]]:
    """A case's arrays, each as NumPy's and as the library's, and its arguments made of the latter."""
    given: list[tuple[np.ndarray, Any]] = []

    def convert(value: Any) -> Any:
        if isinstance(value, AdamState):
            return AdamState(value.step, convert(value.m), convert(value.v))
        if not isinstance(value, np.ndarray | np.generic):
            return value
        given.append((np.array(value), change(len(given), backend.asarray(np.array(value)))))
        return given[-1][1]

    return given, [convert(value) for value in case.arguments]


def still(backend: Any, array: Any, bits: bytes) -> bool:
    """Whether an array has the bits that it had; one that was given up (donated) has none."""
    try:
        return bool(backend.to_numpy(array).tobytes() == bits)
    except RuntimeError:
        return False


def named(function: str, result: Any) -> dict[str, Any]:
    """The results by name, the step as a number; BrokenResultError if they are none."""
    try:
        found = oracle.outputs(function, result)
    except (TypeError, ValueError):
        raise BrokenResultError(f"it returned {type(result).__name__}; wanted {oracle.WANTED[function]}") from None
    return found | ({"step": as_step(found["step"])} if "step" in found else {})


def unpack(backend: Any, results: dict[str, Any]) -> dict[str, Any]:
    """The results by name, each with its values as a NumPy array; BrokenResultError if it has none."""
    values = {}
    for name, array in results.items():
        if name == "step":
            values[name] = array
            continue
        try:
            values[name] = array, np.array(backend.to_numpy(array))
        except (TypeError, ValueError, RuntimeError) as error:
            raise BrokenResultError(f"{name}: {error}") from None
        if values[name][1].dtype.kind not in "biufc" and values[name][1].dtype.name not in MODELS:
            raise BrokenResultError(f"{name}: got an array of {values[name][1].dtype}; wanted numbers")
    return values


def as_step(step: Any) -> Any:
    """A state's step as a Python number, an integer if it is one."""
    try:
        return int(step) if int(step) == step else float(step)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise BrokenResultError(f"step: got {type(step).__name__}; wanted an integer") from None


def judge_array(
    case: Case,
    expected: oracle.Expected,
    name: str,
    values: np.ndarray,
    admits_nan: bool,
    found: Callable[..., Finding],
) -> Iterator[Finding]:
    """Judge one result: its dtype, its shape, and each of its values."""
    formula, dtype = case.requirement.partition(".")[0], expected.dtype
    right = values.dtype == dtype
    reason = "" if right else f"{name} has dtype {values.dtype}, not {dtype}"
    yield found(f"{formula}.dtype", passed=right, reason=reason)
    right = values.shape == expected.value.shape
    reason = "" if right else f"{name} has shape {values.shape}, not {expected.value.shape}"
    yield found(f"{formula}.shape", passed=right, reason=reason)
    label = label_of(case, name)
    if not right or values.dtype.kind == "c":
        yield found(label, passed=False, reason=reason or f"{name} is complex", output=name, ratio=np.inf, ulp=np.inf)
        return
    ratio, error = oracle.ratios(values, expected, admits_nan)
    if not expected.certain and bool(np.any(np.abs(ratio - 1) < 1e-6)):
        exact = oracle.exactly({name: expected}, case.function, case.arguments, case.options, dtype)
        ratio, error = oracle.ratios(values, exact[name], admits_nan)
    if ratio.size == 0:
        yield found(label, passed=True, output=name)
        return
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    nearest = np.abs(expected.value[index]).astype(dtype)
    with np.errstate(all="ignore"):
        ulp = float(error[index] / np.spacing(nearest)) if np.isfinite(nearest) else float(error[index])
    yield found(
        label,
        passed=bool(ratio[index] <= 1),
        ratio=float(ratio[index]),
        ulp=ulp,
        place=tuple(int(i) for i in index),
        output=name,
        got=float(values[index]),
        expected=float(expected.value[index]),
        bound=float(expected.bound[index]),
    )


# What each result of Adam's step answers for, in a case about another one.
LINES = {"theta": "adam.update", "m": "adam.first_moment", "v": "adam.second_moment"}
ABOUT = {
    "theta": {"update", "bias_correction", "epsilon", "late_steps"},
    "m": {"first_moment", "state"},
    "v": {"second_moment", "state"},
}


def label_of(case: Case, name: str) -> str:
    """The requirement that a result of a case is judged by: the case's, unless that is about another result."""
    if "checkpoints" in case.options:
        return "adam.donate" if "donate" in case.options else "adam.trajectory"
    about = case.requirement.partition(".")[2]
    elsewhere = any(about in others for other, others in ABOUT.items() if other != name) or about == "step"
    return LINES[name] if name in LINES and elsewhere and about not in ABOUT[name] else case.requirement
