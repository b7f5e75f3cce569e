"""The running bounds: sound, close to their closed forms, and never empty."""

import dataclasses
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
import rewrites.categorical_cross_entropy_from_logits_vjp as rewritten
import rewrites.log_softmax_vjp
import rewrites.softmax_vjp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gaugeblock as gb
from gaugeblock import AdamState
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import bounded, exact, operand_errors
from gaugeblock.conformance.arithmetic import bounded_functions as xp
from gaugeblock.conformance.arithmetic.discrete import UndecidedError
from gaugeblock.conformance.arithmetic.rounding import HOST, MODELS
from gaugeblock.conformance.arithmetic.running import enclosed
from gaugeblock.conformance.formulas import call, cases, declared
from gaugeblock.conformance.judging import oracle, tolerance
from gaugeblock.conformance.mutants.rounding import flush

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")
U = 2.0**-24


def gamma(k, u=U):
    return (1 - u) ** -k - 1


def lifted(values, dtype=FLOAT32, model=MODELS["float32"]):
    return bounded.lift(np.asarray(values, dtype), model, dtype)


numbers = st.floats(-1e6, 1e6, width=32)


@given(numbers, numbers, st.sampled_from(["add", "sub", "mul", "truediv"]))
def test_one_float32_operation_is_within_its_bound(a, b, name):
    if name == "truediv" and abs(b) < 1e-6:
        return
    method = f"__{name}__"
    result = getattr(lifted(a), method)(lifted(b))
    got = getattr(np.float32(a), method)(np.float32(b))
    real = getattr(Fraction(a), method)(Fraction(b))
    assert abs(Fraction(float(got)) - real) <= Fraction(float(result.error))


@given(hnp.arrays(np.float32, (3, 9), elements=numbers), hnp.arrays(np.float32, 9, elements=numbers))
def test_a_product_in_any_order_is_within_its_bound(x, w):
    result = xp.matmul(lifted(x), lifted(w))
    for order in (np.arange(9), np.arange(9)[::-1], np.argsort(x[0])):
        total = np.zeros(3, np.float32)
        for i in order:
            total = total + x[:, i] * w[i]
        for row in range(3):
            real = sum((Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x[row], w, strict=True)), Fraction(0))
            assert abs(Fraction(float(total[row])) - real) <= Fraction(float(result.error[row]))


def test_dense_and_neuron_have_their_closed_form():
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 7), (7, 5), 5))
    terms, n = np.abs(x.astype(float)) @ np.abs(w.astype(float)), 7
    closed = gamma(n + 1) * terms + gamma(n) * np.abs(b)
    for function, arguments, wanted in (("dense", (x, w, b), closed), ("neuron", (x, w[:, 0], b[0]), closed[:, 0])):
        _, bound = expected(function, *arguments)
        assert np.all(bound >= wanted * (1 - 1e-6))
        assert np.all(bound <= wanted * (1 + 2 / n))


def test_the_gradients_of_layers_have_their_closed_form():
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 7), (7, 5), 5, (4, 5)))
    x_size, w_size, g_size = (np.abs(each.astype(float)) for each in (x, w, g))
    closed = gamma(5) * g_size @ w_size.T, gamma(4) * x_size.T @ g_size, gamma(3) * np.sum(g_size, 0)
    _, bounds = expected("dense_vjp", x, w, b, g)
    for bound, wanted in zip(bounds, closed, strict=True):
        np.testing.assert_allclose(bound, wanted, rtol=1e-5)
    closed = gamma(1) * np.outer(g_size[:, 0], w_size[:, 0]), closed[1][:, 0], closed[2][0]
    _, bounds = expected("neuron_vjp", x, w[:, 0], b[0], g[:, 0])
    for bound, wanted in zip(bounds, closed, strict=True):
        np.testing.assert_allclose(bound, wanted, rtol=1e-5)


def test_softmax_has_its_closed_form():
    x = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    y, bound = expected("softmax", x)
    d = x.max(-1, keepdims=True).astype(float) - x
    spread = 3 * (d + (y * d).sum(-1, keepdims=True))  # the shift, and exp2 of the scaled argument
    closed = y * U * (spread + 4 * 3 + (7 - 1) + 2)
    largest = d == 0  # exp(0) = 1 is exact: the numerator of the largest is not charged
    assert np.all(bound[~largest] <= closed[~largest] * 1.001)
    assert np.all(bound >= (closed - y * U * (2 * 3)) * 0.8)


