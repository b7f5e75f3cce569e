"""gaugeblock's own functions: their errors, their trees, and what they leave alone."""

import contextlib
import math
from typing import NamedTuple

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import AdamState, SGDState, backends, reference
from gaugeblock.reference.declaration import shape_of

X = np.ones((2, 3), np.float32)
W, B = np.ones((3, 4), np.float32), np.ones(4, np.float32)
STATE = AdamState(0, 0 * X, 0 * X)
LABELS = np.array([0, 2], np.int32)
FLOAT64 = X.astype(np.float64)


def step(theta=X, grad=X, state=STATE, **options):
    return gb.adam_step(theta, grad, state, **options)


LENGTHS = {"...": 2, "n": 3, "m": 4, "k": 5, "l": 5, "s": 3, "d": 4, "e": 2, "h": 2}
COMPUTED = [name for name in reference.FORMULAS if not name.endswith("_init")]
WHOLE = {"index": ["float32", "bool"], "mask": ["float32", "int32"]}  # the dtypes that are none of these domains
ORDINARY = {"[0, 1)": 0.9, "(-inf, inf)": 0.1, "[0, inf)": 1e-8, "count": 1}  # a number of each domain
OUTSIDE = {
    "[0, 1)": (-0.1, 1.0, np.nan),
    "[0, inf)": (-1e-8, np.nan, np.inf, 1e-60),
    "(-inf, inf)": (),
    "count": (0, -1),
}


def declaration(formula):
    return getattr(reference, formula).__formula__


def array(domain, axes, lengths=LENGTHS):
    """An array of ones for an argument that is declared so."""
    kind = {"index": np.int32, "mask": np.bool_}.get(domain, np.float32)
    return np.ones(shape_of([axis.rstrip("?") for axis in axes], lengths), kind)


def common():
    """Of each formula what its declaration says to be wrong: arguments and options, the error, and its words."""
    for formula in COMPUTED:
        declared = declaration(formula)
        kinds = dict(zip(declared.arguments, declared.domain, strict=True))
        if any(isinstance(kind, tuple) for kind in kinds.values()) or "tree" in kinds:
            continue  # trees have structures, of which the table below has some
        right = {name: ORDINARY.get(kind) or array(kind, declared.arguments[name]) for name, kind in kinds.items()}
        arrays = [name for name, kind in kinds.items() if kind not in ORDINARY]
        floating = [name for name in arrays if kinds[name] not in WHOLE]

        def wrong(what, error, words, options=None, *, formula=formula, right=right, **changed):
            return pytest.param(
                formula, [*(right | changed).values()], options or {}, error, words, id=f"{formula}.errors: {what}"
            )

        for name in arrays:
            yield wrong(f"{name} a list", TypeError, f"{name}: got list [1.0]", **{name: [1.0]})
            shape = right[name].shape
            refused = WHOLE.get(kinds[name]) or ["complex64"] + ["int32"] * (kinds[name] != "weight")
            for dtype in refused:
                words = f"{name}: got an array of dtype {dtype} and shape {shape}; wanted "
                yield wrong(f"{name} {dtype}", TypeError, words, **{name: right[name].astype(dtype)})
            if name in floating and len(floating) > 1:
                changed = {name: right[name].astype(np.float64)}
                yield wrong(f"{name} float64", TypeError, "; wanted dtype float", **changed)
            others = {axis for each, axes in declared.arguments.items() if each != name for axis in axes}
            if {axis.rstrip("?") for axis in declared.arguments[name]} & {axis.rstrip("?") for axis in others} or (
                len(arrays) > 1 and not declared.arguments[name]
            ):
                longer = np.ones([length + 1 for length in shape] or [5], right[name].dtype)
                yield wrong(f"{name} of another shape", ValueError, ": got shape", **{name: longer})
        if len(floating) == len(arrays):
            numbers = dict.fromkeys(arrays, 1.0)
            yield wrong("numbers", TypeError, ": got Python scalars only; wanted at least one array", **numbers)
            number = 10**400 if len(arrays) > 1 else 10**5000
            for name in arrays:
                words = f"{name}: got an integer of {number.bit_length()} bits"
                yield wrong(f"{name} a huge integer", TypeError, words, **{name: number})
        for name in sorted(set(kinds) - set(arrays)):
            for value in OUTSIDE[kinds[name]]:
                yield wrong(f"{name} {value}", ValueError, f"{name}: got {value!r}; wanted ", **{name: value})
            for value in ("0.9", None, True, *[1.5] * (kinds[name] == "count")):
                words = f"{name}: got {type(value).__name__}" if value is not None else f"{name}: got None"
                yield wrong(f"{name} {value!r}", TypeError, words, **{name: value})
            words = f"{name}: got an integer of 1329 bits; wanted "
            yield wrong(f"{name} a huge integer", ValueError, words, **{name: 10**400})
        if "axis" in declared.parameters:
            for axis in (2, -3):
                yield wrong(f"axis {axis}", ValueError, f"axis: got {axis}; wanted -2 to 1 for ", {"axis": axis})
            huge = {"axis": 10**5000}
            yield wrong("axis a huge integer", ValueError, "axis: got an integer of 16610 bits; wanted -2 to 1", huge)
            for axis in (0.0, "1", True, None):
                yield wrong(f"axis {axis!r}", TypeError, "axis: got ", {"axis": axis})
            scalars = {name: np.ones((), right[name].dtype) for name in arrays}
            yield wrong("no axes", ValueError, ": got an array without axes; wanted at least one axis", **scalars)
            empty = {name: array(kinds[name], declared.arguments[name], LENGTHS | {"n": 0}) for name in arrays}
            yield wrong("no classes", ValueError, "; wanted at least one class along axis -1", **empty)


