"""Blocks of networks, and more functions of the kinds that benchmarks of kernels hold, each with its arguments."""

import math

import torch
from torch import nn
from torch.nn import functional
from torch_functions import Chain, drawn


def normal_relu(channels, out, size=3, stride=1, groups=1, last=nn.ReLU6):
    parts = [nn.Conv2d(channels, out, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(out)]
    return [*parts, last()] if last else parts


class Residual(nn.Module):
    """ResNet's basic block."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.main = nn.Sequential(
            *normal_relu(channels, out, 3, stride, last=nn.ReLU), *normal_relu(out, out, last=None)
        )
        self.short = nn.Sequential(*normal_relu(channels, out, 1, stride, last=None))

    def forward(self, x):
        return functional.relu(self.main(x) + self.short(x))


class Inverted(nn.Module):
    """MobileNet's inverted bottleneck."""

    def __init__(self, channels, wide):
        super().__init__()
        self.main = nn.Sequential(
            *normal_relu(channels, wide, 1),
            *normal_relu(wide, wide, groups=wide),
            *normal_relu(wide, channels, 1, last=None),
        )

    def forward(self, x):
        return x + self.main(x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, 4),
            nn.SiLU(),
            nn.Linear(4, channels),
            nn.Hardsigmoid(),
        )

    def forward(self, x):
        return x * self.gate(x)[:, :, None, None]


class VisionTransformer(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.patches, self.first = nn.Conv2d(8, width, 4, 4), nn.Parameter(torch.randn(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 10, width))
        self.block = nn.TransformerEncoderLayer(
            width, 2, 2 * width, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1) + self.places
        return self.head(self.block(x)[:, 0])


class StateSpace(nn.Module):
    """A scan of state-space duality in chunks, as Mamba 2 has it."""

    def __init__(self, length=16, heads=3, chunk=4):
        super().__init__()
        self.chunk, self.a = chunk, nn.Parameter(-torch.rand(2, length, heads))
        self.b, self.c = (nn.Parameter(torch.randn(2, length, heads, 4)) for _ in range(2))

    def decay(self, x):
        sums = torch.cumsum(x, -1)
        kept = torch.tril(torch.ones(x.shape[-1], x.shape[-1], dtype=torch.bool))
        return torch.exp((sums[..., :, None] - sums[..., None, :]).masked_fill(~kept, -torch.inf))

    def forward(self, x):
        x, a, b, c = (each.reshape(2, -1, self.chunk, *each.shape[2:]) for each in (x, self.a, self.b, self.c))
        a = a.permute(0, 3, 1, 2)
        sums = torch.cumsum(a, -1)
        within = torch.einsum("bclhn,bcshn,bhcls,bcshp->bclhp", c, b, self.decay(a), x)
        states = torch.einsum("bclhn,bhcl,bclhp->bchpn", b, torch.exp(sums[..., -1:] - sums), x)
        states = torch.cat([torch.zeros_like(states[:, :1]), states], 1)
        carried = torch.einsum("bhzc,bchpn->bzhpn", self.decay(functional.pad(sums[..., -1], (1, 0))), states)[:, :-1]
        return (within + torch.einsum("bclhn,bchpn,bhcl->bclhp", c, carried, torch.exp(sums))).flatten(1, 2)


class NetVLAD(nn.Module):
    def __init__(self, clusters=6, width=8, ghosts=2):
        super().__init__()
        self.clusters, self.width = clusters, width
        self.centres = nn.Parameter(torch.randn(width, clusters + ghosts) / 3)
        self.norm, self.others = nn.BatchNorm1d(clusters + ghosts), nn.Parameter(torch.randn(1, width, clusters) / 3)

    def forward(self, x):
        share = functional.softmax(self.norm(x.reshape(-1, self.width) @ self.centres), 1)[:, : self.clusters]
        share = share.view(*x.shape[:2], self.clusters)
        found = (share.transpose(1, 2) @ x).transpose(1, 2) - share.sum(1, keepdim=True) * self.others
        return functional.normalize(functional.normalize(found).flatten(1))


class DenseBlock(nn.Module):
    def __init__(self, channels=8, more=4):
        super().__init__()
        widths = (channels + more * i for i in range(3))
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(each), nn.ReLU(), nn.Conv2d(each, more, 3, padding=1, bias=False))
            for each in widths
        )

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class WindowAttention(nn.Module):
    """Swin's, by cosines."""

    def __init__(self, width=8, window=3):
        super().__init__()
        self.window, self.qkv, self.out = window, nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.scale, self.bias = (
            nn.Parameter(torch.full((2, 1, 1), 2.0)),
            nn.Parameter(torch.randn(2, window**2, window**2)),
        )

    def forward(self, x):
        n, size, _, width = x.shape
        w = self.window
        x = torch.roll(x, (-1, -1), (1, 2)).view(n, size // w, w, size // w, w, width)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(-1, w * w, width)
        q, k, v = self.qkv(x).reshape(-1, w * w, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
        scores = functional.normalize(q, dim=-1) @ functional.normalize(k, dim=-1).transpose(-2, -1)
        scores = scores * torch.clamp(self.scale, max=math.log(100)).exp() + self.bias
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, w * w, width))