def test_the_gradients_of_softmax_and_log_softmax_have_their_closed_forms():
    x, g = np.random.default_rng(0).normal(size=(2, 4, 7)).astype(np.float32)
    p = expected("softmax", x)[0]
    d = x.max(-1, keepdims=True).astype(float) - x
    r = U * (3 * (d + (p * d).sum(-1, keepdims=True)) + 4 * 3 + 7 + 1)
    s, total, sizes = (a.sum(-1, keepdims=True) for a in (g * p, g.astype(float), np.abs(g.astype(float))))
    of_s = (np.abs(g) * p * (r + 7 * U)).sum(-1, keepdims=True)
    _, bound = expected(with_forms("softmax_vjp", ()), x, g)
    _, other = expected(with_forms("log_softmax_vjp", ()), x, g)
    closed = p * (np.abs(g - s) * (r + 2 * U) + of_s)
    assert np.all((closed * 0.5 <= bound) & (bound <= closed * 1.001))  # the largest logit is charged no exp
    closed = p * (np.abs(total) * (r + U) + 6 * U * sizes) + U * np.abs(g - p * total)
    assert np.all((closed * 0.5 <= other) & (other <= closed * 1.001))


def with_forms(function, names):
    """A formula of which only these forms are admitted."""
    formula = declared(function)
    return dataclasses.replace(formula, forms={name: formula.forms[name] for name in names})


def ratio_with(forms, function, output, *arguments, subnormals="gradual"):
    """Error / bound where only these forms are admitted."""
    wanted = oracle.expect(call(with_forms(function, forms), arguments, {}), FLOAT32, subnormals)["y"]
    return oracle.ratios(output, wanted)[0].max()


def test_flushed_products_need_the_distributed_form():
    x, g = next(case.arguments for case in cases("softmax_vjp", FLOAT32) if case.name == "small_g")
    p = expected("softmax", x)[0].astype(np.float32)
    products = flush(g * p)
    gx = flush(products - flush(p * np.sum(products, axis=-1, keepdims=True)))
    assert ratio_with((), "softmax_vjp", gx, x, g, subnormals="flush") > 1.8
    assert ratio_with(("distributed",), "softmax_vjp", gx, x, g, subnormals="flush") < 1


def test_a_gradient_through_the_maximum_needs_its_form():
    x = 0.01 * np.random.default_rng(256).normal(size=(2000, 256)).astype(np.float32)
    g = np.ones_like(x)
    gx = rewrites.softmax_vjp.softmax_vjp__through_maximum(x, g)
    assert ratio_with((), "softmax_vjp", gx, x, g) > 1.5
    assert ratio_with(("through_maximum",), "softmax_vjp", gx, x, g) < 0.5

    g[:, 1:] = 0
    gx = rewrites.log_softmax_vjp.log_softmax_vjp__through_maximum(x, g)
    assert ratio_with((), "log_softmax_vjp", gx, x, g) > 1.5
    assert ratio_with(("through_maximum",), "log_softmax_vjp", gx, x, g) < 0.5


def test_the_exp_of_an_admissible_log_softmax_needs_its_form():
    x, g = np.zeros((1, 7), np.float32), np.full((1, 7), 1000, np.float32)
    y, bound = expected("log_softmax", x)
    gx = g - (np.exp(y + 0.98 * bound) * 7000).astype(np.float32)
    assert ratio_with((), "log_softmax_vjp", gx, x, g) > 1.2
    assert ratio_with(("exp_of_log_softmax",), "log_softmax_vjp", gx, x, g) < 1


def test_log_softmax_has_its_closed_form():
    x = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    y, bound = expected("log_softmax", x)
    d = x.max(-1, keepdims=True).astype(float) - x
    log_sum = -d - y
    total = np.sum(np.exp(y) * (3 * d + 2 * 3 * (d > 0)), -1, keepdims=True) + (7 - 1)  # exp(0) = 1 is exact
    closed = U * (d + total + 2 * 4 * log_sum + np.abs(y))
    np.testing.assert_allclose(bound, closed, rtol=1e-3)


