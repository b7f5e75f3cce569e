"""Verified: for every formula, case and admitted form, the exact meaning encloses the definition of the page.

The definitions run on scalar balls of 400 bits, and share no code with the reference. A ball of the reference and
the thin ball of the definition must overlap, and the reference's must itself be thin beside the bound.
"""

import importlib
import math
from functools import partial
from unittest import mock

import numpy as np
import pytest
from flint import arb, ctx

from gaugeblock import reference, spec
from gaugeblock.conformance.arithmetic import exact
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.formulas.forms import admitted
from gaugeblock.conformance.judging import oracle
from gaugeblock.conformance.judging.trajectory import after
from gaugeblock.spec.softmax import softmax

DTYPES = [np.dtype(name) for name in MODELS]
BITS = 400


def balls(array):
    return np.asarray(np.frompyfunc(arb, 1, 1)(np.asarray(array, np.float64).astype(object)), object)


def each(function, *arrays):
    """A scalar definition, element by element."""
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), object)


def rows(function, arrays, axis):
    """A definition of rows that gives a row or a number, along an axis."""
    moved = [np.moveaxis(a, axis, -1) for a in arrays]
    batch = moved[0].shape[:-1]
    results = [function(*(a[i] for a in moved)) for i in np.ndindex(batch)]
    if not results or not isinstance(results[0], list):
        return np.array([*results, None], object)[:-1].reshape(batch)
    return np.moveaxis(np.array(results, object).reshape(moved[0].shape), -1, axis)


def ends(case, dtype):
    """The clip of a case."""
    default = {"float64": (1e-15, 1 - 1e-15), "float16": (2.0**-14, 1.0)}.get(dtype.name, (1e-15, 1.0))
    return [arb(end) for end in case.options.get("clip", default)]


def gradients(function, labels, x, g, axis):
    """A definition of the gradient of a row's loss, along an axis; labels are rows too, or one a row."""
    labels = np.moveaxis(labels, axis, -1) if labels.ndim == x.ndim else labels
    x = np.moveaxis(x, axis, -1)
    results = [function(labels[i], x[i], g[i]) for i in np.ndindex(g.shape)]
    return np.moveaxis(np.array(results, object).reshape(x.shape), -1, axis)


def defined(case, dtype):
    """What the page's definition says, for each result of a case."""
    formula = case.requirement.partition(".")[0]
    definition = getattr(importlib.import_module(f"gaugeblock.spec.{formula}"), case.function)
    arguments = [balls(a) if isinstance(a, np.ndarray | float) else a for a in case.arguments]
    axis = case.options.get("axis", -1)
    if formula == "relu":
        return {"y": each(definition, *arguments)}
    if formula == "relu_vjp":
        return {"y": each(definition, *arguments)}
    if formula in ("neuron_vjp", "dense_vjp"):
        return defined_gradients(definition, *arguments)
    if formula in ("softmax", "log_softmax", "softmax_vjp", "log_softmax_vjp"):
        x, *g = arguments
        if case.name == "largest":  # exp(1e308) is beyond Arb; the definition is the same for x minus a constant
            x = x - np.max(x, axis=axis, keepdims=True)
        return {"y": rows(definition, [x, *g], axis)}
    if formula == "categorical_cross_entropy":
        lo, hi = ends(case, dtype)
        return {"y": rows(lambda y, p: definition(y, p, lo, hi), [balls(a) for a in case.arguments], axis)}
    if formula == "categorical_cross_entropy_from_logits":
        return {"y": rows(definition, [balls(a) for a in case.arguments], axis)}
    if formula == "sparse_categorical_cross_entropy_from_logits":
        labels, x = case.arguments[0], np.moveaxis(balls(case.arguments[1]), axis, -1)
        losses = [definition(int(labels[i]), x[i]) for i in np.ndindex(labels.shape)]
        return {"y": np.array([*losses, None], object)[:-1].reshape(labels.shape)}
    if formula == "categorical_cross_entropy_from_logits_vjp":
        return {"y": gradients(definition, *map(balls, case.arguments), axis)}
    if formula == "sparse_categorical_cross_entropy_from_logits_vjp":
        return {"y": gradients(definition, case.arguments[0], *map(balls, case.arguments[1:]), axis)}
    if formula == "categorical_cross_entropy_vjp":
        lo, hi = ends(case, dtype)
        clipped = partial(definition, lo=lo, hi=hi)
        return {"y": gradients(clipped, *map(balls, case.arguments), axis)}
    if formula == "neuron":
        x, w, b = arguments
        if x.ndim == 0:
            return {"y": np.asarray(definition([x[()]], [w[()]], b[()]), object)}
        return {"y": rows(lambda row: definition(row, w, b[()]), [x], -1)}
    if formula == "dense":
        x, w, b = arguments
        values = [definition(x[i], w, b) for i in np.ndindex(x.shape[:-1])]
        return {"y": np.array(values, object).reshape((*x.shape[:-1], w.shape[1]))}
    if case.function != "adam_step":
        return {"y": each(definition, *arguments)}
    names = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    hyper = [arb(case.options.get(name, default)) for name, default in names.items()]
    theta, grads, (step, m, v) = arguments
    m, v, checkpoints, states = balls(m), balls(v), case.options.get("checkpoints"), {}
    for done, grad in enumerate(grads if checkpoints else [grads], 1):
        one = partial(one_step, definition, step + done - 1, hyper)
        theta, m, v = (np.asarray(r, object) for r in np.frompyfunc(one, 4, 3)(theta, grad, m, v))
        states[done] = {"theta": theta, "m": m, "v": v}
    return after(checkpoints, (states[done] for done in checkpoints)) if checkpoints else states[1]


