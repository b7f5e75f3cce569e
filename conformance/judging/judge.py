"""The judge: calls the subject on each case and compares what comes back with what should."""

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain, product
from typing import Any, NamedTuple

import numpy as np

from ... import spec
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected
from ..arithmetic.trajectory import after, trajectory
from ..formulas import Case, Formula, cases, functions_of
from ..formulas.requirements import requirements
from . import oracle
from .leaning import lean
from .loading import one_line
from .made import made_cases, plain_run
from .subject import Subject


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


class Given(NamedTuple):
    """An array that a subject was given."""

    name: str  # of the argument
    before: np.ndarray
    array: Any  # the library's


# Results of earlier calls that are watched for changes: a subject may have some buffers that it uses in turn.
KEPT = 8


class BrokenResultError(Exception):
    """What came back is no result."""


@lru_cache(maxsize=64)
def judged_cases(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str, precision: str
) -> tuple[tuple[Case, dict[str, Expected]], ...]:
    """The cases of a formula, each with what its results should be: the same for every subject."""
    found = []
    for case in cases(formula, np.dtype(dtype), seed):
        expected = oracle.expect(case, np.dtype(dtype), subnormals, precision)
        expected = oracle.judgeable(case, np.dtype(dtype), expected)
        if not case.formula.is_own and not case.steps:  # own pages say what comes of an overflow on the way
            with np.errstate(all="ignore"):
                masks = oracle.differing(case, np.dtype(dtype), expected, plain_run(case, np.dtype(dtype)))
            expected = {name: oracle.opened(each, masks[name]) for name, each in expected.items()}
        for name, each in expected.items():
            if case.exact and (oracle.is_full(precision) or not oracle.has_classes(case.formula, np.dtype(dtype))):
                nearest = each.value.astype(each.dtype).astype(np.float64)  # the value itself, but for half precision
                expected[name] = each._replace(value=nearest, bound=np.zeros_like(each.bound))
        found.append((case, expected))
    return tuple(found)


def judge(
    subject: Subject,
    formula: str | Callable[..., Any],
    dtype: np.dtype[Any],
    seed: int,
    version: str = spec.VERSION,
    made: bool = True,
) -> Iterator[Finding | NotOffered]:
    """Yield the findings of all cases of a formula, about what a version of the specification requires.

    Without `made`, of the chosen cases alone.
    """
    earlier: dict[str, list[tuple[Any, bytes]]] = {}
    asked = formula, dtype.name, seed, subject.subnormals, subject.numerics
    count = 0  # of the calls on made cases
    made = made and any(subject.functions(each.name) for each in functions_of(formula))
    for case, expected in chain(judged_cases(*asked), made_cases(*asked) if made else ()):
        if case.requirement not in requirements(formula, version):
            continue
        if case.leans and subject.numerics != "full":
            yield NotOffered(case.requirement, f"not asked of one that declares {subject.numerics}")
            continue
        functions = subject.functions(case.function)
        if functions and case.requirement.endswith(".layout") and not subject.layouts:
            yield NotOffered(case.requirement, f"{subject.name} is given no memory layout that a caller can choose")
            continue
        every = list(calls(subject, case))
        if case.kind:  # under one variant in turn: each shape costs a compilation where there is a compiler
            count += 1
            every = every[count % max(len(functions), 1) :: max(len(functions), 1)] or every[:1]
        for named, function, change in every:
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
    about_layouts = case.requirement.endswith(".layout")
    if not about_layouts:
        yield "", lambda _, array: array
    if not (about_layouts or (case.donates and case.arguments[0].ndim > 1)):
        return
    arrays = sum(isinstance(part, np.ndarray) for value in case.arguments for part in parts_of(value))
    for name, change in subject.layouts.items():
        if case.donates and name == "read_only":
            continue  # nobody gives away what cannot be written to
        yield f"_{name}", partial(changed, change, None)
        for only in range(arrays if arrays > 1 else 0):
            yield f"_{name}_argument_{only + 1}", partial(changed, change, only)


def parts_of(value: Any) -> tuple[Any, ...]:
    """The parts of a state, or the value alone."""
    return value if isinstance(value, tuple) else (value,)


def changed(change: Callable[[Any], Any], only: int | None, number: int, array: Any) -> Any:
    """An argument in another layout, or as it is where `only` another one is to change."""
    return change(array) if only in (None, number) else array


