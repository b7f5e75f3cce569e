"""The league of rules: each rule is what its judge publishes, and the page says what the command finds."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance.arithmetic.running import Expected
from gaugeblock.conformance.formulas import Case, declared, functions_of

ROOT = Path(__file__).parent.parent
LEAGUE, RULES = (runpy.run_path(str(ROOT / f"benchmarks/{name}.py")) for name in ("league", "league_rules"))
PAGE = (ROOT / "benchmarks/results/league.md").read_text(encoding="utf-8")
WANT = np.array([0.0, 1.0, 100.0, -2.0], np.float32)


def passes(rule, got, want=WANT):
    found = RULES["Wanted"](
        {"y": want}, {"y": Expected(want.astype(np.float64), np.zeros(want.shape), np.zeros(want.shape), want.dtype)}
    )
    case = Case("", "", "", declared("relu"), (want,), {})
    with np.errstate(all="ignore"):
        return RULES["RULES"][rule][1](case, "y", np.asarray(got, np.float32), found)


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("KernelBench, 1e-2", 0.019, 0.021),
        ("KernelBench, 1e-4", 1.9e-4, 2.1e-4),
        ("robust-kbench", 1.9e-5, 2.1e-5),
        ("GPU MODE", 1.9e-3, 2.1e-3),
        ("torch.testing", 1.1e-5, 1.2e-5),
        ("ONNX node tests", 0.999e-3, 1.001e-3),
        ("FlashInfer-Bench", 0.0099, 0.0101),
    ],
)
def test_a_rule_passes_an_error_inside_its_tolerance_and_none_outside(rule, inside, outside):
    assert passes(rule, WANT + np.array([0, inside, 0, 0]))
    assert not passes(rule, WANT + np.array([0, outside, 0, 0]))
    assert not passes(rule, WANT + np.array([np.nan, 0, 0, 0]))


def test_one_element_in_a_hundred_may_be_wrong_by_the_rule_with_a_share():
    want = np.ones(100, np.float32)
    got = want.copy()
    got[0] = 7
    assert passes("SOL-ExecBench", got, want)
    got[1] = 7
    assert not passes("SOL-ExecBench", got, want)


def test_flashinfer_asks_for_both_errors_and_for_finite_results():
    assert passes("FlashInfer-Bench", WANT + np.array([0.009, 0, 0.9, 0]))
    infinite = np.array([np.inf], np.float32)
    assert not passes("FlashInfer-Bench", infinite, infinite)
    assert passes("KernelBench, 1e-2", infinite, infinite)


def test_the_rule_for_dot_products_counts_in_units_of_the_terms():
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((8, 64), (64, 4), (4,)))
    exact = x.astype(np.float64) @ w + b
    wanted = RULES["Wanted"]({}, {"y": Expected(exact, 0 * exact, 0 * exact, x.dtype)})
    case = Case("", "", "", declared("dense"), (x, w, b), {})
    scale = (np.abs(x).astype(np.float64) @ np.abs(w) + np.abs(b)) * 2.0**-24
    tosa = RULES["tosa"]
    signs = np.where(np.arange(32).reshape(8, 4) % 2, 1, -1)
    assert tosa(case, "y", exact + 4 * signs * scale, wanted)
    assert not tosa(case, "y", exact + 4 * scale, wanted)  # which leans
    assert not tosa(case, "y", exact + 6 * signs * scale, wanted)  # whose squares are too many: 36 > 0.4 * 65
    one = exact.copy()
    one[0, 0] += 66 * scale[0, 0]
    assert not tosa(case, "y", one, wanted)


def test_random_inputs_are_in_the_domain_of_every_function():
    rng = np.random.default_rng(0)
    for name in (each.name for formula in spec.formulas() for each in functions_of(formula)):
        case = LEAGUE["drawn"](declared(name), rng.normal)
        results = case.formula.named(case.formula(*case.arguments))
        assert all(np.all(np.isfinite(np.asarray(each))) for each in results.values()), name


def test_the_page_has_every_rule_twice_and_no_right_code_that_is_rejected_by_ours():
    for rule in RULES["RULES"]:
        assert len(re.findall(rf"^\| {re.escape(rule)} \|", PAGE, re.M)) == 2, rule
    ours = re.findall(r"^\| gaugeblock \|(.*)", PAGE, re.M)[1]
    assert re.findall(r"[\d.]+%", ours) == ["0.0%", "0.0%", "0.0%"]


def test_the_league_of_one_formula_is_what_its_rows_say():
    with np.errstate(all="ignore"):
        wrong, right = LEAGUE["league"](["relu"])
    assert wrong.every["gaugeblock", "our cases"] >= 60
    assert wrong.passed["gaugeblock", "our cases"] < wrong.passed["KernelBench, 1e-2", "our cases"]
    assert wrong.passed["gaugeblock", "our cases"] < wrong.passed["gaugeblock", "N(0, 1)"] / 2
    assert right.passed["gaugeblock", "our cases"] == right.every["gaugeblock", "our cases"]
