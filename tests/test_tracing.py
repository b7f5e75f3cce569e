"""Functions of PyTorch and JAX are judged by the tolerance that is derived from themselves."""

import copy
import functools
import tracemalloc
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from any_function import coarser, compiled, of_torch, rules, shortened
from jax_functions import functions as functions_of_jax
from torch.nn import functional
from torch_functions import functions as functions_of_torch

from gaugeblock import formula
from gaugeblock.conformance import assert_conforms, check, expected
from gaugeblock.conformance.arithmetic.namespace import BOUNDED, MissingError
from gaugeblock.conformance.cases import made
from gaugeblock.conformance.cases.behaviour import behaviour
from gaugeblock.conformance.formulas import case, declared, functions_of
from gaugeblock.conformance.formulas.axes import links
from gaugeblock.conformance.judging.made_expectations import compact_cases, left_out
from gaugeblock.conformance.tracing import UpdatedInPlaceWarning, aten, from_torch, lax, library_of, standard
from gaugeblock.conformance.tracing.positions import TracingError, gathered, in_steps

# A few of each kind; `benchmarks/any_function.py` has all of them.
OF_TORCH = """gelu_new softplus group_norm max_pool_2d average_pool_2d conv_2d conv_transposed_2d einsum_4d argmax
    cumprod cross_entropy causal_self_attention recurrent embedding_and_linear gradient_of_swiglu"""
OF_JAX = "router adamw state_space gradient_of_custom branched"
TORCH = {name: each for name, *each in functions_of_torch() if name in OF_TORCH.split()}
JAX = {name: each for name, *each in functions_of_jax() if name in OF_JAX.split()}
LAST = {"torch": "dim", "jax": "axis"}  # the keyword of an axis
CASES = [pytest.param(of_torch, *each, id=name) for name, each in TORCH.items()]
CASES += [pytest.param(compiled, *each, id=name) for name, each in JAX.items()]


@pytest.mark.parametrize(("call", "function", "arguments"), CASES)
def test_the_library_conforms_and_wrong_kernels_do_not(call, function, arguments):
    wanted, right = rules(function, arguments), call(function, *arguments)
    assert wanted.ratio(right) <= 1
    assert wanted.ratio([np.zeros_like(each) for each in right]) > 1
    assert wanted.ratio(call(coarser(function, 8), *(shortened(each, 8) for each in arguments))) > 1


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_many_numbers_of_float64_are_judged(library):
    """So many that reference functions run on twofold arrays, which know no operation of a library."""
    x = np.random.default_rng(0).normal(size=(500, 6))
    softmax = functools.partial({"torch": torch.softmax, "jax": jax.nn.softmax}[library], **{LAST[library]: -1})
    with jax.enable_x64(True):
        given = {"torch": torch.from_numpy, "jax": jnp.asarray}[library](x)
        assert_conforms(softmax(given), softmax, given)
        with pytest.raises(AssertionError, match="outside"):
            assert_conforms(softmax(given) * (1 + 2.0**-45), softmax, given)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["gelu_new", "group_norm", "conv_2d", "einsum_4d"])
def test_half_precision_is_judged_as_pytorch_computes_it(name, dtype):
    function, arguments = TORCH[name]
    if isinstance(function, torch.nn.Module):
        function = copy.deepcopy(function).to(dtype)
    arguments = [each.to(dtype) for each in arguments]
    with torch.no_grad():
        right = function(*arguments)
    assert_conforms(right, function, *arguments)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(right * 1.05, function, *arguments)


def test_parameters_are_inputs():
    module = torch.nn.Linear(8, 3)
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    other = copy.deepcopy(module)
    other.weight.data *= 1 + 2**-15
    assert_conforms(module(x).detach(), module, x)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(other(x).detach(), module, x)


def test_what_is_updated_in_place_is_said_and_the_module_stays_as_it_was():
    module = torch.nn.BatchNorm1d(4)
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    with pytest.warns(
        UpdatedInPlaceWarning, match=r"BatchNorm1d updates running_mean, running_var, num_batches_tracked"
    ):
        value, _ = expected(module, x)
    assert torch.equal(module.running_mean, torch.zeros(4))
    np.testing.assert_allclose(value, module(x).detach(), atol=1e-5)


