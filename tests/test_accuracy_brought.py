"""Accuracies that a user brings: of functions that the tables have, and of operations that they do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from scipy.special import gammaln

from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic.namespace import MissingError

X = np.linspace(0.3, 9, 200).astype(np.float32)
BEYOND = X[X > 3]  # the zeros of lgamma, near which no library is accurate relatively


def bound(formula, *arrays, **options):
    return expected(formula, *arrays, **options)[1]


def scaled(x):
    return x.__array_namespace__().tanh(x) * 2


def root(x):
    return x.__array_namespace__().hypot(x, x) ** 0.3


@pytest.mark.parametrize(
    ("formula", "name", "ulp"),
    [("softmax", "exp", 30), ("log_softmax", "log", 30), (scaled, "tanh", 60), (root, "hypot", 50), (root, "pow", 50)],
)
def test_a_bound_grows_with_the_accuracy_that_is_brought(formula, name, ulp):
    usual, wide = bound(formula, X), bound(formula, X, accuracy={name: ulp})
    assert np.all(wide >= usual)
    assert np.max(wide / usual) > 1.4
    np.testing.assert_array_equal(bound(formula, X, accuracy={}), usual)


def test_it_is_the_error_in_ulp():
    value, wide = expected(scaled, X, accuracy={"tanh": 60})
    np.testing.assert_allclose(wide, value * 2 * 60 * 2.0**-24, rtol=0.02)
    coarse = (2 * np.tanh(X.astype(np.float64)) * (1 + 50 * 2.0**-24)).astype(np.float32)
    assert_conforms(coarse, scaled, X, accuracy={"tanh": 60})
    with pytest.raises(AssertionError):
        assert_conforms(coarse, scaled, X)


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        ({"tahn": 3}, "accuracy: got 'tahn'; wanted a function such as exp, log, sqrt, expm1; did you mean 'tan'"),
        ({"tanh": 0.4}, "accuracy: tanh: got 0.4; wanted an error in ulp, 0.5 or more"),
        ({"tanh": "3"}, "accuracy: tanh: got '3'; wanted an error"),
    ],
)
def test_what_is_no_accuracy_is_one_line(accuracy, message):
    with pytest.raises(ValueError, match=message):
        expected(scaled, X, accuracy=accuracy)


def of_torch(x):
    return torch.lgamma(x * 1.1) / 2


def of_jax(x):
    return jax.lax.lgamma(x * 1.1) / 2


@pytest.mark.parametrize(("function", "array"), [(of_torch, torch.tensor(BEYOND)), (of_jax, jnp.asarray(BEYOND))])
def test_an_operation_that_is_not_known_may_be_brought(function, array):
    with pytest.raises(MissingError, match=r"lgamma: .*, or bring how accurate it is: accuracy="):
        expected(function, array)
    value, usual = expected(function, array, accuracy={"lgamma": 40})
    x = BEYOND.astype(np.float64) * 1.1
    np.testing.assert_allclose(value, gammaln(x) / 2, rtol=1e-12)
    # The product's rounding, times digamma, and 40 ulp, and the quotient's own rounding.
    slope = np.abs((gammaln(x + 1e-5) - gammaln(x - 1e-5)) / 2e-5)
    least = (slope * x / 2 + 80 * np.abs(value)) * 2.0**-24
    assert np.all(usual >= 0.99 * least)
    assert np.all(usual <= 1.1 * least + 4 * np.abs(value) * 2.0**-24 + 1e-44 + 2.0**-24 * slope * x)
    assert_conforms(function(array), function, array, accuracy={"lgamma": 40})
    with pytest.raises(AssertionError):
        assert_conforms(function(array) * (1 + 1e-4), function, array, accuracy={"lgamma": 40})
    with pytest.raises(ValueError, match="accuracy: got 'lgama'"):
        expected(function, array, accuracy={"lgama": 4})


def test_an_operation_of_whole_matrices_has_no_accuracy_in_ulp():
    matrix = jnp.asarray(np.eye(3) + 0.1, jnp.float32)
    with pytest.raises(MissingError, match=r"cholesky: .*; judge the parts before and after it$"):
        expected(jnp.linalg.cholesky, matrix)


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_expm1_of_every_library_is_admitted_in_formulas_of_anybodys(dtype):
    x = np.append(np.linspace(-0.5, 0.5, 1_000_001), [0.030749634, 0.05576]).astype(dtype)  # where XLA's is worst
    assert_conforms(jax.nn.elu(x), elu, x)
    assert_conforms(jnp.expm1(x), lambda x: np.expm1(x), x)
    assert_conforms(jax.nn.selu(x), jax.nn.selu, jnp.asarray(x))
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(np.where(x > 0, x, np.exp(x) - 1), elu, x)


def test_the_expm1_of_gaugeblocks_own_formulas_is_that_of_their_pages():
    step = "adam_bias_correction", X, np.float32(0.9), 1
    np.testing.assert_array_equal(bound(*step), bound(*step, accuracy={"expm1": 2}))
    assert np.all(bound(*step, accuracy={"expm1": 7}) > bound(*step))


def test_a_softplus_of_jax_has_both_usual_forms():
    x = np.linspace(-30, 30, 100_001).astype(np.float32)
    for softplus in (jax.nn.softplus, lambda x: jnp.logaddexp(x, 0.0)):
        assert_conforms(torch.nn.functional.softplus(torch.tensor(x)), softplus, jnp.asarray(x))
        assert_conforms(jax.nn.softplus(x), softplus, jnp.asarray(x))
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(np.log(1 + np.exp(x)), softplus, jnp.asarray(x))