def test_cross_entropy_has_its_closed_form():
    rng = np.random.default_rng(0)
    y, p = (rng.uniform(0.01, 0.5, (4, 7)).astype(np.float32) for _ in range(2))
    terms = np.sum(np.abs(y * np.log(p.astype(float))), -1)
    closed = terms * ((1 + 2 * 4 * U) * (1 - U) ** -7 - 1)
    _, bound = expected("categorical_cross_entropy", y, p)
    np.testing.assert_allclose(bound, closed, rtol=1e-5)


def test_the_gradients_of_cross_entropy_have_their_closed_forms():
    rng = np.random.default_rng(0)
    y, p = (rng.uniform(0.01, 0.5, (4, 7)).astype(np.float32) for _ in range(2))
    g = rng.normal(size=4).astype(np.float32)
    gp, bound = expected("categorical_cross_entropy_vjp", y, p, g)
    np.testing.assert_allclose(bound, gamma(3) * np.abs(gp), rtol=1e-5)
    x = rng.normal(size=(4, 7)).astype(np.float32)
    probability, own = expected("softmax", x)
    total = np.sum(y, axis=-1, keepdims=True, dtype=np.float64)
    closed = own * total + U * (7 * probability * total + 2 * np.abs(probability * total - y))
    _, bound = expected(with_forms("categorical_cross_entropy_from_logits_vjp", ()), y, x, g)
    np.testing.assert_allclose(bound, np.abs(g[:, None]) * closed, rtol=1e-4)


def test_the_gradient_through_log_softmax_is_covered_where_functions_are_as_bad_as_granted():
    function = "categorical_cross_entropy_from_logits_vjp"
    y, x, g = np.eye(3, dtype=np.float32), np.full((3, 3), 0.75, np.float32), np.float32([1, 1.25, 1.5])
    worst = rewritten.categorical_cross_entropy_from_logits_vjp__functions_as_bad_as_granted(y, x, g)
    for formula, exceeds in ((declared(function), False), (with_forms(function, ()), True)):
        wanted = oracle.expect(call(formula, (y, x, g), {}), FLOAT32)["y"]
        assert np.any(oracle.ratios(worst, wanted)[0] > 1) == exceeds


def test_adam_moments_have_their_closed_form():
    rng = np.random.default_rng(0)
    m, g = (rng.normal(size=50).astype(np.float32) for _ in range(2))
    _, bound = expected("adam_first_moment", m, g, 0.9)
    assert np.all(bound <= gamma(4) * (0.9 * np.abs(m) + 0.1 * np.abs(g)) + 1e-40)
    value, bound = expected("adam_second_moment", m * m, g, 0.999)
    assert np.all(bound <= gamma(4) * value + 1e-40)


def test_the_bias_correction_admits_six_roundings():
    for step in (1, 2, 10, 1000):
        for beta in (0.9, 0.999):
            value, bound = expected("adam_bias_correction", np.float32([1.0]), beta, step)
            assert 2 * U < bound[0] / value[0] < (6 + 2.1) * U


def test_relu_has_no_tolerance_and_flush_widens_it():
    x = np.float32([1e-40, -1e-40, 2])
    gradual = oracle.expect(call("relu", (x,), {}), FLOAT32)["y"].bound
    flush = oracle.expect(call("relu", (x,), {}), FLOAT32, "flush")["y"].bound
    assert gradual.tolist() == [0, 0, 0]
    assert flush[0] >= float(x[0])
    assert flush[2] == 0


def cast_error(scalar, model):
    return operand_errors.cast_error(scalar.value, scalar.error, model)


def test_a_host_constant_costs_what_rounding_it_costs():
    half, tenth = (bounded.Bounded(c, 0, HOST, FLOAT32) for c in (0.5, 0.1))
    assert cast_error(half, MODELS["float32"]) == 0
    assert cast_error(tenth, MODELS["float32"]) == pytest.approx(abs(float(np.float32(0.1)) - 0.1))


def test_special_points_of_elementary_functions_are_exact():
    with np.errstate(invalid="ignore"):
        assert xp.exp(lifted([0.0])).error[0] == 0
        assert xp.log(lifted([1.0])).error[0] == 0
        assert xp.sqrt(lifted([0.0])).error[0] == 0
        assert xp.exp(lifted([1.0])).error[0] > 0


