"""Errors that are followed through a whole function: no perturbed input and no rounding leaves the bound."""

import math
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn

from gaugeblock import formula
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import correlated, derivatives, first_order, namespace, slopes
from gaugeblock.conformance.arithmetic.bounded import Bounded
from gaugeblock.conformance.arithmetic.first_order import Followed
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import call
from gaugeblock.conformance.formulas import declared as declared_formula
from gaugeblock.conformance.judging import oracle

XP, MODEL, FLOAT32 = namespace.BOUNDED, MODELS["float32"], np.dtype("float32")


class InNumPy:
    """What a chain of steps is in NumPy."""

    erf = staticmethod(lambda x: np.vectorize(math.erf)(x).astype(x.dtype))
    sigmoid = staticmethod(lambda x: 1 / (1 + np.exp(-x)))
    softplus = staticmethod(lambda x: np.log1p(np.exp(x)))
    atan, concat, cumulative_sum = np.arctan, staticmethod(np.concatenate), staticmethod(np.cumsum)

    def __getattr__(self, name):
        return getattr(np, name)


def norm(xp, x):
    v = correlated.var(x, -1, keepdims=True) if xp is XP else xp.var(x, axis=-1, keepdims=True)
    return (x - xp.mean(x, axis=-1, keepdims=True)) / xp.sqrt(v + 0.001)


def softmax(xp, x):
    if xp is XP:
        return correlated.softmax(x, -1)
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


# Each of x (4, 6) and w (6, 6), so that several can be made one after another.
STEPS = {
    "product": lambda xp, x, w: xp.matmul(x, w),
    "product of computed": lambda xp, x, w: xp.matmul(xp.matmul(x, xp.matrix_transpose(x)), x) / 6.0,
    "exp": lambda xp, x, w: xp.exp(0.5 * x),
    "expm1": lambda xp, x, w: xp.expm1(0.5 * x),
    "log": lambda xp, x, w: xp.log(x * x + 0.5),
    "log1p": lambda xp, x, w: xp.log1p(x * x),
    "sqrt": lambda xp, x, w: xp.sqrt(xp.abs(x) + 0.125),
    "quotient": lambda xp, x, w: x / (1.0 + xp.sum(x * x, axis=-1, keepdims=True)),
    "reciprocal": lambda xp, x, w: 1.0 / (1.5 + x * x) - x,
    "tanh": lambda xp, x, w: xp.tanh(x),
    "erf": lambda xp, x, w: 0.5 * x * (1.0 + xp.erf(x * 0.75)),
    "sigmoid": lambda xp, x, w: x * xp.sigmoid(x),
    "sin and cos": lambda xp, x, w: xp.sin(x) + 0.5 * xp.cos(x),
    "cube": lambda xp, x, w: x + 0.25 * xp.pow(x, 3.0),
    "relu": lambda xp, x, w: xp.maximum(x, 0.0) - 0.125,
    "clip": lambda xp, x, w: xp.clip(x, -0.7, 0.1) + xp.minimum(x, xp.flip(x, axis=0)),
    "where": lambda xp, x, w: xp.where(x > 0, x, x * 0.1),
    "absolute": lambda xp, x, w: xp.abs(x) - 1.0,
    "largest": lambda xp, x, w: x - 0.5 * xp.max(x, axis=-1, keepdims=True),
    "moves": lambda xp, x, w: xp.concat([x[:, 3:], xp.roll(x[:, :3], 1, axis=0) * 2.0], axis=1) + x[:1],
    "running sum": lambda xp, x, w: xp.cumulative_sum(x, axis=1) - xp.sum(x),
    "softmax": lambda xp, x, w: softmax(xp, x) - 0.125,
    "norm": lambda xp, x, w: norm(xp, x),
    "others": lambda xp, x, w: xp.exp2(x) + xp.softplus(x) - xp.atan(x),
}  # fmt: skip


def followed(x, e, tape):
    x = Bounded(x, e, MODEL, FLOAT32)
    return first_order.made(x, tape, x.error, ())


def chained(names, xp, x, w):
    for name in names:
        x = STEPS[name](xp, x, w)
    return x


