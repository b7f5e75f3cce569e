"""What is infinite or NaN: certain where no error turns it, else refused or left open; and the ways of right code."""

import ml_dtypes
import numpy as np
import pytest
from rewrites.scaled_dot_product_attention_vjp import scaled_dot_product_attention_vjp__unseen_left_out as attention_vjp

from gaugeblock import reference
from gaugeblock.conformance import assert_conforms, expected, special
from gaugeblock.conformance.arithmetic import bounded
from gaugeblock.conformance.arithmetic import bounded_functions as functions
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.arithmetic.specials import settled
from gaugeblock.conformance.judging.tolerance import EmptyToleranceError

FLOAT16, FLOAT32, BFLOAT16 = np.float16, np.float32, ml_dtypes.bfloat16


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def xp(x):
    return x.__array_namespace__()


def total(x):
    return xp(x).sum(x, axis=-1)


def running(x):
    return xp(x).cumulative_sum(x, axis=-1)[..., -1]


def multiplied(x):
    return xp(x).prod(x, axis=-1)


def product(a, b):
    return a @ b


def norm(x):
    return xp(x).linalg.vector_norm(x, axis=-1)


def standard_score(x):
    deviations = x - xp(x).mean(x, axis=-1, keepdims=True)
    return deviations / xp(x).sqrt(xp(x).mean(deviations * deviations, axis=-1, keepdims=True))


def off(value, error, dtype="float64"):
    return bounded.Bounded(np.asarray(value), np.asarray(error), MODELS[dtype], np.dtype(dtype))