def judge_call(
    subject: Subject,
    function: Callable[..., Any],
    case: Case,
    expected: dict[str, Expected],
    change: Change,
    found: Callable[..., Finding],
    earlier: dict[str, list[tuple[Any, bytes]]],
) -> Iterator[Finding | NotOffered]:
    """Call the subject once, and judge the values, shapes and dtypes that come back and the inputs that stay."""
    backend, formula = subject.backend, case.formula.formula
    try:
        given, results = call(backend, function, case, change)
        if case.copied:
            _, again = call(backend, function, case, change, partial(read_back, backend))
            reason = difference(results, again, case.formula.counts)
            yield found(case.requirement, passed=not reason, reason=reason)
    except NotImplementedError as error:
        yield NotOffered(case.requirement, str(error) or "the subject raises NotImplementedError")
        return
    except BrokenResultError as error:
        yield found(case.requirement, passed=False, reason=str(error), ratio=np.inf, ulp=np.inf)
        return

    counts = {name: results.pop(name) for name in case.formula.counts if name in results}
    kept, label, what = list(enumerate(given, 1)), f"{formula}.pure", "an input"
    if case.donates:  # what the next step does not take over stays the caller's
        kept = [(n, each) for n, each in kept if each.name not in case.formula.carried]
        label, what = f"{formula}.{case.formula.donation}", "an input that was not given away"
    for name, (array, values) in results.items():
        admits_nan = oracle.may_be_nan(case, name.partition(" ")[0], subject.numerics)
        yield from judge_array(case, expected[name], name, values, admits_nan, found)
        shared = any(backend.shares_memory(array, each.array) for _, each in kept)
        yield found(label, passed=not shared, reason=f"{name} shares memory with {what}" if shared else "")
    for name, count in counts.items():
        wanted = count_after(case, name)
        reason = "" if count == wanted else f"{name} is {count}, not {wanted}"
        yield found(f"{formula}.{name}", passed=not reason, reason=reason)
    altered = [n for n, each in kept if not still(backend, each.array, each.before.tobytes())]
    reason = f"array argument {altered[0]} of {len(given)} was changed" if altered else ""
    yield found(label, passed=not altered, reason=reason)
    for array, bits in earlier.get(case.function, []):
        if not still(backend, array, bits):
            yield found(f"{formula}.pure", passed=False, reason="the result of an earlier call was changed")
    new = [(array, values.tobytes()) for array, values in results.values()]
    last = len(case.formula.names) - len(counts)
    new = new[-last:] if case.donates else new  # those of the last step: the others were given away
    earlier[case.function] = [*earlier.get(case.function, []), *new][-KEPT:]


def count_after(case: Case, name: str) -> int | list[int]:
    """What a count, such as Adam's step, should be, or a list of that after each number of steps."""
    (start,) = (getattr(value, name) for value in case.arguments if hasattr(value, name))
    return [start + done for done in case.steps] if case.steps else start + 1


def read_back(backend: Any, array: Any) -> Any:
    """An array's copy, by way of NumPy."""
    return backend.asarray(np.array(backend.to_numpy(array)))


def difference(results: dict[str, Any], again: dict[str, Any], counts: tuple[str, ...]) -> str:
    """Which results have other bits in another run, in words."""
    names = [name for name in results if name not in counts and results[name][1].tobytes() != again[name][1].tobytes()]
    parts = dict.fromkeys(name.partition(" ")[0] for name in names)
    return f"other bits in {' and '.join(parts)} where the steps go on from copies" if names else ""


def call(
    backend: Any,
    function: Callable[..., Any],
    case: Case,
    change: Change = lambda _, array: array,
    copied: Callable[[Any], Any] = lambda array: array,
) -> tuple[list[Given], dict[str, Any]]:
    """Call a function on a case; return its arrays, and its results by name.

    Where the case has steps, the function is called for each, and goes on from what `copied` gives there.
    """
    given, arguments = converted(backend, case, change)
    computed = getattr(backend, "computed", lambda results: results)

    def name(result: Any) -> dict[str, Any]:
        return dict(computed(named(case.formula, result)))

    def run() -> dict[str, Any]:
        if not case.steps:
            return unpack(backend, case.formula, name(function(*arguments, **case.options)))
        names = zip(case.formula.parameters, case.arguments, arguments, strict=False)
        streams = [
            value if parameter in case.formula.carried else (backend.asarray(np.array(each)) for each in before)
            for parameter, before, value in names
        ]
        found = trajectory(function, case.formula, streams, case.options, case.steps, name, copied)
        return after(case.steps, (unpack(backend, case.formula, each) for each in found), case.formula.counts)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # special values are judged by what comes out
            return given, run()
    except (NotImplementedError, BrokenResultError):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, TypeError) and case.formula.donation in case.options:  # few words name the keyword
            what = f"{case.function} does not take {case.formula.donation}"
            raise NotImplementedError(f"{what}: {one_line(error)}") from None
        raise BrokenResultError(f"it raised {one_line(error)}") from None


