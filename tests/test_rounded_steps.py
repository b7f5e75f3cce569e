"""Right code whose steps are rounded one by one, or whose factors are taken in another order: none may be rejected.

What a product loses by underflow is multiplied by the factors that come after it. In half precision each product and
each partial sum of an array library is rounded.
"""

import contextlib
import math
import types

import numpy as np
import pytest

from gaugeblock.conformance import assert_conforms, check
from gaugeblock.conformance.arithmetic.rounding import HALF
from gaugeblock.conformance.formulas import call
from gaugeblock.conformance.judging.made_expectations import expected

FLOAT16 = np.dtype("float16")
ATTENTION_VJP = "scaled_dot_product_attention_vjp"


def summed(x, axis=-1, keepdims=True):
    """A sum that is rounded once: in half precision it is accumulated in float32."""
    return x.astype(np.float32).sum(axis=axis, keepdims=keepdims).astype(x.dtype)


def product(a, b):
    """A product of matrices, likewise."""
    return np.matmul(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)


def by_float32(function, x):
    return function(x.astype(np.float32)).astype(x.dtype)


def exp(x):
    return by_float32(np.exp, x)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softmax(x):
    e = exp(x - x.max(axis=-1, keepdims=True))
    return e / summed(e)


def spread(dtype, shape, *exponents, seed=0):
    """Arrays of random numbers, each with exponents of ten of its own range."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=shape) * 10.0 ** rng.uniform(*ends, size=shape)).astype(dtype) for ends in exponents]


# Gates.

X, G = spread(np.float32, 4000, (0.5, 1.5), (-44, -30))
A, B, H = spread(np.float32, 4000, (0.5, 1.5), (-44, 8), (-44, 8))


def silu_vjp__factors_in_turn(x, g):
    s = sigmoid(x)
    return g * s * (1 + x * (1 - s))


def gelu_vjp__input_last(x, g):
    erf = np.frompyfunc(math.erf, 1, 1)
    phi = np.float32(1 / math.sqrt(2 * math.pi)) * np.exp(-0.5 * x * x)
    below = (0.5 * (1 + erf(x * np.float32(math.sqrt(0.5))))).astype(x.dtype)
    return g * below + g * phi * x


def swiglu__input_last(a, b):
    return a * (b * sigmoid(a))


def swiglu_vjp__input_last(a, b, g):
    s = sigmoid(a)
    return g * b * s * (1 + a * (1 - s)), g * s * a


def swiglu_vjp__gate_last(a, b, g):
    s = sigmoid(a)
    return g * s * (1 + a * (1 - s)) * b, g * (a * s)


def swiglu_vjp__gradient_last(a, b, g):
    s = sigmoid(a)
    return (s + a * s * (1 - s)) * b * g, a * s * g


GATES = [
    (silu_vjp__factors_in_turn, (X, G)),
    (gelu_vjp__input_last, (X, G)),
    (swiglu__input_last, (X, G)),
    (swiglu_vjp__input_last, (A, B, H)),
    (swiglu_vjp__gate_last, (A, B, H)),
    (swiglu_vjp__gradient_last, (A, B, H)),
]

# Losses.

LOGITS, WEIGHT = spread(np.float32, (40, 30), (-1, 1), (2, 4), seed=1)
LABELS, WEIGHT = np.arange(40) % 30, np.abs(WEIGHT[0])
ONE_HOT = (np.arange(30) == LABELS[:, None]).astype(np.float32)
PEAKED, ONE_LARGE = 80 * (ONE_HOT - 1), np.where(np.arange(30) == 0, 1e8, 1).astype(np.float32)


def categorical_cross_entropy_from_logits_vjp__distributed(y, x, g):
    g = g[..., None]
    return g * softmax(x) * summed(y) - g * y


def cross_entropy_vjp__distributed(labels, x, g, weight):
    t = (np.arange(x.shape[-1]) == labels[:, None]).astype(x.dtype) * weight
    s = g / summed(weight[labels])
    return s * softmax(x) * summed(t) - s * t


def cross_entropy_vjp__gradient_last(labels, x, g, weight):
    t = (np.arange(x.shape[-1]) == labels[:, None]).astype(x.dtype) * weight
    return (softmax(x) * summed(t) - t) / summed(weight[labels]) * g


def cross_entropy_vjp__quotient_last(labels, x, g, weight):
    t = (np.arange(x.shape[-1]) == labels[:, None]).astype(x.dtype) * weight
    return (softmax(x) * summed(t) - t) * g / summed(weight[labels])


def cross_entropy_vjp__smoothed_apart(labels, x, g, weight, label_smoothing=0.1):
    """As PyTorch differentiates it: what all classes have is made of the gradient first."""
    dtype, own = x.dtype.type, (np.arange(x.shape[-1]) == labels[:, None]).astype(x.dtype) * weight
    s = g / summed(weight[labels])
    h = s * dtype(1 - label_smoothing) * own + s * dtype(label_smoothing / x.shape[-1]) * weight
    return softmax(x) * summed(h) - h


LOSSES = [
    (categorical_cross_entropy_from_logits_vjp__distributed, (ONE_HOT * 3000, LOGITS, np.full(40, 3e-41, np.float32))),
    (cross_entropy_vjp__distributed, (LABELS, LOGITS, np.float32(1e-35), WEIGHT)),
    (cross_entropy_vjp__gradient_last, (LABELS, PEAKED, np.float32(1e6), ONE_LARGE)),
    (cross_entropy_vjp__quotient_last, (LABELS, LOGITS, np.float32(3e-38), WEIGHT * np.float32(1e-7))),
    (cross_entropy_vjp__smoothed_apart, (LABELS, LOGITS, np.float32(1e-35), WEIGHT)),
]

# Norms.

ROWS, NORMAL, W, OF_Y = spread(np.float32, (6, 33), (0, 2), (0, 0), (-40, -38), (-40, -38), seed=2)
BIAS = np.zeros(33, np.float32)
E = np.float32(1e-5)


def mean(x):
    return summed(x) / np.float32(x.shape[-1])


def rms_norm__weight_over_root(x, w, epsilon=1e-6):
    return x * (w / np.sqrt(mean(x * x) + np.float32(epsilon)))


def rms_norm_vjp__cube_last(x, w, g, epsilon=1e-6):
    r, h = 1 / np.sqrt(mean(x * x) + np.float32(epsilon)), g * w
    return h * r - x * mean(h * x) * (r * r * r), summed(g * x * r, 0, False)


def rms_norm_vjp__root_first(x, w, g, epsilon=1e-6):
    r, h = 1 / np.sqrt(mean(x * x) + np.float32(epsilon)), g * w
    return r * (h - x * r * mean(h * (x * r))), summed(g * r * x, 0, False)


def layer_norm__weight_first(x, w, b):
    d = x - mean(x)
    return d * w / np.sqrt(mean(d * d) + E) + b


def layer_norm_vjp__deviations_first(x, w, b, g):
    d, h = x - mean(x), g * w
    r = 1 / np.sqrt(mean(d * d) + E)
    gx = r * (h - mean(h) - d * r * mean(h * (d * r)))
    return gx, summed(g * d * r, 0, False), summed(g, 0, False)


def layer_norm_vjp__root_first(x, w, b, g):
    d, h = x - mean(x), g * w
    r = 1 / np.sqrt(mean(d * d) + E)
    gx = r * (h - mean(h) - d * r * mean(h * (d * r)))
    return gx, summed(g * r * d, 0, False), summed(g, 0, False)


NORMS = [
    (rms_norm__weight_over_root, (ROWS, W[0])),
    (rms_norm_vjp__cube_last, (ROWS * np.float32(1e-3), 100 * W[0], NORMAL)),
    (rms_norm_vjp__root_first, (ROWS * np.float32(10), BIAS + 1, 10 * OF_Y)),
    (layer_norm__weight_first, (ROWS * np.float32(1e-4), W[0], BIAS)),
    (layer_norm_vjp__deviations_first, (ROWS * np.float32(1e-4), BIAS + 1, BIAS, OF_Y)),
    (layer_norm_vjp__root_first, (ROWS * np.float32(10), BIAS + 1, BIAS, 10 * OF_Y)),
]


@pytest.mark.parametrize(("right", "arguments"), GATES + LOSSES + NORMS, ids=lambda each: getattr(each, "__name__", ""))
def test_another_order_of_factors_is_accepted(right, arguments):
    options = {"label_smoothing": 0.1} if right is cross_entropy_vjp__smoothed_apart else {}
    with np.errstate(all="ignore"):
        found = right(*arguments)
    assert_conforms(found, right.__name__.partition("__")[0], *arguments, **options)


# In half precision each product, and each partial sum, is rounded.


def products(x, g):
    """Those of the halves (a, b) of x and (c, d) of g: for gcos, then for gsin."""
    (a, b), (c, d) = np.split(x, 2, axis=-1), np.split(g, 2, axis=-1)
    return (a * c, b * d), (a * d, -b * c)


def pairs_first(x, g):
    return [summed(one + other, 0, False) for one, other in products(x, g)]


def batch_first(x, g):
    """As automatic differentiation adds up."""
    return [summed(one, 0, False) + summed(other, 0, False) for one, other in products(x, g)]


def pairs_that_cancel(dtype):
    """x and g of 3 samples, where the products of some pairs cancel in gcos, and those of the others in gsin."""
    a, b, c, d = np.random.default_rng(0).normal(size=(4, 3, 40, 60))
    d = np.where(np.arange(60) < 30, -a * c / b, b * c / a) + 0.1 * d
    return np.concatenate([a, b], -1).astype(dtype), np.concatenate([c, d], -1).astype(dtype)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("sums", [pairs_first, batch_first])
def test_rotary_gradients_whose_products_are_rounded_are_accepted(sums, dtype):
    (x, g), turn = pairs_that_cancel(dtype), np.ones((40, 60), dtype)
    assert_conforms((g, *sums(x, g)), "rotary_embedding_vjp", x, turn, 0 * turn, g)


@pytest.mark.parametrize("bits", [8, 11])
def test_rotary_gradients_of_coarse_factors_are_rejected_in_float32(bits):
    (x, g), turn = pairs_that_cancel(np.float32), np.ones((40, 60), np.float32)
    fraction, exponent = np.frexp(x)
    coarse = np.ldexp(np.round(fraction * 2**bits) / 2**bits, exponent).astype(np.float32)
    assert_conforms((g, *pairs_first(x, g)), "rotary_embedding_vjp", x, turn, 0 * turn, g)
    with pytest.raises(AssertionError, match="gcos"):
        assert_conforms((g, *pairs_first(coarse, g)), "rotary_embedding_vjp", x, turn, 0 * turn, g)


def test_queries_that_are_scaled_in_half_precision_are_accepted():
    rng = np.random.default_rng(1)
    q, k, v = 7 * rng.normal(size=(500, 1, 8)), 7 * rng.normal(size=(500, 2, 8)), rng.normal(size=(500, 2, 3))
    k[..., 4:], q[..., 4:] = -k[..., :4], q[..., :4] * (1 + 0.3 * rng.normal(size=(500, 1, 4)))  # products cancel
    q[0], v[0] = 0, 100
    q, k, v = (each.astype(FLOAT16) for each in (q, k, v))
    weights = softmax(product(q * FLOAT16.type(1 / math.sqrt(8)), np.swapaxes(k, -1, -2)))
    assert_conforms(product(weights, v), "scaled_dot_product_attention", q, k, v)


def flash_attention_gradients(q, k, v, g, *, kept, scores=lambda z: z):
    """As FlashAttention's backward pass: `kept` rounds what is stored, or multiplied as a matrix."""
    q, k, v, g = (each.astype(np.float32) for each in (q, k, v, g))
    scale = np.float32(q.shape[-1] ** -0.5)
    z = scores(q @ k.mT * scale)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    total = e.sum(axis=-1, keepdims=True)
    p, y = e / total, kept(kept(e) @ v / total)
    t = kept(p * (g @ v.mT - (g * y).sum(axis=-1, keepdims=True)))
    return t @ k * scale, t.mT @ q * scale, kept(p).mT @ g