# Formulas and inputs of which correct arithmetic gives results that have no bound in common.
REFUSED = {
    "a sum whose terms cancel above the largest number": (total, np.array([1e308, -1e308, 1e308, -1e308, 1.0])),
    "a sum that overflows in some orders": (total, np.array([1e308, -1e308, 1e308])),
    "a sum that is infinite in some orders": (total, np.array([1e308, 1e308, -1e308])),
    "infinity beside terms that overflow": (total, np.array([np.inf, -1e308, -1e308])),
    "a running sum": (running, np.array([1e308, 1e308, -1e308])),
    "a product of infinity and what underflows": (multiplied, np.array([np.inf, 1e-200, 1e-200])),
    "an accumulator in float32": (total, np.array([3e38, 3e38, -3e38], BFLOAT16)),
    "a product of matrices in float32": (
        product,
        np.array([[1e20, 1e20, 1]], BFLOAT16),
        np.array([[1e20], [-1e20], [1]], BFLOAT16),
    ),
    "a product that underflows in some orders": (multiplied, np.array([1e-200, 1e-200, 1e200])),
    "a division by what is 0 in float64": (lambda x: 1 / (x * 0.1 * 10 - 1), FLOAT32([1])),
    "a logarithm of what is 0 in float64": (lambda x: xp(x).log(x * 0.1 * 10 - 1), FLOAT32([1])),
    "a power of what is 0 in float64": (lambda x: (x * 0.1 * 10 - 1) ** -2, FLOAT32([1])),
    "the standard scores of a constant": (standard_score, np.full(7, 0.1, FLOAT32)),
    "a constant beyond float16": (lambda x: x / 1e5, FLOAT16([3, 100])),
    "a constant beyond float32": (lambda x: x / 1e39, FLOAT32([100])),
    "a square that float16 alone does not have": (lambda x: x * x * 0.001, FLOAT16([300])),
    "a square that float32 alone does not have": (lambda x: x * x / 1e10, FLOAT32([1e20])),
    "a norm that may be scaled": (norm, np.array([1e180, 1e180])),
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_what_has_no_honest_bound_is_refused_in_a_line(asked):
    with pytest.raises(EmptyToleranceError, match=r"^cannot judge [^\n]*$") as refused:
        expected(*asked)
    assert ("may overflow" in str(refused.value)) <= ("be where a function is not defined" in str(refused.value))


def test_a_gradient_whose_terms_cancel_above_the_largest_number_is_not_given_a_bound_of_0():
    g = np.array([[1e308], [-1e308], [1e308], [-1e308], [1.0]])
    with pytest.raises(EmptyToleranceError):
        expected("dense_vjp", np.zeros((5, 1)), np.zeros((1, 1)), np.zeros(1), g)
    with pytest.raises(EmptyToleranceError):
        expected("log_softmax_vjp", np.zeros(4), np.array([1e308, 1e308, -1e308, 0]))


# Those whose special results no correct arithmetic has otherwise.
CERTAIN = {
    "an infinite term": (total, np.array([np.inf, 1.0]), np.inf),
    "opposite infinities": (total, np.array([np.inf, -np.inf]), np.nan),
    "NaN beside what overflows": (total, np.array([np.nan, 1e308, 1e308, -1e308]), np.nan),
    "terms of one sign": (total, np.array([1e308, 1e308]), np.inf),
    "terms of one sign in bfloat16": (total, np.array([-3e38, -3e38], BFLOAT16), -np.inf),
    "a sum above float16 within its accumulator": (total, FLOAT16([60000, 60000, -1]), np.inf),
    "products of one sign": (product, np.array([[1e200, 1e200]]), np.array([1e200, 1e200]), np.inf),
    "infinity times 0": (product, np.array([[np.inf, 1]]), np.array([0.0, 1]), np.nan),
    "a quotient by an exact 0": (lambda x: 1 / (x - x), FLOAT32([3]), np.inf),
    "the logarithm of an exact 0": (lambda x: xp(x).log(x - x), FLOAT32([3]), -np.inf),
    "a square": (lambda x: x * x, FLOAT32([1e30]), np.inf),
    "exp of infinity": (lambda x: xp(x).exp(x), FLOAT32([np.inf]), np.inf),
    "the root of a negative number": (lambda x: xp(x).sqrt(x), FLOAT32([-1]), np.nan),
    "a step of infinity": (lambda x: xp(x).floor(x), FLOAT32([np.inf]), np.inf),
    "the last of sorted numbers": (lambda x: xp(x).sort(x)[-1], FLOAT32([np.inf, 1]), np.inf),
    "a product of infinity": (multiplied, FLOAT32([np.inf, -2]), -np.inf),
}


@pytest.mark.parametrize(("formula", "inputs", "wanted"), [(f, x, w) for f, *x, w in CERTAIN.values()], ids=CERTAIN)
def test_what_every_arithmetic_gives_is_certain(formula, inputs, wanted):
    value, bound = expected(formula, *inputs)
    np.testing.assert_array_equal(np.ravel(value), wanted)
    assert np.all(bound == 0)


def test_a_constant_beyond_the_format_is_judged_where_it_makes_no_difference():
    x = FLOAT16([3, 100])
    assert_conforms(x, lambda x: xp(x).minimum(x, 1e5), x)
    _, bound = expected(lambda x: xp(x).where(x > 50, x, x / 1e39), FLOAT32([1, 100]))
    assert bound.tolist() == [np.inf, 0]


def test_overflow_on_the_way_leaves_open_what_a_wider_format_has():
    value, bound = expected(norm, FLOAT32([[1e30, 1e30], [3, 4]]))
    assert np.isinf(bound[0]) and value[1] == 5 and np.isfinite(bound[1])  # noqa: PT018
    assert expected(lambda x: x * x, FLOAT32([1e30, 1]))[1].tolist()[0] == 0  # which no wider format saves


def test_a_key_that_no_query_sees_may_have_a_gradient_of_0_or_nan_where_a_value_that_is_seen_has_nan():
    q, k, v, g = np.random.default_rng(0).normal(size=(4, 2, 3, 5, 5)).astype(FLOAT32)
    v[0, 0, 0, 0] = np.nan
    mask = np.arange(5) < 4
    chosen = attention_vjp(q, k, v, g, mask=mask)
    multiplied_by_0 = reference.scaled_dot_product_attention_vjp(q, k, v, g, mask)
    assert np.all(chosen[1][0, 0, 4] == 0)
    assert np.all(np.isnan(multiplied_by_0[1][0, 0, 4]))
    for gradients in chosen, multiplied_by_0:
        assert_conforms(gradients, "scaled_dot_product_attention_vjp", q, k, v, g, mask)
        gradients[1][0, 1, 4] = np.nan  # of another head
        with pytest.raises(AssertionError):
            assert_conforms(gradients, "scaled_dot_product_attention_vjp", q, k, v, g, mask)


def test_doubt_is_handed_on():
    pole = off([1.0], [0.0]) / off([0.0], [0.1])
    assert np.isinf(pole.value[0]) and np.isinf(pole.error[0])  # noqa: PT018
    for after in (pole + 1, -pole, pole * 2, pole / 3, functions.exp(pole), functions.sum(pole), functions.max(pole)):
        assert np.isinf(after.error).all()
    assert not pole.nonnegative
    assert not (pole > 0).sure.any()
    assert (off([np.nan], [0.0]) + pole).error[0] == 0  # NaN whatever it is


def test_special_results_are_settled_at_the_ends_of_the_operands():
    def error(function, *operands):
        value = function(*(x for x, _ in operands))
        return float(settled(function, value, np.float64(7), 2.0**-53, *((np.float64(x), e) for x, e in operands)))

    assert error(np.divide, (1.0, 0.0), (0.0, 0.0)) == 0
    assert error(np.divide, (1.0, 0.0), (0.0, 1e-9)) == np.inf
    assert error(np.multiply, (np.inf, 0.0), (3.0, 1.0)) == 0
    assert error(np.multiply, (np.inf, 0.0), (3.0, 3.0)) == np.inf
    assert error(np.multiply, (np.finfo(float).max, 0.0), (1 + 2.0**-52, 0.0)) == np.inf  # it only just overflows
    assert error(np.add, (1.0, 0.5), (2.0, 0.5)) == 7  # no special value


# Arrays of two dtypes.

MIXED = {
    "product": lambda a, b: a * b,
    "sum": lambda a, b: a + b,
    "the other way": lambda a, b: b - a,
    "inner product": lambda a, b: xp(a).vecdot(a, b),
    "product of matrices": product,
    "choice": lambda a, b: xp(a).where(a > 1.5, a, b),
    "larger": lambda a, b: xp(a).maximum(a, b),
    "joined": lambda a, b: xp(a).concat([a, b]),
    "an array as constant": lambda a, b: a * np.array([0.1, 0.3]),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("narrow", [FLOAT32, FLOAT16, BFLOAT16])
def test_arrays_of_two_dtypes_give_the_wider_one(name, narrow):
    a, b = np.array([1.1, 2], narrow), np.array([1.3, 5])
    assert_conforms(MIXED[name](a, b), MIXED[name], a, b)


# Ways of right code.


def of_reciprocal(x):
    y = FLOAT32(1) / x
    for _ in range(4):
        y = y * y
    return y


def scaled(x):
    largest = x.max(-1, keepdims=True)
    parts = x * (FLOAT32(1) / largest)
    return largest[:, 0] * np.sqrt((parts * parts).sum(-1, dtype=FLOAT32))


def step_by_step(x):
    y = x[..., 0]
    for i in range(1, x.shape[-1]):
        y = y * x[..., i]
    return y


def test_other_ways_to_compute_a_function_are_within_its_bound():
    rng = np.random.default_rng(0)
    x = np.linspace(2, 20, 20001).astype(FLOAT32)
    assert_conforms(np.log1p(np.exp(x)), special.softplus, x)
    x = rng.uniform(1, 2, 200000).astype(FLOAT32)
    assert_conforms(of_reciprocal(x), lambda x: x**-16, x)
    x = np.array([[0.97123355, 0.7607498], *rng.uniform(0.5, 1, (200000, 2))], FLOAT32)
    assert_conforms(scaled(x), norm, x)
    x = rng.uniform(0.5, 1.5, (50, 7)).astype(FLOAT16)
    assert_conforms(step_by_step(x), multiplied, x)


def test_half_precision_has_the_reciprocals_of_float32():
    x = FLOAT16([1e-5, 3e-5])
    assert_conforms(x / x, lambda x: x / x, x)


def test_what_is_at_least_0_has_a_root():
    x = FLOAT32([1, 0.3])

    def other_leg(x):
        return xp(x).sqrt(xp(x).maximum(1 - x * x, 0))

    assert_conforms(other_leg(x), other_leg, x)
    assert bounded.nonnegative(xp(off(1.0, 0.0)).minimum(off(1.0, 0.0), off(2.0, 0.0)))


@pytest.mark.parametrize(
    "formula",
    [lambda x: 5 // x, lambda x: 5 % x, lambda x: divmod(7.0, x)[0], lambda x: divmod(x, 2.0)[1]],
    ids=["5 // x", "5 % x", "divmod(7.0, x)", "divmod(x, 2.0)"],
)
def test_division_with_remainder_has_all_operators(formula):
    x = FLOAT32([1.6, 3.7])
    assert_conforms(formula(x), formula, x)


def test_an_error_just_above_the_bound_is_said_to_be():
    x, y = np.array([1.0]), np.array([2.0**-53 * (1 + 2.0**-12)])
    twice_rounded = np.array([1.0])  # in 80 bits, and then to nearest, ties to even
    with pytest.raises(AssertionError, match=r"is 1\.000\d+ times the bound"):
        assert_conforms(twice_rounded, lambda a, b: a + b, x, y)