def converted(backend: Any, case: Case, change: Change) -> tuple[list[Given], list[Any]]:
    """A case's arrays, each as NumPy's and as the library's, and its arguments made of the latter."""
    given: list[Given] = []

    def convert(name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            return type(value)(*(convert(name, part) for part in value))
        if not isinstance(value, np.ndarray | np.generic):
            return value
        array = change(len(given), backend.asarray(np.array(value)))
        given.append(Given(name, np.array(backend.to_numpy(array)), array))  # JAX makes int32 of int64
        return array

    return given, [convert(*pair) for pair in zip(case.formula.parameters, case.arguments, strict=False)]


def still(backend: Any, array: Any, bits: bytes) -> bool:
    """Whether an array has the bits that it had; one that was given up (donated) has none."""
    try:
        return bool(backend.to_numpy(array).tobytes() == bits)
    except RuntimeError:
        return False


def named(formula: Formula, result: Any) -> dict[str, Any]:
    """The results by name, counts as numbers; BrokenResultError if they are none."""
    try:
        found = formula.named(result)
    except (AttributeError, IndexError, TypeError, ValueError):
        raise BrokenResultError(f"it returned {type(result).__name__}; wanted {formula.wanted}") from None
    return {name: as_count(name, value) if name in formula.counts else value for name, value in found.items()}


def unpack(backend: Any, formula: Formula, results: dict[str, Any]) -> dict[str, Any]:
    """The results by name, each with its values as a NumPy array; BrokenResultError if it has none."""
    values = {}
    for name, array in results.items():
        if name in formula.counts:
            values[name] = array
            continue
        try:
            values[name] = array, np.array(backend.to_numpy(array))
        except (TypeError, ValueError, RuntimeError) as error:
            raise BrokenResultError(f"{name}: {error}") from None
        if values[name][1].dtype.kind not in "biufc" and values[name][1].dtype.name not in MODELS:
            raise BrokenResultError(f"{name}: got an array of {values[name][1].dtype}; wanted numbers")
    return values


def as_count(name: str, value: Any) -> Any:
    """A count, such as a state's step, as a Python number, an integer if it is one."""
    try:
        return int(value) if int(value) == value else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise BrokenResultError(f"{name}: got {type(value).__name__}; wanted an integer") from None


def judge_array(
    case: Case,
    expected: Expected,
    name: str,
    values: np.ndarray,
    admits_nan: bool,
    found: Callable[..., Finding],
) -> Iterator[Finding]:
    """Judge one result: its dtype, its shape, and each of its values."""
    formula, dtype = case.formula.formula, expected.dtype
    right = values.dtype == dtype
    reason = "" if right else f"{name} has dtype {values.dtype}, not {dtype}"
    yield found(f"{formula}.dtype", passed=right, reason=reason)
    right = values.shape == expected.value.shape
    reason = "" if right else f"{name} has shape {values.shape}, not {expected.value.shape}"
    yield found(f"{formula}.shape", passed=right, reason=reason)
    label = case.formula.label_of(case, name) if case.formula.label_of else case.requirement
    if not right or values.dtype.kind == "c":
        yield found(label, passed=False, reason=reason or f"{name} is complex", output=name, ratio=np.inf, ulp=np.inf)
        return
    ratio, error = oracle.ratios(values, expected, admits_nan)
    if not expected.certain and bool(np.any(np.abs(ratio - 1) < 1e-6)):
        exact = oracle.exactly({name: expected}, case, dtype)
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
    if case.leans:
        told, leaning = lean(values, expected)
        reason = told if leaning > 1 else ""
        yield found(case.requirement, passed=not reason, reason=reason, ratio=leaning, output=name)
