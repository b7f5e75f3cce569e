"""The formulas conform under vmap and torch.compile, and Adam is compiled once for all t; grad is in test_autograd."""

import itertools
import os
import shutil
import types
from collections import Counter

import numpy as np
import optree
import pytest

from gaugeblock import backends, reference, spec
from gaugeblock.conformance import assert_conforms, check
from gaugeblock.conformance.formulas import cases

FORMULAS = spec.formulas()
COMPILER = os.environ.get("CXX", "g++")
needs_compiler = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"there is no C++ compiler ({COMPILER})")


def functions_of(formula):
    if formula != "adam":
        return [formula]
    return [name for name in reference.FORMULAS if name.startswith("adam_") and name != "adam_init"]


def is_array(value):
    return hasattr(value, "dtype")


def with_array_step(gb, arguments):
    """The arguments of a formula, where the step of Adam's state is an array."""
    return tuple(
        a._replace(step=gb.asarray(np.array(int(a.step), np.int32))) if hasattr(a, "_replace") else a for a in arguments
    )


def judged(backend, functions, formula):
    """The requirements that functions are judged by, and conform to."""
    subject = types.SimpleNamespace(__name__="transformed", backend=backend, layouts={}, **functions)
    results = check(subject, formulas=[formula], dtypes=["float32"]).results
    assert not [(r.requirement, r.worst) for r in results if r.status == "fail"]
    return {r.requirement.rpartition(".")[2] for r in results if r.status == "pass"}


def required(formula):
    """What the page asks, by the second part of the label."""
    return {label.partition(".")[2] for label in spec.requirements(formula)}


def vmapped(gb, vmap, function):
    """`function` on its arguments and, beside them, on their reverse, which must not reach the results."""

    def call(*arguments, **options):
        leaves, structure = optree.tree_flatten(with_array_step(gb, arguments))
        arrays = [gb.to_numpy(leaf) for leaf in leaves if is_array(leaf)]

        def one(*given):
            given = iter(given)
            return function(*structure.unflatten([next(given) if is_array(a) else a for a in leaves]), **options)

        results = vmap(one)(*(gb.asarray(np.stack([np.flip(array), array])) for array in arrays))
        return optree.tree_map(lambda result: gb.asarray(gb.to_numpy(result)[1]), results)

    return call


# Each formula on one of the libraries, every fourth on JAX, which compiles every operation; a few on both. Of those
# since 1.4, which are made of the same operations, the gradients are not compiled.
OLD = spec.formulas("1.4")
VMAPPED = [("jax" if number % 4 == 3 else "torch", formula) for number, formula in enumerate(FORMULAS)]
VMAPPED += [pair for pair in itertools.product(("jax", "torch"), ("dense", "sgd_step")) if pair not in VMAPPED]
COMPILED = [formula for formula in FORMULAS if formula in OLD or not formula.endswith("_vjp")]
# Those of different operations are compiled to machine code, which takes seconds; the graphs of the others are run.
TO_MACHINE_CODE = {"adam", "cross_entropy", "dense", "layer_norm", "relu", "scaled_dot_product_attention", "softmax"}


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("backend", "formula"), VMAPPED)
def test_vmap_conforms(backend, formula):
    vmap = pytest.importorskip({"jax": "jax", "torch": "torch.func"}[backend]).vmap
    gb = backends.load(backend)
    functions = {name: vmapped(gb, vmap, getattr(gb, name)) for name in functions_of(formula)}
    assert judged(backend, functions, formula) >= {"shape", "dtype", "empty", "pure"} & required(formula)


def test_vmap_of_what_sees_the_other_sample_does_not():
    torch = pytest.importorskip("torch")
    gb = backends.load("torch")

    def vmap(one):
        return lambda stacked: torch.stack([one(stacked[0]), one(stacked.amax(0))])

    assert not check(types.SimpleNamespace(backend="torch", relu=vmapped(gb, vmap, gb.relu)), ["relu"]).passed


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_vmap_over_logits_alone(backend):
    vmap = pytest.importorskip({"jax": "jax", "torch": "torch.func"}[backend]).vmap
    gb = backends.load(backend)
    labels, x = np.int32([2, 0]), np.random.default_rng(0).standard_normal((5, 2, 3)).astype(np.float32)
    loss = gb.sparse_categorical_cross_entropy_from_logits
    losses = vmap(lambda x: loss(gb.asarray(labels), x))(gb.asarray(x))
    for found, each in zip(gb.to_numpy(losses), x, strict=True):
        assert_conforms(found, "sparse_categorical_cross_entropy_from_logits", labels, each)