# What the proofs of spec/proofs/rules.v ask of the rules. Each admissible result is one that the model of rounding has.


def off(values, errors, model=MODELS["float32"]):
    return bounded.Bounded(values, errors, model, FLOAT32)


def test_a_reciprocal_that_underflows_is_covered():
    x = np.float32(2.0**128 - 2.0**106)
    quotient = lifted([x]) / lifted([x])
    assert 0 < abs(float(x * (np.float32(1) / x)) - 1) <= quotient.error[0]
    assert (off([1.0], 0, HOST) / off([1.0], 0, HOST)).error[0] < 2.0**-52  # whose quotients are one rounding


def test_a_reciprocal_that_overflows_has_no_bound():
    tiny = np.float32([2.0**-129, 2.0**-127])
    assert np.isinf((lifted(tiny) / lifted(tiny)).error).tolist() == [True, False]


@pytest.mark.parametrize("product", [lambda a, b: a * b, lambda a, b: xp.matmul(a, b)], ids=["*", "matmul"])
@pytest.mark.parametrize(("a", "e"), [(0.0, 0.1), (1.0, 0.1), (1.0, 0.0), (0.0, 0.0)])
def test_a_coarse_factor_is_as_coarse_as_it_is_off(product, a, e):
    model = MODELS["float32"]._replace(factor=2.0**-7)
    result = product(off([[a]], [[e]], model), off([[1.0]], [[0.0]], model))
    assert (a + e) * (1 + 2.0**-7) ** 2 - a <= result.error[0, 0]
    assert result.error[0, 0] <= (a + e) * (1 + 2.0**-7) ** 2 * 1.001 - a + 1e-30


def test_the_scaled_argument_of_exp_has_its_own_error():
    with mock.patch.object(bounded, "INFLATION", 1.0):
        error = xp.exp(off([0.0], [0.1])).error[0]
    argument = np.longdouble(0.1) * (1 + np.longdouble(2 * U))
    assert np.exp(argument) * (1 + np.longdouble(6 * U)) - 1 <= error * (1 + 1e-12)


def test_the_cast_of_a_host_scalar_counts_its_error_twice():
    scalar, error = 1 + 2.0**-24 - 2.0**-40, 2.0**-40 + 2.0**-44
    cast = np.float32(scalar + error)
    assert abs(float(cast) - scalar) <= cast_error(off(scalar, error, HOST), MODELS["float32"])
    assert cast_error(off(scalar, error, HOST), MODELS["float64"]) <= error * 1.001  # which is the host's


def test_a_host_scalar_may_be_flushed():
    flushing = MODELS["float32"]._replace(flush=True)
    assert cast_error(off(1e-40, 0, HOST), flushing) >= 1e-40
    assert cast_error(off(1e-37, 0, HOST), flushing) < 1e-44


def test_a_condition_that_errors_may_turn_has_the_bound_of_both_branches():
    x = off([-1e-9, -1e-6, 1e-6], 1e-7)
    for condition in (x > 0, x >= 0, ~(x <= 0), (x > 0) & (x > -1), (x > 0) | (x > 1)):
        result = xp.where(condition, xp.ones_like(x), xp.zeros_like(x))
        assert result.value.tolist() == [0, 0, 1]
        assert (result.error >= 1).tolist() == [True, False, False]
    assert (off([-1e-9, 2, np.nan], 1e-7) < 1).tolist() == [True, False, False]  # sure, so that it is an array
    assert xp.where(x > 0, off([np.inf] * 3, 0), x).error[0] == np.inf  # which no number can be judged against


def test_equality_is_sure_where_nothing_is_off():
    x = off([0.0, 0.0, 2.0], [0.0, 0.1, 0.1])
    assert xp.where(x == 0, off(1.0, 0), xp.zeros_like(x)).error.tolist() == [0, pytest.approx(1), 0]


@pytest.mark.parametrize("use", [bool, np.asarray])
def test_a_condition_that_errors_may_turn_is_refused_elsewhere(use):
    with pytest.raises(UndecidedError, match=r"condition: got comparisons .* wanted .* use where\(condition, a, b\)"):
        use(off([1e-9], 1e-7) > 0)


