"""The comparison with ONNX's node tests: it is fair to ONNX, and says what it should."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from gaugeblock import backends

ROOT = Path(__file__).parent.parent
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks/onnx_node_tests.py"))


@pytest.mark.parametrize("formula", BENCHMARK["OPERATORS"])
def test_the_right_implementation_passes_every_case_that_is_used(formula):
    used, unused = BENCHMARK["onnx_cases"](formula)
    assert used
    assert not [name for name, reason in unused if reason == "our own implementation does not pass"]
    function, _ = BENCHMARK["OPERATORS"][formula]
    assert BENCHMARK["passes"](getattr(backends.load("numpy"), function), used)


def test_a_mistake_that_the_cases_show_is_killed_and_one_within_their_tolerance_is_not():
    used, _ = BENCHMARK["onnx_cases"]("relu")
    passes = BENCHMARK["passes"]
    assert passes(lambda x: np.maximum(x, 0) * np.float32(1.0005), used)
    assert not passes(lambda x: np.maximum(x, 0) * np.float32(1.002), used)
    assert not passes(lambda x: np.maximum(x, 0).astype(np.float64), used)
    assert not passes(lambda x: np.maximum(x, 0).ravel(), used)
    assert not passes(lambda x: 1 / 0, used)


def test_gaugeblock_kills_every_mutant_and_onnx_misses_some():
    found = BENCHMARK["compare"]("relu")
    assert len(found.verdicts) >= 50
    assert all(verdict.every_dtype for verdict in found.verdicts)
    assert all(verdict.float32 for verdict in found.verdicts if verdict.onnx)
    assert {"relu__where_greater", "relu__last_bit"} <= set(found.missed)
    assert 0 < len(found.missed) < len(found.verdicts)
    assert f"| relu | {len(found.verdicts)} | 0 | 1 |" in BENCHMARK["table"]([found])


def test_a_line_of_adam_has_no_operator():
    mutant = next(m for m in BENCHMARK["mutants"]("adam") if m.function == "adam_first_moment")
    verdict = BENCHMARK["verdict"]("adam", mutant, [])
    assert verdict.onnx is None
    assert verdict.float32