def test_random_operations_are_refused_by_name():
    x = torch.ones(4)
    with pytest.raises(TracingError, match=r"^aten\.bernoulli: got a random operation, as dropout is; wanted .*eval"):
        expected(torch.nn.Dropout(), x)
    assert_conforms(x, torch.nn.Dropout().eval(), x)
    with pytest.raises(TracingError, match=r"^aten\.rand.*: got a random operation"):
        expected(lambda x: x + torch.rand_like(x), x)
    with pytest.raises(TracingError, match=r"^jax\.random .*: got a random operation"):
        expected(lambda x: x * jax.random.normal(jax.random.key(0), x.shape), jnp.ones(4))


def test_what_has_no_bound_is_named():
    x = torch.eye(3)
    with pytest.raises(MissingError, match=r"^aten\.linalg_inv_ex: gaugeblock has no error bound"):
        expected(torch.linalg.inv, x)
    with pytest.raises(MissingError, match=r"^jax\.lax\.cholesky: gaugeblock has no error bound"):
        expected(jnp.linalg.cholesky, jnp.eye(3))


def test_a_branch_on_values_is_refused():
    def of_sign(x):
        return x if x.sum() > 0 else -x

    with pytest.raises(TracingError, match=r"wanted torch\.where"):
        expected(of_sign, torch.ones(3))
    with pytest.raises(TracingError, match=r"wanted jax\.numpy\.where"):
        expected(of_sign, jnp.ones(3))


def test_a_function_that_returns_no_array_is_refused():
    with pytest.raises(TracingError, match="returns no array"):
        expected(lambda x: None, torch.ones(3))


def test_a_library_raises_its_own_errors():
    with pytest.raises(IndexError, match="Dimension out of range"):
        expected(functional.softmax, torch.ones(3), dim=5)


@pytest.mark.parametrize(("full", "array"), [(torch.full, torch.tensor), (jnp.full, jnp.asarray)])
def test_constants_keep_their_value(full, array):
    """0.1 is a tenth of binary64, and whoever rounds it to float32 is within the bound."""
    x = array(np.arange(1, 9, dtype=np.float32))
    value, bound = expected(lambda x: x * 0.1 + full(x.shape, 0.3), x)
    exactly = np.arange(1, 9) * 0.1 + 0.3
    assert np.array_equal(value, exactly)
    assert np.all(np.abs(np.arange(1, 9) * np.float64(np.float32(0.1)) + np.float64(np.float32(0.3)) - exactly) < bound)


@pytest.mark.parametrize(("module", "array"), [(torch, torch.tensor), (jnp, jnp.asarray)])
def test_constants_of_a_format_are_those_of_the_arrays(module, array):
    x = array(np.full(4, 1, np.float32))
    value, _ = expected(lambda x: x * module.finfo(x.dtype).eps, x)
    assert np.array_equal(value, np.full(4, 2.0**-23))


def test_an_operation_that_is_misread_is_found(monkeypatch):
    monkeypatch.setattr(aten, "relu", lambda xp, x: x)
    vars(aten)["relu"].__module__ = aten.__name__
    with pytest.raises(ValueError, match=r"relu: gaugeblock reads an operation otherwise than torch.* 3 of 6"):
        expected(torch.relu, torch.arange(-3, 3, dtype=torch.float32))
    monkeypatch.setitem(lax.SAME, "sin", "cos")
    with pytest.raises(ValueError, match="sin: gaugeblock reads an operation otherwise than jax in float64"):
        expected(jnp.sin, jnp.arange(4.0))


def test_arrays_may_be_in_trees():
    x = torch.arange(4.0)
    given = {"a": x, "b": [x, 2 * x]}
    assert_conforms({"sum": 3 * x}, lambda given: {"sum": given["a"] + given["b"][1]}, given)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms({"sum": 2 * x}, lambda given: {"sum": given["a"] + given["b"][1]}, given)


def test_results_in_a_dictionary_are_told_apart_by_their_keys():
    def statistics(x):
        return {"mean": x.mean(-1), "largest": [{"b": x.amax(-1), "a": x.amin(-1)}]}

    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    right = {"largest": [{"a": x.amin(-1), "b": x.amax(-1)}], "mean": x.mean(-1)}
    assert_conforms(right, statistics, x)
    for swapped in (
        {**right, "mean": x.amax(-1)},
        {"largest": [{"b": x.amin(-1), "a": x.amax(-1)}], "mean": x.mean(-1)},
    ):
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(swapped, statistics, x)


