"""A kernel on its user's arrays: what a single verdict lets pass in a long sum is named, and right code passes."""

import numpy as np
import pytest
from kernels import RIGHT, WRONG
from numpy.testing import assert_array_equal

from gaugeblock import formula, reference
from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import assert_conforms, assert_gauged
from gaugeblock.conformance.cases.sums import products_along, summed_results
from gaugeblock.conformance.formulas import declared

LENGTH = 1024


def arrays(length=LENGTH, rows=64, columns=8, dtype=np.float32, draw="normal"):
    rng = np.random.default_rng([length, rows, columns])
    shapes = (rows, length), (length, columns), (columns,)
    return [np.asarray(getattr(rng, draw)(size=shape), dtype) for shape in shapes]


def with_bias(kernel):
    return lambda x, w, b: kernel(x, w) + b


X, W, B = arrays()


@pytest.mark.parametrize("kernel", RIGHT.values(), ids=RIGHT)
def test_right_kernels_pass(kernel):
    ratios = assert_gauged(with_bias(kernel), "dense", *arrays(256))
    assert len(ratios) == 10
    assert ratios["order"] < 0.1
    assert max(ratios.values()) < 0.85


@pytest.mark.parametrize("name", WRONG)
def test_wrong_kernels_are_named_by_what_sees_them(name):
    kernel, seen = WRONG[name]
    with pytest.raises(AssertionError) as error:
        assert_gauged(with_bias(kernel), "dense", X, W, B)
    named = str(error.value)
    assert named.endswith("times what is admitted (seed 0)")
    assert all(word in named for word in seen), named
    assert "\n" not in named


def test_a_single_verdict_does_not_see_them():
    """On long positive sums TF32 conforms, as their bound is that of the worst luck: so there is something to see."""
    x, w, b = arrays(draw="random")
    tf32 = with_bias(WRONG["tf32"][0])
    assert_conforms(tf32(x, w, b), "dense", x, w, b)
    with pytest.raises(AssertionError, match=r"signs .*factors of 11 bits .*1 of 1024 terms"):
        assert_gauged(tf32, "dense", x, w, b)


@pytest.mark.parametrize("draw", ["random", "standard_cauchy"])
def test_right_kernels_pass_on_other_data(draw):
    x, w, b = arrays(257, draw=draw)
    x[:, ::3] = 0
    for name in ("sequential", "unit"):
        kernel = RIGHT.get(name, RIGHT["blas"])
        assert max(assert_gauged(with_bias(kernel), "dense", x, w, b, seed=3).values()) < 0.9


def test_one_row_whose_terms_are_few_does_not_lean():
    """A product is rounded one way however its factors are signed, so that magnitudes are drawn anew too."""
    x, w, b = arrays(64, rows=8, columns=1)
    x[:, 1:] *= np.float32(1e-3)
    ratios = assert_gauged(with_bias(RIGHT["blas"]), "dense", x[:8], w, b)
    assert max(ratios["rounds to 0"], ratios["rounds down"]) < 0.5


def test_the_kernel_is_always_called_with_the_shapes_and_dtypes_of_its_user():
    x, w, b = arrays(100)
    seen = []

    def kernel(*given):
        seen.append([(each.shape, each.dtype) for each in given])
        return gb.dense(*given)

    x = x.reshape(4, 16, 100)
    assert_gauged(kernel, "dense", x, w, b)
    assert all(each == [(a.shape, a.dtype) for a in (x, w, b)] for each in seen)
    assert len(seen) < 70


def test_the_arrays_are_left_alone_and_a_seed_gives_the_same_ratios():
    x, w, b = arrays(100)
    before = [each.copy() for each in (x, w, b)]

    def careless(x, w, b):
        y = gb.dense(x, w, b)
        x[:] = w[:] = b[:] = 0
        return y

    one = assert_gauged(careless, "dense", x, w, b, seed=5)
    assert one == assert_gauged(gb.dense, "dense", x, w, b, seed=5)
    assert one != assert_gauged(gb.dense, "dense", x, w, b, seed=6)
    for each, was in zip((x, w, b), before, strict=True):
        assert_array_equal(each, was)


def test_more_calls_make_a_sharper_bound_that_errors_come_nearer_to():
    few, many = (assert_gauged(gb.dense, "dense", X, W, B, calls=calls)["order"] for calls in (1, 64))
    assert many > 2 * few
    with pytest.raises(ValueError, match="calls: got 0; wanted 1 or more"):
        assert_gauged(gb.dense, "dense", X, W, B, calls=0)


def test_float64_is_judged_by_exact_values():
    x, w, b = arrays(300, columns=3, dtype=np.float64)
    assert max(assert_gauged(gb.dense, "dense", x, w, b).values()) < 0.9
    with pytest.raises(AssertionError, match=r"factors of 24 bits .*, 1 of 300 terms"):
        assert_gauged(lambda x, w, b: x.astype(np.float32).astype(np.float64) @ w + b, "dense", x, w, b)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_judged_with_sums_in_float32(dtype):
    x, w, b = arrays(1000, dtype=dtype)
    f = np.float32

    def wide(x, w, b):
        return (x.astype(f) @ w.astype(f) + b.astype(f)).astype(dtype)

    def narrow(x, w, b):
        s = np.zeros((len(x), w.shape[1]), dtype)
        for i in range(0, x.shape[1], 32):
            s = (s.astype(f) + x[:, i : i + 32].astype(f) @ w[i : i + 32].astype(f)).astype(dtype)
        return s + b

    assert list(assert_gauged(wide, "dense", x, w, b)) == [
        "order",
        "signs",
        *(f"{n} of 1000 terms" for n in (0, 1, 8, 32)),
    ]
    with pytest.raises(AssertionError, match=r"order .*signs"):
        assert_gauged(narrow, "dense", x, w, b)