def defined_gradients(definition, x, w, b, g):
    """The gradients of a layer, which are defined on a list of rows, in the shapes of the arrays."""
    rows = x.reshape(math.prod(x.shape[:-1]), w.shape[0] if w.ndim else 1)
    results = definition(rows, np.atleast_1d(w), b if b.ndim else b[()], g.reshape(len(rows), *b.shape))
    return {
        name: np.array(result, object).reshape(like.shape)
        for name, result, like in zip(("gx", "gw", "gb"), results, (x, w, b), strict=True)
    }


def one_step(definition, step, hyper, theta, grad, m, v):
    return definition(theta, grad, step, m, v, *hyper)


def disagreements(form, case, dtype, wanted, expected):
    """Where the exact meaning of `form` does not enclose the definition, or is no thin ball."""
    # `lerp` has m twice, so that its balls grow by a tenth at each step; the oracle takes the reference only.
    many_steps = form is not getattr(reference, case.function) and "checkpoints" in case.options
    with ctx.workprec(BITS) if many_steps else exact.working_precision():
        lifted = oracle.evaluate(form, case.function, case.arguments, case.options, oracle.lift_exactly(dtype))
    with ctx.workprec(BITS):
        for name, result in lifted.items():
            assert result.balls.size == 0 or result.balls.shape == wanted[name].shape, case.id
            for index in np.ndindex(result.balls.shape):
                if not np.isfinite(expected[name].value[index]):
                    continue
                ball, definition = arb(result.balls[index]), arb(wanted[name][index])
                bound = float(expected[name].bound[index]) or 2.0**-300  # 0 where the result is exact: log(exp(x)) - x
                allowed = arb(bound) * arb(2) ** -40
                if not ball.overlaps(definition) or not ball.rad() <= allowed or not definition.rad() <= allowed:
                    yield f"{case.id} {name}{list(index)}: {ball} is not {definition}"


def wrong_forms(forms, case, dtype):
    """The disagreements of each form of a case."""
    with np.errstate(all="ignore"):
        expected = oracle.running(case.function, case.arguments, case.options, dtype, oracle.MODELS[dtype.name])
    with ctx.workprec(BITS):
        wanted = defined(case, dtype)
    for name, form in forms.items():
        for wrong in disagreements(form, case, dtype, wanted, expected):
            yield f"{name}: {wrong}"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("formula", spec.formulas())
def test_the_exact_meaning_encloses_the_definition(formula, dtype):
    checked = 0
    for case in cases(formula, dtype):
        forms = {"reference": getattr(reference, case.function), **admitted(case.function, dtype)}
        wrong = next(wrong_forms(forms, case, dtype), None)
        assert wrong is None, wrong
        checked += 1
    assert checked > 10


def first_failure(formula, function, form):
    dtype = np.dtype("float64")
    own = [case for case in cases(formula, dtype) if case.function == function]
    return next((wrong for case in own for wrong in wrong_forms({function: form}, case, dtype)), None)


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
    assert first_failure(formula, function, wrong) is not None


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
    module = importlib.import_module(f"gaugeblock.spec.{formula}")
    with mock.patch.object(module, formula, wrong):
        assert first_failure(formula, formula, getattr(reference, formula)) is not None