@pytest.mark.parametrize("asked", [functional.gelu, torch.nn.Linear(8, 3)])
def test_what_is_compiled_is_the_function_that_it_was_made_of(asked):
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    compiled_one = torch.compile(asked, backend="eager")
    assert_conforms(asked(x).detach(), compiled_one, x)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(asked(x).detach() * 1.001, compiled_one, x)


def test_results_have_the_dtypes_of_the_library():
    value, bound = expected(jnp.argmax, jnp.arange(4.0))
    assert (value.dtype, value.item(), bound.item()) == (np.int32, 3, 0)
    assert_conforms(jnp.argmax(jnp.arange(4.0)), jnp.argmax, jnp.arange(4.0))
    x = torch.arange(4.0)
    with pytest.raises(AssertionError, match=r"got float32 .* expected float64"):
        assert_conforms(x.sum(), lambda x: x.double().sum(), x)


def test_a_coarser_format_inside_has_its_own_error():
    x = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))

    def mixed(x):
        return (x.bfloat16() @ x.bfloat16()).float()

    assert_conforms(mixed(x), mixed, x)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(mixed(x), lambda x: x @ x, x)


def test_the_library_is_told_by_function_or_arrays():
    x = np.ones(3)
    assert library_of(np.sin, (x,)) is None
    assert standard(np.sin, (x,), {}) is None
    assert library_of(np.sin, ([{"a": torch.ones(3)}],)) == "torch"
    assert library_of(torch.nn.ReLU(), (x,)) == "torch"
    assert library_of(torch.relu, (x,)) == "torch"
    assert library_of(jnp.sin, (x,)) == library_of(np.sin, (jnp.ones(3),)) == library_of(jax.jit(jnp.sin), ()) == "jax"


def test_a_vacuous_bound_names_the_step():
    x = torch.randn(4, 8, 6, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"the step that makes it so is mean of 192 elements: .* times as wide"):
        expected(lambda x: functional.group_norm(x, 2).mean(), x)
    with pytest.raises(ValueError, match="is log of 192 elements: it makes the bound infinite"):
        expected(lambda x: torch.log(x - x.mean() + 1e-9 * x.abs()), x.abs() * 0 + 0.3)


def of_rows(dtype, seed):
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(4, 24)).astype(dtype), rng.normal(size=24).astype(dtype)
    yield case(rms_scale, "rms_scale.value", "normal", "a sum instead of the mean", x, w)


@formula("(..., n), (n) -> (..., n)", library="torch", cases=of_rows)
def rms_scale(x, w, *, eps=1e-6):
    return functional.rms_norm(x, (x.shape[-1],), eps=eps) * w


@formula("(..., n) -> (..., n)", library="jax")
def softcap(x, *, cap=30.0):
    return cap * jnp.tanh(x / cap)


class Right:
    backend = "numpy"

    @staticmethod
    def rms_scale(x, w, *, eps=1e-6):
        return (x / np.sqrt(np.mean(x * x, -1, keepdims=True) + x.dtype.type(eps)) * w).astype(x.dtype)

    @staticmethod
    def softcap(x, *, cap=30.0):
        return x.dtype.type(cap) * np.tanh(x / x.dtype.type(cap))


class Wrong:
    backend = "numpy"

    @staticmethod
    def rms_scale(x, w, *, eps=1e-6):
        return x / np.sqrt(np.sum(x * x, -1, keepdims=True) + x.dtype.type(eps)) * w

    @staticmethod
    def softcap(x, *, cap=30.0):
        return x.dtype.type(cap) * np.tanh(x / x.dtype.type(cap + 0.01))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("declared", [rms_scale, pytest.param(softcap, marks=pytest.mark.whole)])
def test_a_declared_function_is_checked(declared):
    assert check(Right, formulas=[declared], dtypes=["float32"]).passed
    assert not check(Wrong, formulas=[declared], dtypes=["float32"]).passed


def test_a_module_is_declared_and_follows_the_format():
    declared = formula("(..., n) -> (..., n)", library="torch")(torch.nn.LayerNorm(6))
    x = np.random.default_rng(0).normal(size=(3, 6))
    centred = x - x.mean(-1, keepdims=True)
    assert_conforms(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5), declared, x)


@formula("(..., n) -> (..., n)", library="torch")
def normed(x, *, eps=1e-3):
    return functional.rms_norm(x, (x.shape[-1],), eps=eps)


