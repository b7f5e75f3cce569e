"""What an input cannot tell, in words: within one bit of the coarsest factors that pass on it."""

import re

import numpy as np
import pytest
from made import failures, subject_of

from gaugeblock import spec
from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.mutants.rounding import to_tf32
from gaugeblock.conformance.reporting.failures import failure
from gaugeblock.conformance.reporting.results import result_to_dict, results_of


def arrays(length, draw="normal", dtype=np.float32):
    rng = np.random.default_rng(length)
    x, w = (getattr(rng, "normal" if draw == "heavy" else draw)(size=size) for size in ((16, length), (length, 8)))
    x = x * np.exp(2 * rng.normal(size=(1, length))) if draw == "heavy" else x
    return x.astype(dtype), w.astype(dtype), np.zeros(8, dtype)


def kept(a, bits):
    fraction, exponent = np.frexp(a.astype(np.float64))
    return np.ldexp(np.round(np.ldexp(fraction, bits)), exponent - bits)


@pytest.mark.parametrize("draw", ["normal", "random", "heavy"])
@pytest.mark.parametrize("length", [64, 1024, 4096, 16384])
def test_it_is_within_one_bit_of_the_coarsest_factors_that_pass(length, draw):
    x, w, b = arrays(length, draw)
    value, bound = expected("dense", x, w, b)
    told = assert_conforms(value.astype(np.float32), "dense", x, w, b)
    bits = float(re.match(r"resolution (\d+\.\d) bits", told)[1])
    passing = next(p for p in range(2, 24) if np.all(np.abs(kept(x, p) @ kept(w, p) - value) <= bound))
    assert passing - 1.05 <= bits <= passing + 1.05
    assert ("tf32" in told) == ("assert_gauged tells" in told) == (bits <= 11)
    assert ("bf16" in told) == (bits <= 8)


def test_a_message_ends_with_it():
    x, w, b = arrays(1024)
    with pytest.raises(AssertionError, match=r"of 128 elements are outside; resolution \d+\.\d bits: this input"):
        assert_conforms(gb.dense(x, w, b) * np.float32(1.1), "dense", x, w, b)
    told = assert_conforms(gb.dense(*arrays(4096)), "dense", *arrays(4096))
    assert told.endswith("would probably let tf32, float16 and bf16 factors pass; assert_gauged tells")


def test_float64_and_gradients_have_one():
    x, w, b = arrays(50, dtype=np.float64)
    assert re.fullmatch(r"resolution 4\d\.\d bits", assert_conforms(gb.dense(x, w, b), "dense", x, w, b))
    g = np.ones((16, 8))
    assert "resolution" in assert_conforms(gb.dense_vjp(x, w, b, g), "dense_vjp", x, w, b, g)


@pytest.mark.parametrize("name", ["relu", "softmax"])
def test_what_sums_no_products_has_none(name):
    x = arrays(64)[0]
    assert assert_conforms(getattr(gb, name)(x), name, x) == ""
    numbers = [np.asarray(each) for each in x[0, :3]]
    assert assert_conforms(gb.neuron(*numbers), "neuron", *numbers) == ""


def test_the_report_of_a_made_case_ends_with_it():
    def dense(x, w, b):
        return (to_tf32(x) if len(w) > 1000 else x) @ w + b

    finding = next(each for _, each in failures(subject_of(dense, "dense"), "dense", "float32", {"few"}))
    (result,) = (r for r in results_of("dense", "float32", [finding], {}, spec.VERSION) if r.status == "fail")
    assert re.match(r"resolution \d+\.\d bits", result.worst.resolution)
    assert f"  {result.worst.resolution}" in map(str, failure([result_to_dict(result)]))
