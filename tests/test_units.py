"""Units that add a block of products at once, cut to so many bits: each has a bound of its own, if it is declared."""

import math
import types

import numpy as np
import pytest
from kernels import RIGHT, unit

from gaugeblock.conformance import SubjectError, check
from gaugeblock.conformance.arithmetic.rounding import MODELS, numerics
from gaugeblock.conformance.formulas import call, declared
from gaugeblock.conformance.judging.judge import Finding, judge
from gaugeblock.conformance.judging.oracle import expect
from gaugeblock.conformance.judging.product_unit import unit_of
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants.rounding import to_tf32

# The bits kept, and the products of a block.
UNITS = (24, 4), (25, 8), (26, 16), (27, 32)
FLOAT32 = np.dtype("float32")


def dense(kernel):
    def call(x, w, b):
        rows = x.reshape(math.prod(x.shape[:-1]), len(w)).astype(np.float32)
        y = kernel(rows, w.astype(np.float32)).reshape(*x.shape[:-1], len(b))
        return (y + b.astype(np.float32)).astype(x.dtype)

    return call


def by_unit(kept, block, factor=to_tf32):
    return lambda x, w: unit(factor(x), factor(w), kept, block)


def words(kept, block, name="tf32"):
    return f"{name} cut to {kept} bits in blocks of {block}"


def subject(kernel, **declared):
    return types.SimpleNamespace(__name__="subject", dense=dense(kernel), **declared)


def run(function):
    return lambda case, name: np.asarray(function(*case.arguments))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("kept", "block"), UNITS)
def test_a_unit_is_found_by_probes(kept, block, dtype):
    found = unit_of(run(dense(by_unit(kept, block))), declared("dense"), np.zeros(0, dtype).dtype)
    assert found == words(kept, block, "")


@pytest.mark.parametrize("kernel", RIGHT.values(), ids=RIGHT)
def test_sums_that_no_unit_makes_are_none(kernel):
    assert unit_of(run(dense(kernel)), declared("dense"), FLOAT32) == ""


def test_probes_go_along_whatever_a_formula_sums_products_of():
    def gradients(x, w, b, g):
        return unit(g, w.T, 25, 8), unit(x.T, g, 25, 8), g.sum(axis=0)

    names = {"gx": 0, "gw": 1, "gb": 2}
    found = unit_of(lambda case, name: gradients(*case.arguments)[names[name]], declared("dense_vjp"), FLOAT32)
    assert found == words(25, 8, "")
    neuron = run(lambda x, w, b: unit(x, w[:, None], 25, 8)[:, 0] + b)
    assert unit_of(neuron, declared("neuron"), FLOAT32) == words(25, 8, "")
    for wrong in (lambda case, name: None, lambda case, name: np.full(63, np.nan), lambda case, name: np.ones(3)):
        assert unit_of(wrong, declared("dense"), FLOAT32) == ""
    for name in ("softmax", "relu", "adam_step"):
        assert unit_of(neuron, declared(name), FLOAT32) == ""


def worst(kernel, precision):
    """The largest ratio of the chosen cases, and whether all conform."""
    found = judge(Subject(subject(kernel, precision=precision)), "dense", FLOAT32, 0, made=False)
    found = [each for each in found if isinstance(each, Finding)]
    return max(each.ratio for each in found), all(each.passed for each in found)


@pytest.mark.parametrize(("kept", "block"), UNITS)
def test_a_declared_unit_is_judged_by_its_own_bound(kept, block):
    kernel = by_unit(kept, block)
    ratio, conforms = worst(kernel, words(kept, block))
    assert conforms
    assert ratio < 1
    assert not worst(kernel, "full")[1]


def test_the_bound_of_full_factors_tells_units_apart():
    """Where the factors have few bits, no class of factors hides what the sums are cut to."""
    rng = np.random.default_rng(0)
    x, w, b = (to_tf32(rng.normal(size=shape).astype(np.float32)) for shape in ((64, 96), (96, 8), (8,)))
    b *= 0
    x[:, ::2] = x[:, 1::2]
    w[::2] = w[1::2] * (-1 + 2.0**-8)  # the terms cancel
    w = to_tf32(w)
    case = call("dense", (x, w, b), {})
    exact = x.astype(np.float64) @ w
    for kept, block in UNITS:
        bound = expect(case, FLOAT32, precision=words(kept, block, "full"))["y"].bound
        own, coarser = (np.max(np.abs(unit(x, w, bits, block) - exact) / bound) for bits in (kept, kept - 7))
        assert own < 0.1
        assert coarser > 10 * own


@pytest.mark.parametrize(("kept", "block"), UNITS)
def test_no_sum_of_a_unit_exceeds_its_bound(kept, block):
    """On sums that are as bad as can be: every term is cut by almost all that a cut can take."""
    model = MODELS["float32"]._replace(kept=kept, block=block)
    for length in (block, 3 * block + 1, 200):
        x = np.full((1, length), 2.0**-8 * (1 - 2.0**-8) * 2.0 ** (12 - kept), np.float32)
        x[:, ::block] = 1
        w = np.ones((length, 1), np.float32)
        w[::2] = 1 - 2.0**-10
        exact = x.astype(np.float64) @ w
        got = unit(x, w, kept, block)
        assert abs(got - exact) <= model.gamma_of_products(length, length) * exact
        assert abs(got - exact) > 0


def test_a_bound_counts_blocks_and_terms():
    model = MODELS["float32"]._replace(kept=26, block=16)
    u = 2.0**-24
    assert model.gamma_of_products(64, 64) == pytest.approx(64 * u / 2 + 4 * 2 * u, rel=1e-4)
    assert model.gamma_of_products(3, 6400) == pytest.approx(3 * u / 2 + 3 * 2 * u, rel=1e-4)
    assert MODELS["float32"].gamma_of_products(64, 64) == MODELS["float32"].gamma_of_sum(64)


def test_one_that_declares_nothing_is_told_its_unit():
    report = check(subject(by_unit(25, 8)), formulas=["dense"], dtypes=["float32"], made=False)
    told = {r.diagnosis for r in report.results if r.status == "fail"}
    assert any(f"it meets the bound of precision = {words(25, 8)!r}" in each for each in told), told
    report = check(subject(by_unit(25, 8), precision=words(25, 8)), formulas=["dense"], dtypes=["float32", "float16"])
    assert report.passed
    assert report.claim.endswith("float32 products in tf32, sums of products cut to 25 bits in blocks of 8)")


@pytest.mark.parametrize(
    "given",
    ["tf16", "tf32 cut to 25 bits", "tf32 cut to 23 bits in blocks of 8", "full cut to 24 bits in blocks of 0", 3],
)
def test_a_unit_that_there_is_not_is_one_line(given):
    with pytest.raises(
        SubjectError, match=r"precision: got .*; wanted one of full, bf16x3, tf32, bf16, or such as 'tf32"
    ):
        Subject(subject(by_unit(25, 8), precision=given))
    with pytest.raises(SubjectError):
        Subject(subject(by_unit(25, 8), precision="tf32 truncating"))


def test_what_is_declared_is_read():
    assert numerics("full cut to 24 bits in blocks of 4 truncating") == ("full", 24, 4, True)
    assert [numerics(each).is_full for each in ("full", "full truncating", words(24, 4, "full"))] == [True] * 3
    assert not numerics("tf32").is_full