@pytest.mark.parametrize("options", [{}, {"eps": 0.1}])
def test_an_option_that_no_float32_is_reaches_the_function(options):
    """It was None, with which rms_norm has an epsilon of its own."""
    x = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    eps = np.float32(options.get("eps", 1e-3))
    right = x / np.sqrt(np.mean(x * x, -1, keepdims=True) + eps)
    assert_conforms(right, normed, x, **options)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(x / np.sqrt(np.mean(x * x, -1, keepdims=True)), normed, x, **options)


@pytest.mark.whole
def test_labels_are_of_dtypes_that_pytorch_takes():
    @formula("(b, n), (b) -> (b)", domain=("real", "index"), library="torch")
    def cross_entropy(x, labels):
        return functional.cross_entropy(x, labels, reduction="none")

    found = [case.compact.arguments for case in made(declared(cross_entropy), np.dtype("float32"), 0)]
    assert not {"int8", "int16", "uint16", "uint32", "uint64"} & {labels.dtype.name for _, labels in found}
    assert all(np.all(labels < x.shape[1]) for x, labels in found)
    assert any(np.any(labels >= x.shape[0]) for x, labels in found)


def test_only_known_libraries_are_declared():
    with pytest.raises(ValueError, match="library: got 'mxnet'; wanted 'torch' or 'jax'"):
        formula("(...) -> (...)", library="mxnet")(abs)


ROWS = torch.randint(0, 3, (40,), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.zeros(3, 30, dtype=x.dtype).index_put((ROWS,), x, accumulate=True),
        lambda x: functional.fold(functional.unfold(x[None, None], 3), (40, 30), 3),
        lambda x: torch.func.grad(lambda w: functional.embedding(ROWS, w).float().pow(2).sum())(x[:3]),
    ],
)
def test_what_is_added_at_one_place_may_be_rounded_at_each_step_in_half_precision(function):
    x = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    half, wide = x.half(), x.half().float()
    right = function(half)
    assert_conforms(right, function, half)
    _, bound = expected(function, half)
    value, once = expected(function, wide)
    assert np.any(np.abs(right.float().numpy() - value) > once + 2.0**-11 * np.abs(value))  # as one rounding would be
    assert np.all(bound <= 20 * 2.0**-11 * function(wide.abs()).numpy() + 1e-5)


