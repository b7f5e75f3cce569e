"""One test for each property that is put to a subject; see `conftest`."""

import pytest

from gaugeblock.backends import how_to_add

pytest.importorskip("hypothesis", reason=f"properties need Hypothesis; {how_to_add('test')}")

from gaugeblock.conformance.judging.selection import AnyFormula
from gaugeblock.conformance.suite.plugin import loaded
from gaugeblock.conformance.suite.properties import DTYPES, check_property
from gaugeblock.pytest_plugin import DTYPE


def test_property(subject: str, label: str, formula: AnyFormula, pytestconfig: pytest.Config) -> None:
    judged = loaded(pytestconfig, subject)
    wanted = pytestconfig.getoption(DTYPE) or judged.dtypes
    dtypes = [dtype for dtype in DTYPES if dtype in judged.dtypes and dtype in wanted]
    if not dtypes:
        pytest.skip(f"properties are judged in {' and '.join(DTYPES)} only")
    failed = ""
    for dtype in dtypes:
        try:
            check_property(label, judged, dtype, formula)
        except NotImplementedError as error:
            pytest.skip(str(error) or "the subject raises NotImplementedError")
        except AssertionError as error:
            failed = "\n".join([str(error), *(note for note in error.__notes__ if "reproduce" in note)])
            break
    if failed:  # here, where the report does not show the exception a second time
        pytest.fail(failed, pytrace=False)
