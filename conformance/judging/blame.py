"""What is to blame where made cases of a shape fail, in words: the parts of the shape are tried alone."""

import re
from functools import partial
from typing import Any

import numpy as np

from ...reference.declaration import AXIS
from ...worker.calls import BrokenResultError
from ..cases.blame import SMALL, TOGETHER, blame
from ..cases.build import Builder, Made
from ..cases.draw import unpack
from ..formulas import Formula
from ..formulas.requirements import requirements
from .common_traits import facts
from .judge import Finding, answer, judge_call
from .layouts import CHANGES, UNCHANGED, Change
from .lock import alone
from .made_expectations import expected, spread

FEW = 5  # calls that are made again


def blamed(subject: Any, formula: Formula, dtype: np.dtype[Any], failed: list[Finding]) -> str:
    """Where a function fails, in words; nothing if no made case about shapes or memory layouts alone fails."""
    own = [finding for finding in failed if finding.case.formula == formula]
    shapes = [each for each in own if each.case.kind == "pairs"]
    of_memory = "layouts", *CHANGES
    layouts = [each for each in own if each.case.kind in of_memory]
    names = [finding.case.name for finding in layouts]
    found = where(subject, formula, dtype, shapes[0], UNCHANGED) if shapes else ""
    others = [each for each in own if each.case.kind not in of_memory]
    if found.startswith(TOGETHER) and any(shape_of(each) != shape_of(shapes[0]) for each in others):
        found = ""  # it fails elsewhere too
    by_numbers = [each for each in others if each.case.kind != "pairs" and each.place is not None]
    if found != SMALL and any(passes_on_others(subject, formula, dtype, each) for each in spaced(by_numbers)):
        found = ""  # it fails there for its numbers
    laid = of_layouts(subject, names) if found != SMALL and not fail_in_order(subject, layouts) else ""
    if found and laid.count(" or ") > len(subject.layouts) / 2:
        laid = ""  # it fails in most of them for its shape or its numbers
    if laid and not shapes:  # of the layout that fails first, since several may need several shapes
        found = where(subject, formula, dtype, layouts[0], layout_of(subject, names[0]))
        is_said = found and found != SMALL and not found.startswith(TOGETHER)  # that is where the layout was tried
        return f"it fails {laid}{f', {found}' if is_said else ''}"
    parts = " and ".join(filter(None, [found, laid]))
    return f"it fails {parts}" if parts else ""


def fail_in_order(subject: Any, failed: list[Finding]) -> bool:
    """Whether calls that fail in memory layouts, some of them, fail alike with arrays as they usually are."""
    return bool(failed) and all(fails_alike(subject, each) for each in spaced(failed))


def spaced(failed: list[Finding]) -> list[Finding]:
    """A few of them, from the first to the last."""
    return failed[:: len(failed) // FEW + 1]


def passes_on_others(subject: Any, formula: Formula, dtype: np.dtype[Any], failed: Finding) -> bool:
    """Whether a function is right on usual numbers of the shape of a call that fails."""
    builder, found = builder_of(formula, dtype), facts(failed.case)
    lengths, batch = found.lengths, found.batch
    moved = failed.case.options.get(AXIS, -1) != -1
    if moved or {*builder.letters} != {*lengths} or not builder.fits(batch, lengths):
        return False
    compact, to = builder.here(batch, lengths)
    made = builder.made("pairs", builder.label("value"), "usual", "of the same shape", compact, to)
    return not fails(subject, dtype, UNCHANGED, made)


def fails_alike(subject: Any, failed: Finding) -> bool:
    """Whether a call fails in the same way, or gives a wrong number there, with arrays as they usually are."""
    function = next(iter(subject.functions(failed.case.function).values()))
    try:
        found = answer(subject, function, failed.case).results
    except NotImplementedError:
        return False
    except BrokenResultError as error:
        return str(error) == failed.reason
    if failed.place is None:
        return any(failed.reason.startswith(f"{name} has shape {each.shape}") for name, each in found.items())
    value = float(found[failed.output][failed.place])
    is_right = np.array_equal(value, failed.expected, equal_nan=True) or abs(value - failed.expected) <= failed.bound
    return not is_right


def where(subject: Any, formula: Formula, dtype: np.dtype[Any], failed: Finding, change: Change) -> str:
    """In which shapes a function fails, in words, in a memory layout or as arrays usually are."""
    builder, shape = builder_of(formula, dtype), shape_of(failed)
    _, words = blame(builder, partial(fails, subject, dtype, change), shape[:-1], shape[-1] if shape else 0)
    if len(builder.letters) > 1 and words.startswith(TOGETHER):
        lengths = ", ".join(f"{letter} = {length}" for letter, length in facts(failed.case).lengths.items())
        return f"{TOGETHER} lengths such as {lengths} of {formula.signature} come together"
    return words


def builder_of(formula: Formula, dtype: np.dtype[Any]) -> Builder:
    """The builder of the cases that are tried."""
    labels = {label.partition(".")[2] for label in requirements(formula)}
    return Builder(formula, dtype, formula.formula, labels)


def shape_of(finding: Finding) -> tuple[int, ...]:
    """The shape of the argument with the most axes."""
    return max(map(np.shape, unpack(finding.case.arguments)), key=len)


def of_layouts(subject: Any, names: list[str]) -> str:
    """The memory layouts that the names of failing cases end with, and of which argument, if it is one alone."""
    found: dict[str, set[str]] = {}
    for match in filter(None, (pattern(subject).search(name) for name in names)):
        found.setdefault(match[1], set()).update(filter(None, [match[2]]))
    by_argument: dict[str, list[str]] = {}
    for layout, arguments in found.items():
        whose = f"argument {min(arguments)} has" if len(arguments) == 1 else "the arguments have"
        by_argument.setdefault(whose, []).append(layout)
    parts = [f"where {whose} the memory layout {' or '.join(layouts)}" for whose, layouts in by_argument.items()]
    return " and ".join(parts)


def pattern(subject: Any) -> re.Pattern[str]:
    """How the name of a case ends that is in a memory layout: with it, and the number of the argument."""
    return re.compile(rf"_({'|'.join(map(re.escape, subject.layouts))})(?:_argument_(\d+))?(?=_|$)")


def layout_of(subject: Any, name: str) -> Change:
    """The memory layout that the name of a case ends with."""
    match = pattern(subject).search(name)
    assert match
    return Change(match[1], int(match[2]) - 1 if match[2] else None, subject.layouts[match[1]])


def fails(subject: Any, dtype: np.dtype[Any], change: Change, made: Made) -> bool:
    """Whether the subject fails on a made case, in a memory layout."""
    known = alone(expected)(made.compact, dtype, subject.subnormals, subject.numerics)
    if known is None:
        return False
    case, (function, *_) = made.whole(), subject.functions(made.compact.function).values()
    wanted = {name: spread(made, name, each) for name, each in known.items()}
    found = judge_call(subject, function, case, wanted, change, partial(Finding, case=case), {})
    return any(isinstance(each, Finding) and not each.passed for each in found)