# Other formulas.


def test_what_is_summed_is_found_in_the_formula_itself():
    assert {n: p.degrees for n, p in products_along(declared("dense"), "n").items()} == {"y": (1, 1, 0)}
    assert products_along(declared("dense"), "n")["y"].addends == (2,)
    batch = products_along(declared("dense_vjp"), "...")
    assert {n: (p.degrees, p.roundings) for n, p in batch.items()} == {"gw": ((1, 0, 0, 1), 1), "gb": ((0, 0, 0, 1), 0)}
    assert list(products_along(declared("dense_vjp"), "m")) == ["gx"]
    assert products_along(declared("softmax"), "n") == {}
    assert summed_results(declared("softmax"), "n") == ("y",)
    assert summed_results(declared("softmax"), "...") == ()


def test_gradients_are_judged_along_each_axis_that_is_summed():
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=s).astype(np.float32) for s in ((96, 5), (5, 40), (40,), (96, 40)))
    ratios = assert_gauged(gb.dense_vjp, "dense_vjp", x, w, b, g)
    assert {"order along ...", "8 of 96 terms along ...", "rounds to 0 along m"} <= {*ratios}

    def coarse(x, w, b, g):
        return g @ w.T, WRONG["bf16x3"][0](np.ascontiguousarray(x.T), g), g.sum(axis=0)

    with pytest.raises(AssertionError, match=r"1 of 96 terms along \.\.\. 2\d\d, 8 of 96"):
        assert_gauged(coarse, "dense_vjp", x, w, b, g)


def test_softmax_and_what_is_made_of_it():
    x = np.random.default_rng(1).normal(size=(8, 2048)).astype(np.float32)

    def softmax(x, rounded=lambda e: e):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / np.sum(rounded(e), axis=-1, keepdims=True)

    assert max(assert_gauged(softmax, "softmax", x).values()) < 0.5
    coarse = lambda x: softmax(x, lambda e: e.astype(np.float16).astype(np.float32))  # noqa: E731
    assert_conforms(coarse(x), "softmax", x)
    with pytest.raises(AssertionError, match=r"softmax: 8 of 2048 terms .*, 32 of 2048 terms"):
        assert_gauged(coarse, "softmax", x)
    labels = np.arange(8)
    for name, given in (("sparse_categorical_cross_entropy_from_logits", (labels, x)), ("log_softmax_vjp", (x, x))):
        assert max(assert_gauged(getattr(gb, name), name, *given).values()) < 0.9


@formula("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w


@formula("(..., n) -> (...)")
def squares(x):
    return x.__array_namespace__().sum(x * x, axis=-1)


@formula("(..., n) -> (..., n)")
def running(x):
    return x.__array_namespace__().cumulative_sum(x, axis=-1)


def test_formulas_of_others():
    assert "order" in assert_gauged(rms_scale, rms_scale, X, W[:, 0])
    ratios = assert_gauged(squares, squares, X)  # of signs nothing comes
    assert list(ratios) == ["order", *(f"{count} of 1024 terms" for count in (1, 8, 32))]
    with pytest.raises(AssertionError, match="squares: 1 of 1024 terms 5"):
        assert_gauged(lambda x: squares(x) * np.float32(1 + 3e-5), squares, X)
    with pytest.raises(ValueError, match="got running, whose y depends on the order along n; wanted a sum"):
        assert_gauged(running, running, X)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("relu", X), "got relu, each element of which stands for itself; .* assert_conforms judges"),
        (("adam_step", X, X, gb.adam_init(X)), "got adam_step, each element of which stands for itself"),
        (("dens", X, W, B), "got 'dens'; did you mean 'dense'\\? \\(`gaugeblock spec` shows all"),
        ((reference.relu.__wrapped__ if hasattr(reference.relu, "__wrapped__") else len, X), "which is not declared"),
        (("dense", X, W), "got 2 arrays; wanted 3: x, w, b"),
        (("dense", X, W.T, B), "w: got shape"),
        (("neuron", X[0, 0], W[0, 0], B[0]), r"x: got the shape \(\); wanted the axes \(\.\.\., n\)"),
        (("dense", X[:, :1], W[:1], B), "got arrays with no more than one term to sum; assert_conforms judges them"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_line(given, message):
    with pytest.raises(ValueError, match=message) as error:
        assert_gauged(gb.dense, *given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (lambda x, w, b: (x @ w + b).T, r"y: got float32 of shape \(8, 64\); expected float32 of shape \(64, 8\)"),
        (lambda x, w, b: (x @ w + b).astype(np.float64), "y: got float64"),
        (lambda x, w, b: np.full((64, 8), np.nan, np.float32), "order inf"),
    ],
)
def test_a_result_that_is_none_is_an_assertion_error(kernel, message):
    with pytest.raises(AssertionError, match=message):
        assert_gauged(kernel, "dense", X[:, :50], W[:50], B)


def test_a_kernel_gets_arrays_of_its_own_library():
    torch = pytest.importorskip("torch")
    x, w, b = (torch.tensor(each) for each in (X[:, :64], W[:64], B))
    ratios = assert_gauged(lambda x, w, b: torch.nn.functional.linear(x, w.T, b), "dense", x, w, b)
    assert max(ratios.values()) < 0.9