# fmt: off
SPECIAL = {
    "softmax.errors: a list alone": (lambda g: g.softmax([1.0]), TypeError, "x: got list"),
    "matmul.errors: no matrix": (lambda g: g.matmul(g.asarray(X), g.asarray(B)), ValueError, "a, b: got shapes (2, 3) and (4,)"),
    "matmul.errors: batches that do not fit": (
        lambda g: g.matmul(g.asarray(np.ones((2, 2, 3))), g.asarray(np.ones((3, 3, 2)))), ValueError, "of batches that fit"),
    "rms_norm.errors: rows of nothing": (lambda g: g.rms_norm(g.asarray(X[:, :0]), g.asarray(B[:0])), ValueError, "x: got shape (2, 0)"),
    "rotary_embedding.errors: an odd length": (
        lambda g: g.rotary_embedding(g.asarray(X), g.asarray(X), g.asarray(X)), ValueError, "x: got shape (2, 3); wanted (..., l, 2h)"),
    "rotary_embedding.errors: no positions": (
        lambda g: g.rotary_embedding(*map(g.asarray, (B, B[:2], B[:2]))), ValueError, "x: got shape (4,); wanted (..., l, 2h)"),
    "rotary_embedding.errors: angles of the full length": (
        lambda g: g.rotary_embedding(*map(g.asarray, (W, W, W))), ValueError, "cos: got shape (3, 4); wanted (3, 2), an angle for each pair of x"),
    "rotary_embedding.errors: interleaved": (
        lambda g: g.rotary_embedding(*map(g.asarray, (W, W[:, :2], W[:, :2])), interleaved=1), TypeError, "interleaved: got int 1; wanted True or False"),
    "embedding.errors: no matrix": (lambda g: g.embedding(g.asarray(B), g.asarray(LABELS)), ValueError, "table: got shape (4,)"),
    "dense.errors: no matrix": (lambda g: g.dense(g.asarray(X), g.asarray(B), g.asarray(B)), ValueError, "x, w: got shapes"),
    "dense_vjp.errors: no matrix": (lambda g: g.dense_vjp(*map(g.asarray, (X, B, B, X))), ValueError, "x, w: got shapes"),
    "dense_vjp.errors: no batch axis in g": (
        lambda g: g.dense_vjp(*map(g.asarray, (X, W, B, B))), ValueError, "g: got shape (4,); wanted (2, 4)"),
    "neuron_vjp.errors: a number for a batch": (
        lambda g: g.neuron_vjp(g.asarray(X), g.asarray(X[0]), 1.0, 1.0), ValueError, "g: got shape (); wanted (2,)"),
    "categorical_cross_entropy_vjp.errors: g along another axis": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(X), axis=0), ValueError, "g: got shape (2, 3); wanted (3,), that of p"),
    "sparse_categorical_cross_entropy_from_logits.errors: labels along another axis": (
        lambda g: g.sparse_categorical_cross_entropy_from_logits(g.asarray(LABELS), g.asarray(X), axis=0), ValueError, "labels: got shape (2,)"),
    **{
        f"categorical_cross_entropy.errors: clip {clip}": (
            lambda g, clip=clip: g.categorical_cross_entropy(g.asarray(X), g.asarray(X), clip=clip), ValueError, "clip: got")
        for clip in ((0, 1), (0.5, 0.5), (0.1, 1.1), (float("nan"), 1), (1e-60, 1), (0.9, 0.1))
    },
    "categorical_cross_entropy.errors: clip 3": (
        lambda g: g.categorical_cross_entropy(g.asarray(X), g.asarray(X), clip=3), TypeError, "clip: got int 3"),
    "categorical_cross_entropy.errors: clip of huge integers": (
        lambda g: g.categorical_cross_entropy(g.asarray(X), g.asarray(X), clip=(0.1, 10**5000)), TypeError, "clip: got tuple"),
    "categorical_cross_entropy_vjp.errors: clip": (
        lambda g: g.categorical_cross_entropy_vjp(g.asarray(X), g.asarray(X), g.asarray(X[:, 0]), clip=(0, 1)), ValueError, "clip: got (0, 1)"),
    "adam.errors: state": (lambda g: g.adam_step(g.asarray(X), g.asarray(X), None), TypeError, "state: got None"),
    "adam.errors: integers": (
        lambda g: g.adam_step(g.asarray(X.astype(np.int32)), g.asarray(X), g.adam_init(g.asarray(X))), TypeError, "theta: got an array of dtype int32"),
    "adam.errors: mixed": (
        lambda g: g.adam_step(g.asarray(X), g.asarray(FLOAT64), g.adam_init(g.asarray(X))), TypeError, "grad: got an array of dtype float64"),
    "adam.errors: shapes": (
        lambda g: g.adam_step(g.asarray(X), g.asarray(B), g.adam_init(g.asarray(X))), ValueError, "grad: got shape"),
    **{
        f"adam.errors: state.step {words}": (
            lambda g, step=step: g.adam_step(g.asarray(X), g.asarray(X), AdamState(step, g.asarray(X), g.asarray(X))), kind, f"state.step: got {words}; wanted")
        for step, kind, words in (
            (-1, ValueError, "-1"), (1.5, TypeError, "float 1.5"), (True, TypeError, "bool True"), (10**400, ValueError, "an integer of 1329 bits"))
    },
    **{
        f"adam.errors: {name} {words}": (
            lambda g, rate={name: value}: g.adam_step(g.asarray(X), g.asarray(X), g.adam_init(g.asarray(X)), **rate), kind, f"{name}: got {words}; wanted")
        for name in ("learning_rate", "beta1", "beta2", "epsilon")
        for value, kind, words in ((None, TypeError, "None"), (10**400, ValueError, "an integer of 1329 bits"))
    },
    **{
        f"clip_by_global_norm.errors: {words}": (lambda g, tree=tree, limit=limit: g.clip_by_global_norm(tree(g), limit), kind, words)
        for tree, limit, kind, words in (
            (lambda g: g.asarray(X), -1.0, ValueError, "max_norm: got -1.0"), (lambda g: g.asarray(X), math.nan, ValueError, "max_norm: got nan"), (lambda g: g.asarray(X), "1", TypeError, "max_norm: got str '1'"),
            (lambda g: [g.asarray(X), g.asarray(FLOAT64)], 1.0, TypeError, "leaf 1: got an array of dtype float64"),
            (lambda g: [1.0], 1.0, TypeError, "tree: got float 1.0"))
    },
    "cross_entropy.errors: reduction": (
        lambda g: g.cross_entropy(g.asarray(LABELS), g.asarray(X), reduction="avg"), ValueError, "reduction: got str 'avg'"),
    "cross_entropy.errors: smoothing": (
        lambda g: g.cross_entropy(g.asarray(LABELS), g.asarray(X), label_smoothing=1.5), ValueError, "label_smoothing: got 1.5"),
    "cross_entropy.errors: soft labels of another shape": (
        lambda g: g.cross_entropy(g.asarray(X[:1]), g.asarray(X)), ValueError, "labels: got shape (1, 3); wanted (2, 3)"),
    "cross_entropy_vjp.errors: g of each sample": (
        lambda g: g.cross_entropy_vjp(g.asarray(LABELS), g.asarray(X), g.asarray(X[:, 0])), ValueError, "g: got shape (2,); wanted ()"),
    "scaled_dot_product_attention.errors: causal": (
        lambda g: g.scaled_dot_product_attention(*map(g.asarray, (X, X, X)), causal="lower"), ValueError, "causal: got str 'lower'"),
    "scaled_dot_product_attention.errors: heads": (
        lambda g: g.scaled_dot_product_attention(*map(g.asarray, (np.ones((3, 2, 4), np.float32), *2 * [np.ones((2, 2, 4), np.float32)]))), ValueError, "k: got shape (2, 2, 4)"),
    "scaled_dot_product_attention.errors: scale": (
        lambda g: g.scaled_dot_product_attention(*map(g.asarray, (X, X, X)), scale="1"), TypeError, "scale: got str '1'"),
    **{
        f"cross_entropy.errors: ignore_index {words}": (
            lambda g, index=index: g.cross_entropy(g.asarray(LABELS), g.asarray(X), ignore_index=index), kind, f"ignore_index: got {words}; wanted an integer")
        for index, kind, words in (
            (1.5, TypeError, "float 1.5"), (None, TypeError, "None"), (True, TypeError, "bool True"), (2**70, ValueError, str(2**70)))
    },
    **{
        f"sgd_step.errors: {name}": (
            lambda g, name=name: g.sgd_step(g.asarray(X), g.asarray(X), g.sgd_init(g.asarray(X)), momentum=0.9, **{name: 1}), TypeError, f"{name}: got int 1; wanted True or False")
        for name in ("nesterov", "donate")
    },
    "sgd_step.errors: mixed": (
        lambda g: g.sgd_step(g.asarray(X), g.asarray(X), SGDState(3, g.asarray(FLOAT64))), TypeError, "velocity: got an array of dtype float64"),
    "sgd_step.errors: state of half precision": (
        lambda g: g.sgd_step(g.asarray(X), g.asarray(X), SGDState(3, g.asarray(FLOAT64))), TypeError, "as a new state has"),
    "adam_step.errors: a part of a state": (
        lambda g: g.adam_step(g.asarray(X), g.asarray(X), AdamState(3, g.asarray(FLOAT64), g.asarray(X))), TypeError,
        "state.m: got an array of dtype float64"),
    "adam_step.errors: the shape of a state": (
        lambda g: g.adam_step(g.asarray(X), g.asarray(X), AdamState(3, g.asarray(X), g.asarray(X[:1]))), ValueError, "state.v: got shape"),
    "sgd_step.errors: state": (lambda g: g.sgd_step(g.asarray(X), g.asarray(X), None), TypeError, "state: got None"),
    "sgd_step.errors: momentum": (
        lambda g: g.sgd_step(g.asarray(X), g.asarray(X), g.sgd_init(g.asarray(X)), momentum=1.0), ValueError, "momentum: got 1.0"),
    "sgd_step.errors: nesterov": (
        lambda g: g.sgd_step(g.asarray(X), g.asarray(X), g.sgd_init(g.asarray(X)), nesterov=True), ValueError, "nesterov: got True"),
    "sgd_step.tree: structures": (
        lambda g: g.sgd_step({"a": g.asarray(X)}, {"b": g.asarray(X)}, g.sgd_init({"a": g.asarray(X)})), TypeError, "grad: got structure"),
    **{
        f"{name}.errors: donate": (
            lambda g, name=name: getattr(g, name)(g.asarray(X), g.asarray(X), g.adam_init(g.asarray(X)), donate="no"), TypeError, "donate: got str 'no'")
        for name in ("adam_step", "adamw_step")
    },
    "adamw_step.errors: state": (lambda g: g.adamw_step(g.asarray(X), g.asarray(X), None), TypeError, "state: got None"),
    "adamw_step.errors: weight_decay": (
        lambda g: g.adamw_step(g.asarray(X), g.asarray(X), g.adam_init(g.asarray(X)), weight_decay=None), TypeError, "weight_decay: got None"),
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


