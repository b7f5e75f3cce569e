"""What is to blame where made cases of a shape fail, in words: the parts of the shape are tried alone."""

import re
from functools import partial
from typing import Any

import numpy as np

from ..cases.blame import blame
from ..cases.build import Builder, Made
from ..formulas import Formula
from ..formulas.requirements import requirements
from .alone import alone
from .judge import UNCHANGED, Finding, judge_call
from .made import expected, spread


def blamed(subject: Any, formula: Formula, dtype: np.dtype[Any], failed: list[Finding]) -> str:
    """Where a function fails, in words; nothing if no made case about shapes or memory layouts alone fails."""
    own = [finding for finding in failed if finding.case.formula == formula]
    shapes = [finding for finding in own if finding.case.kind == "pairs"]
    if not shapes:
        return of_layouts(subject, [finding.case.name for finding in own if finding.case.kind == "layouts"])
    labels = {label.partition(".")[2] for label in requirements(formula)}
    builder = Builder(formula, dtype, formula.formula, labels)
    shape = np.shape(shapes[0].case.arguments[-1])
    _, words = blame(builder, partial(fails, subject, dtype), shape[:-1], shape[-1] if shape else 0)
    return f"it fails {words}"


def of_layouts(subject: Any, names: list[str]) -> str:
    """The memory layouts that the names of failing cases end with, and of which argument, if it is one alone."""
    pattern = re.compile(rf"_({'|'.join(subject.layouts)})(?:_argument_(\d+))?(?=_|$)")
    found: dict[str, set[str]] = {}
    for match in filter(None, map(pattern.search, names)):
        found.setdefault(match[1], set()).update(filter(None, [match[2]]))
    by_argument: dict[str, list[str]] = {}
    for layout, arguments in found.items():
        whose = f"argument {min(arguments)} has" if len(arguments) == 1 else "the arguments have"
        by_argument.setdefault(whose, []).append(layout)
    parts = [f"where {whose} the memory layout {' or '.join(layouts)}" for whose, layouts in by_argument.items()]
    return f"it fails {' and '.join(parts)}" if parts else ""


def fails(subject: Any, dtype: np.dtype[Any], made: Made) -> bool:
    """Whether the subject fails on a made case."""
    known = alone(expected)(made.compact, dtype, subject.subnormals, subject.numerics)
    if known is None:
        return False
    case, (function, *_) = made.whole(), subject.functions(made.compact.function).values()
    wanted = {name: spread(made, name, each) for name, each in known.items()}
    found = judge_call(subject, function, case, wanted, UNCHANGED, partial(Finding, case=case), {})
    return any(isinstance(each, Finding) and not each.passed for each in found)
