"""PyTorch's functional interface, what its autograd makes of it, and its optimizer.

The optimizer has two more implementations: `torch_functional.py:foreach` and `torch_functional.py:fused`.
"""

from functools import partial
from types import SimpleNamespace

import torch
from torch.nn import functional

backend = "torch"
dtypes = ("float16", "bfloat16", "float32", "float64")
relu, silu, gelu, gelu_tanh = (
    functional.relu,
    functional.silu,
    functional.gelu,
    partial(functional.gelu, approximate="tanh"),
)
matmul = torch.matmul


def neuron(x, w, b):
    if x.ndim == 0:
        raise NotImplementedError("torch.nn.functional.linear takes arrays with axes")
    return functional.linear(x, w[None], b[None])[..., 0]  # a layer of one


def dense(x, w, b):
    return functional.linear(x, w.mT, b)


def softmax(x, *, axis=-1):
    return functional.softmax(x, dim=axis)


def log_softmax(x, *, axis=-1):
    return functional.log_softmax(x, dim=axis)


def layer_norm(x, w, b, *, epsilon=1e-5):
    return functional.layer_norm(x, x.shape[-1:], w, b, epsilon)


def rms_norm(x, w, *, epsilon=1e-6):
    return functional.rms_norm(x, x.shape[-1:], w, epsilon)


def embedding(table, labels):
    return functional.embedding(labels.long(), table)


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    y, x = (a if a.ndim == 1 else a.movedim(axis, 1) for a in (y.to(x.dtype), x))  # classes along axis 1
    return functional.cross_entropy(x, y, reduction="none")


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    x = x if x.ndim == 1 else x.movedim(axis, 1)
    return functional.cross_entropy(x, labels.long(), reduction="none")


def scaled_dot_product_attention(q, k, v, mask=None, *, causal=False, scale=None):
    if causal == "lower_right" or (causal and mask is not None):
        raise NotImplementedError("PyTorch aligns to the upper left, without a mask")
    if mask is not None and mask.ndim < 2:
        raise NotImplementedError("PyTorch takes masks of two axes or more")
    grouped = q.ndim > 2 and q.shape[-3] != k.shape[-3]
    return functional.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=bool(causal), scale=scale, enable_gqa=grouped
    )


def cross_entropy(labels, x, weight=None, *, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    soft = labels.is_floating_point()
    if soft and ignore_index >= 0:
        raise NotImplementedError("PyTorch takes no ignore_index beside soft labels")
    labels = labels if soft else labels.long()
    if x.ndim > 2:  # classes along axis 1
        x, labels = x.movedim(-1, 1), labels.movedim(-1, 1) if labels.ndim == x.ndim else labels
    options = {"ignore_index": ignore_index, "label_smoothing": label_smoothing, "reduction": reduction}
    return functional.cross_entropy(x, labels, weight, **options)


def clip_by_global_norm(tree, max_norm):
    parameter = torch.zeros_like(tree, requires_grad=True)
    parameter.grad = tree.clone()
    torch.nn.utils.clip_grad_norm_(parameter, max_norm)
    return parameter.grad


def vjp(function, inputs, g):
    inputs = [each.detach().requires_grad_() for each in inputs]
    return torch.autograd.grad(function(*inputs), inputs, g)


def adam_step(theta, grad, state, *, optimizer=torch.optim.Adam, **options):
    names = {"learning_rate": "lr", "epsilon": "eps"}
    beta1, beta2 = options.pop("beta1", 0.9), options.pop("beta2", 0.999)
    given = {names.get(name, name): value for name, value in options.items()}
    # The optimizer keeps its moments in the parameter's dtype, and lays them out as it is.
    moments = {"exp_avg": state.m, "exp_avg_sq": state.v}
    theta, own = stepped(optimizer, theta, grad, state.step, moments, betas=(beta1, beta2), **given)
    return theta, (own["step"].item(), own["exp_avg"], own["exp_avg_sq"])


adamw_step = partial(adam_step, optimizer=torch.optim.AdamW)


def sgd_step(theta, grad, state, *, learning_rate=0.001, momentum=0.0, dampening=0.0, nesterov=False):
    kept = {"momentum_buffer": state.velocity} if state.step and momentum else {}
    options = {"lr": learning_rate, "momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    theta, own = stepped(torch.optim.SGD, theta, grad, state.step, kept, **options)
    return theta, (state.step + 1, own.get("momentum_buffer", grad.clone()))  # without momentum it keeps none


def stepped(optimizer, theta, grad, step, kept, **options):
    """A parameter after a step of an optimizer that has what is kept, and its state then."""
    parameter = theta.clone().requires_grad_()
    parameter.grad = grad.clone()
    if any(options.get(name, 0) < 0 for name in ("lr", "weight_decay")):
        raise NotImplementedError("PyTorch takes no negative learning rate or weight decay")
    made = optimizer([parameter], **options)
    own = {name: torch.zeros_like(parameter).copy_(each) for name, each in kept.items()}
    made.state[parameter] = {"step": torch.tensor(float(step)), **own}
    made.step()
    return parameter.detach(), made.state[parameter]


foreach = SimpleNamespace(backend=backend, dtypes=dtypes, adam_step=partial(adam_step, foreach=True))
fused = SimpleNamespace(backend=backend, dtypes=dtypes, adam_step=partial(adam_step, fused=True))
