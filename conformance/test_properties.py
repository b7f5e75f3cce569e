"""One test for each property that is put to a subject; see `pytest_plugin`."""

import pytest

pytest.importorskip("hypothesis", reason="properties need Hypothesis; `pip install 'gaugeblock[test]'` adds it")

from gaugeblock.conformance.properties import DTYPES, check_property
from gaugeblock.conformance.subject import Subject


def test_property(subject: str, label: str) -> None:
    loaded = Subject(subject)
    failed = ""
    for dtype in DTYPES:
        if dtype not in loaded.dtypes:
            continue
        try:
            check_property(label, loaded, dtype)
        except NotImplementedError as error:
            pytest.skip(str(error) or "the subject raises NotImplementedError")
        except AssertionError as error:
            failed = "\n".join([str(error), *(note for note in error.__notes__ if "reproduce" in note)])
            break
    if failed:  # here, where the report does not show the exception a second time
        pytest.fail(failed, pytrace=False)
