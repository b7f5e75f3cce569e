"""Twofold arrays enclose what Arb encloses, on every case and on random input, and are seldom undecided."""

import math

import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import doublewords, exact, twofold
from gaugeblock.conformance.arithmetic import twofold_functions as xp
from gaugeblock.conformance.arithmetic.discrete import UndecidedError
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.arithmetic.running import enclosed, evaluate, lift_twofold
from gaugeblock.conformance.formulas import call, cases
from gaugeblock.conformance.judging import oracle, precise_values
from gaugeblock.reference import AdamState, SGDState
from gaugeblock.reference.declaration import formula

FLOAT64 = np.dtype("float64")


def distances(balls, high, low):
    """The distances of the balls' centres from high + low."""
    with exact.working_precision(400):
        balls, high, low = np.broadcast_arrays(balls, high, low)
        each = [
            abs(float(ball - exact.arb(float(h)) - exact.arb(float(e))))
            for ball, h, e in zip(balls.ravel(), high.ravel(), low.ravel(), strict=True)
        ]
        return np.array(each).reshape(balls.shape)


def run(asked):
    with np.errstate(all="ignore"):
        return evaluate(asked.formula.function, asked, lift_twofold(FLOAT64))


def outside(asked):
    """How many finite results lie outside of their enclosures."""
    found, balls = run(asked), enclosed(asked, FLOAT64)
    count = 0
    for name, each in found.items():
        finite = np.array([ball.is_finite() for ball in balls[name].ravel()], bool).reshape(balls[name].shape)
        high, low, rad = (np.broadcast_to(x, balls[name].shape)[finite] for x in (each.hi, each.lo, each.rad))
        known = np.isfinite(high) & np.isfinite(low) & np.isfinite(rad)
        count += int(np.sum(distances(balls[name][finite][known], high[known], low[known]) > rad[known]))
    return count


# Made of functions that have no radius: their exact values are Arb's.
LEFT_TO_ARB = [
    "embedding",
    "gelu",
    "gelu_tanh",
    "gelu_tanh_vjp",
    "gelu_vjp",
    "silu",
    "silu_vjp",
    "swiglu",
    "swiglu_vjp",
]


@pytest.mark.parametrize("name", LEFT_TO_ARB)
def test_a_function_without_a_radius_is_said_to_be_missing(name):
    with pytest.raises(xp.NoRadiusError):
        run(cases(name, FLOAT64)[0])


@pytest.mark.parametrize("name", [name for name in spec.formulas() if name not in LEFT_TO_ARB])
def test_every_case_is_enclosed(name):
    judged = undecided = 0
    for case in cases(name, FLOAT64):
        if case.steps or sum(np.size(part) for part in case.arguments if not isinstance(part, tuple)) > 300:
            continue
        try:
            assert outside(case) == 0, case.id
            judged += 1
        except UndecidedError:
            undecided += 1
        except xp.NoRadiusError:
            return  # balls decide
    assert judged > 3 or undecided > 10


rng = np.random.default_rng(20)
X, G, Y = 3 * rng.normal(size=(3, 12, 17))
P = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
ONE_HOT = np.eye(17)[rng.integers(0, 17, 12)]
W, B, LABELS, G12 = rng.normal(size=(17, 6)), rng.normal(size=6), rng.integers(0, 17, 12), rng.normal(size=12)
CALLS = {
    "softmax": (X,), "log_softmax": (X,), "softmax_vjp": (X, G), "log_softmax_vjp": (X, G), "relu": (X,),
    "relu_vjp": (X, G), "categorical_cross_entropy": (ONE_HOT, P), "categorical_cross_entropy_vjp": (ONE_HOT, P, G12),
    "categorical_cross_entropy_from_logits": (P, X), "categorical_cross_entropy_from_logits_vjp": (P, X, G12),
    "sparse_categorical_cross_entropy_from_logits": (LABELS, X),
    "sparse_categorical_cross_entropy_from_logits_vjp": (LABELS, X, G12),
    "dense": (X, W, B), "dense_vjp": (X, W, B, rng.normal(size=(12, 6))), "neuron": (X, W[:, 0], B[0]),
    "neuron_vjp": (X, W[:, 0], B[0], G12), "adam_first_moment": (X, G, 0.9), "adam_second_moment": (X * X, G, 0.999),
    "adam_bias_correction": (X, 0.999, 7), "adam_update": (X, G, Y * Y, 0.001, 1e-8),
    "adam_step": (X, G, AdamState(4, Y, X * X)),
    "matmul": (X, G.mT), "matmul_vjp": (X, G.mT, rng.normal(size=(12, 12))), "embedding_vjp": (X, LABELS % 3, G),
    "rms_norm": (X, G[0]), "rms_norm_vjp": (X, G[0], G),
    "layer_norm": (X, G[0], G[1]), "layer_norm_vjp": (X, G[0], G[1], G),
    "rotary_embedding": (X[:, :12], G[:, :6], Y[:, :6]),
    "rotary_embedding_vjp": (X[:, :12], G[:, :6], Y[:, :6], G[:, 5:]),
    "sgd_step": (X, G, SGDState(4, Y)), "adamw_step": (X, G, AdamState(4, Y, X * X)),
    "cross_entropy": (LABELS, X, W[:, 0] ** 2), "cross_entropy_vjp": (LABELS, X, B[0], W[:, 0] ** 2),
    "scaled_dot_product_attention": (X, G, Y), "scaled_dot_product_attention_vjp": (X, G, Y, P),
}  # fmt: skip


