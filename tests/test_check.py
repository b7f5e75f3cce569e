"""`check`, `expected` and `assert_conforms`: verdicts on right, wrong and broken subjects."""

import io
import json
import os
import sys
import types
from functools import partial
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

import gaugeblock as gb
from gaugeblock import AdamState, backends, spec
from gaugeblock.conformance import SubjectError, assert_conforms, assert_gauged, check, expected, reproduce
from gaugeblock.conformance.arithmetic.rounding import HALF, MODELS
from gaugeblock.conformance.cli.terminal import console_for
from gaugeblock.conformance.exchange.program import Program
from gaugeblock.conformance.formulas import cases, declared
from gaugeblock.conformance.judging.selection import chosen_formulas
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.reporting import report
from gaugeblock.conformance.reporting.failures import failure
from gaugeblock.conformance.reporting.terminal import not_offered, print_report
from gaugeblock.worker.adapters import function_of


def subject(**functions):
    return types.SimpleNamespace(__name__="subject", **functions)


def failing(found):
    return {result.requirement for result in found.results if result.status == "fail"}


def verdict(formula="softmax", **functions):
    return failing(check(subject(**functions), formulas=[formula]))


def softmax(x, *, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_the_backends_conform(name):
    found = check(name)
    assert found.passed
    assert found.judged > 300
    assert {r.dtype for r in found.results} == {"float32", "float64"}


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_the_backends_conform_in_half_precision(name):
    """All of NumPy's formulas, and a third of the others'."""
    half = [dtype for dtype in backends.load(name).dtypes if dtype in HALF]
    found = check(name, spec.formulas()[:: 1 if name == "numpy" else 3], dtypes=half)
    assert found.passed
    assert {r.dtype for r in found.results} == set(half)


def under_jit():
    """JAX's functions, the steps under jit too, which takes less time than to compile each of their operations."""
    return subject(backend="jax", **vars(backends.load("jax").jitted))


@pytest.mark.thorough
def test_jax_conforms_under_jit():
    """Half of the formulas; the others are judged under vmap, in test_transforms."""
    judged = spec.formulas()[::2]
    assert check(under_jit(), formulas=judged, dtypes=["float32"]).passed


@pytest.mark.thorough
def test_jax_conforms():
    """A quarter, with two of the steps, which are no programs."""
    judged = spec.formulas()[1::4]
    assert {"adamw_step", "sgd_step"} < {*judged}
    jax = backends.load("jax")
    functions = {name: getattr(jax, name) for name in vars(jax.jitted)}
    assert check(subject(backend="jax", **functions), formulas=judged, dtypes=["float32"]).passed


@pytest.mark.thorough
@pytest.mark.whole
def test_jax_conforms_by_made_cases():
    """Of one formula, whose labels have every dtype: JAX has none of 64 bits beside float32."""
    assert check(under_jit(), formulas=["embedding"], dtypes=["float32"]).passed


@pytest.mark.thorough
@pytest.mark.parametrize(("turn", "dtype"), [*enumerate(dtype for dtype in MODELS if dtype != "float32")])
def test_jax_conforms_in_other_formats(dtype, turn):
    """Some formulas in each format."""
    judged = spec.formulas()[turn::14]
    assert check(under_jit(), formulas=judged, dtypes=[dtype]).passed


def test_other_seeds_reject_nothing_right():
    """A quarter of the formulas by each; benchmarks/power.py judges all by a thousand."""
    numpy = Subject("numpy")
    for seed in range(1, 5):
        assert check(numpy, spec.formulas()[seed - 1 :: 4], seed=seed).passed


# Fifteen lines by hand, right and written another way.
def exp2_softmax(x, *, axis=-1):
    e = np.exp2((x - x.max(axis, keepdims=True)) * x.dtype.type(np.log2(np.e)))
    return e * (1 / e.sum(axis, keepdims=True))


def online_softmax(x, *, axis=-1):
    rows = np.moveaxis(x, axis, 0)
    top, total = np.full(rows.shape[1:], -np.inf, x.dtype), np.zeros(rows.shape[1:], x.dtype)
    for row in rows:
        new = np.maximum(top, row)
        with np.errstate(invalid="ignore"):
            total = total * np.where(top == -np.inf, 0, np.exp(top - new))
            total = total + np.where(row == -np.inf, 0, np.exp(row - new))
        top = new
    with np.errstate(invalid="ignore"):
        return np.moveaxis(np.exp(rows - top) / total, 0, axis)


def wide_cross_entropy(y, p, *, axis=-1, clip=None):
    lo, hi = clip or (1e-15, 1 - 1e-15 if p.dtype == np.float64 else 1.0)
    return -np.sum(y.astype(np.float64) * np.log(np.clip(p.astype(np.float64), lo, hi)), axis).astype(p.dtype)


def einsum_dense(x, w, b):
    return np.einsum("...i,ij->...j", x, w) + b


def lerp_adam(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = state.step + 1
    m = state.m + (1 - beta1) * (grad - state.m) if beta1 >= 0.5 else beta1 * state.m + (1 - beta1) * grad
    v = beta2 * state.v + (1 - beta2) * grad * grad
    c1, c2 = (-np.expm1(t * np.log(beta)) if beta else 1.0 for beta in (beta1, beta2))
    return theta - float(learning_rate / c1) * m / (np.sqrt(v) / float(np.sqrt(c2)) + epsilon), (t, m, v)


@pytest.mark.parametrize(
    ("formula", "function"),
    [
        ("softmax", exp2_softmax),
        ("softmax", online_softmax),
        ("categorical_cross_entropy", wide_cross_entropy),
        ("dense", einsum_dense),
        ("adam_step", lerp_adam),
    ],
)
def test_right_code_written_another_way_is_accepted(formula, function):
    found = check(subject(**{formula: function}))
    assert not failing(found), [r.worst for r in found.results if r.status == "fail"]


# Fifteen lines by hand, wrong on purpose.
def inside(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = state.step + 1
    m, v = beta1 * state.m + (1 - beta1) * grad, beta2 * state.v + (1 - beta2) * grad * grad
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - learning_rate * m_hat / np.sqrt(v_hat + epsilon), AdamState(t, m, v)


def tf32(a):
    if a.dtype != np.float32:
        return a
    return (np.ascontiguousarray(a).view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32).reshape(a.shape)


def tf32_dense(x, w, b):
    return tf32(x) @ tf32(w) + b


def mean_cross_entropy(y, p, *, axis=-1, clip=None):
    return gb.categorical_cross_entropy(y, p, axis=axis, clip=clip) / p.dtype.type(p.shape[axis])


@pytest.mark.parametrize(
    ("formula", "function", "requirement"),
    [
        ("adam_step", inside, "adam.epsilon"),
        ("dense", tf32_dense, "dense.exact"),
        ("categorical_cross_entropy", mean_cross_entropy, "categorical_cross_entropy.per_sample"),
    ],
)
def test_wrong_code_is_rejected_with_input_output_expected_and_multiple(formula, function, requirement, capsys):
    found = check(subject(**{formula: function}), dtypes=["float32"])
    assert requirement in failing(found)
    lines = failure([r for r in found.to_dict()["results"] if r["requirement"] == requirement])
    text = "\n".join(line.plain for line in lines)
    for word in (requirement, "input ", "output ", "expected ", "error "):
        assert word in text
    ratio = next(r.ratio for r in found.results if r.requirement == requirement)
    assert ratio > 1


def raises(x, *, axis=-1):
    raise RuntimeError("no kernel\nfor this shape")


def exits(x, *, axis=-1):
    raise SystemExit(0)


def place_of(function):
    """The file and line on which a function of two lines raises."""
    return f"{os.path.relpath(__file__)}:{function.__code__.co_firstlineno + 1}"


def in_place(x, *, axis=-1):
    x -= x.max(axis, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis, keepdims=True)
    return x


def once(x, *, axis=-1, buffer=np.empty((4, 10))):  # noqa: B008  the mistake itself
    if x.shape == buffer.shape and x.dtype == buffer.dtype:
        buffer[...] = softmax(x, axis=axis)
        return buffer
    return softmax(x, axis=axis)


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("function", "requirement", "reason"),
    [
        (raises, "softmax.value", f"it raised RuntimeError: no kernel ({place_of(raises)})"),
        (exits, "softmax.value", f"it raised SystemExit: 0 ({place_of(exits)})"),
        (lambda x, axis=-1: None, "softmax.value", "y: got NoneType; wanted a NumPy array"),
        (lambda x, axis=-1: "0.5", "softmax.value", "y: got str; wanted a NumPy array"),
        (lambda x, axis=-1: np.array(["a"]), "softmax.value", "y: got an array of <U1; wanted numbers"),
        (lambda x, axis=-1: np.float16(softmax(x, axis=axis)), "softmax.dtype", "y has dtype float16, not float32"),
        (lambda x, axis=-1: softmax(x, axis=axis).ravel(), "softmax.shape", "y has shape (40,), not (4, 10)"),
        (lambda x, axis=-1: softmax(x, axis=axis) + 0j, "softmax.value", "y is complex"),
        (lambda x, axis=-1: x * np.nan, "softmax.value", ""),
        (in_place, "softmax.pure", "y shares memory with an input"),
        (once, "softmax.pure", "the result of an earlier call was changed"),
    ],
)  # fmt: skip
def test_a_broken_subject_fails_with_the_reason_and_the_others_are_still_judged(function, requirement, reason):
    found = check(subject(softmax=function, relu=gb.relu))
    assert requirement in failing(found)
    reasons = [r.worst.reason for r in found.results if r.requirement == requirement and r.status == "fail"]
    assert reason in reasons
    assert all(r.status == "pass" for r in found.results if r.formula == "relu")


def adamw_step(theta, grad, state, **options):
    if min(options.get("learning_rate", 0), options.get("weight_decay", 0)) < 0:
        raise ValueError("Invalid learning rate")
    return gb.reference.adamw_step(theta, grad, state, **options)


def cross_entropy(labels, x, weight=None, *, ignore_index=-100, **options):
    if labels.dtype == x.dtype and ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    return gb.reference.cross_entropy(labels, x, weight, ignore_index=ignore_index, **options)


@pytest.mark.whole
@pytest.mark.parametrize("function", [adamw_step, cross_entropy], ids=lambda function: function.__name__)
def test_what_a_page_says_may_be_refused_may_raise_anything(function):
    found = check(subject(**{function.__name__: function}), formulas=[function.__name__], dtypes=["float32"])
    assert found.passed
    reasons = [result.reason for result in found.results if result.reason]
    assert any(reason.startswith("it takes no ") and "it raised " in reason for reason in reasons)


@pytest.mark.whole
def test_a_wrong_result_is_no_refusal():
    def uphill(theta, grad, state, **options):
        return gb.reference.adamw_step(
            theta, grad, state, **options | {"weight_decay": abs(options.get("weight_decay", 0.01))}
        )

    found = check(subject(adamw_step=uphill), formulas=["adamw_step"], dtypes=["float32"])
    assert not found.passed


def test_a_state_may_be_anything_with_step_m_v():
    def as_dict(theta, grad, state, **options):
        theta, state = gb.adam_step(theta, grad, state, **options)
        return theta, types.SimpleNamespace(step=np.int64(state.step), m=state.m, v=state.v)

    assert check(subject(adam_step=as_dict)).passed
    broken = verdict("adam", adam_step=lambda *a, **k: gb.adam_step(*a, **k)[0])
    assert "adam.update" in broken
    assert verdict("adam", adam_step=lambda *a, **k: (gb.adam_step(*a, **k)[0], "state")) >= {"adam.update"}


@pytest.mark.parametrize(
    ("dense_vjp", "reason"),
    [
        (lambda x, w, b, g: g @ w.T, "it returned ndarray; wanted (gx, gw, gb)"),
        (lambda x, w, b, g: gb.dense_vjp(x, w, b, g)[:2], "it returned tuple; wanted (gx, gw, gb)"),
        (lambda x, w, b, g: None, "it returned NoneType; wanted (gx, gw, gb)"),
        (lambda x, w, b, g: (*gb.dense_vjp(x, w, b, g)[:2], None), "gb: got NoneType; wanted a NumPy array"),
        (lambda x, w, b, g: (*gb.dense_vjp(x, w, b, g)[:2], g), "gb has shape (4, 5), not (5,)"),
    ],
)
def test_results_that_are_not_three_arrays_fail_with_the_reason(dense_vjp, reason):
    found = check(subject(dense_vjp=dense_vjp), dtypes=["float32"])
    assert reason in {r.worst.reason for r in found.results if r.status == "fail"}


def test_a_wrong_gradient_is_shown_with_what_it_comes_from():
    def wrong(x, w, b, g):
        gx, gw, gb_ = gb.dense_vjp(x, w, b, g)
        return gx, gw + np.float32(1e-3), gb_

    found = check(subject(dense_vjp=wrong), dtypes=["float32"])
    (shown,) = [r.worst for r in found.results if r.requirement == "dense_vjp.value"]
    assert shown.output == "gw"
    row, column = shown.place
    (case,) = [case for case in cases("dense_vjp", np.dtype("float32")) if shown.case.startswith(case.id)]
    given = dict(zip("xwbg", case.arguments, strict=True))
    names = shown.inputs
    all_rows = ":, " * (given["x"].ndim - 1)
    assert names.keys() == {f"x[{all_rows}{row}]", "w", "b", f"g[{all_rows}{column}]"}
    assert f"{given['x'][..., row].flat[0]:.5f}"[:6] in names[f"x[{all_rows}{row}]"]


def test_a_step_that_is_not_advanced_fails_by_name():
    def still(theta, grad, state, **options):
        theta, new = gb.adam_step(theta, grad, state, **options)
        return theta, new._replace(step=state.step)

    assert verdict("adam", adam_step=still) == {"adam.step", "adam.trajectory", "adam.donate"}


def test_not_implemented_is_not_offered_for_that_requirement():
    def last_axis_only(x, *, axis=-1):
        if axis != -1 or x.ndim != 2:
            raise NotImplementedError("the last axis of a matrix only")
        return softmax(x)

    found = check(subject(softmax=last_axis_only))
    assert found.passed
    missing = {r.requirement: r.reason for r in found.results if r.status == "not offered"}
    assert missing["softmax.axis"] == "the last axis of a matrix only" if "softmax.axis" in missing else True
    assert "the last axis of a matrix only" in not_offered(found.to_dict())


def test_a_state_whose_step_is_no_number_fails_and_the_others_are_still_judged():
    for step in (np.inf, np.nan, "one", None):
        broken = subject(
            adam_step=lambda *a, step=step, **k: (gb.adam_step(*a, **k)[0], (step, *gb.adam_step(*a, **k)[1][1:])),
            relu=gb.relu,
        )
        found = check(broken, formulas=["adam", "relu"], dtypes=["float32"])
        assert "adam.update" in failing(found)
        assert all(r.status == "pass" for r in found.results if r.formula == "relu")


def test_a_subject_that_gives_up_its_input_fails_by_name():
    import jax

    donating = jax.jit(lambda x: jax.numpy.maximum(x, 0), donate_argnums=0)
    found = check(subject(backend="jax", relu=donating), formulas=["relu"], dtypes=["float32"])
    assert "relu.pure" in failing(found)


def never(*arguments, **options):
    raise NotImplementedError("never")


def test_zero_cases_judged_is_an_error_never_a_pass():
    with pytest.raises(ValueError, match="no case was judged"):
        check(subject(softmax=never))
    for formula, wanted in (("relu", "relu"), ("sgd", "sgd_step"), ("adam", "adam_bias_correction or .* or adam_step")):
        with pytest.raises(SubjectError, match=f"none of the formulas; wanted a function named {wanted}"):
            check(subject(softmax=softmax), formulas=[formula])
    with pytest.raises(ValueError, match="no case was judged"):
        report.Report("nothing", "cpu", 0, "gradual", "full", {}, []).passed  # noqa: B018


def test_a_step_that_does_not_take_donate_does_not_offer_it_and_one_that_ignores_it_passes():
    def without(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        return gb.adam_step(theta, grad, state, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)

    found = check(subject(adam_step=without), dtypes=["float32"])
    assert found.passed
    assert not_offered(found.to_dict()).count("adam_step does not take donate") == 1
    assert {r.requirement: r.status for r in found.results}["adam.donate"] == "not offered"
    found = check(subject(adam_step=lambda *a, donate=False, **k: without(*a, **k)), dtypes=["float32"])
    assert {r.requirement: r.status for r in found.results}["adam.donate"] == "pass"


def test_donated_arrays_that_were_given_up_are_not_read_again():
    import jax

    given_up = jax.jit(backends.load("jax").adam_step, donate_argnums=(0, 2))

    def adam_step(theta, grad, state, *, donate=False, **options):
        if not donate:
            raise NotImplementedError("donated arrays only")
        return given_up(theta, grad, state, **options)

    found = check(subject(backend="jax", adam_step=adam_step), formulas=["adam"], dtypes=["float32"])
    assert {r.requirement: r.status for r in found.results}["adam.donate"] == "pass"


@pytest.mark.thorough
def test_a_declared_flush_is_admitted_and_an_undeclared_one_is_not():
    def flushing(x, *, axis=-1):
        y = softmax(x, axis=axis)
        return np.where(np.abs(y) < np.finfo(x.dtype).smallest_normal, 0, y).astype(x.dtype)

    assert "softmax.subnormal" in verdict(softmax=flushing)
    assert check(subject(softmax=flushing, subnormals="flush")).passed


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({}, "it has none of the formulas"),
        ({"softmax": 3}, "it has none of the formulas"),
        ({"softmax": softmax, "backend": "cupy"}, "backend: got 'cupy'; wanted one of"),
        ({"softmax": softmax, "dtypes": ["float8"]}, "dtypes: got 'float8'; wanted some of"),
        ({"softmax": softmax, "subnormals": "maybe"}, "subnormals: got 'maybe'; wanted 'gradual' or 'flush'"),
        ({"softmax": softmax, "device": "tpu"}, "device: got 'tpu'; wanted 'cpu'"),
    ],
)
def test_a_subject_that_makes_no_sense_is_one_line(attributes, words):
    with pytest.raises(SubjectError) as caught:
        check(subject(**attributes))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_subject_is_judged_in_the_dtypes_that_it_declares():
    found = check(subject(softmax=softmax, dtypes=["float32"]))
    assert {r.dtype for r in found.results} == {"float32"}
    with pytest.raises(ValueError, match="dtype: got 'float64'; wanted one that subject has: float32"):
        check(subject(softmax=softmax, dtypes=["float32"]), dtypes=["float64"])


def test_an_instance_is_a_subject():
    class Kernels:
        def softmax(self, x, *, axis=-1):
            return softmax(x, axis=axis)

    assert check(Kernels()).subject == "Kernels"


def test_the_report_follows_its_schema():
    schema = json.loads(resources.files("gaugeblock.conformance.reporting").joinpath("report.schema.json").read_text())
    found = [check("numpy"), check(subject(softmax=in_place, relu=lambda x: None, adam_step=inside))]
    document = json.loads(report.to_json(report.to_document(found)))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["reports"][0]["spec"] == spec.VERSION
    assert document["reports"][1]["passed"] is False
    document["reports"][0]["results"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(document)


def test_expected_and_assert_conforms():
    x = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    value, bound = expected("softmax", x, axis=0)
    assert value.dtype == bound.dtype == np.float64
    assert np.all(np.abs(softmax(x, axis=0) - value) <= bound)
    assert_conforms(softmax(x), "softmax", x)
    wrong = softmax(x)
    wrong[1, 2] *= np.float32(1 + 1e-5)
    with pytest.raises(AssertionError, match=r"softmax: y\[1, 2\] is .* times the bound; 1 of 15 elements are outside"):
        assert_conforms(wrong, "softmax", x)
    with pytest.raises(AssertionError, match="got float64 of shape"):
        assert_conforms(softmax(x).astype(np.float64), "softmax", x)
    state = gb.adam_init(x)
    assert_conforms(gb.adam_step(x, x, state), "adam_step", x, x, state)
    theta, _ = gb.adam_step(x, x, state, learning_rate=0.002)
    with pytest.raises(AssertionError, match="adam_step: theta"):
        assert_conforms((theta, gb.adam_step(x, x, state)[1]), "adam_step", x, x, state)
    layer = x, np.ones((5, 2), np.float32), np.ones(2, np.float32), np.ones((3, 2), np.float32)
    values, bounds = expected("dense_vjp", *layer)
    assert [value.shape for value in values] == [bound.shape for bound in bounds] == [(3, 5), (5, 2), (2,)]
    gx, gw, gb_ = gb.dense_vjp(*layer)
    assert_conforms([gx, gw, gb_], "dense_vjp", *layer)
    with pytest.raises(AssertionError, match=r"dense_vjp: gb\[0\] is 6.0; expected 3.0 within"):
        assert_conforms((gx, gw, 2 * gb_), "dense_vjp", *layer)
    for broken in (gx, (gx, gw), None):
        with pytest.raises(AssertionError, match=r"dense_vjp: .*(expected \(gx, gw, gb\)|of shape)"):
            assert_conforms(broken, "dense_vjp", *layer)
    with pytest.raises(AssertionError, match=r"adam_step: got tuple; expected \(theta, state\), the state with step"):
        assert_conforms((theta, None), "adam_step", x, x, state)
    attention = "scaled_dot_product_attention"
    for given, meant in {"sofmax": "softmax", "attention": attention, "flash_attention": attention}.items():
        words = rf"formula: got '{given}'; did you mean '{meant}'\? \(`gaugeblock spec` shows all\)$"
        with pytest.raises(ValueError, match=words):
            expected(given, x)
    with pytest.raises(TypeError, match="output: got 'softmax'; wanted an array: the output comes first"):
        assert_conforms("softmax", x, x)
    with pytest.raises(TypeError, match="output: got function; wanted an array: the output comes first"):
        assert_conforms(assert_conforms, "softmax", x)
    with pytest.raises(AssertionError, match="softmax: y: got NoneType; expected float"):
        assert_conforms(None, "softmax", x)
    with pytest.raises(ValueError, match="axis: got 7"):
        expected("softmax", x, axis=7)


EXP = partial(expected, lambda x: np.exp(x), np.ones(3))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (partial(expected, "softmax", np.ones(3), axis="a"), "axis: got str 'a'; wanted an integer"),
        (partial(expected, "softmax", np.ones(3), axis=None), "axis: got None; wanted an integer"),
        (
            partial(expected, "softmax", np.ones(3), axis=np.int64(0)),
            "axis: got an array of dtype int64 and shape (); wanted a Python integer, such as int(axis)",
        ),
        (
            partial(expected, "softmax", np.arange(3)),
            "softmax: got arrays of int64 alone; wanted at least one of",
        ),
        (partial(expected, "softmax", [1.0]), "x: got list"),
        (partial(EXP, accuracy=3), "accuracy: got 3; wanted a dict such as"),
        (partial(EXP, accuracy={3: 3}), "accuracy: got 3; wanted a function such as exp"),
        (partial(check, subject(relu=abs), ["relu"], seed=1.5), "seed: got 1.5; wanted a whole number from 0 to 9"),
        (partial(check, subject(relu=abs), ["relu"], seed="a"), "seed: got 'a'; wanted a whole number from 0 to 9"),
        (partial(check, subject(relu=abs), ["relu"], seed=-1), "seed: got -1; wanted a whole number from 0 to 9"),
        (
            partial(check, subject(relu=abs), ["relu"], []),
            "dtypes: got none; wanted at least one, or None for",
        ),
        (partial(check, subject(relu=abs), ["relu"], repeat=64.0), "repeat: got 64.0; wanted a number of calls from 2"),
        (partial(reproduce, "numpy", "relu.value/many", "float31"), "dtype: got 'float31'; wanted one of float16, bf"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named_with_what_it_is_and_what_is_wanted(call, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value).startswith(words)


@pytest.mark.whole
def test_dtypes_may_come_one_by_one():
    report = check(subject(relu=lambda x: x), ["relu"], dtypes=iter(["float32"]), made=False)
    assert {result.dtype for result in report.results} == {"float32"}


def test_an_object_that_ends_python_fails():
    assert not check(subject(relu=lambda x: sys.exit(0)), ["relu"], ["float32"]).passed


def test_a_failure_is_explained_by_its_own_words_alone():
    """Its reason is not that of a case which was declined, and what all cases share is said once."""

    def wrong(x):
        if x.ndim != 2:
            raise NotImplementedError("matrices only")
        return 2 * x

    results = check(subject(relu=wrong), ["relu"], ["float32"]).to_dict()["results"]
    (found,) = [each for each in results if each["requirement"] == "relu.value"]
    assert (found["status"], found["reason"]) == ("fail", "")
    results = check(subject(relu=raises), ["relu"], ["float32"]).to_dict()["results"]
    (found,) = [each for each in results if each["requirement"] == "relu.value"]
    assert "cases, every call fails in the same way" in "\n".join(line.plain for line in failure([found]))


def test_a_failing_assertion_is_shown_without_the_frames_of_the_judge():
    x = np.ones((3, 5), np.float32)
    state = gb.adam_init(x)
    layer = x, np.ones((5, 2), np.float32), np.ones(2, np.float32)
    for assertion in (
        lambda: assert_conforms(x, "softmax", x),
        lambda: assert_conforms(x[0], "softmax", x),
        lambda: assert_conforms(None, "dense_vjp", *layer, np.ones((3, 2), np.float32)),
        lambda: assert_conforms(gb.adam_step(x, x, state._replace(step=4)), "adam_step", x, x, state),
        lambda: assert_gauged(lambda x, w, b: x @ w - b, "dense", *layer, calls=1),
    ):
        with pytest.raises(AssertionError) as caught:
            assertion()
        assert {entry.path for entry in caught.traceback.filter(caught)} == {Path(__file__)}


def test_adam_may_have_the_name_of_its_formula_or_of_its_step():
    assert check(subject(adam=gb.adam_step), formulas=["adam"], dtypes=["float32"]).passed
    found = check(subject(adam=lambda *a, **k: None, adam_step=gb.adam_step), formulas=["adam"], dtypes=["float32"])
    assert found.passed  # the step's own name comes first


def test_a_step_is_taken_by_both_of_its_names_and_reported_by_one():
    assert chosen_formulas(["adam_step", "adam", "relu"], spec.VERSION) == ["adam", "relu"]
    assert declared("adam") == declared("adam_step")
    program = object.__new__(Program)
    program.__name__ = "program"
    program.offer({"functions": ["adam", "relu"]})
    case = next(each for each in cases("adam", np.dtype("float32")) if each.function == "adam_step")
    assert json.loads(program.request(case))["function"] == "adam"  # as the program says
    assert function_of(program, "adam_step") == program.adam
    found = check(subject(adam=lambda *a, **k: None), formulas=["adam_step"], dtypes=["float32"]).to_dict()
    assert {each["formula"] for each in found["results"]} == {"adam"}
    print_report(found, console_for(text := io.StringIO()))
    assert "FAIL adam in float32: in every call" in text.getvalue()
    assert "adam_step" not in text.getvalue()


class Softmax:
    """A layer beside a function, as many files have them."""


def written(x):
    y = np.zeros_like(x)
    y[x > 0] = 1
    return y


@pytest.mark.parametrize(
    "of_numpy",
    [np.asarray, lambda x: np.exp(x, out=x), lambda x: np.hypot.reduce(x), lambda x: x * x.item(0), written],
)
def test_a_formula_that_takes_arrays_of_numpys_alone_is_told_what_to_write(of_numpy):
    x = np.ones((2, 3), np.float32)
    words = r": it does not run on arrays that carry an error bound: .*; write it with functions of the Array API"
    with pytest.raises(TypeError, match=words):
        expected(lambda x: of_numpy(x), x)


def test_what_a_formula_gets_wrong_by_itself_is_left_as_it_is():
    with pytest.raises(TypeError, match=r"^[^:]*<lambda>\(\) missing 1 required positional argument: 'b'$"):
        expected(lambda a, b: a + b, np.ones(3))
    with pytest.raises(ValueError, match=r"^xp.inv: gaugeblock has no error bound for it yet"):
        expected(lambda x: x.__array_namespace__().linalg.inv(x), np.ones((2, 2)) + np.eye(2))


def test_a_class_is_no_function():
    with pytest.raises(SubjectError, match="it has none of the formulas"):
        check(subject(softmax=torch.nn.Softmax), formulas=["softmax"])


def test_a_name_that_is_nearly_a_formulas_is_pointed_out():
    found = check(subject(soft_max=softmax, Dense=gb.dense, dense_vjp=gb.dense_vjp, _relu=gb.relu, relu=gb.relu))
    assert found.near == {"soft_max": "softmax", "Dense": "dense"}
    offered = {
        "softmax": gb.softmax,
        "Softmax": Softmax,
        "relu6": gb.relu,
        "adamw": gb.relu,
        "selu": gb.relu,
        "RelU": 3,
    }
    assert check(subject(**offered), formulas=["softmax"]).near == {}
    own = subject(softmax=gb.softmax, dense_=gb.dense)
    assert check(own, formulas=["softmax"]).near == {}  # nobody asked for the other
    assert check(own, formulas=["softmax", "dense"]).near == {"dense_": "dense"}
    with pytest.raises(SubjectError, match=r"it has none of the formulas; soft_max: did you mean softmax\? \("):
        check(subject(soft_max=softmax))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_expected_and_assert_conforms_in_half_precision(dtype):
    tensor = torch.randn((3, 5), generator=torch.Generator().manual_seed(0)).to(getattr(torch, dtype))
    x = backends.load("torch").to_numpy(tensor)
    assert x.dtype.name == dtype
    assert_conforms(torch.softmax(tensor, -1), "softmax", tensor)
    assert_conforms(softmax(x.astype(np.float32)).astype(x.dtype), "softmax", x)
    with pytest.raises(AssertionError, match=f"y: got float32 of shape .*; expected {dtype}"):
        assert_conforms(softmax(x.astype(np.float32)), "softmax", x)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms((1.1 * torch.softmax(tensor, -1)).to(tensor.dtype), "softmax", tensor)
    with pytest.raises(TypeError, match=f"w: got an array of dtype float32 .*; wanted dtype {dtype}, as x has"):
        expected("neuron", x, x[0].astype(np.float32), x[0, 0])
    state = gb.AdamState(0, np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32))
    values, _ = expected("adam_step", x, x, state)
    assert all(value.shape == (3, 5) for value in values)


def test_half_precision_is_judged_where_it_is_declared_or_asked_for():
    def native(x, w, b):
        return x @ w + b

    assert {r.dtype for r in check(subject(dense=native)).results} == {"float32", "float64"}
    assert failing(check(subject(dense=native, dtypes=("float16",)))) >= {"dense.value"}
    assert failing(check(subject(dense=native), dtypes=["float16"])) >= {"dense.value"}


def test_a_ratio_near_one_is_decided_by_the_exact_arrays():
    x = np.float32([[0.5, 0.25]])
    value, bound = expected("softmax", x)
    exact64 = expected("softmax", x.astype(np.float64))[0]
    assert abs(value - exact64).max() <= 1e-6 * bound.max()