def refuses(call, kind, words):
    """Check that every backend raises the error with the same words, in one line."""
    told = set()
    for backend in installed():
        with backend.settings("float64"), pytest.raises(kind) as caught:
            call(backend)
        message = str(caught.value)
        assert words in message, message
        assert "\n" not in message
        told.add(message)
    assert len(told) == 1, told


@pytest.mark.parametrize(("formula", "arguments", "options", "kind", "words"), [*common()])
def test_what_the_declaration_excludes_is_an_error_in_the_same_words_on_every_backend(
    formula, arguments, options, kind, words
):
    def call(backend):
        given = [backend.asarray(each) if isinstance(each, np.ndarray) else each for each in arguments]
        getattr(backend, formula)(*given, **options)

    refuses(call, kind, words)


@pytest.mark.parametrize("wrong", SPECIAL)
def test_errors_are_one_line_in_the_same_words_on_every_backend(wrong):
    refuses(*SPECIAL[wrong])


EAGER = [each for each in installed() if each.name not in ("dask", "jax")]


@pytest.mark.parametrize("wrong", [-1, -100, 3])
@pytest.mark.parametrize("backend", EAGER, ids=lambda each: each.name)
def test_a_label_that_is_no_class_is_an_index_error_where_it_can_be_read(backend, wrong):
    labels = backend.asarray(np.array([0, wrong]))
    with pytest.raises(IndexError, match="labels: got one that is no class; wanted 0 to 2"):
        backend.sparse_categorical_cross_entropy_from_logits(labels, backend.asarray(X))
    with pytest.raises(IndexError, match="labels: got one that is no class; wanted 0 to 2"):
        backend.sparse_categorical_cross_entropy_from_logits_vjp(labels, backend.asarray(X), backend.asarray(X[:, 0]))
    table, g = backend.asarray(W), backend.asarray(W[:2])
    for call in (lambda: backend.embedding(table, labels), lambda: backend.embedding_vjp(table, labels, g)):
        with pytest.raises(IndexError, match="labels: got one that is no class; wanted 0 to 2"):
            call()


