"""What a subject need not write: arrays of other libraries, gradients, the last axis, optimizers with hidden state."""

import types

import ml_dtypes
import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import reference
from gaugeblock.conformance import check
from gaugeblock.conformance.exchange.program import name_of_gradient
from gaugeblock.conformance.formulas import FUNCTIONS, declared
from gaugeblock.conformance.judging.remote import Isolated
from gaugeblock.conformance.judging.subject import UNSEEN, Subject
from gaugeblock.worker.adapters import Optimizer, function_of, moved
from gaugeblock.worker.foreign import backend_of, by_dlpack, read


class Tensor:
    """An array of a library that nobody knows; how it can be read differs from test to test."""

    def __init__(self, values):
        self.values, self.shape, self.ndim = np.asarray(values), np.shape(values), np.ndim(values)


class ByNumpy(Tensor):
    def numpy(self):
        return self.values.copy()


class ByArray(ByNumpy):
    def __array__(self, dtype=None, copy=None):
        return self.values

    def numpy(self):
        raise AssertionError("__array__ comes first")


class ByDLPack(ByArray):
    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("DLPack comes first")


def subject(**more):
    return types.SimpleNamespace(__name__="subject", **more)


def verdicts(found):
    return {result.requirement: result.status for result in found.results}


@pytest.mark.parametrize("kind", [ByNumpy, ByArray, ByDLPack])
def test_arrays_are_read_by_the_first_way_that_works(kind):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(read(kind(values)), values)
    with pytest.raises(TypeError, match="got object; wanted an array that DLPack"):
        read(object())


def test_bfloat16_comes_by_dlpack_with_its_bits_and_without_a_copy():
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[1.5, -2.0], [torch.nan, 3e38]], dtype=torch.bfloat16).T
    found = by_dlpack(tensor)
    assert found.dtype == ml_dtypes.bfloat16
    assert np.array_equal(found.view(np.int16), tensor.view(torch.int16).numpy())
    tensor[0, 0] = 7
    assert found[0, 0] == 7


@pytest.mark.parametrize(("kind", "seen"), [(ByNumpy, False), (ByArray, True), (ByDLPack, True)])
def test_a_report_says_where_shared_memory_cannot_be_seen(kind, seen):
    other = subject(to_library=kind, relu=lambda x: kind(np.maximum(x.values, 0)))
    assert backend_of(other).shows_memory() is seen
    found = check(other, formulas=["relu"], dtypes=["float32"])
    assert found.passed
    assert (UNSEEN in found.notes) is not seen


def test_an_array_of_another_library_that_is_changed_is_seen_though_reading_copies():
    def in_place(x):
        np.maximum(x.values, 0, out=x.values)
        return ByNumpy(x.values.copy())

    assert verdicts(check(subject(to_library=ByNumpy, relu=in_place), dtypes=["float32"]))["relu.pure"] == "fail"
    same = subject(
        to_library=ByDLPack, relu=lambda x: x if np.all(x.values >= 0) else ByDLPack(np.maximum(x.values, 0))
    )
    assert verdicts(check(same, dtypes=["float32"]))["relu.pure"] == "fail"


def test_a_result_of_no_library_is_broken_in_one_line():
    found = check(subject(to_library=ByNumpy, relu=lambda x: object()), dtypes=["float32"])
    reasons = {result["reason"] for result in found.to_dict()["results"] if result["status"] == "fail"}
    assert any("got object; wanted an array that DLPack" in reason for reason in reasons), reasons


def differences(function, inputs, g):
    """What stands for automatic differentiation: by the complex step, in no formula's own way."""
    gradients = []
    for number, each in enumerate(inputs):
        found = np.empty_like(each)
        for place in np.ndindex(each.shape):
            moved = [value.astype(complex) for value in inputs]
            moved[number][place] += 1e-30j
            found[place] = np.sum(function(*moved).imag / 1e-30 * g)
        gradients.append(found)
    return gradients


def layer(x, w, b):
    return x @ w + b


def test_gradients_are_made_of_the_forward_functions():
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.normal(size=shape) for shape in ((3, 4), (4, 2), (2,), (3, 2)))
    own = subject(dense=layer, vjp=differences)
    for got, wanted in zip(function_of(own, "dense_vjp")(x, w, b, g), gb.dense_vjp(x, w, b, g), strict=True):
        assert np.allclose(got, wanted, rtol=1e-12)

    def loss(y, x, *, axis=-1):
        e = np.exp(x)
        return -np.sum(y * np.log(e / np.sum(e, axis=axis, keepdims=True)), axis=axis)

    own, y, g = (
        subject(categorical_cross_entropy_from_logits=loss, vjp=differences),
        np.eye(4)[[0, 1, 3]],
        rng.normal(size=3),
    )
    got = function_of(own, "categorical_cross_entropy_from_logits_vjp")(y, x, g, axis=-1)
    assert np.allclose(got, gb.categorical_cross_entropy_from_logits_vjp(y, x, g), rtol=1e-12)

    # Indices have no gradient, wherever they stand among the arguments.
    own, labels, g = subject(embedding=lambda table, labels: table[labels], vjp=differences), np.array([2, 0, 2]), w[:3]
    assert np.allclose(function_of(own, "embedding_vjp")(w, labels, g), gb.embedding_vjp(w, labels, g), rtol=1e-12)


def test_a_gradient_of_its_own_comes_first_and_none_is_made_of_nothing():
    own = subject(relu=gb.relu, vjp=differences, relu_vjp=gb.relu_vjp)
    assert function_of(own, "relu_vjp") is gb.relu_vjp
    assert function_of(own, "softmax_vjp") is None
    assert function_of(subject(relu=gb.relu), "relu_vjp") is None
    assert function_of(own, "a_function_of_somebody") is None


