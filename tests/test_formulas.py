"""gaugeblock's own functions: their errors, their trees, and what they leave alone."""

import contextlib
from typing import NamedTuple

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import AdamState, backends, reference

X = np.ones((2, 3), np.float32)
W, B = np.ones((3, 4), np.float32), np.ones(4, np.float32)
STATE = AdamState(0, 0 * X, 0 * X)
LABELS = np.array([0, 2], np.int32)
FLOAT64 = X.astype(np.float64)


def step(theta=X, grad=X, state=STATE, **options):
    return gb.adam_step(theta, grad, state, **options)


# fmt: off
WRONG = {
    "softmax.errors: a list": (lambda g: g.softmax([1.0]), TypeError, "x: got list"),
    "softmax.errors: integers": (lambda g: g.softmax(g.asarray(np.ones(3, np.int32))), TypeError, "x: got an array of"),
    "softmax.errors: complex": (lambda g: g.softmax(g.asarray(np.ones(3, np.complex64))), TypeError, "x: got an array of"),
    "softmax.errors: axis out of range": (lambda g: g.softmax(g.asarray(X), axis=2), ValueError, "axis: got 2; wanted -2 to 1"),
    "softmax.errors: axis of a wrong type": (lambda g: g.softmax(g.asarray(X), axis=0.0), TypeError, "axis: got float 0.0"),
    "softmax.errors: axis True": (lambda g: g.softmax(g.asarray(X), axis=True), TypeError, "axis: got bool True"),
    "softmax.errors: no axes": (lambda g: g.softmax(g.asarray(np.float32(1) + np.zeros((), np.float32))), ValueError, "x: got"),
    "softmax.empty_axis": (lambda g: g.softmax(g.asarray(np.ones((2, 0)))), ValueError, "wanted at least one class"),
    "log_softmax.errors: a list": (lambda g: g.log_softmax([1.0]), TypeError, "x: got list"),
    "log_softmax.errors: integers": (lambda g: g.log_softmax(g.asarray(np.ones(3, np.int32))), TypeError, "x: got an array of"),
    "log_softmax.errors: axis out of range": (
        lambda g: g.log_softmax(g.asarray(X), axis=-3), ValueError, "axis: got -3; wanted -2 to 1"),
    "log_softmax.errors: axis of a wrong type": (lambda g: g.log_softmax(g.asarray(X), axis="1"), TypeError, "axis: got str '1'"),
    "log_softmax.errors: no axes": (lambda g: g.log_softmax(g.asarray(np.array(1.0))), ValueError, "x: got an array without axes"),
    "log_softmax.empty_axis": (lambda g: g.log_softmax(g.asarray(np.ones((2, 0)))), ValueError, "wanted at least one class"),
    "softmax_vjp.errors: a list": (lambda g: g.softmax_vjp(g.asarray(X), [1.0]), TypeError, "g: got list"),
    "softmax_vjp.errors: integers": (lambda g: g.softmax_vjp(g.asarray(np.ones(3, np.int32)), g.asarray(X[0])), TypeError, "x: got an array of"),
    "softmax_vjp.errors: mixed": (lambda g: g.softmax_vjp(g.asarray(X), g.asarray(FLOAT64)), TypeError, "g: got an array of"),
    "softmax_vjp.errors: shapes": (lambda g: g.softmax_vjp(g.asarray(X), g.asarray(X[:, 0])), ValueError, "g: got shape (2,); wanted (2, 3)"),
    "softmax_vjp.errors: axis out of range": (
        lambda g: g.softmax_vjp(g.asarray(X), g.asarray(X), axis=2), ValueError, "axis: got 2; wanted -2 to 1"),
    "softmax_vjp.errors: no axes": (lambda g: g.softmax_vjp(g.asarray(X[0, 0]), g.asarray(X[0, 0])), ValueError, "x: got an array without"),
    "softmax_vjp.empty_axis": (
        lambda g: g.softmax_vjp(g.asarray(X[:, :0]), g.asarray(X[:, :0])), ValueError, "wanted at least one class"),
    "log_softmax_vjp.errors: a list": (lambda g: g.log_softmax_vjp(g.asarray(X), [1.0]), TypeError, "g: got list"),
    "log_softmax_vjp.errors: integers": (lambda g: g.log_softmax_vjp(g.asarray(np.ones(3, np.int32)), g.asarray(X[0])), TypeError, "x: got an array of"),
    "log_softmax_vjp.errors: mixed": (lambda g: g.log_softmax_vjp(g.asarray(X), g.asarray(FLOAT64)), TypeError, "g: got an array of"),
    "log_softmax_vjp.errors: shapes": (lambda g: g.log_softmax_vjp(g.asarray(X), g.asarray(X[:, 0])), ValueError, "g: got shape (2,); wanted (2, 3)"),
    "log_softmax_vjp.errors: axis out of range": (
        lambda g: g.log_softmax_vjp(g.asarray(X), g.asarray(X), axis=2), ValueError, "axis: got 2; wanted -2 to 1"),
    "log_softmax_vjp.errors: no axes": (lambda g: g.log_softmax_vjp(g.asarray(X[0, 0]), g.asarray(X[0, 0])), ValueError, "x: got an array without"),
    "log_softmax_vjp.empty_axis": (
        lambda g: g.log_softmax_vjp(g.asarray(X[:, :0]), g.asarray(X[:, :0])), ValueError, "wanted at least one class"),
    "relu.errors: a number": (lambda g: g.relu(1.0), TypeError, "x: got Python scalars only"),
    "relu.errors: a string": (lambda g: g.relu("1"), TypeError, "x: got str '1'"),
    "dense.errors: shapes": (lambda g: g.dense(g.asarray(X), g.asarray(B), g.asarray(B)), ValueError, "x, w: got shapes"),
    "dense.errors: inner": (lambda g: g.dense(g.asarray(W), g.asarray(W), g.asarray(B)), ValueError, "w: got shape"),
    "dense.errors: bias": (lambda g: g.dense(g.asarray(X), g.asarray(W), g.asarray(B[:3])), ValueError, "b: got shape"),
    "dense.errors: mixed": (lambda g: g.dense(g.asarray(X), g.asarray(FLOAT64), g.asarray(B)), TypeError, "w: got an array"),
    "neuron.errors: weights": (lambda g: g.neuron(g.asarray(X), g.asarray(B), 1.0), ValueError, "w: got shape"),
    "neuron.errors: bias": (lambda g: g.neuron(g.asarray(X), g.asarray(X[0]), g.asarray(B)), ValueError, "b: got shape"),
    "neuron.errors: numbers": (lambda g: g.neuron(1.0, 2.0, 3.0), TypeError, "x, w, b: got Python scalars only"),
    "relu_vjp.errors: shapes": (lambda g: g.relu_vjp(g.asarray(X), g.asarray(X[0])), ValueError, "g: got shape (3,); wanted (2, 3)"),
    "relu_vjp.errors: mixed": (lambda g: g.relu_vjp(g.asarray(X), g.asarray(FLOAT64)), TypeError, "g: got an array of dtype float64"),
    "relu_vjp.errors: numbers": (lambda g: g.relu_vjp(1.0, 2.0), TypeError, "x, g: got Python scalars only"),
    "relu_vjp.errors: integers": (lambda g: g.relu_vjp(g.asarray(X.astype(np.int32)), g.asarray(X)), TypeError, "x: got an array of"),
    "dense_vjp.errors: no batch axis in g": (
        lambda g: g.dense_vjp(*map(g.asarray, (X, W, B, B))), ValueError, "g: got shape (4,); wanted (2, 4)"),
    "dense_vjp.errors: g of x's shape": (
        lambda g: g.dense_vjp(*map(g.asarray, (X, W, B, X))), ValueError, "g: got shape (2, 3); wanted (2, 4)"),
    "dense_vjp.errors: shapes": (lambda g: g.dense_vjp(*map(g.asarray, (X, B, B, X))), ValueError, "x, w: got shapes"),
    "dense_vjp.errors: inner": (lambda g: g.dense_vjp(*map(g.asarray, (W, W, B, W))), ValueError, "w: got shape"),
    "dense_vjp.errors: bias": (lambda g: g.dense_vjp(*map(g.asarray, (X, W, B[:3], X))), ValueError, "b: got shape"),
    "dense_vjp.errors: mixed": (lambda g: g.dense_vjp(*map(g.asarray, (X, W, B, FLOAT64))), TypeError, "g: got an array of dtype float64"),
    "neuron_vjp.errors: weights": (
        lambda g: g.neuron_vjp(g.asarray(X), g.asarray(B), 1.0, g.asarray(X[:, 0])), ValueError, "w: got shape (4,); wanted (3,)"),
    "neuron_vjp.errors: bias": (lambda g: g.neuron_vjp(*map(g.asarray, (X, X[0], B, X[:, 0]))), ValueError, "b: got shape"),
    "neuron_vjp.errors: a number for a batch": (
        lambda g: g.neuron_vjp(g.asarray(X), g.asarray(X[0]), 1.0, 1.0), ValueError, "g: got shape (); wanted (2,)"),
    "neuron_vjp.errors: numbers": (lambda g: g.neuron_vjp(1.0, 2.0, 3.0, 4.0), TypeError, "x, w, b, g: got Python scalars only"),
    "categorical_cross_entropy.errors: shapes": (
        lambda g: g.categorical_cross_entropy(g.asarray(X[0]), g.asarray(X)), ValueError, "y: got shape"),
    "categorical_cross_entropy.errors: mixed": (
        lambda g: g.categorical_cross_entropy(g.asarray(FLOAT64), g.asarray(X)), TypeError, "y: got an array"),
    "categorical_cross_entropy.errors: no classes": (
        lambda g: g.categorical_cross_entropy(g.asarray(X[:, :0]), g.asarray(X[:, :0])), ValueError, "at least one class"),
    **{
        f"categorical_cross_entropy.errors: clip {clip}": (
            lambda g, clip=clip: g.categorical_cross_entropy(g.asarray(X), g.asarray(X), clip=clip), ValueError, "clip: got")
        for clip in ((0, 1), (0.5, 0.5), (0.1, 1.1), (float("nan"), 1), (1e-60, 1), (0.9, 0.1))
    },
    "categorical_cross_entropy.errors: clip 3": (
        lambda g: g.categorical_cross_entropy(g.asarray(X), g.asarray(X), clip=3), TypeError, "clip: got int 3"),
    "categorical_cross_entropy_from_logits.errors: shapes": (
        lambda g: g.categorical_cross_entropy_from_logits(g.asarray(X[0]), g.asarray(X)), ValueError, "y: got shape"),
    "categorical_cross_entropy_from_logits.errors: mixed": (
        lambda g: g.categorical_cross_entropy_from_logits(g.asarray(FLOAT64), g.asarray(X)), TypeError, "y: got an array"),
    "categorical_cross_entropy_from_logits.errors: integers": (
        lambda g: g.categorical_cross_entropy_from_logits(g.asarray(X), g.asarray(X.astype(np.int32))), TypeError, "x: got an array of"),
    "categorical_cross_entropy_from_logits.errors: axis": (
        lambda g: g.categorical_cross_entropy_from_logits(g.asarray(X), g.asarray(X), axis=2), ValueError, "axis: got 2; wanted -2 to 1"),
    "categorical_cross_entropy_from_logits.errors: no classes": (
        lambda g: g.categorical_cross_entropy_from_logits(g.asarray(X[:, :0]), g.asarray(X[:, :0])), ValueError, "at least one class"),
    "sparse_categorical_cross_entropy_from_logits.errors: a list": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits([0, 1], g.asarray(X)), TypeError, "labels: got list"),
    "sparse_categorical_cross_entropy_from_logits.errors: floating labels": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(X[:, 0]), g.asarray(X)), TypeError, "labels: got an array of"),
    "sparse_categorical_cross_entropy_from_logits.errors: boolean labels": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS > 0), g.asarray(X)), TypeError, "labels: got an array of"),
    "sparse_categorical_cross_entropy_from_logits.errors: shapes": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS), g.asarray(X), axis=0), ValueError, "labels: got shape (2,)"),
    "sparse_categorical_cross_entropy_from_logits.errors: integers": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS), g.asarray(X.astype(np.int32))), TypeError, "x: got"),
    "sparse_categorical_cross_entropy_from_logits.errors: axis": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS), g.asarray(X), axis=2), ValueError, "axis: got 2"),
    "sparse_categorical_cross_entropy_from_logits.errors: no classes": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS), g.asarray(X[:, :0])), ValueError, "at least one class"),
    "categorical_cross_entropy_from_logits_vjp.errors: shapes": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X[0]), g.asarray(X), g.asarray(X[:, 0])), ValueError, "y: got shape"),
    "categorical_cross_entropy_from_logits_vjp.errors: shape of g": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X), g.asarray(X), g.asarray(X)), ValueError, "g: got shape (2, 3); wanted (2,)"),
    "categorical_cross_entropy_from_logits_vjp.errors: mixed": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X), g.asarray(X), g.asarray(FLOAT64[:, 0])), TypeError, "g: got an array"),
    "categorical_cross_entropy_from_logits_vjp.errors: integers": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X), g.asarray(X), g.asarray(LABELS)), TypeError, "g: got an array of"),
    "categorical_cross_entropy_from_logits_vjp.errors: axis": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X), g.asarray(X), g.asarray(X[:, 0]), axis=2), ValueError, "axis: got 2"),
    "categorical_cross_entropy_from_logits_vjp.errors: no classes": (
        lambda g: g.categorical_cross_entropy_from_logits_vjp(g.asarray(X[:, :0]), g.asarray(X[:, :0]), g.asarray(X[:, 0])), ValueError, "at least one class"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: a list": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp([0, 1], g.asarray(X), g.asarray(X[:, 0])), TypeError, "labels: got list"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: floating labels": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(X[:, 0]), g.asarray(X), g.asarray(X[:, 0])), TypeError, "labels: got an array of"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: shapes": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(LABELS), g.asarray(X), g.asarray(X[0]), axis=0), ValueError, "labels: got shape (2,)"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: shape of g": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(LABELS), g.asarray(X), g.asarray(X[0])), ValueError, "g: got shape (3,); wanted (2,)"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: mixed": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(LABELS), g.asarray(X), g.asarray(FLOAT64[:, 0])), TypeError, "g: got an array"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: axis": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(LABELS), g.asarray(X), g.asarray(X[:, 0]), axis=2), ValueError, "axis: got 2"),
    "sparse_categorical_cross_entropy_from_logits_vjp.errors: no classes": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits_vjp(g.asarray(LABELS), g.asarray(X[:, :0]), g.asarray(X[:, 0])), ValueError, "at least one class"),
    "categorical_cross_entropy_vjp.errors: shapes": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X[0]), g.asarray(X), g.asarray(X[:, 0])), ValueError, "y: got shape"),
    "categorical_cross_entropy_vjp.errors: shape of g": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(X), axis=0), ValueError, "g: got shape (2, 3); wanted (3,), that of p"),
    "categorical_cross_entropy_vjp.errors: mixed": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(FLOAT64[:, 0])), TypeError, "g: got an array"),
    "categorical_cross_entropy_vjp.errors: axis": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(X[:, 0]), axis=2), ValueError, "axis: got 2"),
    "categorical_cross_entropy_vjp.errors: no classes": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X[:, :0]), g.asarray(X[:, :0]), g.asarray(X[:, 0])), ValueError, "at least one class"),
    "categorical_cross_entropy_vjp.errors: clip": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(X[:, 0]), clip=(0, 1)), ValueError, "clip: got (0, 1)"),
    "adam.errors: step": (lambda g: g.adam_bias_correction(g.asarray(X), 0.9, 0), ValueError, "step: got 0"),
    "adam.errors: step of a wrong type": (lambda g: g.adam_bias_correction(g.asarray(X), 0.9, 1.5), TypeError, "step: got float"),
    "adam.errors: beta": (lambda g: g.adam_first_moment(g.asarray(X), g.asarray(X), 1.0), ValueError, "beta1: got 1.0"),
    "adam.errors: beta2": (lambda g: g.adam_second_moment(g.asarray(X), g.asarray(X), -0.1), ValueError, "beta2: got -0.1"),
    "adam.errors: beta NaN": (lambda g: g.adam_bias_correction(g.asarray(X), float("nan"), 1), ValueError, "beta: got nan"),
    "adam.errors: beta of a wrong type": (lambda g: g.adam_first_moment(g.asarray(X), g.asarray(X), "0.9"), TypeError, "beta1: got str"),
    **{
        f"adam.errors: epsilon {epsilon}": (
            lambda g, e=epsilon: g.adam_update(g.asarray(X), g.asarray(X), g.asarray(X), 0.1, e), ValueError, "epsilon: got")
        for epsilon in (-1e-8, float("nan"), 1e-60)
    },
    "adam.errors: learning rate": (
        lambda g: g.adam_update(g.asarray(X), g.asarray(X), g.asarray(X), None, 1e-8), TypeError, "learning_rate: got None"),
    "adam.errors: shapes": (lambda g: g.adam_first_moment(g.asarray(X), g.asarray(B), 0.9), ValueError, "grad: got shape"),
    "adam.errors: mixed": (lambda g: g.adam_first_moment(g.asarray(X), g.asarray(FLOAT64), 0.9), TypeError, "grad: got an array"),
    "adam.errors: state": (lambda g: g.adam_step(g.asarray(X), g.asarray(X), None), TypeError, "state: got None"),
    "adam.errors: state.step": (
        lambda g: g.adam_step(g.asarray(X), g.asarray(X), AdamState(-1, g.asarray(X), g.asarray(X))), ValueError, "state.step: got -1"),
    "adam.tree: structures": (
        lambda g: g.adam_step({"a": g.asarray(X)}, {"b": g.asarray(X)}, g.adam_init({"a": g.asarray(X)})), TypeError, "grad: got structure"),
    "adam.tree: a tree for an array": (
        lambda g: g.adam_step(g.asarray(X), [g.asarray(X)], g.adam_init(g.asarray(X))), TypeError, "grad: got list"),
}
# fmt: on