def test_a_subnormal_input_may_be_of_either_sign_where_it_may_be_flushed():
    x, g = np.float32([1e-40, -1e-40, 2, -2]), np.float32([3, 3, 3, 3])
    bound = oracle.expect(call("relu_vjp", (x, g), {}), FLOAT32, "flush")["y"].bound
    assert (bound >= 3).tolist() == [True, True, False, False]
    assert oracle.expect(call("relu_vjp", (x, g), {}), FLOAT32)["y"].bound.tolist() == [0, 0, 0, 0]


def test_the_root_of_what_may_be_negative_has_no_bound():
    x = off([1e-9, 1.0], 1e-7)
    assert np.isinf(xp.sqrt(x).error).tolist() == [True, False]
    for never_negative in (x * x, xp.exp(x) * x[1:], xp.sum(x * x), xp.reshape(x * x, (1, 2)) / 2.0):
        assert np.all(np.isfinite(xp.sqrt(never_negative).error))
    assert np.isinf(xp.sqrt(x * off([1e-9, 1.0], 1e-7)).error[0])  # of another number like it


def test_partial_sums_may_be_rounded_above_the_largest_number():
    terms = np.resize([1.0, -1.0], 1000) * float(np.finfo(np.float32).max) / 1000
    assert np.isinf(xp.sum(off(terms * (1 - 1e-5), 0)).error)
    assert np.isfinite(xp.sum(off(terms * (1 - 1e-4), 0)).error)


def test_an_error_that_is_no_number_is_infinite():
    assert off([1.0], [np.nan]).error[0] == np.inf


@given(
    hnp.arrays(np.float32, 40, elements=numbers),
    hnp.arrays(np.float32, 40, elements=numbers),
    st.permutations(range(40)),
)
def test_terms_of_an_exact_zero_round_nothing_in_any_order(x, w, order):
    x[order[5:]] = 0  # five terms are left
    product, total = xp.matmul(lifted(x), lifted(w)), xp.sum(lifted(x))
    few = order[:5]
    assert product.error <= xp.matmul(lifted(x[few]), lifted(w[few])).error * (1 + 1e-9)
    assert total.error <= xp.sum(lifted(x[few])).error * (1 + 1e-9)
    added = multiplied = np.float32(0)
    for i in range(40):
        added, multiplied = added + x[i], multiplied + x[i] * w[i]
    real = sum((Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x, w, strict=True)), Fraction(0))
    assert abs(Fraction(float(added)) - sum(Fraction(float(a)) for a in x)) <= Fraction(float(total.error))
    assert abs(Fraction(float(multiplied)) - real) <= Fraction(float(product.error))


def test_what_is_exactly_0_underflows_nowhere():
    zero, other = lifted([0.0]), lifted([3.0])
    with np.errstate(all="ignore"):
        assert (zero * other).error == (zero / other).error == xp.exp(lifted([-np.inf])).error == 0
        assert xp.exp(lifted([-1e6])).error > 0
    faint = bounded.Bounded([0.0], [1e-45], MODELS["float32"], FLOAT32)  # may be something else than 0
    assert (faint * other).error > 3e-45
    assert xp.sum(faint + lifted([0.0, 1.0])).error > 0


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        ("dense", (np.float32([[3e38, 3e38]]), np.float32([[1], [-0.9]]), np.float32([0]))),  # a partial sum overflows
        ("dense", (np.full((1, 2), 3.4028235e38, np.float32), np.float32([[1], [1e-9]]), np.float32([1e31]))),
    ],
)
def test_an_empty_tolerance_is_an_error(formula, arguments):
    with pytest.raises(tolerance.EmptyToleranceError, match="the derived tolerance is"):
        expected(formula, *arguments)


@given(hnp.arrays(np.float64, (2, 6), elements=st.floats(-700, 700)))
def test_balls_are_centred_to_twice_the_precision(x):
    found = oracle.expect(call("softmax", (x,), {}), FLOAT64)["y"]
    balls = enclosed(call("softmax", (x,), {}), FLOAT64)["y"]
    with exact.working_precision():
        for value, remainder, ball in zip(found.value.flat, found.remainder.flat, balls.flat, strict=True):
            left = ball - value - remainder
            assert left.abs_upper() <= abs(ball) * 2.0**-100 + 2.0**-1070


