"""What arrays `assert_gauged` and `assert_conforms` take: broadcast batches, NaN, zeros, tiny numbers, and options."""

import ml_dtypes
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import assert_conforms, assert_gauged, expected
from gaugeblock.conformance.cases.batches import with_one_batch
from gaugeblock.conformance.formulas import declared
from gaugeblock.conformance.judging import blocks
from gaugeblock.conformance.mutants.rounding import to_tf32

F = np.float32
BATCHES = [
    ((2,), ()),
    ((), (2,)),
    ((2, 3), (3,)),
    ((2, 1), (3,)),
    ((2, 1), (2, 3)),
    ((2,), (3, 2)),
    ((2, 1), (1, 3)),
    ((1,), (2,)),
    ((2, 2), (2, 1)),
    ((2, 1, 2), (3, 1)),
]


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(F)


def bfloat16(x):
    return x.astype(ml_dtypes.bfloat16).astype(F)


@pytest.mark.parametrize(("one", "other"), BATCHES, ids=str)
def test_every_broadcast_of_the_standard_is_judged(one, other):
    a, b = normal(*one, 3, 40), normal(*other, 40, 5)
    y = a @ b
    assert "resolution" in assert_conforms(y, "matmul", a, b)
    value, bound = expected("matmul", a, b)
    assert value.shape == bound.shape == y.shape
    g = normal(*y.shape)
    gradients = gb.matmul_vjp(a, b, g)
    assert "resolution" in assert_conforms(gradients, "matmul_vjp", a, b, g)


@pytest.mark.parametrize(("one", "other"), [BATCHES[0], BATCHES[3], BATCHES[4], BATCHES[6]], ids=str)
def test_a_kernel_of_every_broadcast_is_judged(one, other):
    a, b = normal(*one, 3, 40), normal(*other, 40, 5)
    g = normal(*(a @ b).shape)
    assert max(assert_gauged(np.matmul, "matmul", a, b, calls=2).values()) < 1
    assert max(assert_gauged(gb.matmul_vjp, "matmul_vjp", a, b, g, calls=2).values()) <= 1

    def coarse(a, b, g):
        return gb.matmul_vjp(a, b, g)[0], gb.matmul_vjp(bfloat16(a), b, g)[1]

    with pytest.raises(AssertionError, match=r"matmul_vjp: .*1 of 3 terms along n \d"):
        assert_gauged(coarse, "matmul_vjp", a, b, g, calls=2)


@pytest.mark.parametrize(("one", "other"), BATCHES, ids=str)
def test_blocks_of_broadcast_batches_are_the_whole(one, other, monkeypatch):
    a, b = normal(*one, 3, 4), normal(*other, 4, 5)
    calls = ("matmul", a, b), ("matmul_vjp", a, b, normal(*(a @ b).shape))
    whole = [expected(*each) for each in calls]
    monkeypatch.setattr(blocks, "BLOCK", 64)
    for call, (value, bound) in zip(calls, whole, strict=True):
        for found, wanted in zip(expected(*call), (value, bound), strict=True):
            several = (found, wanted) if isinstance(found, tuple) else ((found,), (wanted,))
            for got, was in zip(*several, strict=True):
                assert_allclose(got, was, rtol=1e-9, atol=1e-15)


def test_layouts_with_one_batch_go_back():
    a, b = normal(2, 1, 3, 4), normal(2, 5, 4, 6)
    one = with_one_batch(declared("matmul"), [a, b])
    assert str(one.formula.signature) == "(..., n, k), (..., z, k, m) -> (..., z, n, m)"
    assert [each.shape for each in one.arrays] == [(2, 3, 4), (2, 5, 4, 6)]
    for layout, own, given in zip(one.layouts, one.arrays, (a, b), strict=True):
        assert_array_equal(layout.as_given(own), given)
    y = one.layout("y", (2, 5, 3, 6)).with_one_batch(a @ b)
    assert_array_equal(one.formula.function(*one.arrays), y)
    assert with_one_batch(declared("matmul"), [b, b.swapaxes(-1, -2)]).formula is declared("matmul")