def installed():
    for name in backends.NAMES:
        with contextlib.suppress(ImportError):
            yield backends.load(name)


@pytest.mark.parametrize("wrong", WRONG)
def test_errors_are_one_line_in_the_same_words_on_every_backend(wrong):
    call, kind, words = WRONG[wrong]
    told = set()
    for backend in installed():
        with backend.settings("float64"), pytest.raises(kind) as caught:
            call(backend)
        message = str(caught.value)
        assert message.startswith(words) or words in message, message
        assert "\n" not in message
        told.add(message)
    assert len(told) == 1, told


EAGER = [each for each in installed() if each.name not in ("dask", "jax")]


@pytest.mark.parametrize("wrong", [-1, -100, 3])
@pytest.mark.parametrize("backend", EAGER, ids=lambda each: each.name)
def test_a_label_that_is_no_class_is_an_index_error_where_it_can_be_read(backend, wrong):
    labels = backend.asarray(np.array([0, wrong]))
    with pytest.raises(IndexError, match="labels: got one that is no class; wanted 0 to 2"):
        backend.sparse_categorical_cross_entropy_from_logits(labels, backend.asarray(X))
    with pytest.raises(IndexError, match="labels: got one that is no class; wanted 0 to 2"):
        backend.sparse_categorical_cross_entropy_from_logits_vjp(labels, backend.asarray(X), backend.asarray(X[:, 0]))


