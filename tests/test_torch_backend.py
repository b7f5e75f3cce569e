"""The torch backend's own kernels: what they leave to the reference, and what memory the steps write to."""

from typing import NamedTuple

import numpy as np
import pytest

from gaugeblock import AdamState, SGDState, reference
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
    """The number of leaves of each call of a fused kernel."""
    leaves = []

    def counting(kernel):
        def counted(thetas, *arguments, **options):
            leaves.append(len(thetas))
            return kernel(thetas, *arguments, **options)

        return counted

    for name in ("_fused_adamw_", "_fused_sgd_"):
        monkeypatch.setattr(torch, name, counting(getattr(torch, name)))
    return leaves


@pytest.fixture
def attention(monkeypatch):
    """The number of axes of each call of the native attention."""
    kernel, axes = torch.nn.functional.scaled_dot_product_attention, []

    def counted(q, *arguments, **options):
        axes.append(q.ndim)
        return kernel(q, *arguments, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    return axes


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


def test_tensors_of_one_memory_that_are_donated_take_one_step():
    flat, grad, zeros = tensor(0, 6), tensor(1, 6), torch.zeros(6)
    wanted, _ = gb.sgd_step(flat, grad, SGDState(1, zeros), momentum=0.9)
    same, halves = [flat.clone()] * 2, flat.clone().split(3)
    same[1] = same[1].detach()
    found, _ = gb.sgd_step(same, [grad, grad], SGDState(1, [torch.zeros(6), torch.zeros(6)]), momentum=0.9, donate=True)
    assert all(torch.equal(each, wanted) for each in found)
    found, _ = gb.sgd_step(halves, grad.split(3), SGDState(1, zeros.split(3)), momentum=0.9, donate=True)
    assert torch.equal(torch.cat(found), wanted)
    assert found[0].data_ptr() == halves[0].data_ptr()  # which are apart


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


@pytest.mark.parametrize("dtype", gb.dtypes)
@pytest.mark.parametrize("first", [0, 1])
def test_the_other_steps_are_one_call_and_step_as_the_reference_does(fused, dtype, first):
    dtype = getattr(torch, dtype)
    theta, grad = ([tensor(seed + i, 3, 2, dtype=dtype) for i in range(3)] for seed in (0, 7))
    moments = [each.to(torch.promote_types(dtype, torch.float32)) for each in theta]
    for name, state, rates in (
        ("adamw_step", AdamState(first, moments, moments), {"weight_decay": 0.5, "learning_rate": 0.25}),
        ("sgd_step", SGDState(first, moments), {"momentum": 0.75, "dampening": 0.25}),
        ("sgd_step", SGDState(first, moments), {"momentum": 0.75, "nesterov": True}),
    ):
        found = getattr(gb, name)(theta, grad, state, **rates)
        wanted = getattr(reference, name)(theta, grad, state, **rates)
        assert (found[1].step, found[0][0].dtype) == (first + 1, dtype)
        one, other = ([each.double() for each in (*new, *moved[1])] for new, moved in (found, wanted))
        np.testing.assert_allclose(torch.stack(one), torch.stack(other), rtol=2 * torch.finfo(dtype).eps)
    assert fused == [3] * 3


def test_what_the_other_steps_leave_to_the_reference(fused):
    theta, grad = tensor(0, 3), tensor(1, 3)
    for rates in ({}, {"momentum": torch.tensor(0.9)}, {"momentum": 0.9, "learning_rate": torch.tensor(0.1)}):
        gb.sgd_step(theta, grad, SGDState(1, theta), **rates)
    gb.adamw_step(theta, grad, state_of(theta), weight_decay=torch.tensor(0.1))
    with pytest.raises(ValueError, match="nesterov"):
        gb.sgd_step(theta, grad, SGDState(1, theta), momentum=0.9, dampening=0.1, nesterov=True)
    assert not fused


def test_the_other_steps_write_over_what_is_donated(fused):
    for name, state in (("adamw_step", state_of(tensor(0, 3))), ("sgd_step", SGDState(1, tensor(2, 3)))):
        theta, rates = tensor(0, 3), {"momentum": 0.9} if name == "sgd_step" else {}
        kept = getattr(gb, name)(theta, tensor(1, 3), state, **rates)
        assert kept[0] is not theta
        new, after = getattr(gb, name)(theta, tensor(1, 3), state, **rates, donate=True)
        assert new is theta
        assert after[1] is state[1]
        assert torch.equal(new, kept[0])
    assert len(fused) == 4


def test_clipping_takes_norms_whose_reciprocal_is_infinite():
    x = torch.tensor([1e-40])
    assert not torch.isnan(gb.clip_by_global_norm(x, 0.0))
    assert torch.equal(gb.clip_by_global_norm([x, x], 1e-39)[1], x)


def normal(*shapes, dtype=torch.float32):
    rng = np.random.default_rng(0)
    return [torch.tensor(rng.standard_normal(shape)).to(dtype) for shape in shapes]


def test_blocks_of_keys_that_are_not_seen(attention):
    """The kernel takes 512 keys at once."""
    q, k, v, g = normal((5, 4), (1100, 4), (1100, 4), (5, 4))
    mask = torch.ones(5, 1100, dtype=torch.bool)
    mask[0, :600], mask[1, 600:], mask[2], mask[3, 512:1024] = False, False, False, False
    y = gb.scaled_dot_product_attention(q, k, v, mask)
    assert_conforms(y, "scaled_dot_product_attention", q, k, v, mask)
    assert torch.all(y[2] == 0)
    found = gb.scaled_dot_product_attention_vjp(q, k, v, g, mask)
    wanted = reference.scaled_dot_product_attention_vjp(*(each.double() for each in (q, k, v, g)), mask)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-6)
    assert attention == [4, 4]


