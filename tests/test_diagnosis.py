"""The diagnosis names the mistake, and never a wrong one with confidence."""

import math
import types

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import reference, spec
from gaugeblock.conformance import check
from gaugeblock.conformance.arithmetic.rounding import HALF, MODELS
from gaugeblock.conformance.judging import diagnosis, judge
from gaugeblock.conformance.judging.diagnosis import NONE_KNOWN, explanations, outcome
from gaugeblock.conformance.judging.judge import UNCHANGED, answer
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants import mutants
from gaugeblock.conformance.mutants.matrix import failures
from gaugeblock.conformance.mutants.rounding import to_bfloat16, to_tf32


def subject(**functions):
    return types.SimpleNamespace(__name__="subject", **functions)


def diagnoses(**functions):
    found = check(subject(**functions), dtypes=["float32"])
    return {result.diagnosis for result in found.results if result.status == "fail"}


@pytest.mark.parametrize("dtype", MODELS)
@pytest.mark.parametrize("formula", spec.formulas())
def test_a_mutant_is_named_and_left_out_of_the_library_is_not_confidently_misnamed(formula, dtype, monkeypatch):
    known = {}  # each mutant stands before each other one, and gives the same every time; what was judged too

    def once(backend, function, case):
        if (function, case.id) not in known:
            known[function, case.id] = outcome(backend, function, case)
        return known[function, case.id]

    def judged(subject, function, case, change, earlier, copied=False):
        found = answer(subject, function, case, change, earlier, copied)
        if change is UNCHANGED and not copied:
            known[function, case.id] = {**found.results, **found.counts}
        return found

    monkeypatch.setattr(diagnosis, "outcome", once)
    monkeypatch.setattr(judge, "answer", judged)
    unnamed, misnamed = [], []
    for mutant in mutants(formula):
        failed = failures(mutant, dtype) if mutant.half == (dtype in HALF) else []
        if not failed:
            continue
        own = Subject(subject(**{mutant.function: mutant.in_dtype(np.dtype(dtype))}))
        with own.backend.settings(dtype):
            found = explanations(own, formula, mutant.function, np.dtype(dtype), 0, failed)
        sure = [other for apart, other in found if not apart]
        if mutant.words not in {other.words for other in sure}:
            unnamed.append(mutant.name)
        # Left out, it may be named only by one that nothing in the suite tells from it.
        misnamed += [(mutant.name, other.name) for other in sure if other.words != mutant.words]
    assert not misnamed or dtype in HALF  # which tells fewer mistakes apart, so that a name comes with 'perhaps'
    assert len(unnamed) <= 0.01 * len(mutants(formula)), unnamed


def test_the_words_of_the_issue_are_the_words_of_the_report():
    def inside(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        _, new = gb.adam_step(theta, grad, state, beta1=beta1, beta2=beta2)
        c1, c2 = (-np.expm1(new.step * np.log(b)) if b else 1.0 for b in (beta1, beta2))
        return theta - float(learning_rate / c1) * new.m / np.sqrt(new.v / float(c2) + epsilon), new

    def hat(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        _, new = gb.adam_step(theta, grad, state, beta1=beta1, beta2=beta2)
        c1, c2 = (-np.expm1(new.step * np.log(b)) if b else 1.0 for b in (beta1, beta2))
        return theta - float(learning_rate * c2**0.5 / c1) * new.m / (np.sqrt(new.v) + epsilon), new

    assert any("inside the root" in words for words in diagnoses(adam_step=inside))
    assert any("epsilon-hat form" in words for words in diagnoses(adam_step=hat))
    coarse = diagnoses(dense=lambda x, w, b: to_tf32(x) @ to_tf32(w) + b)
    assert any("TF32" in words and "precision = 'tf32'" in words for words in coarse)

    def mean(y, p, *, axis=-1, clip=None):
        return gb.categorical_cross_entropy(y, p, axis=axis, clip=clip).mean(dtype=p.dtype)

    assert any("mean over the batch" in words for words in diagnoses(categorical_cross_entropy=mean))


def test_what_is_not_known_is_said_not_to_be():
    assert diagnoses(relu=lambda x: np.where(x > 0, x, x.dtype.type(0.25))) == {NONE_KNOWN}
    assert diagnoses(softmax=lambda x, axis=-1: "no array") == {NONE_KNOWN}


def test_a_mutant_in_another_library_is_named_too():
    import torch

    wrong = subject(backend="torch", softmax=lambda x, *, axis=-1: torch.softmax(x, dim=-1))
    found = check(wrong, formulas=["softmax"], dtypes=["float32"])
    assert {r.diagnosis for r in found.results if r.status == "fail"} == {
        mutant.words for mutant in mutants("softmax") if mutant.name == "softmax__axis_ignored"
    }


@pytest.mark.parametrize(
    ("precision", "tightest", "dense"),
    [
        ("tf32", "tf32", lambda x, w, b: to_tf32(x) @ to_tf32(w) + b),
        ("bf16", "bf16", lambda x, w, b: to_bfloat16(x) @ to_bfloat16(w) + b),
        ("bf16x3", "bf16x3", lambda x, w, b: bf16x3(x, w) + b),
    ],
)
def test_a_declared_class_is_judged_by_its_own_bound(precision, tightest, dense):
    assert check(subject(dense=dense, precision=precision), dtypes=["float32"]).passed
    undeclared = check(subject(dense=dense), dtypes=["float32"])
    assert not undeclared.passed
    words = {r.diagnosis for r in undeclared.results if r.status == "fail"}
    assert any(f"precision = {tightest!r}" in each for each in words)


def gradients_by(product):
    """The dense layer's gradients, with another matrix product; gb has none."""

    def dense_vjp(x, w, b, g):
        lead = math.prod(g.shape[:-1])
        rows, g_rows = x.reshape(lead, w.shape[0]), g.reshape(lead, w.shape[1])
        return product(g, w.T), product(rows.T, g_rows), np.sum(g_rows, axis=0)

    return dense_vjp


@pytest.mark.parametrize(
    ("precision", "product"),
    [
        ("tf32", lambda a, b: to_tf32(a) @ to_tf32(b)),
        ("bf16", lambda a, b: to_bfloat16(a) @ to_bfloat16(b)),
        ("bf16x3", lambda a, b: bf16x3(a, b)),
    ],
)
def test_the_gradients_of_layers_have_classes_too(precision, product):
    wrong = subject(dense_vjp=gradients_by(product))
    assert check(subject(dense_vjp=wrong.dense_vjp, precision=precision), dtypes=["float32"]).passed
    (words,) = {r.diagnosis for r in check(wrong, dtypes=["float32"]).results if r.status == "fail"}
    assert f"precision = {precision!r}" in words


def bf16x3(x, w):
    """The three products of the upper and lower halves of the factors, without the lower ones' own."""
    pairs = [(to_bfloat16(a), to_bfloat16(a - to_bfloat16(a))) for a in (x, w)]
    (high, low), (other_high, other_low) = pairs
    return high @ other_high + (high @ other_low + low @ other_high)


def test_a_declared_class_is_no_licence():
    assert not check(subject(dense=lambda x, w, b: to_bfloat16(x) @ w + b, precision="tf32"), dtypes=["float32"]).passed
    assert not check(subject(dense=lambda x, w, b: x @ w - b, precision="bf16"), dtypes=["float32"]).passed
    # It is about products: softmax keeps the full bound.
    coarse = subject(softmax=lambda x, *, axis=-1: to_tf32(reference.softmax(x, axis=axis)), precision="bf16")
    assert not check(coarse, dtypes=["float32"]).passed