class Layer(NamedTuple):
    w: object
    b: object


def test_a_tree_steps_as_its_leaves_do():
    theta = {"layers": [Layer(X, B), Layer(2 * X, B)], "scale": (np.float64([1.0]),)}
    grad = {"layers": [Layer(X, B), Layer(X, B)], "scale": (np.float64([2.0]),)}
    new, state = gb.adam_step(theta, grad, gb.adam_init(theta))
    alone, own = gb.adam_step(2 * X, X, gb.adam_init(X))
    assert isinstance(new["layers"][1], Layer)
    np.testing.assert_array_equal(new["layers"][1].w, alone)
    np.testing.assert_array_equal(state.v["layers"][1].w, own.v)
    assert state.step == 1
    assert new["scale"][0].dtype == np.float64


def test_donate_is_a_permission_with_the_same_results():
    kept, _ = gb.adam_step(X, X, STATE)
    given, state = gb.adam_step(X.copy(), X, AdamState(0, 0 * X, 0 * X), donate=True)
    np.testing.assert_array_equal(kept, given)
    assert state.step == 1


def test_numpy_scalars_do_not_change_the_dtype():
    theta, state = step(learning_rate=np.float64(0.1), beta1=np.float64(0.9), epsilon=np.float64(1e-8))
    assert theta.dtype == state.m.dtype == np.float32
    with pytest.raises(TypeError, match="beta1: got an array of dtype float64"):
        step(beta1=np.array(0.9))
    theta, _ = step(beta1=np.float32(0.9))
    assert theta.dtype == np.float32


