"""Properties on drawn inputs: right code has them, and each kills a mutant with a small input that can be run."""

import importlib
import itertools
import types

import numpy as np
import pytest
import rewrites.softmax
from hypothesis import Phase, settings

import gaugeblock as gb
from gaugeblock import spec
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.suite import properties
from gaugeblock.conformance.suite.properties import PROPERTIES, check_property
from gaugeblock.reference.declaration import formula

DTYPES = ("float32", "float64")
SPARSE_VJP = "sparse_categorical_cross_entropy_from_logits_vjp"
MUTANTS = {
    "neuron.value": "neuron__no_bias",
    "dense.value": "dense__tf32",
    "relu.value": "relu__absolute",
    "neuron_vjp.value": "neuron_vjp__gb_negated",
    "dense_vjp.value": "dense_vjp__gw_in_tf32",
    "relu_vjp.value": "relu_vjp__straight_through",
    "softmax.value": "softmax__base_2",
    "log_softmax.value": "log_softmax__base_2",
    "softmax_vjp.value": "softmax_vjp__diagonal",
    "log_softmax_vjp.value": "log_softmax_vjp__of_softmax",
    "categorical_cross_entropy.value": "categorical_cross_entropy__bfloat16_labels",
    "categorical_cross_entropy_from_logits.value": "categorical_cross_entropy_from_logits__bfloat16_labels",
    "sparse_categorical_cross_entropy_from_logits.value": "sparse_categorical_cross_entropy_from_logits__base_2",
    "categorical_cross_entropy_from_logits_vjp.value": "categorical_cross_entropy_from_logits_vjp__bfloat16_labels",
    f"{SPARSE_VJP}.value": f"{SPARSE_VJP}__base_2",
    "categorical_cross_entropy_vjp.value": "categorical_cross_entropy_vjp__bfloat16_labels",
    "adam.value": "adam_step__source_v_hat",
    "neuron.batch": "neuron__batch_in_fortran_order",
    "dense.batch": "dense__batch_mean_subtracted",
    "softmax.batch": "softmax__sum_over_batch",
    "categorical_cross_entropy.batch": "categorical_cross_entropy__divided_by_batch",
    "neuron_vjp.batch": "neuron_vjp__squeezed",
    "dense_vjp.batch": "dense_vjp__half_results",
    "softmax_vjp.batch": "softmax_vjp__sum_over_batch",
    "log_softmax.batch": "log_softmax__shift_by_mean",
    "log_softmax_vjp.batch": "log_softmax_vjp__sum_over_batch",
    "categorical_cross_entropy_vjp.batch": "categorical_cross_entropy_vjp__mean_over_batch",
    "categorical_cross_entropy_from_logits.batch": "categorical_cross_entropy_from_logits__divided_by_batch",
    "categorical_cross_entropy_from_logits_vjp.batch": "categorical_cross_entropy_from_logits_vjp__mean_over_batch",
    "sparse_categorical_cross_entropy_from_logits.batch": (
        "sparse_categorical_cross_entropy_from_logits__divided_by_batch"
    ),
    f"{SPARSE_VJP}.batch": f"{SPARSE_VJP}__mean_over_batch",
    "embedding.value": "embedding__scaled",
    "gelu.value": "gelu__quick",
    "silu_vjp.value": "silu_vjp__gate_constant",
    "rms_norm.batch": "rms_norm__centred_over_batch",
    "softmax.shift": "softmax__unshifted",
    "softmax.permutation": "softmax__cumulative_sum",
    "softmax.sum": "softmax__one_in_denominator",
    "adam.scale": "adam_step__epsilon_zero_is_default",
}


def subject(**functions):
    return Subject(types.SimpleNamespace(__name__="subject", **functions))


def mutant(name):
    function = name.partition("__")[0]
    module = importlib.import_module(f"gaugeblock.conformance.mutants.{function.removesuffix('_step')}")
    return subject(**{function: getattr(module, name)})


def failure(name, judged, dtype="float32"):
    with pytest.raises(AssertionError) as caught:
        check_property(name, judged, dtype)
    return caught.value


def made_by(error):
    """What the code of a failure makes."""
    made = {}
    exec(str(error).partition("\n")[2], made)
    return {name: value for name, value in made.items() if name not in ("__builtins__", "np")}


# By turns: a property is one of formulas and not of formats, in each of which every formula is judged elsewhere.
BY_TURNS = [*zip(PROPERTIES, itertools.cycle((*DTYPES, *reversed(DTYPES))), strict=False)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("name", "dtype"), BY_TURNS)
def test_numpy_has_all_properties(name, dtype):
    check_property(name, Subject("numpy"), dtype)


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("name", "dtype"), BY_TURNS[::5])
def test_a_strict_namespace_has_properties(name, dtype):
    """Some: the computation is NumPy's."""
    check_property(name, Subject("strict"), dtype)