@pytest.mark.parametrize("epsilon", [-1e-6, float("nan"), float("inf"), 1e-60])
@pytest.mark.parametrize("name", ["rms_norm", "layer_norm"])
def test_an_epsilon_that_cannot_be_added_is_an_error(name, epsilon):
    row = np.ones(3, np.float32)
    weights = [row] * (1 if name.startswith("rms") else 2)

    def call(backend):
        getattr(backend, name)(backend.asarray(X), *map(backend.asarray, weights), epsilon=epsilon)

    refuses(call, ValueError, f"epsilon: got {epsilon!r}; wanted 0, or a finite positive number")


@pytest.mark.parametrize("name", backends.NAMES)
def test_a_product_of_matrices_without_terms_is_0(name):
    backend = backends.load(name)
    a, b = (backend.asarray(np.zeros(shape, np.float32)) for shape in ((2, 3, 0), (0, 4)))
    np.testing.assert_array_equal(backend.to_numpy(backend.matmul(a, b)), np.zeros((2, 3, 4)))


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_a_mask_and_weights_are_taken_by_keyword(name):
    pytest.importorskip(name)
    g = backends.load(name)
    x, mask, weight = (g.asarray(each) for each in (X, np.eye(2, dtype=np.bool_), np.float32([1, 2, 3])))
    y = g.scaled_dot_product_attention(x, x, x, mask=mask, causal=False, scale=None)
    np.testing.assert_array_equal(g.to_numpy(y), X)
    given = {"ignore_index": -100, "label_smoothing": 0.0, "reduction": "sum"}
    loss = g.cross_entropy(g.asarray(LABELS), x, weight=weight, **given)
    assert g.to_numpy(loss) == g.to_numpy(g.cross_entropy(g.asarray(LABELS), x, weight, **given))


