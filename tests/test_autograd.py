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

GRADIENTS = [name for name in spec.formulas() if name.endswith("_vjp")]
NAMES = ["torch", "jax"]
SPARSE = "sparse_categorical_cross_entropy_from_logits"


def split(formula, arguments):
    """The arguments of a gradient: labels, what is differentiated by, and g."""
    *given, g = arguments
    return (given[:1], given[1:], g) if "cross_entropy" in formula else ([], given, g)


def by_torch(function, formula):
    import torch

    def vjp(*arguments, **options):
        labels, inputs, g = split(formula, arguments)
        leaves = [each.detach().requires_grad_() for each in inputs]
        found = torch.autograd.grad(function(*labels, *leaves, **options), leaves, g)
        return found if len(found) > 1 else found[0]

    return vjp


def by_jax(function, formula):
    import jax

    @partial(jax.jit, static_argnames=("axis", "clip"))
    def vjp(*arguments, **options):
        labels, inputs, g = split(formula, arguments)
        found = jax.vjp(lambda *inputs: function(*labels, *inputs, **options), *inputs)[1](g)
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


@pytest.mark.parametrize("formula", GRADIENTS)
@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_of_a_backends_formula_conforms(name, formula):
    pytest.importorskip(name)
    function = getattr(backends.load(name), formula.removesuffix("_vjp"))
    dtypes = DTYPES[name] + ["float64"] * (name == "jax" and formula in IN_FLOAT64)
    assert not failed(name, formula, function, dtypes)
