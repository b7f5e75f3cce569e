"""Formulas as people write them in PyTorch, compiled by torch.compile, and what it makes of torch.nn.functional's."""

import torch
from torch.nn import functional

backend, dtypes, last_axis_only = "torch", ("float32", "bfloat16"), True
threads = False  # it compiles where it is called
torch._dynamo.config.recompile_limit = 1000  # beyond which it runs what is not compiled


@torch.compile(dynamic=True)
def softmax(x):
    e = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    return e / e.sum(dim=-1, keepdim=True)


@torch.compile(dynamic=True)
def log_softmax(x):
    return functional.log_softmax(x, dim=-1)


@torch.compile(dynamic=True)
def rms_norm(x, w, *, epsilon=1e-6):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * w


@torch.compile(dynamic=True)
def layer_norm(x, w, b, *, epsilon=1e-5):
    return functional.layer_norm(x, x.shape[-1:], w, b, epsilon)


@torch.compile(dynamic=True)
def silu(x):
    return x * torch.sigmoid(x)


@torch.compile(dynamic=True)
def gelu_tanh(x):
    return functional.gelu(x, approximate="tanh")


@torch.compile(dynamic=True)
def swiglu(a, b):
    return functional.silu(a) * b
