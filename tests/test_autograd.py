"""What automatic differentiation makes of PyTorch's and JAX's softmax and log-softmax conforms to the closed forms."""

import types

import pytest

from gaugeblock.conformance import check

FORWARD = {"softmax_vjp": "softmax", "log_softmax_vjp": "log_softmax"}


def by_torch(forward, reference_itself):
    import torch
    from array_api_compat import torch as xp

    from gaugeblock import reference

    function = getattr(reference, forward) if reference_itself else getattr(torch, forward)
    options = {"xp": xp} if reference_itself else {}

    def vjp(x, g, *, axis=-1):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(function(x, axis=axis, **options), x, g)[0]

    return vjp


def by_jax(forward, reference_itself):
    import jax

    from gaugeblock.backends import jax as backend

    function = getattr(backend if reference_itself else jax.nn, forward)
    return lambda x, g, *, axis=-1: jax.vjp(lambda x: function(x, axis=axis), x)[1](g)[0]


@pytest.mark.parametrize("reference_itself", [False, True], ids=["native", "reference"])
@pytest.mark.parametrize("by", [by_torch, by_jax])
@pytest.mark.parametrize("formula", FORWARD)
def test_automatic_differentiation_conforms(formula, by, reference_itself):
    pytest.importorskip(by.__name__.removeprefix("by_"))
    gradient = {formula: by(FORWARD[formula], reference_itself)}
    subject = types.SimpleNamespace(__name__="autograd", backend=by.__name__.removeprefix("by_"), **gradient)
    found = check(subject, formulas=[formula])
    assert found.passed, [r.worst for r in found.results if r.status == "fail"]


def test_the_gradient_of_the_other_formula_does_not():
    gradient = {"softmax_vjp": by_torch("log_softmax", reference_itself=False)}
    assert not check(types.SimpleNamespace(__name__="autograd", backend="torch", **gradient)).passed
