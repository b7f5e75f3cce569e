"""Formulas that were written elsewhere: NumPy is within the derived bound of each, and wrong versions are not."""

import formulas_of_others as others
import numpy as np
import pytest

from gaugeblock.conformance import assert_conforms, expected

DTYPES = ["float32", "float64"]


def drawn(formula, dtype, seed):
    """The arguments of a formula."""
    rng = np.random.default_rng(seed)
    arrays = []
    for shape in others.SHAPES[formula]:
        x = rng.normal(size=shape[1:] if shape[0] == "+" else shape)
        x = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True) if shape[0] == "+" else x
        arrays.append(x.astype(dtype))
    return arrays


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("formula", others.SHAPES, ids=lambda f: f.__name__)
def test_numpy_conforms(formula, dtype, seed):
    arrays = drawn(formula, dtype, seed)
    assert_conforms(formula(*arrays), formula, *arrays)


@pytest.mark.parametrize("formula", others.SHAPES, ids=lambda f: f.__name__)
def test_zeros_do_not_conform(formula):
    arrays = drawn(formula, "float32", 0)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(np.zeros_like(formula(*arrays)), formula, *arrays)


@pytest.mark.parametrize("formula", others.SHAPES, ids=lambda f: f.__name__)
def test_inputs_in_tf32_do_not_conform(formula):
    arrays = drawn(formula, "float32", 0)
    coarse = [(x.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32) for x in arrays]
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(formula(*coarse), formula, *arrays)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("formula", others.WRONG, ids=lambda f: f.__name__)
def test_wrong_versions_do_not_conform(formula, dtype):
    arrays = drawn(formula, dtype, 0)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(others.WRONG[formula](*arrays), formula, *arrays)


@pytest.mark.parametrize("offset", [0, 10, 100, 1000])
def test_the_variance_in_two_passes_and_by_updates_conforms_and_in_one_pass_does_not(offset):
    x, w, b = drawn(others.layer_norm, "float32", 0)
    x = x + np.float32(offset)
    for right in (others.layer_norm, by_updates):
        assert_conforms(right(x, w, b), others.layer_norm, x, w, b)
    if offset == 1000:
        with pytest.raises(AssertionError, match="times the bound"), np.errstate(invalid="ignore"):
            assert_conforms(others.one_pass(x, w, b), others.layer_norm, x, w, b)


def by_updates(x, w, b):
    """Welford's mean and variance."""
    mean, squares = np.zeros_like(x[:, :1]), np.zeros_like(x[:, :1])
    for i in range(x.shape[1]):
        off = x[:, i : i + 1] - mean
        mean = mean + off / np.float32(i + 1)
        squares = squares + off * (x[:, i : i + 1] - mean)
    return (x - mean) / np.sqrt(squares / np.float32(x.shape[1]) + np.float32(1e-5)) * w + b


def test_an_index_that_rounding_errors_may_change_is_not_judged():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(50, 24)).astype(np.float32), rng.normal(size=(24, 6)).astype(np.float32)
    w[:, 5] = w[:, 2]  # two equal classes

    def predicted(x, w):
        return x.__array_namespace__().argmax(x @ w, axis=-1)

    value, bound = expected(predicted, x, w)
    assert value.dtype == np.int64
    assert 0 < np.sum(np.isinf(bound)) < 25
    assert_conforms(predicted(x, w), predicted, x, w)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(np.zeros(50, np.int64), predicted, x, w)
    with pytest.raises(ValueError, match="rounding errors may change every element of y"):
        expected(predicted, x, np.concatenate([w[:, :1], w[:, :1]], axis=1))
