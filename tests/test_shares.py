"""Probabilities divided by their sum: the error of a common denominator cancels, so that long rows are judged."""

import types

import numpy as np
import pytest

from gaugeblock.conformance.formulas.beside import share_errors, shares
from gaugeblock.conformance.judging.judge import Finding, judge, judged_cases
from gaugeblock.conformance.judging.oracle import ratios
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants.rounding import kept_bits

LABEL = "softmax.renormalised"


def softmax(exp=np.exp, denominator=1.0):
    def call(x, *, axis=-1):
        e = exp(x - np.max(x, axis=axis, keepdims=True))
        total = np.sum(e.astype(np.float64), axis=axis, keepdims=True) * denominator
        return e / total.astype(x.dtype)

    return call


def chosen(dtype):
    return next(
        (case, found["y"]) for case, found in judged_cases("softmax", dtype, 0, "gradual", "full") if case.beside
    )


def both(function, dtype="float32"):
    """The ratio of the shares, and that of the values themselves."""
    case, expected = chosen(dtype)
    y = function(*case.arguments, **case.options)
    return shares(case, y, expected)[1], float(np.max(ratios(y, expected)[0]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("denominator", [1.0, 1.25])
def test_a_wrong_denominator_changes_no_share(dtype, denominator):
    share, value = both(softmax(denominator=denominator), dtype)
    assert share < 0.5
    assert (value > 1) == (denominator > 1)


def test_an_exp_that_a_long_sum_lets_pass_is_seen():
    share, value = both(softmax(lambda x: kept_bits(np.exp(x), 8)))
    assert value < 0.1
    assert share > 5
    found = [
        each
        for each in judge(
            Subject(types.SimpleNamespace(softmax=softmax())), "softmax", np.dtype("float32"), 0, made=False
        )
        if isinstance(each, Finding) and each.requirement == LABEL
    ]
    assert len(found) > 1
    assert all(each.passed for each in found)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_row_without_a_sum_has_no_shares(value):
    case, expected = chosen("float32")
    assert shares(case, np.full(expected.value.shape, value, np.float32), expected)[1] == np.inf


def test_the_bound_is_that_of_the_page():
    x = np.array([[0.3, -1.25, 2.5, -4.0]], np.float32)
    d = np.max(x) - x.astype(float)
    y = np.exp(-d) / np.sum(np.exp(-d))
    off = share_errors(x, x.dtype)
    mean = np.sum(off)
    # Of the largest class, exp(0) is exact.
    exps = np.where(d == 0, 0, 6)
    to_first_order = y * 2.0**-24 * (3 * (d + np.sum(y * d)) + exps + np.sum(y * exps) + 4)
    np.testing.assert_allclose((y + off) / (1 - mean) - y, to_first_order, rtol=1e-4)