def test_attention_without_keys_is_0():
    y = gb.scaled_dot_product_attention(X, X[:0], X[:0])
    np.testing.assert_array_equal(y, np.zeros((2, 3)))


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


def test_trees_of_the_other_optimizers_are_their_leaves():
    theta, grad = {"a": X, "b": [2 * X]}, {"a": X, "b": [3 * X]}
    new, state = gb.sgd_step(theta, grad, gb.sgd_init(theta), momentum=0.9)
    np.testing.assert_array_equal(new["b"][0], gb.sgd_step(2 * X, 3 * X, gb.sgd_init(X), momentum=0.9)[0])
    np.testing.assert_array_equal(state.velocity["a"], X)
    new, state = gb.adamw_step(theta, grad, gb.adam_init(theta))
    np.testing.assert_array_equal(new["b"][0], gb.adamw_step(2 * X, 3 * X, gb.adam_init(X))[0])
    assert state.step == 1
    clipped = gb.clip_by_global_norm({"a": FLOAT64 * 3, "b": [FLOAT64 * 4]}, 1.0)
    norm = np.sqrt(6 * 9 + 6 * 16)
    np.testing.assert_allclose(clipped["b"][0], 4 / norm, rtol=1e-12)


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


@pytest.mark.parametrize("donate", [False, True])
@pytest.mark.parametrize("name", backends.NAMES)
def test_a_tree_without_leaves_steps(name, donate):
    found = backends.load(name).adam_step({"a": []}, {"a": []}, AdamState(2, {"a": []}, {"a": []}), donate=donate)
    assert found == ({"a": []}, AdamState(3, {"a": []}, {"a": []}))