@pytest.mark.parametrize("function", CALLS)
def test_random_calls_are_enclosed_and_decided(function):
    arguments = tuple(x if isinstance(x, tuple | float | int) else np.asarray(x) for x in CALLS[function])
    asked = call(function, arguments, {})
    assert outside(asked) == 0
    bounds = oracle.bounded_run(asked, FLOAT64, MODELS["float64"])
    for name, each in run(asked).items():
        assert np.all(each.rad <= precise_values.SHARE * bounds[name].bound), name


@pytest.mark.parametrize("function", CALLS)
def test_a_missing_rounding_is_seen(function, monkeypatch):
    """The enclosures are not so wide that a lost low part stays inside."""
    if function in ("relu", "relu_vjp"):
        return
    sound = twofold.Twofold.__init__

    def forgetful(self, hi, lo, rad, dtype):
        sound(self, hi, lo if twofold.absent(lo) else lo * 0, rad, dtype)

    monkeypatch.setattr(twofold.Twofold, "__init__", forgetful)
    assert outside(call(function, CALLS[function], {})) > 0


def spread(count, largest):
    """Numbers of all sizes, and low parts of half of their last bit."""
    high = rng.uniform(-largest, largest, count) * 10.0 ** -np.floor(rng.uniform(0, 2, count) ** 4)
    return high, high * rng.uniform(-1, 1, count) * 2.0**-53


def test_exp_and_log_are_as_good_as_they_say():
    high, low = spread(3000, 620)
    with exact.working_precision(400):
        wanted = np.array([(exact.arb(h) + exact.arb(e)).exp() for h, e in zip(high, low, strict=True)])
        worst = np.max(distances(wanted, *doublewords.exp(high, low)) / np.exp(high))
        assert 2.0**-100 < worst < doublewords.EXP / 4
        high = np.concatenate([np.exp(high), 1 + high[:1000] / 1e4])
        low = high * rng.uniform(-1, 1, high.shape) * 2.0**-53
        wanted = np.array([(exact.arb(h) + exact.arb(e)).log() for h, e in zip(high, low, strict=True)])
        assert 2.0**-100 < np.max(distances(wanted, *doublewords.log(high, low))) < doublewords.LOG / 4


@pytest.mark.parametrize("terms", [1, 2, 7, 64, 1000])
def test_the_product_of_matrices_is_as_good_as_it_says(terms):
    a = rng.normal(size=(3, terms)) * 10.0 ** rng.uniform(-8, 8, (3, terms))
    b = rng.normal(size=(terms, 4)) * 10.0 ** rng.uniform(-3, 3, (terms, 4))
    high, low, error = doublewords.matmul(a, b)
    with exact.working_precision(400):
        wanted = exact.to_balls(a) @ exact.to_balls(b)
    assert np.all(distances(wanted, high, low) <= error)
    assert np.all(error <= 2.0**-60 * (np.abs(a) @ np.abs(b)) + 2.0**-60 * np.max(np.abs(a)) * np.max(np.abs(b)))


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("size", [1, 2, 5, 31])
def test_sums_of_pairs_that_cancel_are_enclosed(axis, size):
    high = rng.normal(size=(size, 4)) * 10.0 ** rng.uniform(-9, 9, (size, 4))
    high = np.concatenate([high, -high * (1 + 2.0**-50)], 0)
    low = high * rng.uniform(-1, 1, high.shape) * 2.0**-53
    found = xp.sum(twofold.Twofold(high, low, np.zeros(high.shape), FLOAT64), axis=axis, keepdims=True)
    with exact.working_precision(400):
        balls = np.sum(exact.to_balls(high) + exact.to_balls(low), axis=axis, keepdims=True)
    assert np.all(distances(balls, found.hi, found.lo) <= found.rad)


