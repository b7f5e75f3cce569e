"""Bounds of functions whose errors act together: no perturbed input and no rounding leaves them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import correlated, namespace, reductions
from gaugeblock.conformance.arithmetic.bounded import Bounded
from gaugeblock.conformance.arithmetic.rounding import MODELS

FLOAT32 = np.dtype("float32")


def exponentials(x, dtype=np.float64):
    e = np.exp((x - np.max(x, -1, keepdims=True)).astype(dtype))
    return e, np.sum(e, -1, keepdims=True, dtype=dtype)


def softmax(x, v, dtype=np.float64):
    e, total = exponentials(x, dtype)
    return e / total


def log_softmax(x, v, dtype=np.float64):
    return (x - np.max(x, -1, keepdims=True)).astype(dtype) - np.log(exponentials(x, dtype)[1])


def logsumexp(x, v, dtype=np.float64):
    return np.log(exponentials(x, dtype)[1]) + np.max(x, -1, keepdims=True).astype(dtype)


def attention(x, v, dtype=np.float64):
    return softmax(x, v, dtype) @ v.astype(dtype)


def online(x, v, dtype=np.float64):
    """As kernels do it that see the keys one after another."""
    x, v = x.astype(dtype), v.astype(dtype)
    most, total, y = np.full((len(x), 1), -np.inf, dtype), np.zeros((len(x), 1), dtype), np.zeros((), dtype)
    for key in range(x.shape[1]):
        new = np.maximum(most, x[:, key : key + 1])
        scale, weight, most = np.exp(most - new), np.exp(x[:, key : key + 1] - new), new
        total, y = total * scale + weight, y * scale + weight * v[key]
    return y / total


def variance(x, v, dtype=np.float64):
    x = x.astype(dtype)
    return np.mean((x - np.mean(x, -1, keepdims=True, dtype=dtype)) ** 2, -1, dtype=dtype)


def largest(x, v, dtype=np.float64):
    return np.max(x, -1).astype(dtype)


FUNCTIONS = {
    softmax: lambda x, v: correlated.softmax(x, -1),
    log_softmax: lambda x, v: correlated.log_softmax(x, -1),
    logsumexp: lambda x, v: correlated.logsumexp(x, -1),
    attention: correlated.weighted,
    online: correlated.weighted,
    variance: lambda x, v: correlated.var(x, -1),
    largest: lambda x, v: correlated.largest(x, -1),
}


def near(moved, values, off):
    """What is moved as numbers of float32, which are no further from the values than they may be off."""
    found = moved.astype(np.float32).astype(np.float64)
    return np.where(np.abs(found - values) <= off, found, values)


def drawn(rng):
    n = int(rng.integers(1, 30))
    x = (rng.normal(size=(6, n)) * 10 ** rng.uniform(-2, 1.5)).astype(np.float32).astype(np.float64)
    x[:, 0] = -1e9 if rng.random() < 0.2 and n > 1 else x[:, 0]
    v = rng.normal(size=(n, 3)).astype(np.float32).astype(np.float64)
    return x, 10 ** rng.uniform(-8, 0.5) * rng.uniform(0.1, 1, (6, n)), v, np.abs(v) * 10 ** rng.uniform(-9, -1)


def signs(rng, shape):
    """All up but one, or any."""
    one = np.where(np.arange(shape[-1]) == rng.integers(0, shape[-1]), 1, -1) * rng.choice([-1, 1])
    return np.broadcast_to(one, shape) if rng.random() < 0.5 else rng.choice([-1, 1], shape)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_leaves_the_bound_and_it_is_no_wider_than_needed(function):
    rng, worst = np.random.default_rng(0), 0.0
    with np.errstate(all="ignore"):
        for _ in range(150):
            x, e, v, f = drawn(rng)
            arrays = [Bounded(each, off, MODELS["float32"], FLOAT32) for each, off in ((x, e), (v, f))]
            found = FUNCTIONS[function](*arrays)
            for dtype in (np.float64, np.float32):
                inside = [each + off * signs(rng, each.shape) for each, off in ((x, e), (v, f))]
                if dtype == np.float32:
                    inside = [near(*each) for each in zip(inside, (x, v), (e, f), strict=True)]
                error = np.abs(function(*inside, dtype).astype(np.float64) - found.value)
                ratio = np.where(np.isfinite(found.error), error / found.error, 0)
                worst = max(worst, float(np.nanmax(np.where(error == 0, 0, ratio))))
    assert 0.9 < worst <= 1 + 1e-6  # x + e of this test is rounded too


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_bound_is_wider_than_that_of_the_steps(function):
    xp, rng = namespace.BOUNDED, np.random.default_rng(1)
    x, v = (Bounded(rng.normal(size=shape), 1e-3 * rng.random(shape), MODELS["float32"], FLOAT32)
            for shape in ((6, 9), (9, 3)))  # fmt: skip
    weights = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    total = xp.sum(weights, axis=-1, keepdims=True)
    steps = {
        softmax: weights / total,
        log_softmax: x - xp.max(x, axis=-1, keepdims=True) - xp.log(total),
        logsumexp: xp.log(total) + xp.max(x, axis=-1, keepdims=True),
        attention: xp.matmul(weights / total, v),
        online: xp.matmul(weights / total, v),
        variance: reductions.var(x, axis=-1),
        largest: xp.max(x, axis=-1),
    }
    found = FUNCTIONS[function](x, v)
    assert np.all(found.error <= steps[function].error * (1 + 1e-6))
    assert np.mean(found.error / steps[function].error) < 0.9


def test_exact_numbers_and_half_precision_keep_the_bounds_of_the_steps():
    x = np.random.default_rng(2).normal(size=(4, 9))
    for name, off in (("float32", 0.0), ("bfloat16", 1e-3)):
        given = Bounded(x, np.full(x.shape, off), MODELS[name], FLOAT32)
        xp = namespace.BOUNDED
        weights = xp.exp(given - xp.max(given, axis=-1, keepdims=True))
        steps = weights / xp.sum(weights, axis=-1, keepdims=True)
        assert np.array_equal(correlated.softmax(given, -1).error, steps.error)
        assert np.array_equal(correlated.var(given, -1).error, reductions.var(given, axis=-1).error)


def test_a_softmax_of_jax_is_found_and_one_along_another_axis_is_not():
    x = jnp.linspace(-1, 1, 16).reshape(4, 4)

    def other(x):
        return jnp.exp(x - jnp.max(x, 1, keepdims=True)) / jnp.sum(jnp.exp(x - jnp.max(x, 1, keepdims=True)), 1)

    found, steps = (expected(lambda x, f=f: f(x @ x), x)[1] for f in (jax.nn.softmax, by_steps))
    assert np.mean(found / steps) < 0.8
    value, _ = expected(lambda x: other(x @ x), x)
    assert np.allclose(value, other(x @ x), rtol=1e-5)


def test_a_product_of_a_softmax_is_found_and_that_of_another_is_not():
    x = torch.linspace(-1, 1, 32).reshape(2, 4, 4)

    def whole(x):
        return torch.softmax(x @ x, -1).view(2, 4, 4) @ x

    def along_another_axis(x):
        return torch.softmax(x @ x, -2) @ x

    found, steps = (expected(f, x)[1] for f in (whole, lambda x: (torch.softmax(x @ x, -1) * 1.0) @ x))
    assert np.mean(found / steps) < 0.9
    assert_conforms(whole(x), whole, x)
    assert_conforms(along_another_axis(x), along_another_axis, x)


def by_steps(x):
    e = jnp.exp(x - jnp.max(x, -1, keepdims=True) * 1.0)
    return e / jnp.sum(e, -1, keepdims=True)


def test_a_masked_number_has_no_part_in_the_error_of_the_largest():
    x = Bounded([[-1e9, 0.5, 1.0]], [[64.0, 1e-7, 1e-6]], MODELS["float32"], FLOAT32)
    assert correlated.largest(x, -1).error.item() == pytest.approx(1e-6)
    assert correlated.softmax(x, -1).error.max() < 3e-6