@pytest.mark.parametrize("formula", COMPUTED)
def test_non_native_byte_order_is_named_in_the_error(formula):
    declared = declaration(formula)
    swapped = np.dtype(np.float32).newbyteorder()
    kinds = zip(declared.domain, declared.arguments.values(), strict=True)
    state = getattr(reference, f"{formula.partition('_')[0].removesuffix('w')}_init", lambda theta: None)(X)
    given = [state if isinstance(kind, tuple) else ORDINARY.get(kind) or array(kind, axes) for kind, axes in kinds]
    given = [each.astype(swapped) if getattr(each, "dtype", None) == np.float32 else each for each in given]
    for namespace in (gb, reference):
        with pytest.raises(TypeError, match="dtype float32 in non-native byte order"):
            getattr(namespace, formula)(*given)


@pytest.mark.parametrize("step", [1.5, True])
def test_under_jit_a_step_is_an_integer_too(step):
    jax = pytest.importorskip("gaugeblock.backends.jax")
    x = jax.asarray(X)
    with pytest.raises(TypeError, match=r"^step: got .*; wanted an integer of at least 1"):
        jax.jitted.adam_bias_correction(x, 0.9, step)
    with pytest.raises(TypeError, match=r"^state\.step: got .*; wanted an integer of at least 0"):
        jax.jitted.adam_step(x, x, AdamState(step, x, x))
    assert jax.jitted.adam_step(x, x, AdamState(jax.jax.numpy.asarray(2), x, x))[1].step == 3