@pytest.mark.parametrize(
    ("batch", "of_mask"),
    [((), (3, 5)), ((2,), (5,)), ((2, 4), (4, 1, 5)), ((2, 2, 4), (2, 1, 3, 5)), ((2, 2, 4), (5,))],
)
@pytest.mark.parametrize("heads", [1, 2])
def test_attention_of_any_batch_is_that_of_four_axes(attention, batch, of_mask, heads):
    q, k, v = normal((*batch, 3, 4), (*batch, 5, 4), (*batch, 5, 2), dtype=torch.float64)
    k, v = (each[..., ::heads, :, :] if batch else each for each in (k, v))
    mask = torch.tensor(np.random.default_rng(1).random(of_mask) < 0.7)
    for options in ({}, {"causal": "lower_right"}, {"causal": True, "scale": -2}):
        found = gb.scaled_dot_product_attention(q, k, v, mask, **options)
        torch.testing.assert_close(found, reference.scaled_dot_product_attention(q, k, v, mask, **options))
    assert attention == [4] * 3


def test_attention_has_second_derivatives_and_those_of_transforms():
    leaves = [each.requires_grad_() for each in normal((2, 3, 4), (2, 5, 4), (2, 5, 2), dtype=torch.float64)]

    def lower(*arrays):
        return gb.scaled_dot_product_attention(*arrays, causal="lower_right")

    assert torch.autograd.gradgradcheck(lower, leaves)
    found = torch.autograd.grad(lower(*leaves).sum(), leaves)
    values = [each.detach() for each in leaves]
    wanted = torch.func.grad(lambda *arrays: lower(*arrays).sum(), argnums=(0, 1, 2))(*values)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("scale", [0.0, -2.0, 1e-50, 1e-20, 3])
def test_a_causal_mask_alone_at_any_scale(attention, scale):
    q, k, v, g = normal((3, 4), (5, 4), (5, 2), (3, 2))
    for causal in (True, "lower_right"):
        options = {"causal": causal, "scale": scale}
        found = gb.scaled_dot_product_attention(q, k, v, **options)
        torch.testing.assert_close(found, reference.scaled_dot_product_attention(q, k, v, **options))
        derived = gb.scaled_dot_product_attention_vjp(q, k, v, g, **options)
        torch.testing.assert_close(derived, reference.scaled_dot_product_attention_vjp(q, k, v, g, **options))
    assert attention == [4] * (4 if scale else 2)  # under 0 the derivative is the reference's