def test_gradients_of_embeddings_and_folds_of_columns():
    g = torch.Generator().manual_seed(0)
    for options in ({"kernel_size": (2, 3)}, {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": (2, 1)}):
        columns = functional.unfold(torch.randn(2, 3, 7, 9, generator=g), **options)
        assert_conforms(functional.fold(columns, (7, 9), **options), functional.fold, columns, (7, 9), **options)
    index = torch.tensor([[0, 3, 3], [2, 0, 3]])

    def gradient(w):
        return torch.func.grad(lambda w: functional.embedding(index, w, padding_idx=0).pow(3).sum())(w)

    w = torch.randn(5, 4, generator=g)
    assert_conforms(gradient(w), gradient, w)
    assert not np.any(expected(gradient, w)[0][[0, 1, 4]])


def biased(shape, terms):
    """An input of which few terms are other than 0, beside which a bias is large."""
    x = torch.zeros(*shape)
    x[:, :terms] = torch.randn(shape[0], terms, *shape[2:], generator=torch.Generator().manual_seed(0))
    return x


@pytest.mark.parametrize(
    ("module", "x"),
    [
        (torch.nn.Linear(64, 6), biased((8, 64), 5)),
        (torch.nn.Conv1d(16, 6, 3, padding=1), biased((2, 16, 9), 2)),
        (torch.nn.ConvTranspose1d(16, 6, 3), biased((2, 16, 9), 2)),
    ],
)
def test_a_kernel_may_begin_its_sum_with_the_bias(module, x):
    module.bias.data.fill_(1 + 2.0**-20)
    module.weight.data *= 1e-3
    _, bound = expected(module, x)
    assert np.all(bound >= 2 * 2.0**-24)  # of two terms at least: one rounding each of the bias
    assert np.all(bound <= 20 * 2.0**-24)
    with torch.no_grad():
        y = module(x)
    assert_conforms(y, module, x)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(y + 2.0**-18, module, x)


@formula("(..., n) -> (..., n)", library="torch")
def gate(x):
    """The two largest weights of a softmax, normalised, in their places."""
    weights, places = torch.topk(torch.softmax(x, -1), 2, dim=-1)
    return torch.zeros_like(x).scatter(-1, places, weights / weights.sum(-1, keepdim=True))


def test_a_formula_that_chooses_by_computed_numbers_has_cases():
    """Equal numbers leave the choice to rounding errors; a row of one has no two largest."""
    (found,) = functions_of(gate)
    assert behaviour(found) == {"...": "apart", "n": "mixed"}
    assert links(found) == {"y": {"x": frozenset("n")}}
    judged, left = compact_cases(gate, "float32", 0), left_out(gate, "float32", 0)
    assert len(judged) > 50
    assert any(words.startswith("the formula raised RuntimeError: selected index k") for words in left.values())


def average(m, g, *, b=0.999):
    """An exponential moving average."""
    return b * m + (1 - b) * g


def average_in_place(m, g, *, b=0.999):
    return m.clone().mul_(b).add_(g, alpha=1 - b)


def average_in_a_loop(m, g, *, b=0.999):
    return jax.lax.scan(lambda carry, row: (b * carry + jnp.where(row > 9, b, 1 - b) * row, None), m, g[None])[0]


def average_of_arrays(m, g, *, b=0.999):
    library = torch if isinstance(m, torch.Tensor) else jnp
    return library.full_like(m, b) * m + library.full(m.shape, 1 - b, dtype=m.dtype) * g


@pytest.mark.parametrize(
    ("function", "library"),
    [
        *((average, torch), (average_in_place, torch), (average_of_arrays, torch)),
        *((average, jnp), (average_in_a_loop, jnp), (average_of_arrays, jnp)),
    ],
    ids=["torch", "in place", "torch, arrays", "jax", "scan", "jax, arrays"],
)
def test_a_number_may_be_cast_before_another_is_computed_of_it(function, library):
    m, g = np.random.default_rng(0).normal(size=(2, 100)).astype(np.float32)
    given = library.asarray(m), library.asarray(g)
    b = np.float32(0.999)
    for right in (b * m + (1 - b) * g, b * m + np.float32(1 - 0.999) * g):
        assert_conforms(right, function, *given)
        assert_conforms(right, function, *given, b=0.999)
    half = np.float32(np.float16(0.999))
    for wrong in (half * m + (1 - half) * g, b * m + np.float32(0.00101) * g):
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(wrong, function, *given)


@formula("(...), () -> (...)", domain=("real", "count"), library="jax")
def corrected(m, t, *, b=0.9):
    """Python raises OverflowError for some b beyond 1."""
    return m / (1 - b**t)


@pytest.mark.whole
def test_numbers_that_a_formula_refuses_by_any_error_of_arithmetic_are_left_out():
    def of_numpy(m, t, *, b=0.9):
        return m / m.dtype.type(1 - b ** int(t))

    subject = types.SimpleNamespace(__name__="subject", corrected=of_numpy)
    assert check(subject, formulas=[corrected], dtypes=["float32"]).judged > 20


def test_what_all_goes_to_one_place_needs_no_place_in_the_others_rows():
    ones, count = BOUNDED.ones(2000, dtype=np.float32), 2000
    tracemalloc.start()
    try:
        found = gathered(ones, ones, np.zeros(count, np.int64), in_steps(BOUNDED))
        assert tracemalloc.get_traced_memory()[1] < 100 * 8 * count
    finally:
        tracemalloc.stop()
    assert found.value.tolist() == [1 + count, *[1] * (count - 1)]


@pytest.mark.parametrize(
    ("function", "is_wide", "count"),
    [
        (lambda x: torch.tanh(x * 0.5) * x.shape[-1], True, 4),
        (lambda x: torch.tanh(x + torch.finfo(x.dtype).eps), False, 6),
        (lambda x: torch.tanh(x.double()).to(x.dtype), False, 6),
        (lambda x: x * (1 / x.shape[-1]), True, 6),  # each shape has a constant of its own
    ],
)
def test_a_function_without_constants_of_its_format_is_traced_once_for_each_shape(
    function, is_wide, count, monkeypatch
):
    graphs, graph_of, others = [], from_torch.graph_of, {}
    monkeypatch.setattr(from_torch, "graph_of", lambda *given: graphs.append(graph_of(*given)) or graphs[-1])
    for dtype in (np.float32, np.float64):
        for size in (3, 4, 5):
            found = from_torch.traced(lambda x: [function(x)], [np.ones(size, dtype)], others)
            assert found.meta["wide"] == is_wide or dtype == np.float64
    assert len(graphs) == count