def test_masks_and_heads_of_attention_are_broadcast():
    q, k, v = normal(2, 3, 6, 8), normal(2, 3, 9, 8), normal(2, 3, 9, 5)
    mask = np.arange(54).reshape(6, 9) % 4 != 1
    name, attention = "scaled_dot_product_attention", gb.scaled_dot_product_attention
    for given, options in (((q, k, v), {}), ((q, k, v, mask), {}), ((q, k, v), {"causal": True})):
        ratios = assert_gauged(attention, name, *given, calls=2, **options)
        assert max(ratios.values()) < 1
        assert "of all 8 terms only the order is judged" in str(ratios)
    with pytest.raises(AssertionError, match="order"):
        assert_gauged(lambda q, k, v: attention(bfloat16(q), k, v), name, q, k, v, calls=2)
    with pytest.raises(ValueError, match=r"got the batches .* wanted batches that are broadcast"):
        assert_gauged(attention, name, normal(2, 8, 4, 6), normal(2, 2, 7, 6), normal(2, 2, 7, 6))


# Numbers that tell nothing.


def test_numbers_that_are_not_finite_are_replaced_and_named():
    a, b = normal(16, 256), normal(256, 5)
    a[3, 7], a[5, 5], b[0] = np.nan, np.inf, -np.inf
    ratios = assert_gauged(np.matmul, "matmul", a, b)
    assert max(ratios.values()) < 1
    assert [each.partition(";")[0] for each in ratios.notes] == [
        "a: 2 of 4096 elements are not finite",
        "b: 5 of 1280 elements are not finite",
    ]
    with pytest.raises(AssertionError, match="factors of 11 bits"):
        assert_gauged(lambda a, b: to_tf32(a) @ b, "matmul", a, b)


def test_arrays_of_zeros_are_no_pass():
    a, b, g = normal(6, 20), normal(20, 4), normal(6, 4)
    with pytest.raises(ValueError, match="got arrays of which every term is 0, which tells nothing"):
        assert_gauged(np.matmul, "matmul", a * 0, b)
    ratios = assert_gauged(gb.matmul_vjp, "matmul_vjp", a * 0, b, g, calls=2)
    assert ratios.notes == ("gb along n: every term is 0, which tells nothing",)


@pytest.mark.parametrize("scales", [(1e-37, 1), (1e-37, 1e-37)])
def test_tiny_numbers_are_judged_by_the_bounds_of_expected(scales):
    a, b = normal(16, 256) * F(scales[0]), normal(256, 4) * F(scales[1])
    assert max(assert_gauged(np.matmul, "matmul", a, b).values()) < 1


def test_tiny_numbers_are_judged_at_all():
    with pytest.raises(AssertionError, match=r"order .*signs"):
        assert_gauged(lambda a, b: bfloat16(a) @ b, "matmul", normal(16, 256) * F(1e-37), normal(256, 4))


# Mistakes in places.


@pytest.mark.parametrize("wrong", [bfloat16, lambda b: b * F(1.0001)])
def test_a_bias_is_judged_alone(wrong):
    with pytest.raises(AssertionError, match="dense: 0 of 2048 terms"):
        assert_gauged(lambda x, w, b: x @ w + wrong(b), "dense", normal(8, 2048), normal(2048, 4), normal(4), calls=1)


def few_coarse(a, places):
    rounded = a.copy()
    rounded[:, places] = to_tf32(np.ascontiguousarray(a[:, places]))
    return rounded


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a: few_coarse(a, slice(-7, None)),
        lambda a: few_coarse(a, slice(-1, None)),
        lambda a: few_coarse(a, slice(1)),
        lambda a: np.where(np.abs(a) < 1e-3, F(0), a),
    ],
)
def test_few_terms_stand_at_both_ends_and_where_a_row_is_smallest(wrong):
    for seed in range(3):
        with pytest.raises(AssertionError, match="1 of 4103 terms"):
            assert_gauged(lambda a, b: wrong(a) @ b, "matmul", normal(8, 4103), normal(4103, 2), seed=seed, calls=1)


# Options, and what is no sum of products.


def rms_norm(x, w, *, epsilon=1e-6, count=0, squares=np.square):
    mean = np.sum(squares(x), axis=-1, keepdims=True) / F(x.shape[-1] - count)
    return x / np.sqrt(mean + F(epsilon)) * w


