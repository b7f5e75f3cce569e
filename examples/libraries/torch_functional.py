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


def vjp(function, inputs, g):
    inputs = [each.detach().requires_grad_() for each in inputs]
    return torch.autograd.grad(function(*inputs), inputs, g)


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, **implementation):
    parameter = theta.clone().requires_grad_()
    parameter.grad = grad.clone()
    betas = (beta1, beta2)
    optimizer = torch.optim.Adam([parameter], lr=learning_rate, betas=betas, eps=epsilon, **implementation)
    # The optimizer keeps its moments in the parameter's dtype, and lays them out as it is.
    m, v = (torch.zeros_like(parameter).copy_(moment) for moment in (state.m, state.v))
    own = {"step": torch.tensor(float(state.step)), "exp_avg": m, "exp_avg_sq": v}
    optimizer.state[parameter] = own
    optimizer.step()
    return parameter.detach(), (own["step"].item(), own["exp_avg"], own["exp_avg_sq"])


foreach = SimpleNamespace(backend=backend, dtypes=dtypes, adam_step=partial(adam_step, foreach=True))
fused = SimpleNamespace(backend=backend, dtypes=dtypes, adam_step=partial(adam_step, fused=True))
