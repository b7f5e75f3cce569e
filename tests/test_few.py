"""Sums of which few terms are not 0: what the bound of a long sum lets pass is rejected, at every length."""

import numpy as np
import pytest
from kernels import RIGHT, WRONG, split_k_in_half, strassen
from made import failures, subject_of

from gaugeblock import spec
from gaugeblock.conformance import expected
from gaugeblock.conformance.cases import made, plan
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.mutants.rounding import to_bfloat16, to_float16, to_tf32

LABELS = [f"{formula}.few" for formula in spec.formulas() if f"{formula}.few" in spec.requirements(formula)]
TOO_LARGE = {"matmul", "matmul_vjp"}  # a batch of matrices with an axis of 65 536 is more than a case may have
# How many times the bound the worst error is, at least.
COARSE = {
    "tf32": (WRONG["tf32"][0], 1000),
    "bf16": (WRONG["bf16"][0], 10_000),
    "float16_factors": (WRONG["float16_factors"][0], 1000),
    "bf16x3": (WRONG["bf16x3"][0], 40),
    "sums_in_half": (WRONG["sums_in_half"][0], 1000),
    "split_k_in_half": (split_k_in_half, 1000),
    "strassen": (strassen, 1.5),
    "one_dropped": (lambda x, w: x[:, :-1] @ w[:-1], 10_000),
}


def dense(kernel):
    return lambda x, w, b: kernel(x, w) + b


def worst(call, function, kinds=("few",), most=None):
    """The largest ratio, by the name of the case, of those that fail."""
    found = {}
    for _, finding in failures(subject_of(call, function), function, "float32", kinds, most):
        found[finding.case.name] = max(found.get(finding.case.name, 0), finding.ratio)
    return found


@pytest.mark.parametrize("name", COARSE)
def test_coarse_products_are_rejected_at_every_length(name):
    kernel, factor = COARSE[name]
    found = worst(dense(kernel), "dense")
    lengths = {case.rpartition("_")[2] for case in found}
    assert lengths == {str(length) for *_, every in plan.FEW for length in every}
    assert max(found.values()) > factor


@pytest.mark.parametrize("kernel", [*RIGHT, "numpy"])
def test_right_products_pass(kernel):
    most = None if kernel in ("blas", "split_k", "bf16x9", "float64_inside", "numpy") else 10_000  # slow at 65536
    call = dense(RIGHT.get(kernel, np.matmul))
    assert not worst(call, "dense", most=most)


def softmax(change=lambda e: e, total=lambda e: np.sum(e, axis=-1, keepdims=True)):
    def call(x, *, axis=-1):
        x = np.moveaxis(x, axis, -1)
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        return np.moveaxis(e / total(change(e)), -1, axis)

    return call


def one_by_one(e):
    return np.cumsum(e, axis=-1, dtype=e.dtype)[..., -1:]


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (to_tf32, 50),
        (to_float16, 50),
        (to_bfloat16, 300),
        (lambda e: e[..., :-1], 10_000),
        (lambda e: np.concatenate([e[..., :70], e[..., 71:]], axis=-1), 10_000),
    ],
    ids=["tf32", "float16", "bf16", "last_dropped", "one_dropped"],
)
def test_coarse_sums_of_softmax_are_rejected(change, factor):
    found = worst(softmax(change), "softmax", ("few", "pairs"))
    assert max(found.values()) > factor


def in_float64(e):
    return np.sum(e, axis=-1, keepdims=True, dtype=np.float64).astype(e.dtype)


@pytest.mark.parametrize("total", [one_by_one, in_float64])
def test_right_sums_of_softmax_pass(total):
    assert not worst(softmax(total=total), "softmax")


def test_the_bound_does_not_grow_with_the_length():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(3, 8)), rng.normal(size=(8, 2)), np.ones(2, np.float32)
    _, short = expected("dense", x.astype(np.float32), w.astype(np.float32), b)
    long_x, long_w = np.zeros((3, 9000), np.float32), rng.normal(size=(9000, 2)).astype(np.float32)
    places = rng.permutation(9000)[:8]
    long_x[:, places], long_w[places] = x, w
    _, long = expected("dense", long_x, long_w, b)
    np.testing.assert_allclose(long, short, rtol=1e-6)
    logits = np.full((3, 9000), -np.inf, np.float32)
    logits[:, places] = x
    _, long = expected("softmax", logits)
    np.testing.assert_allclose(long[:, places], expected("softmax", x.astype(np.float32))[1], rtol=1e-6)


@pytest.mark.parametrize("label", LABELS)
def test_each_requirement_has_chosen_and_made_cases_whose_rows_have_few_terms(label):
    formula = label.partition(".")[0]
    chosen = [case for case in cases(formula, np.dtype("float32")) if case.requirement == label]
    found = [each for each in made(formula, np.dtype("float32")) if each.requirement == label]
    assert len(chosen) == 1
    names = {each.name.removesuffix("_m").removesuffix("_rows") for each in found}
    *_, lengths = next(few for few in plan.FEW if few[0] == 8)
    lengths = lengths[:1] if formula in TOO_LARGE else lengths
    assert {f"8_of_{length}" for length in lengths} <= names


def test_a_sum_that_has_no_requirement_of_few_terms_has_no_such_case():
    assert len(LABELS) == 16
    assert not [each for each in made("relu", np.dtype("float32")) if each.kind == "few"]
