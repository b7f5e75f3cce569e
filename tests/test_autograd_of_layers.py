"""Automatic differentiation of the libraries' own kernels conforms: right code of others is not rejected."""

import types

import numpy as np
import pytest

from gaugeblock import backends
from gaugeblock.conformance import check


def torch_subject():
    import torch
    from torch.nn import functional

    def vjp(function):
        def gradients(*arguments):
            *inputs, g = arguments
            leaves = [each.detach().requires_grad_() for each in inputs]
            found = torch.autograd.grad(function(*leaves), leaves, g)
            return found if len(found) > 1 else found[0]

        return gradients

    def neuron(x, w, b):
        return functional.linear(x, w[None], b[None])[..., 0] if x.ndim else x * w + b

    return types.SimpleNamespace(
        __name__="torch.autograd",
        backend="torch",
        relu_vjp=vjp(torch.relu),
        neuron_vjp=vjp(neuron),
        dense_vjp=vjp(lambda x, w, b: functional.linear(x, w.T, b)),
    )


def jax_subject():
    import jax

    def vjp(function):
        @jax.jit
        def gradients(*arguments):
            *inputs, g = arguments
            found = jax.vjp(function, *inputs)[1](g)
            return found if len(found) > 1 else found[0]

        return gradients

    gb = backends.load("jax")
    return types.SimpleNamespace(
        __name__="jax.vjp",
        backend="jax",
        relu_vjp=vjp(jax.nn.relu),
        neuron_vjp=vjp(gb.neuron),
        dense_vjp=vjp(gb.dense),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("subject", [torch_subject, jax_subject])
def test_automatic_differentiation_conforms(subject, dtype):
    given = subject()
    formulas = [name for name in vars(given) if name.endswith("_vjp")]
    found = [r for r in check(given, formulas=formulas, dtypes=[dtype]).results if r.status == "fail"]
    # PyTorch returns g itself as gb where there is no sum; the pages say so.
    assert {(r.requirement, r.worst.reason) for r in found} <= {("neuron_vjp.pure", "gb shares memory with an input")}


def test_the_gradient_of_a_rival_does_not():
    import torch

    def half_at_zero(x, g):
        leaf = x.detach().requires_grad_()
        return torch.autograd.grad(torch.maximum(leaf, torch.zeros_like(leaf)), leaf, g)[0]

    given = types.SimpleNamespace(__name__="maximum", backend="torch", relu_vjp=half_at_zero)
    found = check(given, formulas=["relu_vjp"], dtypes=["float32"])
    assert {r.requirement for r in found.results if r.status == "fail"} >= {"relu_vjp.at_zero"}
    assert "1/2" in next(r.diagnosis for r in found.results if r.diagnosis)
    assert np.isinf(max(r.ratio for r in found.results))
