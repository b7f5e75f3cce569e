"""expected and assert_conforms take trees of arrays where the formula takes them."""

from collections import namedtuple

import numpy as np
import pytest

from gaugeblock import reference
from gaugeblock.conformance import assert_conforms, expected

RNG = np.random.default_rng(0)
Layer = namedtuple("Layer", ["w", "b"])
STEPS = {"sgd_step": ("sgd_init", {"momentum": 0.9}), "adam_step": ("adam_init", {}), "adamw_step": ("adam_init", {})}


def tree(dtype="float32"):
    """Arrays of several shapes, one without axes."""
    arrays = iter([RNG.normal(size=shape).astype(dtype) for shape in ((3, 4), (5,), (), (2, 3, 1))])
    return {
        "a": next(arrays),
        "b": [next(arrays), (next(arrays),)],
        "c": Layer(next(arrays), RNG.normal(size=2).astype(dtype)),
    }


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("limit", [0.0, 1.0, 100.0])
def test_all_leaves_have_one_norm(dtype, limit):
    given = tree(dtype)
    assert_conforms(reference.clip_by_global_norm(given, limit), "clip_by_global_norm", given, limit)
    value, bound = expected("clip_by_global_norm", given, limit)
    leaves = [given["a"], given["b"][0], given["b"][1][0], *given["c"]]
    norm = np.sqrt(sum(np.sum(leaf.astype(float) ** 2) for leaf in leaves))
    np.testing.assert_allclose(value["c"].w, given["c"].w.astype(float) * min(1, limit / norm), rtol=1e-12)
    assert type(bound["c"]) is Layer
    assert bound["b"][0].shape == (5,)


def test_a_norm_of_each_leaf_is_found():
    given = tree()
    alone = {name: reference.clip_by_global_norm(leaf, 1.0) for name, leaf in given.items()}
    with pytest.raises(
        AssertionError, match=r"^clip_by_global_norm: y\['a'\]\[\d, \d\] is .* of 12 elements are outside"
    ):
        assert_conforms(alone, "clip_by_global_norm", given, 1.0)


@pytest.mark.parametrize("name", STEPS)
def test_each_leaf_of_an_optimizer_is_judged_alone(name):
    (init, options), step, theta, grad = STEPS[name], getattr(reference, name), tree(), tree()
    new, state = step(theta, grad, getattr(reference, init)(theta), **options)
    later = step(new, grad, state, **options)
    assert_conforms(later, name, new, grad, state, **options)
    values, _ = expected(name, new, grad, state, **options)
    np.testing.assert_allclose(values[0]["b"][0], later[0]["b"][0], rtol=1e-6)
    assert len(values) == len(state)
    later[0]["b"][0][1] *= np.float32(1.5)
    with pytest.raises(AssertionError, match=rf"^{name}: theta\[1\] is .*; in the leaf \['b'\]\[0\]$"):
        assert_conforms(later, name, new, grad, state, **options)
    with pytest.raises(AssertionError, match=rf"^{name}: .*step is 2, not 3"):
        assert_conforms((later[0], later[1]), name, new, grad, state._replace(step=2), **options)


@pytest.mark.parametrize(
    ("given", "output", "kind", "message"),
    [
        (
            {"a": np.ones(3)},
            {"b": np.ones(3)},
            AssertionError,
            r"y: got structure .*'b'.*; wanted that of the argument",
        ),
        ({"a": np.ones(3)}, np.ones(3), AssertionError, "y: got structure .*; wanted that of the argument"),
        (
            {"a": np.ones(3)},
            {"a": np.ones(2)},
            AssertionError,
            r"y\['a'\]: got float64 of shape \(2,\); expected float64",
        ),
        ([], [], TypeError, "tree: got a tree without arrays; wanted at least one"),
        ([np.ones(3), np.ones(3, "f4")], [], TypeError, "tree, leaf 1: got an array of dtype float32"),
    ],
)
def test_a_tree_that_does_not_fit_is_one_line(given, output, kind, message):
    with pytest.raises(kind, match=message):
        assert_conforms(output, "clip_by_global_norm", given, 10.0)


def test_a_formula_that_takes_no_tree_refuses_it_in_its_own_words():
    for given in ([np.ones(3)], {"a": np.ones(3)}):
        with pytest.raises(TypeError, match=r"^x: got (list|dict).*; wanted an array of a real floating dtype$"):
            expected("softmax", given)
