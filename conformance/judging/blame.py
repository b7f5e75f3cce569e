"""What is to blame where made cases of a shape fail, in words: the parts of the shape are tried alone."""

from functools import partial
from typing import Any

import numpy as np

from ..cases.blame import blame
from ..cases.build import Builder, Made
from ..formulas import Formula
from ..formulas.requirements import requirements
from .judge import Finding, judge_call
from .made import expected, spread
from .subject import Subject


def blamed(subject: Subject, formula: Formula, dtype: np.dtype[Any], failed: list[Finding]) -> str:
    """Where a function fails, in words; nothing if no made case about shapes alone fails."""
    shapes = [finding for finding in failed if finding.case.kind == "pairs" and finding.case.formula == formula]
    if not shapes:
        return ""
    labels = {label.partition(".")[2] for label in requirements(formula)}
    builder = Builder(formula, dtype, formula.formula, labels)
    shape = np.shape(shapes[0].case.arguments[-1])
    _, words = blame(builder, partial(fails, subject, dtype), shape[:-1], shape[-1] if shape else 0)
    return f"it fails {words}"


def fails(subject: Subject, dtype: np.dtype[Any], made: Made) -> bool:
    """Whether the subject fails on a made case."""
    known = expected(made.compact, dtype, subject.subnormals, subject.numerics)
    if known is None:
        return False
    case, (function, *_) = made.whole(), subject.functions(made.compact.function).values()
    wanted = {name: spread(made, name, each) for name, each in known.items()}
    found = judge_call(subject, function, case, wanted, lambda _, array: array, partial(Finding, case=case), {})
    return any(isinstance(each, Finding) and not each.passed for each in found)