def worst_of(names, rng):
    """The largest error of a chain of steps, as a multiple of its bound, and the bound by that of each step alone."""
    x, w = (rng.normal(size=shape).astype(np.float32).astype(np.float64) for shape in ((4, 6), (6, 6)))
    w, e = w / 2, 10 ** rng.uniform(-8, 0) * rng.uniform(0.1, 1, x.shape) * (rng.random(x.shape) < 0.8)
    tape = first_order.Tape()
    y = chained(names, XP, followed(x, e, tape), followed(w, np.zeros_like(w), tape))
    steps = chained(names, XP, Bounded(x, e, MODEL, FLOAT32), Bounded(w, np.zeros_like(w), MODEL, FLOAT32))
    assert np.array_equal(y.value, steps.value, equal_nan=True)
    bound = derivatives.whole_error(y) if isinstance(y, Followed) else y.error
    worst = 0.0
    for signs in (1, *rng.choice([-1, 1], (5, *x.shape))):
        for dtype in (np.float64, np.float32):
            moved = x + e * signs
            if dtype == np.float32:
                moved = moved.astype(np.float32).astype(np.float64)
                moved = np.where(np.abs(moved - x) <= e, moved, x)
            error = np.abs(chained(names, InNumPy(), moved.astype(dtype), w.astype(dtype)) - y.value)
            worst = max(worst, float(np.nanmax(np.where((error > 1e-12) & np.isfinite(bound), error / bound, 0))))
    return worst, np.median(bound / steps.error)


def drawn(rng, count):
    """The results for so many chains, each step at least once at the end."""
    names = list(STEPS)
    for number in range(count):
        before = [names[i] for i in rng.integers(0, len(names), rng.integers(0, 4))]
        with np.errstate(all="ignore"):
            yield worst_of([*before, names[number % len(names)]], rng)


def test_nothing_leaves_the_bound_and_it_is_no_wider_than_needed():
    worst, narrower = zip(*drawn(np.random.default_rng(0), 144), strict=True)
    assert 0.99 < max(worst) <= 1 + 1e-6
    assert np.median(worst) > 0.5
    assert min(narrower) < 0.2


def rounding_alone(step):
    """Steps without what is beyond the first order."""

    def rounded(y, tape, ways, more=0.0):
        found = step(y, tape, ways, more)
        found.local = np.minimum(found.local, 8 * MODEL.unit * np.abs(found.value))
        return found

    return rounded


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [(first_order, "step", rounding_alone(first_order.step)),
     (derivatives, "times", lambda g, local: np.abs(np.sum(g, tuple(range(g.ndim - 1)))) * np.max(local, initial=0))],
)  # fmt: skip
def test_a_bound_without_a_part_of_it_is_exceeded(module, name, wrong):
    """Without what is beyond the first order; or if the errors of several numbers had one sign."""
    with mock.patch.object(module, name, wrong):
        assert max(worst for worst, _ in drawn(np.random.default_rng(1), 72)) > 1.001


@pytest.mark.parametrize("name", slopes.SLOPES)
def test_what_a_slope_leaves_out_is_in_the_bound(name):
    """A function less its tangent is of second order. Without the second derivative nothing would be left for it."""
    at = np.linspace(0.05, 3, 40)
    (slope_of, bend), function = slopes.SLOPES[name], getattr(XP, name)
    e = np.full(at.shape, 0.3) if bend else at / 2
    slope = slope_of(at, function(Bounded(at, 0, MODEL, FLOAT32)).value)

    def without_tangent(x):
        return function(x) - x * slope

    def worst():
        x = followed(at, e, first_order.Tape())[:]  # the use of which is one
        bound = derivatives.whole_error(without_tangent(x))
        middle, *ends = (without_tangent(Bounded(at + s * e, 0, MODEL, FLOAT32)).value for s in (0, -1, 1))
        return max(float(np.max(np.abs(end - middle) / bound)) for end in ends)

    assert 0.3 < worst() <= 1
    if bend:
        with mock.patch.dict(slopes.SLOPES, {name: (slope_of, 1e-300)}):
            assert worst() > 1


def test_the_ways_by_two_matrices_are_that_by_their_product():
    rng = np.random.default_rng(0)
    x, w, v = (rng.normal(size=shape) for shape in ((3, 16), (16, 16), (16, 16)))
    tape, model = first_order.Tape(), MODELS["float64"]
    arrays = [Bounded(a, 1e-3 * (a is x), model, np.dtype("float64")) for a in (x, w, v)]
    x1, w1, v1 = (first_order.made(a, tape, a.error, ()) for a in arrays)
    found = derivatives.whole_error(XP.matmul(XP.matmul(x1, w1), v1))
    assert np.allclose(found, 1e-3 * np.sum(np.abs(w @ v), 0), rtol=1e-6)
    assert np.all(found < 0.6 * XP.matmul(XP.matmul(arrays[0], arrays[1]), arrays[2]).error)


def test_a_step_that_is_used_twice_is_rounded_for_each_use():
    """As where a compiler fuses a product with one of two sums."""
    tape = first_order.Tape()
    x = followed(np.array([3.0]), np.array([0.0]), tape)
    y = x * 0.1
    zero = derivatives.whole_error(y - y)
    assert zero == pytest.approx(2 * y.error, rel=1e-6)


