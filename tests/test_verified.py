"""Verified: for every formula, case and admitted form, the exact meaning encloses the definition of the page.

The definitions run on scalar balls, and share no code with the reference. A ball of the reference and the thin ball of
the definition must overlap, and the reference's must itself be thin beside the bound.
"""

import dataclasses
import itertools

import numpy as np
import pytest
from flint import arb

from gaugeblock import reference, spec
from gaugeblock.conformance import check
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import case, cases, declared
from gaugeblock.conformance.judging.verified import disagreements, verify
from gaugeblock.reference.declaration import formula as declare
from gaugeblock.spec.softmax import softmax

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")


# The exact arithmetic is the same in all formats: each formula in one of them, by turns.
VERIFIED = [*zip(spec.formulas(), itertools.cycle(MODELS), strict=False)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("formula", "dtype"), VERIFIED[::-1])  # Adam, which takes longest, is not in the sample
def test_the_exact_meaning_encloses_the_definition(formula, dtype):
    assert verify(formula, np.dtype(dtype)) > 10


def first_failure(formula, name, dtype=FLOAT64, **changed):
    """The first disagreement where a function, or its definition, is another one."""
    own = dataclasses.replace(declared(name), **changed)
    every = (each._replace(formula=own) for each in cases(formula, dtype) if each.function == name)
    return next((wrong for each in every for wrong in disagreements({"": own.function}, each, dtype)), None)


def minus_bias(x, w, b, *, xp=None):
    return reference.dense(x, w, -b)


def minus_gradient(x, w, b, g, *, xp=None):
    return reference.dense_vjp(x, w, b, -g)


def minus_input(x, w, b, g, *, xp=None):
    gx, _, gb = reference.neuron_vjp(x, w, b, g)
    return gx, reference.neuron_vjp(-x, w, b, g)[1], gb


def plus_step(theta, m_hat, v_hat, learning_rate, epsilon, /, *, xp=None):
    return reference.adam_update(theta, -m_hat, v_hat, learning_rate, epsilon)


def plus_moment(m, grad, beta1, /, *, xp=None):
    return beta1 * m - (1 - beta1) * grad


@pytest.mark.parametrize(
    ("formula", "function", "wrong"),
    [
        ("dense", "dense", minus_bias),
        ("dense_vjp", "dense_vjp", minus_gradient),
        ("neuron_vjp", "neuron_vjp", minus_input),
        ("adam", "adam_update", plus_step),
        ("adam", "adam_first_moment", plus_moment),
    ],
)
def test_a_plus_for_a_minus_in_the_reference_is_found(formula, function, wrong):
    assert first_failure(formula, function, function=wrong) is not None


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        ("neuron", lambda x, w, b: sum((x_i * w_i for x_i, w_i in zip(x, w, strict=True)), -b)),
        ("softmax", lambda x: [(-x_i).exp() / sum(((-x_j).exp() for x_j in x), arb(0)) for x_i in x]),
        ("log_softmax", lambda x: [x_i + sum((x_j.exp() for x_j in x), arb(0)).log() for x_i in x]),
        (
            "softmax_vjp",
            lambda x, g: [
                p * (g_i + sum(map(arb.__mul__, g, softmax(x)))) for p, g_i in zip(softmax(x), g, strict=True)
            ],
        ),
        ("log_softmax_vjp", lambda x, g: [g_i + p * sum(g, arb(0)) for p, g_i in zip(softmax(x), g, strict=True)]),
        ("categorical_cross_entropy", lambda y, p, lo, hi: sum((a * b for a, b in zip(y, p, strict=True)), arb(0))),
        ("categorical_cross_entropy_from_logits", lambda y, x: sum((a * b for a, b in zip(y, x, strict=True)), arb(0))),
        (
            "sparse_categorical_cross_entropy_from_logits",
            lambda label, x: sum((a.exp() for a in x), arb(0)).log() + x[label],
        ),
        (
            "categorical_cross_entropy_from_logits_vjp",
            lambda y, x, g: [
                g * a.exp() / sum((b.exp() for b in x), arb(0)) * sum(y) + g * c for c, a in zip(y, x, strict=True)
            ],
        ),
        (
            "sparse_categorical_cross_entropy_from_logits_vjp",
            lambda label, x, g: [
                g * a.exp() / sum((b.exp() for b in x), arb(0)) + g * (i == label) for i, a in enumerate(x)
            ],
        ),
        ("categorical_cross_entropy_vjp", lambda y, p, g, lo, hi: [g * a / b for a, b in zip(y, p, strict=True)]),
        ("relu", lambda x: x if x < 0 else x * 0),
        ("relu_vjp", lambda x, g: g if x < 0 else g * 0),
    ],
)
def test_a_plus_for_a_minus_in_the_definition_is_found(formula, wrong):
    assert first_failure(formula, formula, definition=wrong) is not None