def last_softmax(x):
    return gb.softmax(x)


def last_loss(labels, x):
    return gb.sparse_categorical_cross_entropy_from_logits(labels, x)


@pytest.mark.parametrize("last", [True, False])
def test_a_kernel_of_the_last_axis_is_given_every_axis(last):
    names = ["softmax", "sparse_categorical_cross_entropy_from_logits"]
    functions = dict(zip(names, (last_softmax, last_loss), strict=True))
    found = check(subject(last_axis_only=last, **functions), formulas=names, dtypes=["float32"])
    assert found.passed is last


def test_axes_move_as_views_and_back():
    array = np.arange(24).reshape(2, 3, 4)
    for axis in (0, 1, 2, -1, -3):
        assert np.array_equal(moved(array, axis, -1), np.moveaxis(array, axis, -1))
        assert np.shares_memory(moved(moved(array, axis, -1), -1, axis), array)
        assert np.array_equal(moved(moved(array, axis, -1), -1, axis), array)
    with pytest.raises(NotImplementedError, match="Tensor cannot be moved; a function moveaxis can"):
        moved(Tensor(array), 0, -1)


def make(step=gb.adam_step, **fixed):
    """An optimizer that hides its state, of a step of Adam."""

    def optimizer(theta, **hyper):
        state = reference.adam_init(theta)

        def update(grad):
            nonlocal theta, state
            theta, state = step(theta, grad, state, **{**hyper, **fixed})
            return theta

        return update

    return optimizer


def test_an_optimizer_that_hides_its_state_is_judged_by_its_parameters():
    found = check(subject(optimizer=make()), formulas=["adam"], dtypes=["float32"])
    assert found.passed
    statuses = verdicts(found)
    assert statuses["adam.trajectory"] == "pass"
    assert {statuses[f"adam.{label}"] for label in ("step", "state", "resumed", "donate")} == {"not offered"}
    assert not any("; the optimizer hides" in each.reason for each in found.results)
    wrong = check(subject(optimizer=make(epsilon=1e-7)), formulas=["adam"], dtypes=["float32"])
    assert not wrong.passed
    assert verdicts(wrong)["adam.trajectory"] == "fail"


def test_the_keywords_of_an_optimizer_say_which_step_it_makes():
    def decaying(theta, *, learning_rate=1.0, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01): ...

    steps = ("adam_step", "adamw_step", "sgd_step")
    assert [isinstance(function_of(subject(optimizer=make()), step), Optimizer) for step in steps] == [
        True,
        False,
        False,
    ]
    found = [isinstance(function_of(subject(optimizer=decaying), step), Optimizer) for step in steps]
    assert found == [False, True, False]


def test_an_optimizer_may_go_on_in_the_array_that_it_returned():
    def optimizer(theta, **hyper):
        update = make()(theta, **hyper)

        def in_place(grad):
            theta[...] = update(grad)
            return theta

        return in_place

    assert check(subject(optimizer=optimizer), formulas=["adam"], dtypes=["float32"]).passed


def test_a_step_of_its_own_comes_before_an_optimizer():
    assert function_of(subject(adam_step=gb.adam_step, optimizer=make()), "adam_step") is gb.adam_step
    assert isinstance(function_of(subject(optimizer=make()), "adam_step"), Optimizer)


SHORT = """
import numpy as np
last_axis_only = True
def to_library(array):
    return memoryview(np.ascontiguousarray(array)) if array.ndim else array
def from_library(array):
    return np.asarray(array)
def moveaxis(array, source, destination):
    return np.moveaxis(np.asarray(array), source, destination)
def softmax(x):
    x = np.asarray(x)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
def optimizer(theta, **hyper):
    raise NotImplementedError("not here")
"""


def test_adapters_work_in_the_process_of_a_subject(tmp_path):
    file = tmp_path / "short.py"
    file.write_text(SHORT)
    with Isolated(str(file)) as isolated:
        assert (
            isolated.library
            == Subject(subject(to_library=Tensor, from_library=lambda a: getattr(a, "values", a), relu=abs)).library
        )
        assert isolated.shows_memory
        assert set(isolated.offered) == {"softmax", "adam_step"}
    found = check(str(file), formulas=["softmax"], dtypes=["float32"])
    assert found.passed


def test_the_one_result_of_a_gradient_has_the_name_of_its_page_too():
    names = {name: name_of_gradient(declared(name)) for name in FUNCTIONS}
    assert names["softmax_vjp"] == names["relu_vjp"] == "gx"
    assert names["categorical_cross_entropy_vjp"] == "gp"
    assert names["embedding_vjp"] == "gtable"
    assert {name for name, other in names.items() if other} == {
        name for name in names if name.endswith("_vjp") and len(declared(name).results) == 1
    }


def test_a_gradient_may_have_an_optional_argument_behind_g():
    torch = pytest.importorskip("torch")

    def cross_entropy(labels, x, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
        options = {"ignore_index": ignore_index, "label_smoothing": label_smoothing, "reduction": reduction}
        return torch.nn.functional.cross_entropy(x, labels, weight, **options)

    def vjp(function, inputs, g):
        return torch.func.vjp(function, *inputs)[1](g)

    gradient = function_of(types.SimpleNamespace(cross_entropy=cross_entropy, vjp=vjp), "cross_entropy_vjp")
    labels, x, g = torch.tensor([1, 0]), torch.tensor([[0.5, 1.0, 2.0], [0.0, 1.0, -1.0]]), torch.tensor(3.0)
    weight = torch.tensor([1.0, 2.0, 0.5])
    native = gb.backends.load("torch").cross_entropy_vjp
    assert torch.allclose(gradient(labels, x, g, weight), native(labels, x, g, weight))
    assert torch.allclose(gradient(labels, x, g), native(labels, x, g))
