"""How far the made cases reach: the ends of a dtype's range, of what an option may be, and of the dtypes of labels."""

import types

import numpy as np
import pytest
from made import failures, words

from gaugeblock.conformance.cases import made
from gaugeblock.conformance.cases.build import accepted
from gaugeblock.conformance.cases.draw import unpack
from gaugeblock.conformance.cases.reach import plain, reaches, with_which_it_matters
from gaugeblock.conformance.formulas import FUNCTIONS, declared
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants.rounding import to_bfloat16, to_tf32

FLOAT32 = np.dtype("float32")
OPTIONS = [
    (name, option)
    for name in FUNCTIONS
    for option, values in declared(name).options.items()
    if all(type(value) is float or value is None for value in values)
]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_goes_beyond_10_on_each_side_where_it_may(name, option):
    """So that none is clamped unseen, nor is a product of two."""
    formula = declared(name)
    given = (each.compact.options.get(option) for each in made(formula.formula, FLOAT32))
    values = {value for value in given if value is not None}
    for far in (10.0, -10.0):
        if accepted(formula, plain(formula), {option: far}):
            assert max(value / far for value in values) >= 1


def test_what_is_squared_is_not_as_large_as_what_is_not():
    layer_norm, adam = declared("layer_norm"), declared("adam_step")
    assert [reaches(layer_norm, number) for number in range(3)] == [False, True, True]
    assert [reaches(adam, number) for number in range(5)] == [True, False, False, True, True]


def test_an_argument_is_asked_about_with_an_option_by_which_it_matters():
    assert with_which_it_matters(declared("sgd_step"), 3) == {"momentum": 0.9}
    assert with_which_it_matters(declared("dense_vjp"), 2) is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_factors_are_the_largest_numbers_and_results_are_finite(dtype):
    far = {each.name: each.whole() for each in made("matmul", np.dtype(dtype)) if each.name.startswith("far_in")}
    for number, case in enumerate(far.values()):
        assert np.max(np.abs(case.arguments[number])) == np.finfo(dtype).max
        assert np.all(np.isfinite(case.formula(*case.arguments)))
    assert len(far) == 2


@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_vjp"])
def test_the_number_of_ignored_labels_has_the_bits_of_a_label(name):
    every = [each.whole() for each in made(name, FLOAT32) if each.kind == "labels"]
    pairs = [(case.arguments[0], case.options.get("ignore_index")) for case in every]
    own = [(labels, number) for labels, number in pairs if number is not None and labels.itemsize <= 2]
    wrapped = {labels.dtype.name for labels, number in own if np.any(labels == number % 256**labels.itemsize)}
    assert wrapped == {"int8", "uint8", "int16", "uint16"}


@pytest.mark.parametrize("name", ["relu_vjp", "dense_vjp", "softmax_vjp", "scaled_dot_product_attention"])
def test_one_row_stands_for_all_in_each_argument_alone(name):
    alone = [each.whole() for each in made(name, FLOAT32) if each.name.startswith("equal_rows_in_")]
    for case in alone:
        arrays = [array for array in unpack(case.arguments) if np.ndim(array) > 1]
        assert sum(bool(np.all(array == array[:1])) for array in arrays) <= 1
    assert len(alone) >= 2


@pytest.mark.parametrize(("precision", "rounding"), [("tf32", to_tf32), ("bf16", to_bfloat16)])
def test_the_largest_numbers_are_not_judged_of_a_class_that_rounds_them_to_infinity(precision, rounding):
    def matmul(a, b):
        return np.matmul(rounding(a), rounding(b))

    assert np.isinf(rounding(np.finfo(np.float32).max))
    subject = Subject(types.SimpleNamespace(__name__="coarse", precision=precision, matmul=matmul))
    assert not [*map(words, failures(subject, "matmul", "float32", {"magnitudes"}))]