def test_an_axis_that_jit_traces_is_told_to_be_static():
    jax = pytest.importorskip("jax")
    with pytest.raises(TypeError, match=r"axis: got .*; wanted an integer: name it in static_argnames of jax\.jit"):
        jax.jit(backends.load("jax").softmax)(jax.numpy.ones((2, 2)), axis=0)


def test_jit_of_vmap_and_of_grad():
    jax = pytest.importorskip("jax")
    gb = backends.load("jax")
    y, x = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    rows = jax.jit(jax.vmap(gb.softmax))(x)
    assert_conforms(rows, "softmax", x)
    loss = gb.categorical_cross_entropy_from_logits
    gradient = jax.jit(jax.vmap(jax.grad(loss, argnums=1)))(y, x)
    assert_conforms(gradient, "categorical_cross_entropy_from_logits_vjp", y, x, np.ones(4, np.float32))


def signature(arguments, options):
    """What code is compiled for: shapes, dtypes, and Python numbers."""
    leaves = optree.tree_leaves(arguments)
    shapes = [(tuple(leaf.shape), str(leaf.dtype).rpartition(".")[2]) if is_array(leaf) else leaf for leaf in leaves]
    return str((shapes, options))


def chosen(function, formula):
    """A case for each of the signatures to compile for: the commonest one, and those of NaN and infinity."""
    gb, found = backends.load("numpy"), {}
    of_function = [case for case in cases(formula, np.dtype("float32")) if case.function == function]
    signed = [(signature(with_array_step(gb, case.arguments), case.options), case) for case in of_function]
    ((commonest, _),) = Counter(sign for sign, _ in signed).most_common(1)
    for sign, case in signed:
        special = [kind for kind in (".nan", ".infinity") if case.requirement.endswith(kind)]
        found.setdefault("commonest" if sign == commonest else next(iter(special), "other"), (sign, case))
    return [each for kind, each in found.items() if kind != "other"]


@pytest.mark.one_in(4)
@needs_compiler
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # where torch imports its compiler
@pytest.mark.parametrize("formula", COMPILED)
def test_torch_compile_conforms(formula):
    torch = pytest.importorskip("torch")
    from torch._dynamo.utils import counters

    torch.compiler.reset()
    counters.clear()
    gb = backends.load("torch")
    function = "adam_step" if formula == "adam" else formula
    compiler = "inductor" if formula in TO_MACHINE_CODE else "aot_eager"
    compiled = torch.compile(getattr(gb, function), fullgraph=True, dynamic=False, backend=compiler)
    signatures = set()
    for sign, case in chosen(function, formula):  # here, where a warning is an error
        arrays = optree.tree_map(lambda a: gb.asarray(np.array(a)) if is_array(a) else a, case.arguments)
        compiled(*with_array_step(gb, arrays), **case.options)
        signatures.add(sign)

    def call(*arguments, **options):
        arguments = with_array_step(gb, arguments)
        if signature(arguments, options) not in signatures:
            raise NotImplementedError("not compiled for this shape")
        return compiled(*arguments, **options)

    assert judged("torch", {function: call}, formula) >= {"shape", "dtype", "nan"} & required(formula)
    assert counters["stats"]["unique_graphs"] == len(signatures)


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_adam_does_not_recompile_when_the_step_changes(name):
    library = pytest.importorskip(name)
    gb = backends.load(name)
    programs = []

    def traced(*arguments):  # by JAX, as often as it compiles
        programs.append(arguments)
        return gb.adam_step(*arguments)

    def compiler(graph, inputs):
        programs.append(graph)
        return graph.forward

    if name == "jax":
        compiled = library.jit(traced)
    else:
        library.compiler.reset()
        compiled = library.compile(gb.adam_step, backend=compiler, fullgraph=True)
    theta, grad = (gb.asarray(np.full((2, 3), value, np.float32)) for value in (0.5, 0.25))
    (state,) = with_array_step(gb, [gb.adam_init(theta)])
    for t in range(1, 12):
        found = compiled(theta, grad, state)
        assert_conforms(found, "adam_step", theta, grad, state)
        theta, state = found
        assert int(state.step) == t
    assert len(programs) == 1
