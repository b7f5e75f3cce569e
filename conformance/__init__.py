"""How an implementation is judged: against the reference itself, within the tolerance that follows from it."""

from .exchange.dock import judge_outputs as judge_outputs
from .exchange.dock import tolerances as tolerances
from .judging.assertions import assert_conforms as assert_conforms
from .judging.assertions import expected as expected
from .judging.check import check as check
from .judging.gauged import assert_gauged as assert_gauged
from .judging.loading import SubjectError as SubjectError
from .judging.reproduce import reproduce as reproduce
from .reporting.report import Report as Report

__all__ = [
    "Report",
    "SubjectError",
    "assert_conforms",
    "assert_gauged",
    "check",
    "expected",
    "judge_outputs",
    "reproduce",
    "tolerances",
]
