"""What `.ci/generate` writes is what stands in the files."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent
GENERATE = runpy.run_path(str(ROOT / ".ci/generate"))


def test_the_page_of_signatures_has_those_of_the_declarations():
    text = GENERATE["table"]()
    page = (ROOT / "docs/signatures.md").read_text()
    assert f"<!-- signatures: .ci/generate -->\n\n{text}\n\n<!-- end of signatures -->" in page
    assert "| `softmax(x, /, *, axis=-1)` | `(..., n) -> (..., n)` |" in text.splitlines()


def test_the_signatures_for_type_checkers_are_those_of_the_reference():
    assert (ROOT / "backends/_formulas.py").read_text() == GENERATE["signatures"]()


def test_a_mark_that_is_not_there_is_an_error():
    for text in ("", "<!-- a: b -->\n\n1\n\n<!-- end of a -->\n" * 2):
        try:
            GENERATE["between"](text, "a", "2")
        except AssertionError:
            continue
        raise AssertionError(text)
    assert GENERATE["between"]("<!-- a: b -->\n\n1\n\n<!-- end of a -->", "a", "2").count("2") == 1
