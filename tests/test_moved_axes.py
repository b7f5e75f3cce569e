"""Functions and modules of PyTorch and JAX before `assert_gauged`: their axes are found by moving them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gaugeblock import formula
from gaugeblock.conformance import assert_gauged
from gaugeblock.conformance.mutants.rounding import to_tf32
from gaugeblock.conformance.tracing.axes import with_axes

RNG = np.random.default_rng(0)


def normal(*shape):
    return torch.tensor(RNG.normal(size=shape).astype(np.float32))


def tf32(tensor):
    return torch.tensor(to_tf32(tensor.detach().numpy()))


def linear(x, w):
    return torch.relu(x @ w)


X, W = normal(16, 128), normal(128, 4)


@pytest.mark.parametrize(
    ("function", "shapes", "signature", "free"),
    [
        (torch.matmul, ((16, 128), (128, 4)), "(..., b), (b, c) -> (..., c)", "...bc"),
        (torch.matmul, ((5, 5), (5, 5)), "(..., b), (b, c) -> (..., c)", "...bc"),
        (lambda x, g: x.T @ g, ((8, 5), (8, 4)), "(a, b), (a, c) -> (b, c)", "abc"),
        (
            lambda q, k: q @ k.mT,
            ((2, 3, 6, 4), (2, 3, 7, 4)),
            "(..., b, c, d), (..., b, e, d) -> (..., b, c, e)",
            "...bcde",
        ),
        (lambda x: torch.softmax(x, 0), ((3, 5),), "(..., b) -> (..., b)", "...b"),
        (lambda x, y: (x + y, x.sum(-1)), ((3, 5), (3, 5)), "(..., b), (..., b) -> (..., b), (...)", "...b"),
    ],
)
def test_axes_are_found(function, shapes, signature, free):
    found = with_axes(function, tuple(normal(*shape) for shape in shapes))
    assert str(found.formula.signature) == signature
    assert "".join(found.letters) == free


def test_a_function_is_judged_in_all_ways():
    ratios = assert_gauged(torch.matmul, torch.matmul, X, W)
    assert {"order", "signs", "1 of 128 terms", "rounds to 0"} <= {*ratios}
    assert max(ratios.values()) <= 1
    assert {"order", "8 of 128 terms"} <= {*assert_gauged(linear, linear, X, W)}
    with pytest.raises(AssertionError, match=r"linear: order .*1 of 128 terms .*8 of 128 terms"):
        assert_gauged(lambda x, w: linear(tf32(x), tf32(w)), linear, X, W)


def test_what_a_module_has_of_its_own_stays():
    torch.manual_seed(0)
    module = torch.nn.Linear(512, 3)
    x = normal(16, 512).abs()
    ratios = assert_gauged(module, module, x)
    assert [*ratios] == [*(f"{count} of 512 terms" for count in (0, 1, 8, 32)), "rounds to 0", "rounds down"]

    def coarse(x):
        return torch.nn.functional.linear(tf32(x), tf32(module.weight), module.bias)

    with pytest.raises(AssertionError, match=r"Linear: 1 of 512 terms .*, 8 of 512 terms"):
        assert_gauged(coarse, module, x)


CONVOLUTION, NORM = torch.nn.Conv1d(8, 4, 5, padding=2), torch.nn.LayerNorm(48)


@pytest.mark.parametrize(
    ("module", "coarse", "shape", "ways", "message"),
    [
        (
            CONVOLUTION,
            lambda x: torch.nn.functional.conv1d(tf32(x), tf32(CONVOLUTION.weight), CONVOLUTION.bias, padding=2),
            (3, 8, 12),
            ["0 of 8 terms", "1 of 8 terms"],
            "Conv1d: 1 of 8 terms",
        ),
        (
            NORM,
            lambda x: (x - x.mean(-1, keepdim=True)) * tf32(torch.rsqrt(x.var(-1, keepdim=True, correction=0) + 1e-5)),
            (6, 48),
            ["order", "1 of 48 terms", "8 of 48 terms", "32 of 48 terms"],
            "LayerNorm: order .*1 of 48 terms",
        ),
        (
            torch.nn.GroupNorm(2, 4),
            torch.nn.GroupNorm(1, 4),
            (2, 4, 9),
            ["order", "1 of 9 terms", "8 of 9 terms"],
            "order",
        ),
    ],
)
def test_modules_of_their_own_shapes(module, coarse, shape, ways, message):
    x = normal(*shape)
    assert [*assert_gauged(lambda x: module(x).detach(), module, x)] == ways
    with pytest.raises(AssertionError, match=message):
        assert_gauged(lambda x: coarse(x).detach(), module, x)


def test_arrays_that_a_function_does_not_take_are_filled_up():
    module = torch.nn.RMSNorm(8, eps=1e-6)
    found = with_axes(module, (normal(5, 8),))
    x, w = np.array([[1.0, 2.0, 4.0]]), np.array([2.0, 1.0, 1.0])
    np.testing.assert_allclose(found.formula(x, w), x * w / np.sqrt(21 / 8 + 1e-6), rtol=1e-12)
    assert np.all(np.isnan(found.formula(np.ones((1, 9)), np.ones(9))))
    assert found.letters == ["...", "b"]


def test_a_function_of_jax_and_a_declared_one():
    x, w = X.numpy(), W.numpy()

    def gated(x, w):
        return jax.nn.silu(x @ w)

    assert {"order", "8 of 128 terms"} <= {*assert_gauged(jax.jit(gated), gated, jnp.asarray(x), jnp.asarray(w))}
    with pytest.raises(AssertionError, match=r"gated: order .*8 of 128 terms"):
        assert_gauged(lambda x, w: gated(to_tf32(x), to_tf32(w)), gated, jnp.asarray(x), jnp.asarray(w))

    @formula("(..., n), (n, m) -> (..., m)", library="torch")
    def product(x, w):
        return x @ w

    assert {"order", "signs", "8 of 128 terms"} <= {*assert_gauged(torch.matmul, product, X, W)}


@pytest.mark.parametrize(
    ("function", "given", "message"),
    [
        (
            torch.gather,
            (X, 1, torch.zeros(16, 2, dtype=torch.int64)),
            "got gather, which takes other arguments than arrays of real numbers; wanted real ones",
        ),
        (torch.relu, (X,), "got relu, each element of which stands for itself"),
        (lambda x: x @ W, (X,), "which raises in float64: expected m1 and m2 .*; wanted one that takes float64 too"),
        (
            torch.nn.BatchNorm1d(8).eval(),
            (normal(2, 8, 5),),
            "got BatchNorm1d, each element of which stands for itself",
        ),
        (torch.nn.AvgPool1d(2), (normal(2, 8, 6),), "got AvgPool1d, which sums nothing, or along axes whose order"),
        (
            lambda *xs: sum(map(torch.sum, xs)),
            (normal(2, 3),) * 14,
            "whose arrays have too many axes; wanted at most 26",
        ),
    ],
)
def test_what_it_cannot_do_is_said_in_one_line(function, given, message):
    with pytest.raises(ValueError, match=message) as error:
        assert_gauged(function, function, *given)
    assert "\n" not in str(error.value)
