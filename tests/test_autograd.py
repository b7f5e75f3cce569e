"""What automatic differentiation makes of the formulas conforms to the closed forms, the backends' and the libraries'.

Judged are all cases of each gradient, NaN and infinities among them; the finite differences of ``gradcheck`` and
``check_grads`` know nothing of the closed forms, and take second derivatives and forward mode too.
"""

import types
from functools import partial

import numpy as np
import pytest

from gaugeblock import backends, spec
from gaugeblock.conformance import assert_conforms, check
from gaugeblock.conformance.formulas import declared

GRADIENTS = [name for name in spec.formulas() if name.endswith("_vjp")]
NAMES = ["torch", "jax"]
SPARSE = "sparse_categorical_cross_entropy_from_logits"


def split(formula, arguments):
    """The arguments of a gradient by name: what is given, what is differentiated by, and g."""
    declaration = declared(formula)
    given = dict(zip(declaration.arguments, arguments, strict=False))
    g = given.pop("g")
    names = [each for each in given if f"g{each}" in declaration.names or len(declaration.names) == 1]
    names = [each for each in names if each not in ("labels", "y", "weight")]
    return {n: a for n, a in given.items() if n not in names}, {n: given[n] for n in names}, g


def called(function, formula, arguments, options):
    """A formula on its arguments by name, in the order in which its gradient has them."""
    return function(*(arguments[name] for name in declared(formula).arguments if name in arguments), **options)


def by_torch(function, formula):
    import torch

    def vjp(*arguments, **options):
        given, inputs, g = split(formula, arguments)
        leaves = {name: each.detach().requires_grad_() for name, each in inputs.items()}
        found = torch.autograd.grad(called(function, formula, given | leaves, options), list(leaves.values()), g)
        return found if len(found) > 1 else found[0]

    return vjp


def by_jax(function, formula):
    import jax

    @partial(jax.jit, static_argnames=[*declared(formula).keywords, "axis"])
    def vjp(*arguments, **options):
        given, inputs, g = split(formula, arguments)
        names = list(inputs)

        def one(*leaves):
            return called(function, formula, given | dict(zip(names, leaves, strict=True)), options)

        found = jax.vjp(one, *inputs.values())[1](g)
        return found if len(found) > 1 else found[0]

    return vjp


DIFFERENTIATE = {"torch": by_torch, "jax": by_jax}


def failed(backend, formula, function, dtypes):
    """What the gradient of a function does not fulfil, with the reason."""
    subject = {"__name__": "autograd", "backend": backend, formula: DIFFERENTIATE[backend](function, formula)}
    found = check(types.SimpleNamespace(**subject), formulas=[formula], dtypes=dtypes)
    reasons = {(r.requirement.rpartition(".")[2], r.worst.reason) for r in found.results if r.status == "fail"}
    # PyTorch returns g itself where nothing is to be done; the pages say so.
    return reasons - ({("pure", "gb shares memory with an input")} if backend == "torch" else set())


# JAX compiles for each shape: float64 where a backend does other things in it.
DTYPES = {"torch": ["float32", "float64"], "jax": ["float32"]}
IN_FLOAT64 = {"categorical_cross_entropy_vjp", "relu_vjp", "softmax_vjp"}
ON_JAX = {*GRADIENTS[::2], *IN_FLOAT64}  # the others are made of the same operations


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    ("name", "formula"), [(name, each) for name in NAMES for each in GRADIENTS if name != "jax" or each in ON_JAX]
)
def test_the_derivative_of_a_backends_formula_conforms(name, formula):
    pytest.importorskip(name)
    function = getattr(backends.load(name), formula.removesuffix("_vjp"))
    dtypes = DTYPES[name] + ["float64"] * (name == "jax" and formula in IN_FLOAT64)
    assert not failed(name, formula, function, dtypes)


