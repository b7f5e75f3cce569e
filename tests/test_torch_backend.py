"""The torch backend's own kernels: what they leave to the reference, and what memory Adam writes to."""

from typing import NamedTuple

import numpy as np
import pytest

from gaugeblock import AdamState, reference
from gaugeblock.conformance import assert_conforms

torch = pytest.importorskip("torch")
gb = pytest.importorskip("gaugeblock.backends.torch")


class Layer(NamedTuple):
    w: object
    b: object


def tensor(seed, *shape, dtype=torch.float32):
    return torch.tensor(np.random.default_rng(seed).random(shape) + 0.5).to(dtype)


def state_of(theta, step=3):
    m, v = (gb.adam_init(theta).m + offset for offset in (0.25, 0.5))
    return AdamState(step, m, v)


@pytest.fixture
def fused(monkeypatch):
    """The number of leaves of each call of the fused kernel."""
    kernel, leaves = torch._fused_adamw_, []

    def counted(thetas, *arguments, **options):
        leaves.append(len(thetas))
        return kernel(thetas, *arguments, **options)

    monkeypatch.setattr(torch, "_fused_adamw_", counted)
    return leaves


@pytest.mark.parametrize("dtype", gb.dtypes)
def test_a_tree_is_one_call_and_steps_as_its_leaves_do(fused, dtype):
    dtype = getattr(torch, dtype)
    theta = {"layers": [Layer(tensor(i, 3, 5, dtype=dtype), tensor(i + 9, 5, dtype=dtype)) for i in range(4)]}
    grad = {"layers": [Layer(-layer.w, layer.b.flip(0)) for layer in theta["layers"]]}
    new, state = gb.adam_step(theta, grad, gb.adam_init(theta))
    assert fused == [8]
    assert isinstance(new["layers"][2], Layer)
    alone, own = gb.adam_step(theta["layers"][2].b, grad["layers"][2].b, gb.adam_init(theta["layers"][2].b))
    assert torch.equal(new["layers"][2].b, alone)
    assert torch.equal(state.v["layers"][2].b, own.v)
    assert alone.dtype == dtype


def test_what_the_fused_kernel_does_not_take_is_the_reference(fused):
    theta, grad = tensor(0, 3), tensor(1, 3)
    mixed = [theta, theta.double()]
    gb.adam_step(mixed, mixed, gb.adam_init(mixed))
    gb.adam_step(theta, grad, state_of(theta), learning_rate=torch.tensor(0.001))
    gb.adam_step(theta, grad, state_of(theta, torch.tensor(3)))
    gb.adam_step(theta, grad, state_of(theta), epsilon=1e-36)
    gb.adam_step([], [], AdamState(0, [], []))
    assert not fused


def test_donated_tensors_are_written_over(fused):
    theta, grad = tensor(0, 4, 3), tensor(1, 4, 3)
    state = state_of(theta)
    kept, after = gb.adam_step(theta, grad, state)
    given = [theta, state.m, state.v]
    new, written = gb.adam_step(theta, grad, state, donate=True)
    assert [new is given[0], written.m is given[1], written.v is given[2]] == [True] * 3
    for one, other in zip((kept, *after[1:]), (new, *written[1:]), strict=True):
        assert torch.equal(one, other)
    assert len(fused) == 2


def test_a_tensor_that_is_donated_twice_takes_one_step():
    theta, grad = tensor(0, 3), tensor(1, 3)
    zeros = torch.zeros(3)
    alone = gb.adam_step(theta, grad, AdamState(0, zeros, zeros))
    pair, state = [theta, theta], gb.adam_init([theta, theta])
    found = gb.adam_step(theta, grad, AdamState(0, zeros, zeros), donate=True)
    both = gb.adam_step(pair, [grad, grad], state, donate=True)
    for new, m, v in ((found[0], *found[1][1:]), *zip(both[0], both[1].m, both[1].v, strict=True)):
        assert torch.equal(new, alone[0])
        assert torch.equal(m, alone[1].m)
        assert torch.equal(v, alone[1].v)


def test_parameters_are_donated_where_no_derivative_is_wanted(fused):
    theta = torch.nn.Parameter(tensor(0, 3))
    with torch.no_grad():
        new, _ = gb.adam_step(theta, tensor(1, 3), state_of(theta), donate=True)
    assert new is theta
    assert len(fused) == 1


def test_a_step_has_derivatives_and_can_be_mapped():
    theta, grad = tensor(0, 2, 3).requires_grad_(), tensor(1, 2, 3).requires_grad_()
    state = state_of(theta.detach())
    new, _ = gb.adam_step(theta, grad, state)
    (found,) = torch.autograd.grad(new.sum(), grad)
    (wanted,) = torch.autograd.grad(reference.adam_step(theta, grad, state)[0].sum(), grad)
    assert torch.equal(found, wanted)
    rows = [each.detach() for each in (theta, grad, *state[1:])]

    def row(theta, grad, m, v):
        new, (_, m, v) = gb.adam_step(theta, grad, AdamState(3, m, v))
        return new, m, v

    new, m, v = torch.func.vmap(row)(*rows)
    assert_conforms((new, AdamState(4, m, v)), "adam_step", *rows[:2], state)


@pytest.mark.parametrize("axis", [0, -1])
def test_a_loss_without_a_derivative_is_the_one_with(axis):
    y, x = tensor(0, 4, 3), tensor(1, 4, 3)
    y[0, 0], x[0, 0] = 0, -torch.inf
    for formula, argument in ((gb.categorical_cross_entropy, x / 2), (gb.categorical_cross_entropy_from_logits, x)):
        wanted = formula(y, argument.clone().requires_grad_(), axis=axis)
        np.testing.assert_allclose(formula(y, argument, axis=axis), wanted.detach(), rtol=1e-6)
