"""Sums that are cut: they lean towards 0, which no bound of a long sum sees, and may be declared."""

import types

import numpy as np
import pytest
from kernels import RIGHT, unit_that_truncates

from gaugeblock.conformance import SubjectError, check, expected
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import call
from gaugeblock.conformance.judging.judge import Finding, judge
from gaugeblock.conformance.judging.oracle import expect
from gaugeblock.conformance.judging.subject import Subject


def subject(kernel, **declared):
    return types.SimpleNamespace(__name__="subject", dense=lambda x, w, b: kernel(x, w, b), **declared)


def with_bias(kernel):
    return lambda x, w, b: kernel(x.reshape(-1, x.shape[-1]), w).reshape(*x.shape[:-1], len(b)) + b


def one_by_one(cut):
    """A sum in the order of the terms, cut after each operation."""

    def kernel(x, w, b):
        wide = np.float64 if x.dtype == np.float32 else np.longdouble
        y = np.zeros((*x.shape[:-1], len(b)), x.dtype)
        for i in range(len(w)):
            y = cut(y.astype(wide) + x[..., i, None].astype(wide) * w[i], x.dtype)
        return cut(y.astype(wide) + b, x.dtype)

    return kernel


def towards_zero(exact, dtype):
    with np.errstate(over="ignore"):
        y = exact.astype(dtype)
    cut = (np.abs(y) > np.abs(exact)) & np.isfinite(y)
    return np.where(cut, np.nextafter(y, dtype.type(0)), y)


def rounded_down(x, w, b):
    exact = x.astype(np.float64) @ w + b
    y = exact.astype(np.float32)
    return np.where(y > exact, np.nextafter(y, np.float32(-np.inf)), y)


def leaning(kernel):
    findings = judge(Subject(subject(kernel)), "dense", np.dtype("float32"), 0, made=False)
    return [f for f in findings if isinstance(f, Finding) and f.requirement == "dense.lean"][-1]


@pytest.mark.parametrize("kernel", RIGHT.values(), ids=RIGHT)
def test_right_sums_do_not_lean(kernel):
    assert leaning(with_bias(kernel)).ratio < 0.4


@pytest.mark.parametrize(
    ("kernel", "way"),
    [
        (one_by_one(towards_zero), "towards 0"),
        (with_bias(unit_that_truncates), "towards 0"),
        (rounded_down, "down"),
        (lambda x, w, b: -rounded_down(-x, w, -b), "up"),
    ],
)
def test_sums_that_are_cut_do(kernel, way):
    found = leaning(kernel)
    assert not found.passed
    assert found.ratio > 1.2
    assert found.reason.startswith(f"the errors lean {way} by ")


def test_the_bound_of_sums_that_are_cut_is_twice_as_wide():
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 50), (50, 2), (2,)))
    cut = expect(call("dense", (x, w, b), {}), x.dtype, precision="full truncating")["y"]
    np.testing.assert_allclose(cut.bound, 2 * expected("dense", x, w, b)[1], rtol=1e-3)
    assert MODELS["float32"]._replace(truncates=True).gamma(1) == pytest.approx(2.0**-23)


def test_one_that_declares_to_truncate_is_judged_by_its_own_bounds_and_told_so():
    kernel = one_by_one(towards_zero)
    assert not check(subject(kernel), formulas=["dense"]).passed
    report = check(subject(kernel, rounding="truncates"), formulas=["dense"])
    assert report.passed, [r.worst for r in report.results if r.status == "fail"]
    assert [r.status for r in report.results if r.requirement == "dense.lean"] == ["not offered"] * 2
    assert report.claim.endswith("dense (float32, float64; sums truncated)")
    twice = one_by_one(lambda exact, dtype: towards_zero(towards_zero(exact, dtype) * dtype.type(1 - 2.0**-20), dtype))
    assert not check(subject(twice, rounding="truncates"), formulas=["dense"], dtypes=["float32"]).passed


def test_one_that_does_not_declare_it_is_told_that_it_truncates():
    report = check(subject(one_by_one(towards_zero)), formulas=["dense"], dtypes=["float32"])
    told = {r.diagnosis for r in report.results if r.status == "fail"}
    assert any("it meets the bounds of rounding = 'truncates'" in each for each in told), told


def test_a_rounding_that_there_is_not_is_one_line():
    with pytest.raises(SubjectError, match="rounding: got 'up'; wanted 'nearest' or 'truncates'"):
        Subject(subject(one_by_one(towards_zero), rounding="up"))
