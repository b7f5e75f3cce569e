"""The judge: calls the subject on each case and compares what comes back with what should."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain, product
from typing import Any, NamedTuple

import numpy as np

from ... import spec
from ...worker.calls import Answer, Earlier, unchanged
from ...worker.calls import BrokenResultError as BrokenResultError
from ...worker.calls import answer as answer_here
from ...worker.text import plain
from ..arithmetic.running import Expected
from ..formulas import Case, cases, functions_of
from ..formulas.beside import lean
from ..formulas.requirements import requirements
from . import oracle, tolerance
from .kept_expectations import kept
from .layouts import UNCHANGED, Change, layouts
from .lock import alone
from .made_expectations import made_cases, plain_run
from .remote import Remote
from .twins import twin_cases


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


@alone
@lru_cache(maxsize=32)  # of a formula in each dtype, and of a few formulas beside it
def judged_cases(
    formula: str | Callable[..., Any], dtype: str, seed: int, subnormals: str, precision: str
) -> tuple[tuple[Case, dict[str, Expected]], ...]:
    """The cases of a formula, each with what its results should be: the same for every subject."""
    every = cases(formula, np.dtype(dtype), seed)

    # Of gaugeblock's own formulas, another seed has other random cases alone.
    is_own = all(case.formula.is_own for case in every)
    usual = judged_cases(formula, dtype, 0, subnormals, precision) if seed and is_own else ()
    same = {case.id: expected for case, expected in usual}

    def compute() -> list[dict[str, Expected] | None]:
        return [same.get(case.id) or expectation(case, np.dtype(dtype), subnormals, precision) for case in every]

    found = []
    known = kept(("chosen", formula, dtype, seed, subnormals, precision), compute)
    for case, expected in zip(every, known, strict=True):
        if expected is None:
            continue
        for name, each in expected.items():
            if case.exact and oracle.keeps_integers(case.formula, np.dtype(dtype), precision):
                nearest = each.value.astype(each.dtype).astype(np.float64)  # the value itself, but for half precision
                expected[name] = each._replace(value=nearest, bound=np.zeros_like(each.bound))
        found.append((case, expected))
    return tuple(found)


def expectation(case: Case, dtype: np.dtype[Any], subnormals: str, precision: str) -> dict[str, Expected] | None:
    """What the results of a chosen case should be; None if any result would do."""
    try:
        expected = tolerance.judgeable(case, dtype, oracle.expect(case, dtype, subnormals, precision))
    except tolerance.EmptyToleranceError:
        if precision == "full":
            raise
        return None  # nothing is left to judge in a coarser class
    if case.formula.is_own or case.steps:  # own pages say what comes of an overflow on the way
        return expected
    with np.errstate(all="ignore"):
        masks = tolerance.differing(case, dtype, expected, plain_run(case, dtype))
    return {name: tolerance.opened(each, masks[name]) for name, each in expected.items()}


def judge(
    subject: Any,
    formula: str | Callable[..., Any],
    dtype: np.dtype[Any],
    seed: int,
    version: str = spec.VERSION,
    made: bool = True,
    twins: bool = False,
) -> Iterator[Finding | NotOffered]:
    """Yield the findings of all cases of a formula, about what a version of the specification requires.

    Without `made`, of the chosen cases alone; with `twins`, of a twin of each of these too.
    """
    earlier: Earlier = {}
    asked = formula, dtype.name, seed, subject.subnormals, subject.numerics
    count = 0  # of the calls on made cases
    made = made and any(subject.functions(each.name) for each in functions_of(formula))
    others = twin_cases(*asked) if twins else ()
    for case, expected in chain(judged_cases(*asked), others, made_cases(*asked) if made else ()):
        if case.requirement not in requirements(formula, version):
            continue
        if case.beside is lean and subject.numerics != "full":
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


def calls(subject: Any, case: Case) -> Iterator[tuple[Case, Callable[..., Any], Change]]:
    """The calls that a case is judged by, one for each variant and memory layout: the case with its full name."""
    functions = subject.functions(case.function)
    for (suffix, function), (layout, change) in product(functions.items(), layouts(subject, case)):
        yield case._replace(name=f"{case.name}{layout}{suffix}"), function, change


def judge_call(
    subject: Any,
    function: Callable[..., Any] | Remote,
    case: Case,
    expected: dict[str, Expected],
    change: Change,
    found: Callable[..., Finding],
    earlier: Earlier,
) -> Iterator[Finding | NotOffered]:
    """Call the subject once, and judge the values, shapes and dtypes that come back and the inputs that stay."""
    formula = case.formula.formula
    try:
        got = answer(subject, function, case, change, earlier)
        if case.copied:
            again = answer(subject, function, case, change, earlier, copied=True)
            reason = difference(got.results, again.results)
            yield found(case.requirement, passed=not reason, reason=reason)
    except NotImplementedError as error:
        yield NotOffered(case.requirement, str(error) or "the subject raises NotImplementedError")
        return
    except BrokenResultError as error:
        if refused := case.formula.may_refuse(case):
            yield NotOffered(case.requirement, f"it takes no {refused}: {error}")
            return
        yield found(case.requirement, passed=False, reason=str(error), ratio=np.inf, ulp=np.inf)
        return

    label, what = f"{formula}.pure", "an input"
    if case.donates:
        label, what = f"{formula}.{case.formula.donation}", "an input that was not given away"
    for name, values in got.results.items():
        infinite = np.isinf(expected[name].value).any()
        admits_nan = bool(infinite) and oracle.may_be_nan(case, name.partition(" ")[0], subject.numerics)
        yield from judge_array(case, expected[name], name, values, admits_nan, found)
        shared = name in got.shared
        yield found(label, passed=not shared, reason=f"{name} shares memory with {what}" if shared else "")
    yield from (NotOffered(about, "the optimizer hides its state") for about in hidden(case, expected, got))
    for name, count in got.counts.items():
        wanted = count_after(case, name)
        reason = "" if count == wanted else f"{name} is {plain(str(count), 60)}, not {wanted}"
        yield found(f"{formula}.{name}", passed=not reason, reason=reason)
    reason = f"array argument {got.altered[0]} of {got.arrays} was changed" if got.altered else ""
    yield found(label, passed=not got.altered, reason=reason)
    if got.lost:
        yield found(f"{formula}.pure", passed=False, reason="the result of an earlier call was changed")


def hidden(case: Case, expected: dict[str, Expected], got: Answer) -> Iterator[str]:
    """The requirements that are about results which an optimizer does not show."""
    formula = case.formula
    for name in (name for name in expected if name not in got.results):
        yield formula.label_of(case, name) if formula.label_of else case.requirement
    yield from (f"{formula.formula}.{name}" for name in formula.counts if name not in got.counts)


def answer(
    subject: Any,
    function: Callable[..., Any] | Remote,
    case: Case,
    change: Change = UNCHANGED,
    earlier: Earlier | None = None,
    copied: bool = False,
) -> Answer:
    """What comes of a call of a subject's function, here or in its process; as `worker.calls.answer`."""
    if isinstance(function, Remote):
        return function.answer(case, change.layout, change.only, copied)
    convert = unchanged if change is UNCHANGED else change
    return answer_here(subject.backend, function, case, convert, earlier, copied)


def count_after(case: Case, name: str) -> int | list[int]:
    """What a count, such as Adam's step, should be, or a list of that after each number of steps."""
    (start,) = (getattr(value, name) for value in case.arguments if hasattr(value, name))
    return [start + done for done in case.steps] if case.steps else start + 1


def difference(results: dict[str, np.ndarray], again: dict[str, np.ndarray]) -> str:
    """Which results have other bits in another run, in words."""
    parts = dict.fromkeys(
        name.partition(" ")[0] for name in results if results[name].tobytes() != again[name].tobytes()
    )
    return f"other bits in {' and '.join(parts)} where the steps go on from copies" if parts else ""


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
    ratio, error = oracle.settled(values, expected, case, name, admits_nan)
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
    if case.beside:
        told, multiple = case.beside(case, values, expected)
        reason = told if multiple > 1 else ""
        yield found(case.requirement, passed=not reason, reason=reason, ratio=multiple, output=name)