def test_options_are_given_to_the_kernel_and_to_the_formula():
    x, w = normal(8, 300), normal(300)
    assert max(assert_gauged(rms_norm, "rms_norm", x, w, epsilon=0.5).values()) < 1
    with pytest.raises(AssertionError, match="order"):
        assert_gauged(lambda x, w, *, epsilon: rms_norm(x, w), "rms_norm", x, w, epsilon=0.5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'clip'"):
        assert_gauged(rms_norm, "rms_norm", x, w, clip=0.5)
    for axis, shape in ((0, (200, 3)), (1, (2, 200, 3)), (-2, (2, 200, 3))):
        assert max(assert_gauged(gb.softmax, "softmax", normal(*shape), axis=axis, calls=2).values()) < 1
        with pytest.raises(AssertionError, match="200 terms"):
            assert_gauged(along_the_last, "softmax", normal(*shape), axis=axis, calls=2)


@np.errstate(invalid="ignore")
def along_the_last(x, *, axis):
    return gb.softmax(x)


@pytest.mark.parametrize("wrong", [{"count": 1}, {"squares": lambda x: bfloat16(x * x)}, {"epsilon": 1e-5}])
def test_a_norm_is_judged_by_rows_of_few_numbers(wrong):
    x, w = normal(2, 4096), normal(4096)
    assert max(assert_gauged(rms_norm, "rms_norm", x, w, calls=2).values()) < 1
    with pytest.raises(AssertionError, match="1 of 4096 terms"):
        assert_gauged(lambda x, w: rms_norm(x, w, **wrong), "rms_norm", x, w, calls=2)


def test_what_is_judged_by_derived_bounds_alone_is_named():
    x, w, b = normal(4, 2048), normal(2048), normal(2048)
    ratios = assert_gauged(gb.layer_norm, "layer_norm", x, w, b, calls=2)
    assert "\ny: of all 2048 terms only the order is judged, by the derived bound, which admits errors of 0.0" in str(
        ratios
    )
    assert not assert_gauged(np.matmul, "matmul", x[:, :50], normal(50, 2), calls=2).notes


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        ((3, "matmul"), {}, TypeError, "kernel: got int; wanted a function of arrays"),
        (("matmul", np.matmul), {}, TypeError, "kernel: got str; wanted a function of arrays"),
        ((np.matmul, "matmul"), {"seed": "a"}, ValueError, "seed: got 'a'; wanted 0 or more, a whole number"),
        ((np.matmul, "matmul"), {"seed": -1}, ValueError, "seed: got -1; wanted 0 or more, a whole number"),
        ((np.matmul, "matmul"), {"calls": 2.5}, ValueError, "calls: got 2.5; wanted 1 or more, a whole number"),
        ((np.matmul, normal(2)), {}, TypeError, "formula: got ndarray; wanted a function, or a name"),
    ],
)
def test_bad_arguments_are_one_line(given, options, error, message):
    with pytest.raises(error, match=message) as raised:
        assert_gauged(*given, normal(2, 8), normal(8, 3), **options)
    assert "\n" not in str(raised.value)


def test_other_bad_arguments_are_one_line():
    with pytest.raises(ValueError, match=r"matmul: a: got the shape \(0, 8\); wanted one with elements"):
        assert_gauged(np.matmul, "matmul", normal(0, 8), normal(8, 3))
    with pytest.raises(TypeError, match="output: got 'relu'; wanted an array: the output comes first"):
        assert_conforms("relu", normal(3), normal(3))
    assert max(assert_gauged(gb.embedding, "embedding", normal(9, 4), np.array([1, 2, 8, 8])).values()) == 0


def test_the_value_of_what_is_left_open_is_right_where_float64_gives_it():
    x = np.asarray([1, 1e30, 3e38, -1e30], F)
    value, bound = expected("gelu_tanh_vjp", x, np.asarray([1, 1, 2, 1], F))
    assert value.tolist()[1:] == [1, 2, 0]
    assert np.isinf(bound[1:]).all()
    assert np.isfinite(bound[0])
    assert expected("gelu_tanh_vjp", np.asarray([1.0, np.inf]), np.ones(2))[0][1] == 0