def unshifted(x, /, *, axis=-1, xp=None):
    xp = xp or x.__array_namespace__()
    powers = xp.exp(x)
    return powers / xp.sum(powers, axis=axis, keepdims=True)


@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
def test_a_function_that_overflows_where_the_definition_is_finite_is_found(dtype):
    assert "is nan in floating point; the definition gives" in first_failure(
        "softmax", "softmax", dtype, function=unshifted
    )


# A formula of somebody else's.


STRANGER = """
import numpy as np
from gaugeblock.conformance.formulas import case
from gaugeblock.reference.declaration import formula

def cases(dtype, seed):
    x = np.random.default_rng(seed).normal(size=(3, 5)).astype(dtype)
    yield case(rms_scale, "rms_scale.value", "rows", "any mistake", x, x[0])
    yield case(rms_scale, "rms_scale.value", "epsilon", "epsilon ignored", x, x[0], epsilon=0.5)

def of_reals(x, w, epsilon):
    mean = sum(x_i * x_i for x_i in x) / len(x)
    return [x_i / (mean + epsilon).sqrt() * w_i for x_i, w_i in zip(x, w, strict=True)]

@formula("(..., n), (n) -> (..., n)", cases=cases, definition=of_reals)
def rms_scale(x, w, *, epsilon=1e-5):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True) / x.shape[-1] + epsilon) * w
"""


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("+ epsilon).sqrt()", "- epsilon).sqrt()", "rms_scale.value/rows: y[0, 0] is "),
        ("/ len(x)", "", "; the definition gives "),
        ("of_reals(x, w, epsilon)", "of_reals(x, w)", "its definition raised TypeError: of_reals() takes 2"),
    ],
)
def test_a_definition_of_somebody_elses_formula_that_disagrees_is_one_line(right, wrong, words, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STRANGER)
    assert check(str(path), str(path), ["float32"]).unverified == ()
    path.write_text(STRANGER.replace(right, wrong))
    with pytest.raises(ValueError, match=r"^rms_scale: its definition ") as caught:
        check(str(path), str(path), ["float32"])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_formula_without_a_definition_is_unverified(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STRANGER.replace(", definition=of_reals", ""))
    report = check(str(path), str(path), ["float32"])
    assert report.passed
    assert report.unverified == ("rms_scale",)


def test_rows_axes_and_indices_reach_a_definition_as_it_is_written():
    seen = []

    def of_reals(label, x, scale):
        seen.append((type(label), len(x), scale))
        return x[label] * scale

    @declare("(...), (..., n) -> (...)", domain=("index", "real"), definition=of_reals)
    def chosen(labels, x, *, axis=-1, scale=2.0):
        xp = x.__array_namespace__()
        return xp.squeeze(xp.take_along_axis(x, xp.expand_dims(labels, axis=axis), axis=axis), axis=axis) * scale

    x = np.arange(24.0).reshape(2, 3, 4)
    labels = np.array([[0, 1, 2, 0], [2, 2, 1, 0]])
    one = case(chosen, "chosen.axis", "middle", "", labels, x, axis=1)
    assert not list(disagreements({"": one.formula.function}, one, FLOAT64))
    assert seen == [(int, 3, 2)] * 8