@given(hnp.arrays(np.float32, (3, 5), elements=st.integers(-640, 640).map(lambda n: n / 8)), st.integers(-999, 999))
def test_softmax_invariants_hold_for_expected_values(x, shift):
    value, bound = expected("softmax", x)
    assert np.all(np.abs(value.sum(-1) - 1) <= bound.sum(-1) + 1e-12)
    shifted, permuted = expected("softmax", x + np.float32(shift))[0], expected("softmax", x[:, ::-1].copy())[0]
    np.testing.assert_allclose(shifted, value, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(permuted[:, ::-1], value, rtol=1e-12, atol=1e-300)


def test_ratios_compare_special_values_exactly():
    wanted = oracle.Expected(np.array([np.nan, np.inf, 1.0, 1.0]), np.zeros(4), np.array([0.0, 0.0, 0.1, 0.0]), FLOAT32)
    ratio, _ = oracle.ratios(np.array([np.nan, np.inf, 1.05, 1.0]), wanted)
    np.testing.assert_allclose(ratio, [0, 0, 0.5, 0])
    ratio, _ = oracle.ratios(np.array([1.0, -np.inf, np.nan, 1.0 + 1e-9]), wanted)
    assert np.all(np.isinf(ratio))


# What was refused, or rejected, though it is right.


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        ("adam_second_moment", (np.float32([1e-44]), np.float32([1e-30]), 0.999)),
        ("softmax_vjp", (np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32))),
        ("dense", (np.zeros((2, 3), np.float32), np.ones((3, 2), np.float32), np.zeros(2, np.float32))),
        ("adam_step", (np.ones(3, np.float32), np.zeros(3, np.float32), AdamState(2, *np.zeros((2, 3), np.float32)))),
    ],
)
def test_a_bound_that_is_underflow_alone_judges(formula, arguments):
    assert_conforms(getattr(gb, formula)(*arguments), formula, *arguments)


@pytest.mark.parametrize("count", [65_503, 65_520, 65_536])
def test_a_form_that_may_overflow_is_left_out(count):
    x = np.zeros((1, count), np.float16)
    assert_conforms(gb.softmax(x), "softmax", x)


def test_an_element_that_a_page_leaves_open_is_left_open():
    x, y = np.float32([[1, 2, np.nan]]), np.zeros((1, 3), np.float32)
    _, bound = expected("categorical_cross_entropy_from_logits", y, x)
    assert np.isinf(bound).all()
    for loss in (0.0, np.nan, 7.0):
        assert_conforms(np.float32([loss]), "categorical_cross_entropy_from_logits", y, x)
    y, p, g = np.float32([[1, 1]]), np.float32([[0.4, 0.3]]), np.float32([2])
    for first in (0, -5):  # 0.4 in float32 is above the end of the clip, and is that end in float32
        assert_conforms(np.float32([[first, -20 / 3]]), "categorical_cross_entropy_vjp", y, p, g, clip=(0.05, 0.4))
    with pytest.raises(AssertionError, match=r"y\[0, 1\] is -6.0"):
        assert_conforms(np.float32([[0, -6]]), "categorical_cross_entropy_vjp", y, p, g, clip=(0.05, 0.4))


@pytest.mark.parametrize(
    "way", [lambda y, p, g: -(y / p) * g, lambda y, p, g: -(g / p) * y, lambda y, p, g: -y * g / p]
)
def test_the_two_factors_and_the_quotient_are_taken_in_any_order(way):
    y, p, g = np.float32([[1e-40]]), np.float32([[0.3]]), np.float32([1e10])
    assert_conforms(way(y, p, g[:, None]), "categorical_cross_entropy_vjp", y, p, g)


def test_what_a_compensated_sum_makes_of_infinity_is_admitted():
    x, w, b = np.float32([[np.inf]]), np.float32([[1]]), np.float32([1])
    assert_conforms(np.float32([[np.nan]]), "dense", x, w, b)  # the bias is a term too
    y, x = np.float32([[1, 1]]), np.float32([[0, -np.inf]])
    for loss in (np.inf, np.nan):
        assert_conforms(np.float32([loss]), "categorical_cross_entropy_from_logits", y, x)
    with pytest.raises(AssertionError):
        assert_conforms(np.float32([-np.inf]), "categorical_cross_entropy_from_logits", y, x)