def by_balls(asked):
    return precise_values.exactly(oracle.bounded_run(asked, FLOAT64, MODELS["float64"]), asked, FLOAT64)


def test_what_is_undecided_is_settled_by_balls(monkeypatch):
    """The radius of a result that underflows is not small beside its bound: its row alone goes to Arb."""
    x = 3 * rng.normal(size=(80, 20))
    x[[7, 30], 4] = -735
    asked = call("softmax", (x,), {})
    rows = []
    sound = precise_values.enclosed
    monkeypatch.setattr(precise_values, "enclosed", lambda c, d: rows.append(c.arguments[0].shape) or sound(c, d))
    found = oracle.expect(asked, FLOAT64)["y"]
    assert rows == [(2, 20)]
    wanted = by_balls(asked)["y"]
    np.testing.assert_array_equal(found.value, wanted.value)
    assert np.all(np.abs(found.remainder - wanted.remainder) <= precise_values.SHARE * found.bound)
    np.testing.assert_array_equal(found.remainder[[7, 30]], wanted.remainder[[7, 30]])


def test_a_ratio_next_to_1_is_decided_by_balls(monkeypatch):
    x = 3 * rng.normal(size=(80, 20))
    wanted = by_balls(call("softmax", (x,), {}))["y"]
    settled = []
    sound = precise_values.enclosed
    monkeypatch.setattr(oracle, "exactly", lambda *a: settled.append(1) or precise_values.exactly(*a))
    monkeypatch.setattr(precise_values, "enclosed", sound)
    y = wanted.value.copy()
    assert_conforms(y, "softmax", x)
    assert not settled
    found = oracle.expect(call("softmax", (x,), {}), FLOAT64)["y"]
    near = found._replace(bound=np.abs(y - found.value - found.remainder) * (1 + 1e-9))
    oracle.settled(y, near, call("softmax", (x,), {}), "y", False)
    assert settled


