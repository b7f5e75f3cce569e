"""Bounded arrays hold arrays of any library where they are: the same bounds, to the rounding, and nothing copied."""

import array_api_strict
import numpy as np
import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import device_arrays
from gaugeblock.conformance.formulas import FUNCTIONS, declared
from gaugeblock.conformance.judging import blocks, oracle, user_call
from gaugeblock.reference import AdamState, SGDState

rng = np.random.default_rng(20)
X, G, Y = (3 * rng.normal(size=(3, 6, 9))).astype(np.float32)
P = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
W, B, G6 = (rng.normal(size=shape).astype(np.float32) for shape in ((9, 4), 4, 6))
LABELS, ONE_HOT = rng.integers(0, 9, 6), np.eye(9, dtype=np.float32)[:6]
CALLS = {
    "softmax": (X,), "log_softmax": (X,), "softmax_vjp": (X, G), "log_softmax_vjp": (X, G), "relu": (X,),
    "relu_vjp": (X, G), "categorical_cross_entropy": (ONE_HOT, P), "categorical_cross_entropy_vjp": (ONE_HOT, P, G6),
    "categorical_cross_entropy_from_logits": (P, X), "categorical_cross_entropy_from_logits_vjp": (P, X, G6),
    "sparse_categorical_cross_entropy_from_logits": (LABELS, X),
    "sparse_categorical_cross_entropy_from_logits_vjp": (LABELS, X, G6),
    "dense": (X, W, B), "dense_vjp": (X, W, B, X[:, :4]), "neuron": (X, W[:, 0], B[0]),
    "neuron_vjp": (X, W[:, 0], B[0], G6), "adam_first_moment": (X, G, 0.9), "adam_second_moment": (X * X, G, 0.999),
    "adam_bias_correction": (X, 0.999, 7), "adam_update": (X, G, Y * Y, 0.001, 1e-8),
    "adam_step": (X, G, AdamState(4, Y, X * X)),
    "matmul": (X, G.mT), "matmul_vjp": (X, G.mT, Y[..., :6]), "embedding": (W, LABELS),
    "embedding_vjp": (W, LABELS, ONE_HOT[:, :4]),
    "silu": (X,), "silu_vjp": (X, G), "gelu": (X,), "gelu_vjp": (X, G), "gelu_tanh": (X / 9,),
    "gelu_tanh_vjp": (X / 9, G),
    "swiglu": (X, G), "swiglu_vjp": (X, G, Y), "rms_norm": (X, W[:, 0]), "rms_norm_vjp": (X, W[:, 0], G),
    "layer_norm": (X, W[:, 0], W[:, 1]), "layer_norm_vjp": (X, W[:, 0], W[:, 1], G),
    "sgd_step": (X, G, SGDState(4, Y)), "adamw_step": (X, G, AdamState(4, Y, X * X)), "clip_by_global_norm": (X, 1.0),
    "cross_entropy": (LABELS, X, W[:, 0] ** 2), "cross_entropy_vjp": (LABELS, X, B[0], W[:, 0] ** 2),
    "rotary_embedding": (X[None, ..., :8], G[:, :4], Y[:, :4]),
    "rotary_embedding_vjp": (X[None, ..., :8], G[:, :4], Y[:, :4], Y[None, ..., :8]),
    "scaled_dot_product_attention": (X / 9, G, Y, P[:, :6] > 0.05),
    "scaled_dot_product_attention_vjp": (X / 9, G, Y, X, P[:, :6] > 0.05),
}  # fmt: skip


def library(name):
    if name == "strict":
        return array_api_strict.asarray
    torch = pytest.importorskip("torch")
    return lambda x: torch.asarray(np.array(x))