@pytest.mark.parametrize("keys", [1, 5, 15, 16, 17])
def test_attention_keeps_nan_of_a_query_whatever_the_number_of_keys(keys):
    q, k, v = normal((2, 4, 5), (2, keys, 5), (2, keys, 5))
    q[1, 2, 3] = torch.nan
    found = torch.isnan(gb.scaled_dot_product_attention(q, k, v))
    assert found[1, 2].all()
    assert found.sum() == 5


def test_attention_in_inference_mode(attention):
    q, k, v, g, keys = *normal((3, 4), (5, 4), (5, 2), (3, 2)), torch.tensor([True] * 4 + [False])
    wanted = gb.scaled_dot_product_attention_vjp(q, k, v, g, keys)
    with torch.inference_mode():
        given = [each.clone() for each in (q, k, v, g, keys)]
        inside = gb.scaled_dot_product_attention_vjp(*given)
    for found in (inside, gb.scaled_dot_product_attention_vjp(*given)):
        assert all(map(torch.equal, found, wanted))
    assert attention == [4] * 3


def test_what_attention_leaves_to_the_reference(attention):
    q, k, v = normal((3, 4), (5, 4), (5, 2))
    gb.scaled_dot_product_attention(q, k, v, scale=torch.tensor(0.5))
    with pytest.raises(TypeError, match="scale: got bool False"):
        gb.scaled_dot_product_attention(q, k, v, scale=False)
    gb.scaled_dot_product_attention(q, k[:0], v[:0])
    torch.func.vmap(gb.scaled_dot_product_attention)(q[None], k[None], v[None])
    assert not attention


@pytest.mark.parametrize("smoothing", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_masked_class_that_counts_nothing_makes_no_nan(smoothing, weighted):
    """The specification leaves it open, where PyTorch's cross-entropy gives NaN."""
    x, g = normal((4, 3), ())
    x[0, 2], x[1, 0] = -torch.inf, -torch.inf
    weight = torch.tensor([2.0, 1, 0]) if weighted else None
    soft = torch.tensor([[0.75, 0.5, 0], [0, 1, 0], [0, 1, 0], [0.5, 0.5, 1]])
    for labels in (torch.tensor([1, -100, 0, 2]), soft):
        for reduction in ("mean", "sum", "none"):
            options = {"label_smoothing": smoothing, "reduction": reduction}
            found, wanted = (each.cross_entropy(labels, x, weight, **options) for each in (gb, reference))
            torch.testing.assert_close(found, wanted)
            assert torch.all(torch.isfinite(found)) or smoothing
            of_each = g.expand(found.shape).clone()
            ours = gb.cross_entropy_vjp(labels, x, of_each, weight, **options)
            torch.testing.assert_close(ours, reference.cross_entropy_vjp(labels, x, of_each, weight, **options))
            leaf = x.clone().requires_grad_()
            (derived,) = torch.autograd.grad(gb.cross_entropy(labels, leaf, weight, **options), leaf, of_each)
            torch.testing.assert_close(derived, ours, equal_nan=True)


def test_cross_entropy_has_derivatives_towards_all_its_arrays():
    x, y, weight = (each.abs().requires_grad_() for each in normal((3, 4), (3, 4), (4,), dtype=torch.float64))
    labels = torch.tensor([1, -100, 3])
    for smoothing in (0.0, 0.25):
        options = {"label_smoothing": smoothing}
        assert torch.autograd.gradgradcheck(lambda x, w, o=options: gb.cross_entropy(labels, x, w, **o), (x, weight))
        assert torch.autograd.gradcheck(lambda y, x, w, o=options: gb.cross_entropy(y, x, w, **o), (y, x, weight))
        (g,) = (each.requires_grad_() for each in normal((), dtype=torch.float64))
        assert torch.autograd.gradcheck(lambda x, g, o=options: gb.cross_entropy_vjp(labels, x, g, **o), (x, g))


def test_gelu_is_native_but_for_infinity(monkeypatch):
    kernel, calls = torch.nn.functional.gelu, []
    monkeypatch.setattr(torch.nn.functional, "gelu", lambda x: calls.append(len(x)) or kernel(x))
    assert torch.equal(gb.gelu(torch.tensor([torch.inf, torch.nan]))[:1], torch.tensor([torch.inf]))
    assert not calls
    gb.gelu(tensor(0, 5))
    assert calls == [5]