# Every other rewrite, of these every other one in float64, and every other property.
REWRITES = [name for name in vars(rewrites.softmax) if name.startswith("softmax__")][::2]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("rewrite", "dtype"), [*zip(REWRITES, itertools.cycle(DTYPES), strict=False)])
def test_right_rewrites_have_them(rewrite, dtype):
    names = [name for name, each in PROPERTIES.items() if each.formula.name == "softmax"]
    for name in names[REWRITES.index(rewrite) // 2 % 2 :: 2]:
        check_property(name, subject(softmax=getattr(rewrites.softmax, rewrite)), dtype)


# Of the formulas since 1.4, whose mutants are of the same kinds, a few.
OLD = [label for label in PROPERTIES if label.partition(".")[0] in spec.formulas("1.4")]


KILLING = [*OLD, "embedding.value", "gelu.value", "rms_norm.batch", "silu_vjp.value"]
SHRUNK = KILLING[::3]  # what takes the time


@pytest.mark.parametrize("name", [name for name in KILLING if name not in SHRUNK])
def test_each_kills_a_mutant(name, monkeypatch):
    monkeypatch.setattr(properties, "SETTINGS", settings(properties.SETTINGS, phases=[Phase.generate]))
    assert str(failure(name, mutant(MUTANTS[name]))).startswith(f"{name} does not hold:\nimport numpy as np\n")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", SHRUNK)
def test_each_kills_a_mutant_with_code_that_runs_and_little_in_it(name):
    error = failure(name, mutant(MUTANTS[name]))
    assert str(error).startswith(f"{name} does not hold:\nimport numpy as np\n")
    assert "reproduce_failure" in "".join(error.__notes__)
    inputs = made_by(error)
    assert inputs.keys() == PROPERTIES[name].inputs(np.dtype("float32")).keys()
    again = mutant(MUTANTS[name])
    (function,) = again.functions(PROPERTIES[name].formula.name).values()
    call = properties.judged(again, PROPERTIES[name].formula, function, np.dtype("float32"))
    with np.errstate(all="ignore"), pytest.raises(AssertionError):
        PROPERTIES[name].holds(call, **inputs)
    assert sum(np.count_nonzero(inputs[key]) for key in inputs.keys() & {"x", "w", "b", "y", "grad", "m"}) <= 4


def test_the_code_of_a_failure_calls_the_formula():
    made = made_by(failure("softmax.shift", mutant("softmax__unshifted")))
    x, c = made["x"], made["c"]
    assert x.dtype == np.float32
    assert not x.any()
    assert c == 88  # exp(89) overflows in float32, and so does the sum of five exp(88)
    assert np.array_equal(gb.softmax(x), gb.softmax(x + c))


def test_code_is_the_number_to_the_bit():
    array = np.array([[0.1, -0.0], [5e-324, 1.5]])
    again = eval(properties.code(array), {"np": np})
    assert array.tobytes() == again.tobytes()
    assert properties.code(np.float32([0, 1.5, 512.75])).count("0 0x1.8p+0 0x1.006p+9") == 1
    assert eval(properties.code(np.array(3.0, np.float32)), {"np": np}).shape == ()


def test_every_formula_has_its_value_judged():
    assert {f"{formula}.value" for formula in spec.formulas()} <= PROPERTIES.keys()


@pytest.mark.parametrize(
    ("softmax", "words"),
    [
        (lambda x, axis: None, "softmax: y: got NoneType; wanted a NumPy array"),
        (lambda x, axis: gb.softmax(x)[0], "y of softmax is float32 of shape (5,), not float32 of shape (3, 5)"),
        (lambda x, axis: gb.softmax(x).astype(np.float16), "y of softmax is float16 of shape (3, 5)"),
        (lambda x, axis: 1 / 0, "softmax: it raised ZeroDivisionError: division by zero"),
        (lambda x, axis: x * np.nan, "the sums of softmax(x) and 1 differ by inf at [0]"),
    ],
)
def test_a_broken_subject_fails_with_the_reason(softmax, words):
    assert words in str(failure("softmax.sum", subject(softmax=softmax)))


def never(*arguments, **options):
    raise NotImplementedError("never")


def test_what_is_not_offered_is_told():
    with pytest.raises(NotImplementedError, match="never"):
        check_property("softmax.shift", subject(softmax=never), "float32")
    with pytest.raises(NotImplementedError, match="subject has no adam_step"):
        check_property("adam.scale", subject(softmax=never), "float32")


def test_a_failure_is_the_same_each_time():
    first, again = (str(failure("softmax.permutation", mutant("softmax__bfloat16_sum"))) for _ in range(2))
    assert first == again


@formula("(..., n), (n), (...), () -> (..., n)", domain=("real", "nonnegative", "mask", "[0, 1)"))
def masked(x, w, keep, share, /):
    xp = x.__array_namespace__()
    return xp.where(xp.expand_dims(keep, axis=-1), x * w * (1 - share), x)


def test_a_formula_of_somebody_elses_has_the_general_properties():
    def mean_subtracted(x, w, keep, share):
        return np.where(keep[..., None], x * w * (1 - share), x) - np.mean(x, axis=0)

    assert list(properties.properties_of(masked)) == ["masked.value", "masked.batch"]
    check_property(masked, Subject(types.SimpleNamespace(__name__="mine", masked=masked), None, ["masked"]), "float32")
    wrong = Subject(types.SimpleNamespace(__name__="wrong", masked=mean_subtracted), None, ["masked"])
    with pytest.raises(AssertionError, match=r"masked\.value does not hold"):
        check_property(masked, wrong, "float32")