@formula("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(xp.square(x), axis=-1, keepdims=True) + epsilon) * w


def test_anybodys_formula_is_enclosed():
    x = np.concatenate([X, 1e-9 * X])
    asked = call(rms_scale, (x, G[0]), {})
    assert outside(asked) == 0
    bounds = oracle.bounded_run(asked, FLOAT64, MODELS["float64"])
    assert np.all(run(asked)["y"].rad <= precise_values.SHARE * bounds["y"].bound)


@formula("(..., n) -> (..., n)")
def of_others(x):
    xp = x.__array_namespace__()
    return xp.tanh(x) + xp.where(x > xp.max(x, axis=-1, keepdims=True) / 2, 1.0, 0.5)


def test_what_twofold_arrays_lack_is_computed_by_balls():
    x = rng.normal(size=(60, 20))
    value, _ = expected(of_others, x)
    np.testing.assert_allclose(value, of_others(x), rtol=1e-14, atol=1e-15)
    with pytest.raises(xp.NoRadiusError, match="tanh"):
        run(call(of_others, (x,), {}))


@pytest.mark.parametrize("axis", [None, 1, -1, (0, 2), (-2, 0)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("options", [{}, {"dtype": FLOAT64}])
def test_means_and_sums_take_the_axes_and_options_of_the_standard(axis, keepdims, options):
    def averaged(x):
        xp = x.__array_namespace__()
        found = xp.sum(x, axis=axis, keepdims=keepdims, **options)
        return found, xp.mean(x, axis=axis, keepdims=keepdims)

    x = rng.normal(size=(6, 20, 30))
    for value, plain in zip(expected(averaged, x)[0], averaged(x), strict=True):
        np.testing.assert_allclose(value, plain, rtol=1e-12, atol=1e-14)


def test_a_count_is_a_real_number():
    def part(x):
        xp = x.__array_namespace__()
        return xp.mean(xp.astype(x > 0.5, x.dtype), axis=-1)

    x = rng.random((60, 20))
    assert run(call(part, (x,), {}))["y"].rad.max() < 1e-30
    np.testing.assert_array_equal(expected(part, x)[0], (x > 0.5).mean(-1))


MASKED = {
    "causal": ((X, G, Y), {"causal": True}),
    "rows_without_keys": ((X, G[:5], Y[:5]), {"causal": "lower_right"}),
    "mask": ((X, G, Y, rng.random((12, 12)) < 0.6), {}),
    "shared_heads": ((X.reshape(4, 3, 17), G[:6].reshape(2, 3, 17), Y[:6].reshape(2, 3, 17)), {}),
}


@pytest.mark.parametrize("name", MASKED)
def test_masked_attention_is_enclosed_and_decided(name):
    """What no query sees is exactly 0, and its radius too."""
    (q, k, v, *mask), options = MASKED[name]
    for function, more in (("scaled_dot_product_attention", ()), ("scaled_dot_product_attention_vjp", (q,))):
        asked = call(function, (q, k, v, *more, *mask), options)
        assert outside(asked) == 0
        bounds = oracle.bounded_run(asked, FLOAT64, MODELS["float64"])
        for result, each in run(asked).items():
            assert np.all(each.rad <= precise_values.SHARE * bounds[result].bound), (function, result)


def test_products_and_maxima_of_computed_numbers_are_enclosed():
    """Of numbers of all magnitudes, with radii, some of which are all that a number has."""
    for _ in range(20):
        a, b = (computed(shape) for shape in ((7, 9), (9, 5)))
        product, highest = xp.matmul(a, b), xp.max(a, axis=-1)
        for corner in (-1, 1):  # where the real numbers are at the ends of their radii
            with exact.working_precision(400):
                left, right = (balls_of(x, corner) for x in (a, b))
                pairs = ((np.matmul(left, right), product), (np.max(left, axis=-1), highest))
                for balls, found in pairs:
                    assert np.all(distances(balls, found.hi, found.lo) <= np.broadcast_to(found.rad, balls.shape))


def computed(shape):
    high, low = spread(math.prod(shape), 1.0)
    rad = np.abs(high) * rng.choice([0.0, 2.0**-90, 2.0**-60], high.shape)
    high, low, rad = (np.where(rng.random(high.shape) < 0.1, 0.0, x) for x in (high, low, rad))
    return twofold.Twofold(high.reshape(shape), low.reshape(shape), rad.reshape(shape), FLOAT64)


def balls_of(x, corner):
    """The real numbers at one end of the radii."""
    parts = (each.astype(object) for each in (x.hi, x.lo, corner * x.rad))
    return sum(np.vectorize(exact.arb, otypes=[object])(each) for each in parts)


def test_comparisons_of_computed_numbers_are_decided_where_they_can_be():
    x = twofold.Twofold(np.array([1.0, 2.0]), np.array([0.0, 2.0**-60]), np.array([0.0, 2.0**-80]), FLOAT64)
    assert (x > 0).all()
    assert (x == 3).tolist() == [False, False]
    assert (x[:1] == 1).all()  # whose radius is 0
    assert ((x >= 1) & (x < 3)).all()
    near = twofold.Twofold(np.array([2.0]), np.array([2.0**-60]), np.array([2.0**-50]), FLOAT64)
    for asked in (lambda: near == 2, lambda: near > 2, lambda: near <= x[1:]):
        with pytest.raises(UndecidedError, match="overlap"):
            asked()


def test_what_overflows_or_is_tiny_is_left_undecided():
    for x in (np.array([1e300, 1e-310]), np.array([-1e5, 710.0]), np.array([np.inf, 5e-324])):
        for function in (xp.exp, xp.log, xp.sqrt, lambda v: v * v, lambda v: v / v, lambda v: 1 / v):
            with np.errstate(all="ignore"), exact.working_precision(400):
                found = function(twofold.lift(x, FLOAT64))
                balls = {
                    xp.exp: exact.exp, xp.log: exact.log, xp.sqrt: exact.sqrt
                }.get(function, function)(exact.lift(x, FLOAT64)).balls  # fmt: skip
            for ball, h, e, rad in zip(balls, found.hi, found.lo, np.broadcast_to(found.rad, 2), strict=True):
                known = ball.is_finite() and math.isfinite(h) and math.isfinite(e)
                assert not known or distances(ball, h, e) <= rad


def test_a_row_with_an_infinity_has_the_same_values_whatever_its_length():
    for length in (9, 2049):  # by balls, and by twofold arrays
        x = np.ones((1, length))
        x[0, -1] = np.inf
        y, bound = expected("rms_norm", x, np.ones(length))
        assert (y[0, :-1] == 0).all()
        assert np.isnan(y[0, -1])
        assert np.isfinite(bound).all()