def test_a_python_scalar_stands_for_an_array_without_axes():
    assert gb.neuron(np.float32(2.0), 3.0, 0.5) == np.float32(6.5)
    assert gb.neuron(X, X[0], 0.5).dtype == np.float32
    for backend in installed():
        two, row = backend.asarray(np.float32(2)), backend.asarray(X[0])
        found = *backend.neuron_vjp(two, 3.0, 0.5, 10), *backend.neuron_vjp(3.0, two, 0.5, 10)
        assert [float(each) for each in found] == [30, 20, 10, 20, 30, 10]
        found = *found, *backend.neuron_vjp(row, row, 0.5, 10), backend.relu_vjp(two, 3.0), backend.relu_vjp(-3.0, two)
        assert {str(each.dtype).rpartition(".")[2] for each in found} == {"float32"}
        assert [float(each) for each in found[-2:]] == [3, 0]
    assert gb.categorical_cross_entropy_from_logits_vjp(X[0], X[0], 3.0).dtype == np.float32
    np.testing.assert_allclose(gb.sparse_categorical_cross_entropy_from_logits_vjp(LABELS[0], X[0], 3.0), [-2, 1, 1])
    np.testing.assert_allclose(gb.categorical_cross_entropy_vjp(X[0], X[0] / 2, 3.0), [-6, -6, -6])
    one = np.ones((), np.float32)
    assert gb.adam_update(one, 0.5, 4.0, 0.1, 0.0) == np.float32(1 - 0.1 * 0.25)