class Block(nn.Module):
    """A transformer's, with its norms first."""

    def __init__(self, n=24, heads=2):
        super().__init__()
        self.first, self.second = nn.LayerNorm(n), nn.LayerNorm(n)
        self.attention = nn.MultiheadAttention(n, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, n))

    def forward(self, x):
        y = self.first(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.second(x))


def coarse(x):
    """In the 11 bits of TF32."""
    return (x.detach().view(torch.int32) + 4096 >> 13 << 13).view(torch.float32)


def test_a_deep_network_is_judged_as_a_whole():
    torch.manual_seed(0)
    model, x = nn.Sequential(Block(), Block()), torch.randn(1, 4, 24)
    value, bound = expected(model, x)
    assert 1e-7 < np.max(bound) / np.max(np.abs(value)) < 1e-3
    assert_conforms(model(x).detach(), model, x)
    wrong = model[0](x).detach(), torch.zeros(1, 4, 24), model(coarse(x)).detach()
    for each in wrong:
        assert np.any(np.abs(each.double().numpy() - value) > bound)
    with first_order.following(False), pytest.raises(ValueError, match="the derived tolerance is"):
        expected(model, x)


def test_a_deep_network_of_jax_is_judged_as_a_whole():
    w = jnp.asarray(np.random.default_rng(0).normal(size=(4, 16, 16)) / 4, jnp.float32)
    x = jnp.asarray(np.random.default_rng(1).normal(size=(1, 16)), jnp.float32)

    def network(w, x):
        for each in w:
            y = jax.nn.softmax(x @ each) @ each.T
            x = (x + y - jnp.mean(x)) / jnp.std(x)
        return x

    _, bound = expected(network, w, x)
    with first_order.following(False):
        _, steps = expected(network, w, x)
    assert np.median(bound / steps) < 0.2
    assert_conforms(jax.jit(network)(w, x), network, w, x)


def products(x, *ws):
    for w in ws:
        x = x @ w
    return x


def gelu_of_jax(x, *ws):
    return jax.nn.gelu(products(x, *ws))


@formula("(..., n), (n, n), (n, n), (n, n) -> (..., n), (...)")
def declared(x, a, b, c):
    y = products(x, a, b, c)
    return y, x.__array_namespace__().sum(y * y, axis=-1)


@formula("(..., n), (n, n), (n, n), (n, n) -> (..., n)", library="torch")
def declared_of_torch(x, a, b, c):
    return torch.tanh(products(x, a, b, c))


@pytest.mark.parametrize("function", [products, declared, declared_of_torch, gelu_of_jax])
def test_anybody_s_function_is_judged_as_a_whole_but_not_in_a_check(function):
    rng = np.random.default_rng(0)
    x, *ws = (rng.normal(size=(n, 32)).astype(np.float32) / 5 for n in (4, 32, 32, 32))
    arrays = [jnp.asarray(each) for each in (x, *ws)] if function is gelu_of_jax else [x, *ws]
    _, bounds = expected(function, *arrays)
    with first_order.following(False):
        _, steps = expected(function, *arrays)
    both = zip(*(each if isinstance(each, tuple) else (each,) for each in (bounds, steps)), strict=True)
    assert all(np.max(bound) < 0.5 * np.max(step) for bound, step in both)
    if function in (products, declared):
        assert_conforms(function(x, *ws), function, x, *ws)
        case = call(declared_formula(declared), (x, *ws), {})
        found = oracle.expect(case, FLOAT32)  # as for the cases of a check, which take as long as their steps
        np.testing.assert_array_equal(found["y1"].bound, expected_by_steps(x, *ws))


def expected_by_steps(*arrays):
    with first_order.following(False):
        return expected(declared, *arrays)[1][0]


def test_a_bound_that_admits_zeros_is_refused():
    torch.manual_seed(0)
    model = nn.Sequential(*(layer for _ in range(12) for layer in (nn.Linear(96, 96), nn.ReLU())))
    words = "zeros would pass, which float32 tells from the result; the step that makes it so is matmul"
    with first_order.following(False), pytest.raises(ValueError, match=words):
        expected(model, torch.randn(1, 96))


@pytest.mark.parametrize("offset", [1.0, 10.0, 1000.0])
def test_a_batch_norm_may_be_a_scale_and_a_shift(offset):
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(4).eval()
    norm.running_mean.fill_(offset + 0.1)
    norm.running_var.fill_(0.7)
    norm.weight.data.uniform_()
    x = torch.randn(8, 4) + offset
    assert_conforms(norm(x).detach(), norm, x)
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    assert_conforms((x * scale + (norm.bias - norm.running_mean * scale)).detach(), norm, x)
    with pytest.raises(AssertionError):
        assert_conforms(norm(coarse(x)).detach(), norm, x)
