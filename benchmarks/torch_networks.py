"""Whole networks of the kinds that benchmarks of kernels hold, cut to small sizes, each with its arguments."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch_modules import Inverted, Residual, normal_relu


class Flat(nn.Sequential):
    """What ends in numbers for each class."""

    def __init__(self, *layers, features, classes=10):
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes))


class Bottleneck(nn.Module):
    """ResNet's deeper block."""

    def __init__(self, channels, out, stride):
        super().__init__()
        thin = out // 4
        self.main = nn.Sequential(
            *normal_relu(channels, thin, 1, last=nn.ReLU),
            *normal_relu(thin, thin, 3, stride, last=nn.ReLU),
            *normal_relu(thin, out, 1, last=None),
        )
        self.short = nn.Sequential(*normal_relu(channels, out, 1, stride, last=None))

    def forward(self, x):
        return functional.relu(self.main(x) + self.short(x))


class Dense(nn.Module):
    """DenseNet's block."""

    def __init__(self, channels, growth, layers):
        super().__init__()
        widths = [channels + i * growth for i in range(layers)]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(n), nn.ReLU(), nn.Conv2d(n, growth, 3, padding=1, bias=False)) for n in widths
        )

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class UNet(nn.Module):
    """Of one step down and up, with softmax in the place of ReLU."""

    def __init__(self, channels, width):
        super().__init__()

        def twice(before, after):
            layers = (normal_relu(a, after, last=None) for a in (before, after))
            return nn.Sequential(*(each for pair in layers for each in (*pair, nn.Softmax(-1))))

        self.down, self.middle, self.up = twice(channels, width), twice(width, 2 * width), twice(2 * width, width)
        self.wider, self.last = nn.ConvTranspose2d(2 * width, width, 2, 2), nn.Conv2d(width, channels, 1)

    def forward(self, x):
        x = self.down(x)
        y = self.wider(self.middle(functional.max_pool2d(x, 2)))
        return self.last(self.up(torch.cat([y, x], 1)))


class CausalAttention(nn.Module):
    """Of minGPT, or with ReLU in the place of softmax."""

    def __init__(self, width, heads, weights=functional.softmax):
        super().__init__()
        self.of_all, self.last, self.heads, self.weights = (
            nn.Linear(width, 3 * width),
            nn.Linear(width, width),
            heads,
            weights,
        )

    def forward(self, x):
        several = (each.unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in self.of_all(x).chunk(3, -1))
        q, k, v = several
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = self.weights(scores.masked_fill(later, -math.inf), dim=-1)
        return self.last((weights @ v).transpose(1, 2).flatten(2))


class NewGELU(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


class Block(nn.Module):
    """Of a transformer, with the norms first."""

    def __init__(self, width=32, heads=4, activation=NewGELU):
        super().__init__()
        self.attention, self.norms = CausalAttention(width, heads), nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), activation(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        return x + self.mlp(self.norms[1](x))


class ViT(nn.Module):
    """Patches, a class token, and two layers with the norms last."""

    def __init__(self, patch=4, width=24):
        super().__init__()
        self.patches, self.token = nn.Conv2d(3, width, patch, patch), nn.Parameter(torch.zeros(1, 1, width))
        layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True)
        self.layers, self.last = nn.TransformerEncoder(layer, 2), nn.Linear(width, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        return self.last(self.layers(x)[:, 0])


class Recurrent(nn.Module):
    def __init__(self, kind, layers, **options):
        super().__init__()
        self.layers = kind(8, 12, layers, batch_first=True, **options)
        self.last = nn.Linear(24 if options.get("bidirectional") else 12, 5)

    def forward(self, x):
        return self.last(self.layers(x)[0][:, -1])


def networks(seed: int = 1) -> Iterator[tuple[str, nn.Module, tuple[Any, ...]]]:
    """Yield a name, a module and its arguments."""
    torch.manual_seed(seed)
    image, words = torch.randn(2, 3, 16, 16), torch.randn(2, 8, 32)

    def dense(*widths):
        pairs = itertools.pairwise(widths)
        return nn.Sequential(*(layer for a, b in pairs for layer in (nn.Linear(a, b), nn.ReLU())))

    def convolved(*widths):
        pairs = itertools.pairwise(widths)
        return [layer for a, b in pairs for layer in (nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))]

    yield "MLP of 4 layers", dense(32, 64, 64, 48, 10), (torch.randn(4, 32),)
    yield "MLP of 16 layers", dense(*[32] * 17), (torch.randn(4, 32),)
    yield "four convolutions", Flat(*convolved(3, 8, 16, 16, 24), features=24), (image,)
    yield (
        "ResNet of basic blocks",
        Flat(Residual(3, 8, 1), Residual(8, 16, 2), Residual(16, 24, 2), features=24).eval(),
        (image,),
    )
    yield "ResNet of bottlenecks", Flat(Bottleneck(3, 16, 1), Bottleneck(16, 32, 2), features=32).eval(), (image,)
    yield "ResNet that is trained", Flat(Residual(3, 8, 2), Residual(8, 16, 2), features=16), (image,)
    yield "DenseNet block", Dense(6, 6, 4).eval(), (torch.randn(2, 6, 8, 8),)
    yield "MobileNet", Flat(*normal_relu(3, 8, 3, 2), Inverted(8, 24), Inverted(8, 24), features=8).eval(), (image,)
    yield "UNet with softmax", UNet(3, 4), (torch.randn(2, 3, 8, 8),)
    yield "GPT of 1 block", Block(), (words,)
    yield "GPT of 2 blocks", nn.Sequential(Block(), Block()), (words,)
    yield "GPT of 4 blocks", nn.Sequential(*(Block() for _ in range(4))), (words[:1],)
    yield "attention by ReLU", CausalAttention(32, 4, lambda x, dim: functional.relu(x)), (words,)
    yield "ViT of 2 layers", ViT(), (image,)
    yield "RNN of 2 layers", Recurrent(nn.RNN, 2), (torch.randn(2, 6, 8),)
    yield "LSTM of 3 layers", Recurrent(nn.LSTM, 3), (torch.randn(2, 6, 8),)
    yield "GRU in both directions", Recurrent(nn.GRU, 2, bidirectional=True), (torch.randn(2, 6, 8),)