@pytest.mark.parametrize("dtype", HALF)
def test_attention_gradients_are_accepted_where_matrices_are_rounded_and_rejected_where_scores_are(dtype):
    rng = np.random.default_rng(3)

    def kept(x):
        return x.astype(dtype).astype(np.float32)

    q, k, v, g = ((size * rng.normal(size=(40, 6, 8))).astype(dtype) for size in (8, 8, 1, 1))
    for scores, accepted in ((lambda z: z, True), (kept, False)):
        found = flash_attention_gradients(q, k, v, g, kept=kept, scores=scores)
        rounded = tuple(each.astype(dtype) for each in found)
        with contextlib.nullcontext() if accepted else pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(rounded, ATTENTION_VJP, q, k, v, g)


@pytest.mark.parametrize("bits", [8, 11])
def test_attention_gradients_of_coarse_matrices_are_rejected_in_float32(bits):
    q, k, v, g = np.random.default_rng(4).normal(size=(4, 40, 6, 8)).astype(np.float32)

    def coarse(x):
        fraction, exponent = np.frexp(x)
        return np.ldexp(np.round(fraction * 2**bits) / 2**bits, exponent).astype(np.float32)

    assert_conforms(flash_attention_gradients(q, k, v, g, kept=lambda x: x), ATTENTION_VJP, q, k, v, g)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(flash_attention_gradients(q, k, v, g, kept=coarse), ATTENTION_VJP, q, k, v, g)


# What overflows in half precision on the way is open in a made case, whichever form it overflows in.


@pytest.mark.whole
def test_a_derivative_whose_square_overflows_is_accepted():
    def gelu_tanh_vjp(x, g):
        root, cubic = x.dtype.type(math.sqrt(2 / math.pi)), x.dtype.type(0.044715)
        t = by_float32(np.tanh, root * (x + cubic * x * x * x))
        slope = root * (1 + cubic * (3 * (x * x)))  # which is 0 times infinity where 3 x^2 overflows
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)

    subject = types.SimpleNamespace(__name__="eager", gelu_tanh_vjp=gelu_tanh_vjp)
    found = check(subject, formulas=["gelu_tanh_vjp"], dtypes=["float16"])
    assert found.passed, [r.worst for r in found.results if r.status == "fail"]


def test_a_mean_over_more_samples_than_float16_counts_is_open():
    labels, logits = np.zeros(70_001, np.int64), np.tile([2, 1], (70_001, 1))
    for dtype, is_open in zip(HALF, (True, False), strict=True):
        found = expected(call("cross_entropy", (labels, logits.astype(dtype)), {}), np.dtype(dtype))
        assert (found is None) == is_open