def moved(value, how):
    if isinstance(value, tuple):
        return type(value)(*(moved(part, how) for part in value))
    return how(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value


@pytest.fixture
def on_a_device(monkeypatch):
    """Other libraries' floating-point arrays count as arrays on a device, from which nothing is copied."""

    def is_elsewhere(array):
        return not isinstance(array, np.ndarray | np.generic) and "float" in str(array.dtype)

    def refused(self):
        raise AssertionError("copied")

    monkeypatch.setattr(user_call, "is_elsewhere", is_elsewhere)
    return lambda: monkeypatch.setattr(device_arrays.Elsewhere, "to_numpy", refused)


# Of the formulas since 1.4, on one library, by turns for what is infinite.
OLD = [function for function in FUNCTIONS if declared(function).formula in spec.formulas("1.4")]
NEW = [function for function in FUNCTIONS if function not in OLD]
BOTH = [(function, name) for function in OLD for name in ("torch", "strict")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("function", "name"), BOTH + [(function, "torch") for function in NEW])
def test_values_and_bounds_are_those_of_numpy(function, name, on_a_device, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 400 if function in ("softmax", "dense") else 1 << 20)
    wanted, own = expected(function, *CALLS[function]), library(name)
    arguments = tuple(moved(value, own) for value in CALLS[function])
    found = expected(function, *arguments)
    for got, host in zip(found, wanted, strict=True):
        for one, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (got, host)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-12)
    output = getattr(reference, function)(*arguments)
    on_a_device()
    assert_conforms(output, function, *arguments)


@pytest.mark.parametrize("name", ["torch", "strict"])
def test_a_wrong_output_has_the_same_words(name, on_a_device):
    own, y = library(name), reference.softmax(X)
    y[2, 3] = y[2, 3] * np.float32(1.01)
    with pytest.raises(AssertionError) as host:
        assert_conforms(y, "softmax", X)
    on_a_device()
    with pytest.raises(AssertionError) as device:
        assert_conforms(own(y), "softmax", own(X))
    host, device = (str(error.value).partition("expected ")[::2] for error in (host, device))
    assert host[0] == device[0] == f"softmax: y[2, 3] is {float(y[2, 3])!r}; "
    assert host[1].partition(" within ")[2] == device[1].partition(" within ")[2]


def test_special_values_and_half_precision(on_a_device):
    torch = pytest.importorskip("torch")
    x = X.copy()
    x[0, 0], x[1, 1], x[2, 2], x[3] = np.nan, np.inf, -np.inf, -np.inf
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        tensor = torch.asarray(x).to(dtype)
        assert_conforms(torch.softmax(tensor, -1), "softmax", tensor)
        with pytest.raises(AssertionError):
            assert_conforms(torch.nan_to_num(torch.softmax(tensor, -1)), "softmax", tensor)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("function", "name"), BOTH + [(function, "torch") for function in NEW[::2]])
def test_infinite_values_and_those_that_overflow_are_judged_there_too(function, name, on_a_device):
    own = library(name)
    for special in (np.inf, np.nan, 3e38):
        given = [*CALLS[function]]
        if not isinstance(given[0], np.ndarray) or given[0].dtype.kind != "f":
            continue
        given[0] = given[0].copy()
        given[0][0, 0] = special
        try:
            wanted = expected(function, *given)
        except ValueError as error:
            with pytest.raises(type(error)):
                expected(function, *(moved(value, own) for value in given))
            continue
        found = expected(function, *(moved(value, own) for value in given))
        for got, host in zip(found, wanted, strict=True):
            for one, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (got, host)), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-12)


def test_a_ratio_next_to_1_is_settled_on_the_host(on_a_device):
    own = library("strict")
    value, bound = expected("softmax", X)
    parts = (device_arrays.Elsewhere(own(each)) for each in (value, 0 * value, bound))
    found = oracle.Expected(*parts, np.dtype("float32"))
    call = user_call.call_of("softmax", (own(X),), {})
    edge = device_arrays.Elsewhere(own(value + bound * (1 + 1e-8)))
    ratio, _ = oracle.settled(edge, found, call, "y", False)
    assert isinstance(ratio, np.ndarray)


def test_what_is_on_the_host_or_in_float64_is_judged_by_numpy():
    assert not device_arrays.is_elsewhere(X)
    assert not device_arrays.is_elsewhere(array_api_strict.asarray(X))
    torch = pytest.importorskip("torch")
    assert not device_arrays.is_elsewhere(torch.asarray(X))


def test_what_is_not_listed_is_an_error():
    x = device_arrays.Elsewhere(array_api_strict.asarray(X))
    with pytest.raises(TypeError):
        np.cumsum(x)
    with pytest.raises(TypeError):
        np.arctan2(x, x)
    with pytest.raises(TypeError, match="copied to the host by to_numpy alone"):
        np.asarray(x)


def test_a_formula_of_ones_own_is_judged_on_the_host(on_a_device):
    def wave(x):
        return x.__array_namespace__().sin(x)

    own = array_api_strict.asarray(X)
    assert_conforms(array_api_strict.sin(own), wave, own)
