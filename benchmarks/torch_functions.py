"""Modules and functions of PyTorch of the kinds that benchmarks of kernels hold, each with its arguments.

Shapes are small: what is judged is arithmetic, and the bound of a sum grows with its length.
"""

import torch
from torch import nn
from torch.nn import functional


def drawn(generator, *shape, positive=False):
    x = torch.randn(*shape, generator=generator)
    return x.abs() + 0.1 if positive else x


class Chain(nn.Module):
    """Modules one after another, then a function."""

    def __init__(self, *modules, after=lambda x: x):
        super().__init__()
        self.modules_in_order, self.after = nn.Sequential(*modules), after

    def forward(self, x):
        return self.after(self.modules_in_order(x))


class RMSNorm(nn.Module):
    def __init__(self, channels, eps=1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return x / torch.sqrt(torch.mean(x**2, dim=1, keepdim=True) + self.eps)


class MinGPTGELU(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1.0 + torch.tanh(0.7978845608028654 * (x + 0.044715 * torch.pow(x, 3.0))))


class Attention(nn.Module):
    """Causal self-attention in one projection, as small language models have it."""

    def __init__(self, width=16, heads=2):
        super().__init__()
        self.c_attn, self.c_proj, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads
        self.register_buffer("mask", torch.tril(torch.ones(32, 32)).bool())

    def forward(self, x):
        batch, length, width = x.shape
        parts = (each.view(batch, length, self.heads, -1).transpose(1, 2) for each in self.c_attn(x).split(width, 2))
        q, k, v = parts
        weights = (q @ k.transpose(-2, -1)) * (q.size(-1) ** -0.5)
        weights = weights.masked_fill(~self.mask[:length, :length], float("-inf")).softmax(-1)
        return self.c_proj((weights @ v).transpose(1, 2).reshape(batch, length, width))


class Recurrent(nn.Module):
    """A scan in a loop of Python."""

    def __init__(self, width=8):
        super().__init__()
        self.w = nn.Parameter(torch.randn(width, width, generator=torch.Generator().manual_seed(1)) / width)

    def forward(self, x):
        state = torch.zeros(x.shape[0], x.shape[2])
        found = []
        for step in range(x.shape[1]):
            state = torch.tanh(x[:, step] + state @ self.w)
            found.append(state)
        return torch.stack(found, 1)


def reverse_cumsum(x):
    return torch.flip(torch.cumsum(torch.flip(x, (1,)), 1), (1,))


def exclusive_cumsum(x):
    return torch.cumsum(torch.cat([torch.zeros_like(x[:, :1]), x], 1), 1)[:, :-1]


def masked_cumsum(x, mask):
    return torch.cumsum(x * mask, 1)


def frobenius(x):
    return x / torch.norm(x, p="fro")


def l1_norm(x):
    return x / torch.sum(torch.abs(x), dim=1, keepdim=True)


def l2_norm(x):
    return x / torch.norm(x, p=2, dim=1, keepdim=True)


def swish_into_bias(x):
    x = torch.sigmoid(x) * x
    x += 0.5
    return x.clamp_(-1, 1)


def hinge(x, y):
    return torch.mean(torch.clamp(1 - x * torch.sign(y), min=0))


def diagonal_times(a, b):
    return torch.diag(a) @ b


def triangular(a, b):
    return torch.triu(torch.matmul(torch.triu(a), torch.triu(b)))


def logsumexp_of_product(x, w):
    return torch.logsumexp(functional.hardswish(x @ w), 1)


def rotary(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def gradient_of_swiglu(x, w, v):
    def loss(x):
        return (functional.silu(x @ w) * (x @ v)).sum()

    return torch.func.grad(loss)(x)


def functions(seed=0):
    """Yield a name, the function or module, and its arguments."""
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    line, rows, image, volume = drawn(g, 600), drawn(g, 16, 40), drawn(g, 2, 8, 12, 12), drawn(g, 2, 4, 6, 6, 6)
    sequence = drawn(g, 2, 16, 16)
    a, b = drawn(g, 24, 32), drawn(g, 32, 20)
    labels = torch.randint(0, 40, (16,), generator=g)
    activations = {
        "relu": torch.relu, "leaky_relu": functional.leaky_relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
        "swish": lambda x: x * torch.sigmoid(x), "gelu": functional.gelu, "gelu_new": MinGPTGELU(), "selu": torch.selu,
        "hardsigmoid": functional.hardsigmoid, "softplus": functional.softplus, "softsign": functional.softsign,
        "elu": functional.elu, "hardtanh": functional.hardtanh, "mish": functional.mish, "hardswish": nn.Hardswish(),
        "logsigmoid": functional.logsigmoid,
    }  # fmt: skip
    yield from ((name, function, (3 * line,)) for name, function in activations.items())
    yield "softmax", nn.Softmax(1), (rows,)
    yield "log_softmax", nn.LogSoftmax(1), (rows,)
    norms = {
        "batch_norm": nn.BatchNorm2d(8).eval(), "instance_norm": nn.InstanceNorm2d(8), "group_norm": nn.GroupNorm(2, 8),
        "rms_norm": RMSNorm(8), "layer_norm": nn.LayerNorm((8, 12, 12)), "frobenius_norm": frobenius,
        "l1_norm": l1_norm, "l2_norm": l2_norm,
    }  # fmt: skip
    yield from ((name, function, (image,)) for name, function in norms.items())
    yield "max_pool_1d", nn.MaxPool1d(4, 2, 1, 2), (sequence,)
    yield "max_pool_2d", nn.MaxPool2d(3, 2, 1), (image,)
    yield "max_pool_3d", nn.MaxPool3d(2, 2), (volume,)
    yield "average_pool_1d", nn.AvgPool1d(4, 2, 1), (sequence,)
    yield "average_pool_2d", nn.AvgPool2d(3, 2, 1, ceil_mode=True), (image,)
    yield "average_pool_3d", nn.AvgPool3d(2, 2), (volume,)
    yield "conv_1d", nn.Conv1d(16, 8, 3, dilation=2), (sequence,)
    yield "conv_2d", nn.Conv2d(8, 6, (3, 5), padding=(1, 2), stride=2), (image,)
    yield "conv_depthwise", nn.Conv2d(8, 8, 3, groups=8, bias=False), (image,)
    yield "conv_3d", nn.Conv3d(4, 6, 3), (volume,)
    yield "conv_transposed_1d", nn.ConvTranspose1d(16, 8, 3, stride=2, dilation=2), (sequence,)
    yield "conv_transposed_2d", nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (image,)
    yield "conv_transposed_3d", nn.ConvTranspose3d(4, 3, 3, padding=1), (volume,)
    yield "matmul", torch.matmul, (a, b)
    yield "matmul_of_stacks", torch.bmm, (drawn(g, 3, 8, 12), drawn(g, 3, 12, 10))
    yield "matrix_vector", torch.matmul, (a, drawn(g, 32))
    yield "matmul_tall", torch.matmul, (drawn(g, 100, 4), drawn(g, 4, 100))
    yield "einsum_4d", lambda x, w: torch.einsum("bijl,lk->bijk", x, w), (drawn(g, 2, 3, 4, 12), drawn(g, 12, 6))
    yield "diagonal_times", diagonal_times, (drawn(g, 32), b)
    yield "triangular", triangular, (drawn(g, 16, 16), drawn(g, 16, 16))
    yield "sum", lambda x: torch.sum(x, 1, keepdim=True), (image,)
    yield "mean", lambda x: torch.mean(x, (1, 2)), (image.abs(),)
    yield "max", lambda x: torch.max(x, 1)[0], (image,)
    yield "argmax", lambda x: torch.argmax(x, 1), (image,)
    yield "product", lambda x: torch.prod(x, 1), (rows,)
    yield "cumsum", lambda x: torch.cumsum(x, 1), (rows,)
    yield "cumprod", lambda x: torch.cumprod(x, 1), (rows,)
    yield "reverse_cumsum", reverse_cumsum, (rows,)
    yield "exclusive_cumsum", exclusive_cumsum, (rows,)
    yield "masked_cumsum", masked_cumsum, (rows, rows > 0)
    other = drawn(g, 16, 40)
    yield "mse_loss", functional.mse_loss, (rows, other)
    yield "cross_entropy", functional.cross_entropy, (rows, labels)
    yield "huber_loss", functional.smooth_l1_loss, (rows, other)
    yield "kl_divergence", functional.kl_div, (rows.log_softmax(1), other.softmax(1))
    yield "triplet_loss", nn.TripletMarginLoss(), (rows, other, drawn(g, 16, 40))
    yield "hinge_loss", hinge, (rows, other)
    yield "cosine_loss", nn.CosineEmbeddingLoss(), (rows, other, torch.ones(16))
    yield "binary_cross_entropy", nn.BCEWithLogitsLoss(), (rows, (other > 0).float())
    yield "attention", functional.scaled_dot_product_attention, (sequence, sequence + 0.5, sequence - 0.25)
    yield "causal_self_attention", Attention(), (sequence,)
    yield "multihead_attention", nn.MultiheadAttention(16, 2, batch_first=True).eval(), (sequence, sequence, sequence)
    yield "rotary_embedding", rotary, (sequence, drawn(g, 16, 8), drawn(g, 16, 8))
    yield "recurrent", Recurrent(), (drawn(g, 3, 10, 8),)
    yield "lstm", nn.LSTM(8, 6, batch_first=True), (drawn(g, 3, 6, 8),)
    yield "gru_cell", nn.GRUCell(8, 6), (drawn(g, 3, 8), drawn(g, 3, 6))
    yield "embedding_and_linear", Chain(nn.Embedding(40, 12), nn.Linear(12, 5)), (labels,)
    yield "linear_gelu_softmax", Chain(nn.Linear(40, 24), nn.GELU(), nn.Softmax(1)), (rows,)
    yield "linear_swish_clamp", Chain(nn.Linear(40, 24), after=swish_into_bias), (rows,)
    yield "linear_logsumexp", logsumexp_of_product, (rows, drawn(g, 40, 12))
    yield "conv_relu_bias", Chain(nn.Conv2d(8, 6, 3), nn.ReLU(), after=lambda x: x + 0.1), (image,)
    yield "conv_group_norm_hardtanh", Chain(nn.Conv2d(8, 8, 3), nn.GroupNorm(4, 8), nn.Hardtanh()), (image,)
    yield "conv_min_tanh", Chain(nn.Conv2d(8, 6, 3), after=lambda x: torch.tanh(torch.min(x, 1)[0])), (image,)
    yield "transposed_softmax_max_pool", Chain(nn.ConvTranspose2d(8, 6, 3), nn.Softmax(1), nn.MaxPool2d(2)), (image,)
    yield "mlp", Chain(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 4)), (rows,)
    yield "gradient_of_swiglu", gradient_of_swiglu, (rows, drawn(g, 40, 12), drawn(g, 40, 12))