def shuffled(x, groups=4):
    n, channels, height, width = x.shape
    return x.view(n, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


def gradient(function, *places):
    """The gradient of the sum of the squares of a function."""
    return torch.func.grad(lambda *tensors: (function(*tensors) ** 2).sum(), places or 0)


def blocks(seed=1):
    """Yield a name, the function or module, and its arguments."""
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    rows, other, image = drawn(g, 16, 40), drawn(g, 16, 40), drawn(g, 2, 8, 12, 12)
    sequence, volume, labels = drawn(g, 2, 16, 16), drawn(g, 2, 4, 6, 6, 6), torch.randint(0, 40, (16,), generator=g)
    weight, ignored = torch.rand(40, generator=g) + 0.1, torch.where(torch.arange(16) % 4 == 0, -100, labels)
    yield "residual_block", Residual(8, 12, 2).eval(), (image,)
    yield "residual_block_in_training", Residual(8, 12, 2), (image,)
    yield "inverted_bottleneck", Inverted(8, 24).eval(), (image,)
    yield "squeeze_excite", SqueezeExcite(8), (image,)
    yield "vision_transformer", VisionTransformer().eval(), (image,)
    yield "state_space_in_chunks", StateSpace(), (drawn(g, 2, 16, 3, 5),)
    yield "net_vlad", NetVLAD(), (drawn(g, 2, 7, 8),)
    yield "dense_block", DenseBlock().eval(), (image,)
    yield "window_attention", WindowAttention(), (drawn(g, 2, 6, 6, 8),)
    yield "channel_shuffle", Chain(*normal_relu(8, 8, 1, groups=4, last=nn.ReLU), after=shuffled).eval(), (image,)
    yield "conv_circular", nn.Conv2d(8, 4, 3, padding=1, padding_mode="circular"), (image,)
    yield "conv_separable", nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 4, 1)), (image,)
    yield "conv_3d_dilated", nn.Conv3d(4, 6, (1, 3, 2), (1, 2, 1), (0, 1, 1), (1, 1, 2)), (volume,)
    yield "local_response_norm", nn.LocalResponseNorm(3), (image,)
    yield "instance_norm_3d", nn.InstanceNorm3d(4), (volume,)
    yield "power_pool", nn.LPPool2d(2, 3), (image,)
    yield "adaptive_max_pool_3d", nn.AdaptiveMaxPool3d(2), (1.1 * volume,)
    yield "bilinear_form", nn.Bilinear(5, 6, 4), (drawn(g, 3, 5), drawn(g, 3, 6))
    yield "embedding_bag", lambda w, i: functional.embedding_bag(i.view(4, 4), w), (other, labels % 16)
    yield "cross_entropy_weighted", lambda x, y, w: functional.cross_entropy(x, y, w), (rows, ignored, weight)
    yield "cross_entropy_smooth", lambda x, y: functional.cross_entropy(x, y, label_smoothing=0.1), (rows, ignored)
    yield "nll_of_planes", lambda x, y: functional.nll_loss(x.log_softmax(1), y), (image, (image[:, 0] > 0).long())
    yield "multi_margin", nn.MultiMarginLoss(), (rows, labels)
    yield "triplet_of_cosines", nn.TripletMarginWithDistanceLoss(
        distance_function=lambda a, b: 1 - functional.cosine_similarity(a, b)
    ), (rows, other, drawn(g, 16, 40))  # fmt: skip
    lengths = [torch.tensor(each) for each in ((10, 9, 7), (4, 3, 2))]
    targets = torch.randint(1, 6, (3, 4), generator=g)

    def ctc(x):
        return functional.ctc_loss(x.log_softmax(2), targets, *lengths, reduction="none")

    yield "ctc", ctc, (drawn(g, 10, 3, 6),)
    yield "gradient_of_ctc", gradient(ctc), (drawn(g, 10, 3, 6),)
    yield "logcumsumexp", lambda x: torch.logcumsumexp(x, 1), (rows,)
    yield "running_minimum", lambda x: torch.cummin(1.1 * x, 1)[0], (rows,)
    yield "quantile", lambda x: torch.quantile(x, 0.3, dim=1), (rows,)
    yield "mean_by_index", lambda x, i: torch.ones(8, 40).scatter_reduce(
        0, (i % 8)[:, None].expand(16, 40), x, "mean"
    ), (rows, labels)  # fmt: skip
    grid = 2.4 * torch.rand(2, 5, 6, 2, generator=g) - 1.2
    yield "grid_sample", lambda x, grid: functional.grid_sample(x, grid, align_corners=False), (image, grid)
    yield "grid_sample_reflected", lambda x, grid: functional.grid_sample(
        x, grid, padding_mode="reflection", align_corners=False
    ), (image, grid)  # fmt: skip
    q, k, v = drawn(g, 2, 4, 8, 4), drawn(g, 2, 2, 8, 4), drawn(g, 2, 2, 8, 4)
    attention = functional.scaled_dot_product_attention
    yield "grouped_attention", lambda *qkv: attention(*qkv, enable_gqa=True), (q, k, v)
    yield "gradient_of_attention", gradient(lambda *qkv: attention(*qkv, is_causal=True), 0, 1, 2), (q[:, :2], k, v)
    yield "gradient_of_gelu", gradient(functional.gelu), (3 * rows,)
    yield "gradient_of_layer_norm", gradient(lambda x: functional.layer_norm(x, (40,)) ** 3), (rows,)
    yield "gradient_of_convolution", gradient(functional.conv2d, 0, 1), (image, drawn(g, 4, 8, 3, 3))
    yield "gradient_of_softmax", gradient(lambda x: x.softmax(-1)), (rows,)
    yield "lstm_both_ways", nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True), (drawn(g, 3, 5, 8),)
    yield "encoder_layer", nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval(), (sequence,)