def test_the_default_backend_has_every_formula():
    assert set(reference.FORMULAS) <= set(dir(gb))
    assert gb.backend.name == "numpy"


@pytest.mark.parametrize("name", backends.NAMES)
def test_the_gradients_of_a_layer_without_inputs_or_neurons(name):
    backend = backends.load(name)
    zeros = {shape: backend.asarray(np.zeros(shape, np.float32)) for shape in ((4, 0), (0, 5), (3, 0), (0,), (4, 3))}
    ones = {shape: backend.asarray(np.ones(shape, np.float32)) for shape in ((4, 5), (5,), (4,), ())}
    gx, gw, gb = backend.dense_vjp(zeros[4, 0], zeros[0, 5], ones[5,], ones[4, 5])
    assert (tuple(gx.shape), tuple(gw.shape), backend.to_numpy(gb).tolist()) == ((4, 0), (0, 5), [4] * 5)
    gx, gw, gb = backend.dense_vjp(zeros[4, 3], zeros[3, 0], zeros[0,], zeros[4, 0])
    assert (backend.to_numpy(gx).tolist(), tuple(gw.shape), tuple(gb.shape)) == ([[0] * 3] * 4, (3, 0), (0,))
    gx, gw, gb = backend.neuron_vjp(zeros[4, 0], zeros[0,], ones[()], ones[4,])
    assert (tuple(gx.shape), tuple(gw.shape), float(gb)) == ((4, 0), (0,), 4)
