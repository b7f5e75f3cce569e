"""The worked example of docs/tolerance.md, its numbers and its picture."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from gaugeblock import reference
from gaugeblock.conformance import expected

ROOT = Path(__file__).parent.parent


def test_it_is_what_the_command_computes():
    script = runpy.run_path(str(ROOT / "examples/tolerance.py"))
    shown = script["PAGE"].read_text().partition(script["START"])[2].partition(script["END"])[0].strip() + "\n"
    rows = script["rows"]()
    for line, wanted, row in zip(shown.splitlines()[2:], script["table"]().splitlines()[2:], rows, strict=True):
        assert line.split("|")[:6] == wanted.split("|")[:6]  # the last two are NumPy's, which differ by machine
        assert row[-1] <= row[-2]
    assert script["PICTURE"].read_text() == script["picture"](shown)
    x = script["LOGITS"]
    value, bound = expected("softmax", x)
    assert [row[4] for row in rows[-3:]] == pytest.approx(bound, rel=1e-12)
    assert [row[1] for row in rows[-3:]] == pytest.approx(value, rel=1e-7)
    results = script["results"](np, x)
    assert results[-1].tobytes() == reference.softmax(x).tobytes()
