"""One test for each requirement that a subject can be judged by; see `pytest_plugin`."""

from functools import lru_cache

import pytest

from gaugeblock.conformance import Report, check
from gaugeblock.conformance.report import failure


@lru_cache
def judged(subject: str, formula: str) -> Report | str:
    """The report of one formula, or why there is none."""
    try:
        return check(subject, formulas=[formula])
    except ValueError as error:
        return str(error)


def test_requirement(subject: str, label: str) -> None:
    report = judged(subject, label.partition(".")[0])
    if isinstance(report, str):
        pytest.skip(report)
    results = [result for result in report.results if result.requirement == label]
    failed = [result for result in results if result.status == "fail"]
    if failed:
        pytest.fail("\n".join(line.plain for line in failure(failed)), pytrace=False)
    if all(result.status == "not offered" for result in results):
        pytest.skip(results[0].reason)
