"""One test for each requirement that a subject can be judged by; see `conftest`."""

from functools import lru_cache

import pytest

from gaugeblock.conformance import Report, check
from gaugeblock.conformance.judging.remote import Isolated
from gaugeblock.conformance.judging.selection import AnyFormula
from gaugeblock.conformance.reporting.failures import failure
from gaugeblock.conformance.reporting.results import result_to_dict
from gaugeblock.conformance.suite.plugin import loaded
from gaugeblock.pytest_plugin import DTYPE


@lru_cache
def judged(subject: Isolated, formula: AnyFormula, dtypes: tuple[str, ...] | None) -> Report | str:
    """The report of one formula, or why there is none."""
    try:
        return check(subject, [formula], dtypes)
    except ValueError as error:
        return str(error)


def test_requirement(subject: str, label: str, formula: AnyFormula, pytestconfig: pytest.Config) -> None:
    dtypes = pytestconfig.getoption(DTYPE)
    report = judged(loaded(pytestconfig, subject), formula, dtypes and tuple(dtypes))
    if isinstance(report, str):
        pytest.skip(report)
    results = [result for result in report.results if result.requirement == label]
    failed = [result for result in results if result.status == "fail"]
    if failed:
        pytest.fail("\n".join(line.plain for line in failure([*map(result_to_dict, failed)])), pytrace=False)
    if all(result.status == "not offered" for result in results):
        pytest.skip(results[0].reason if results else "no case of this formula asks it")
