"""What a subject fails on among the made cases, by kind."""

import types
from functools import partial

import numpy as np

from gaugeblock.conformance.judging.judge import Finding, calls, judge_call
from gaugeblock.conformance.judging.made_expectations import compact_cases, spread
from gaugeblock.conformance.judging.subject import Subject


def failures(subject, formula, dtype, kinds=None, most_elements=None, seed=0):
    """Yield the kind and the finding of each failure."""
    earlier, count = {}, 0
    for made, found in compact_cases(formula, dtype, seed, subject.subnormals, subject.numerics):
        if (kinds and made.kind not in kinds) or not subject.functions(made.compact.function):
            continue
        if most_elements and made.elements > most_elements:
            continue
        expected = {name: spread(made, name, one) for name, one in found.items()}
        with subject.settings(dtype), np.errstate(all="ignore"):
            case = made.whole()
            every, count = list(calls(subject, case)), count + 1
            variants = len(subject.functions(case.function))  # each shape under one of them, as the judge has it
            for named, function, change in every[count % variants :: variants] or every[:1]:
                finding = partial(Finding, case=named)
                for each in judge_call(subject, function, case, expected, change, finding, earlier):
                    if isinstance(each, Finding) and not each.passed:
                        yield made.kind, each


def subject_of(call, function):
    """A subject that has one function."""
    return Subject(types.SimpleNamespace(__name__=call.__name__, **{function: call}))


def words(failure):
    """A failure as a test prints it."""
    kind, found = failure
    place = f"{found.output}{found.place} got {found.got!r}, expected {found.expected!r}, {found.ratio:.3g} bounds"
    return f"{kind}: {found.requirement}/{found.case.name}: {found.reason or place}"