def native(name):
    """The library's own functions, where the backend has not bound them, by the gradient that theirs is."""
    if name == "jax":
        import jax

        gelu = partial(jax.nn.gelu, approximate=False)
        own = {"silu_vjp": jax.nn.silu, "gelu_vjp": gelu, "gelu_tanh_vjp": jax.nn.gelu}
        return own | {"relu_vjp": jax.nn.relu, "softmax_vjp": jax.nn.softmax, "log_softmax_vjp": jax.nn.log_softmax}
    import torch
    from torch.nn import functional

    def cross_entropy(y, x, *, axis=-1):
        y = y.to(x.dtype) if y.ndim == x.ndim else y.long()
        moved = [a.movedim(axis, min(a.ndim, 2) - 1) if a.ndim == x.ndim else a for a in (x, y)]
        return functional.cross_entropy(*moved, reduction="none")

    def neuron(x, w, b):
        return functional.linear(x, w[None], b[None])[..., 0] if x.ndim else x * w + b

    def rms_norm(x, w, *, epsilon=1e-6):
        return functional.rms_norm(x, w.shape, w, epsilon)

    def layer_norm(x, w, b, *, epsilon=1e-5):
        return functional.layer_norm(x, w.shape, w, b, epsilon)

    return {
        "matmul_vjp": torch.matmul,
        "silu_vjp": functional.silu,
        "gelu_vjp": functional.gelu,
        "gelu_tanh_vjp": partial(functional.gelu, approximate="tanh"),
        "swiglu_vjp": lambda a, b: functional.silu(a) * b,
        "rms_norm_vjp": rms_norm,
        "layer_norm_vjp": layer_norm,
        "embedding_vjp": lambda table, labels: functional.embedding(labels.long(), table),
        "neuron_vjp": neuron,
        "dense_vjp": lambda x, w, b: functional.linear(x, w.T, b),
        "categorical_cross_entropy_from_logits_vjp": cross_entropy,
        f"{SPARSE}_vjp": cross_entropy,
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_of_a_librarys_own_function_conforms(name):
    pytest.importorskip(name)
    for formula, function in native(name).items():
        assert not failed(name, formula, function, ["float32"]), formula


def rivals():
    """Functions whose derivative is not the gradient, most of them of the right value, and a requirement that tells."""
    import torch

    def log_sum_exp(labels, x, *, axis=-1):
        return torch.logsumexp(x, axis) - torch.take_along_dim(x, labels.long().unsqueeze(axis), axis).squeeze(axis)

    def clip(y, p, *, axis=-1, clip=None):
        lo, hi = clip or ((1e-15, 1 - 1e-15) if p.dtype == torch.float64 else (1e-15, 1.0))
        return -(y * torch.log(torch.clip(p, lo, hi))).sum(axis)

    yield "relu_vjp", "at_zero", lambda x: torch.maximum(x, torch.zeros_like(x))  # half at 0
    yield f"{SPARSE}_vjp", "shift", log_sum_exp
    yield "categorical_cross_entropy_vjp", "nan", clip  # 0 where p is NaN
    yield "softmax_vjp", "value", lambda x, *, axis=-1: torch.log_softmax(x, axis)


def test_the_derivative_of_a_rival_does_not():
    pytest.importorskip("torch")
    for formula, requirement, function in rivals():
        assert requirement in {label for label, _ in failed("torch", formula, function, ["float32"])}, formula


def points():
    """Inputs of each differentiable formula, away from the kinks of ReLU and of the clip."""
    rng = np.random.default_rng(0)
    x, w = rng.uniform(0.1, 0.9, (2, 3)), rng.standard_normal((3, 2))
    y, labels = rng.dirichlet(np.ones(3), 2), np.int64([2, 0])
    yield "relu", [], [x - 0.5]
    yield "neuron", [], [x, w[:, 0], np.array(0.5)]
    yield "dense", [], [x, w, w[0]]
    yield "softmax", [], [x]
    yield "log_softmax", [], [x]
    yield "categorical_cross_entropy", [y], [x]
    yield "categorical_cross_entropy_from_logits", [y], [x]
    yield SPARSE, [labels], [x]
    yield "matmul", [], [x, w]
    for name in ("silu", "gelu", "gelu_tanh"):
        yield name, [], [x - 0.5]
    yield "swiglu", [], [x - 0.5, x]
    yield "rms_norm", [], [x, w[:, 0]]
    yield "layer_norm", [], [x, w[:, 0], w[:, 1]]
    yield "rotary_embedding", [], [rng.standard_normal((2, 2, 4)), x[:, :2], x[:, 1:]]
    yield "adam_first_moment", [], [x, x - 0.5, 0.9]
    yield "adam_second_moment", [], [x, x - 0.5, 0.99]
    yield "adam_bias_correction", [], [x, 0.9, 3]
    yield "adam_update", [], [x, x - 0.5, x + 0.5, 0.1, 1e-8]


POINTS = {formula: (given, inputs) for formula, given, inputs in points()}


def at_point(gb, formula):
    """A function of its differentiable arrays alone, and these."""
    given, inputs = ([gb.asarray(a) if isinstance(a, np.ndarray) else a for a in each] for each in POINTS[formula])
    leaves = [a for a in inputs if hasattr(a, "dtype")]
    return lambda *arrays: getattr(gb, formula)(*given, *arrays, *inputs[len(leaves) :]), leaves


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # where torch imports its forward mode
@pytest.mark.parametrize("formula", POINTS)
def test_gradcheck(formula):
    torch = pytest.importorskip("torch")
    function, leaves = at_point(backends.load("torch"), formula)
    leaves = [leaf.requires_grad_() for leaf in leaves]
    assert torch.autograd.gradcheck(function, leaves, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, leaves)


# Of those whose gradient JAX makes of functions that have one, the closed form says enough.
FEWER = {"matmul", "gelu_tanh", "swiglu", "rms_norm", "layer_norm", "rotary_embedding"}
IN_JAX = [formula for formula in POINTS if formula not in FEWER][::2]  # by turns: PyTorch's are all checked


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", IN_JAX)
def test_check_grads(formula):
    pytest.importorskip("jax")
    from jax.test_util import check_grads

    gb = backends.load("jax")
    with gb.settings("float64"):
        function, leaves = at_point(gb, formula)
        as_jax = gb.jnp.asarray  # it calls the function with NumPy's arrays
        check_grads(lambda *arrays: function(*map(as_jax, arrays)), leaves, order=2, modes=["fwd", "rev"])


def gradient(name, formula, *arguments, **options):
    """The gradient of the sum of a backend's results, towards its last argument."""
    gb = backends.load(name)
    *given, x = (gb.asarray(np.asarray(a)) for a in arguments)
    g = gb.asarray(np.ones_like(gb.to_numpy(getattr(gb, formula)(*given, x, **options))))
    return gb.to_numpy(DIFFERENTIATE[name](getattr(gb, formula), f"{formula}_vjp")(*given, x, g, **options))


@pytest.mark.parametrize("name", NAMES)
def test_the_clip_has_derivative_1_at_its_ends_and_0_outside(name):
    pytest.importorskip(name)
    p = np.float32([0.25, 0.75, 0.5, np.nextafter(np.float32(0.25), 0), np.nextafter(np.float32(0.75), 1), 0, 1])
    found = gradient(name, "categorical_cross_entropy", np.ones(7, np.float32), p, clip=(0.25, 0.75))
    np.testing.assert_allclose(found, [-1 / 0.25, -1 / 0.75, -1 / 0.5, 0, 0, 0, 0], rtol=1e-6)
    found = gradient(name, "categorical_cross_entropy", np.ones(5, np.float32), np.float32([1e-15, 1, 0, -1, 2]))
    np.testing.assert_allclose(found, [-1 / np.float32(1e-15), -1, 0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_masked_logits_have_no_nan(name):
    pytest.importorskip(name)
    x = np.float32([[0.5, -np.inf, 1], [-np.inf, 0, -np.inf]])
    y, labels = np.float32([[1, 0, 0], [0, 1, 0]]), np.int32([0, 1])
    for formula, label in (("categorical_cross_entropy_from_logits", y), (SPARSE, labels)):
        found = gradient(name, formula, label, x)
        assert np.all(found[np.isinf(x)] == 0)
        assert_conforms(found, f"{formula}_vjp", label, x, np.ones(2, np.float32))
