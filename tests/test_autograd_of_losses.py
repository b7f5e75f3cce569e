"""What automatic differentiation makes of the losses conforms as their gradient, or fails where the page says so."""

import types

import pytest

from gaugeblock import backends
from gaugeblock.conformance import check

SPARSE, FROM_LOGITS = "sparse_categorical_cross_entropy_from_logits", "categorical_cross_entropy_from_logits"


def failed(formula, backend, loss, dtypes=("float32", "float64")):
    """The requirements that the derivative of `loss` by its second argument fails, as a gradient of `formula`."""
    differentiate = by_torch if backend == "torch" else by_jax
    found = check(
        types.SimpleNamespace(backend=backend, **{f"{formula}_vjp": differentiate(loss)}),
        formulas=[f"{formula}_vjp"],
        dtypes=dtypes,
    )
    return {result.requirement.rpartition(".")[2] for result in found.results if result.status == "fail"}


def by_torch(loss):
    import torch

    def vjp(y, x, g, **options):
        leaf = x.clone().requires_grad_(True)
        return torch.autograd.grad(loss(y, leaf, **options), leaf, g)[0]

    return vjp


def by_jax(loss):
    import jax

    return lambda y, x, g, **options: jax.vjp(lambda x: loss(y, x, **options), x)[1](g)[0]


def torch_cross_entropy(y, x, *, axis=-1):
    import torch

    y = y.to(x.dtype) if y.ndim == x.ndim else y.long()
    moved = [a.movedim(axis, min(a.ndim, 2) - 1) if a.ndim == x.ndim else a for a in (x, y)]
    return torch.nn.functional.cross_entropy(*moved, reduction="none")


@pytest.mark.parametrize("formula", [FROM_LOGITS, SPARSE])
def test_of_torch_cross_entropy(formula):
    assert not failed(formula, "torch", torch_cross_entropy)


@pytest.mark.parametrize("formula", [FROM_LOGITS, SPARSE])
def test_of_the_losses_of_the_torch_backend(formula):
    assert not failed(formula, "torch", getattr(backends.load("torch"), formula))


@pytest.mark.parametrize("formula", [FROM_LOGITS, SPARSE])
def test_of_the_losses_of_the_jax_backend(formula):
    assert not failed(formula, "jax", getattr(backends.load("jax"), formula), dtypes=["float32"])


def test_of_log_sum_exp_that_keeps_its_result_alone():
    import torch

    def loss(labels, x, *, axis=-1):
        chosen = torch.take_along_dim(x, labels.long().unsqueeze(axis), axis).squeeze(axis)
        return torch.logsumexp(x, axis) - chosen

    assert "shift" in failed(SPARSE, "torch", loss)


@pytest.mark.parametrize(
    ("backend", "wanted"), [("torch", {"nan", "batch"}), ("jax", {"clip", "ends", "clip_argument"})]
)
def test_of_the_clip(backend, wanted):
    loss = backends.load(backend).categorical_cross_entropy
    assert failed("categorical_cross_entropy", backend, loss, dtypes=["float32"]) == wanted
