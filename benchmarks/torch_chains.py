"""Operators of PyTorch one after another, as benchmarks of fused kernels hold them, each with its arguments."""

import torch
from torch import nn
from torch.nn import functional
from torch_functions import drawn


class Of(nn.Module):
    """A function of modules, parameters and an input."""

    def __init__(self, f, **parts):
        super().__init__()
        self.f = f
        for name, each in parts.items():
            setattr(self, name, each)

    def forward(self, *x):
        return self.f(self, *x)


def chains(seed=5):
    """Yield a name, the function or module, and its arguments."""
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)

    def r(*shape):
        return drawn(g, *shape)

    def parameter(*shape):
        return nn.Parameter(r(*shape))

    img, vol, rows = r(2, 6, 12, 12), r(1, 4, 8, 8, 8), r(12, 48)
    yield (
        "conv_bn_relu_pool",
        nn.Sequential(nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)).eval(),
        (img,),
    )
    yield (
        "gemm_scale_residual_norm",
        Of(lambda s, x: s.ln(s.lin(x) * 0.5 + x), lin=nn.Linear(48, 48), ln=nn.LayerNorm(48)),
        (rows,),
    )
    yield (
        "gemm_groupnorm_min_bias",
        Of(
            lambda s, x: torch.min(s.gn(s.lin(x)), 1, keepdim=True)[0] + s.b,
            lin=nn.Linear(48, 24),
            gn=nn.GroupNorm(4, 24),
            b=parameter(1, 24, 1, 1),
        ),
        (rows,),
    )
    yield (
        "gemm_logsumexp_leaky_gelu",
        Of(
            lambda s, x: functional.gelu(functional.leaky_relu(torch.logsumexp(s.lin(x), 1, keepdim=True))),
            lin=nn.Linear(48, 24),
        ),
        (rows,),
    )
    yield (
        "matmul_swish_sum_groupnorm",
        Of(
            lambda s, x: s.gn(functional.silu(s.lin(x)) + s.b),
            lin=nn.Linear(48, 24),
            gn=nn.GroupNorm(4, 24),
            b=parameter(24),
        ),
        (rows,),
    )
    yield "matmul_dropout_softmax", nn.Sequential(nn.Linear(48, 24), nn.Dropout(0.2), nn.Softmax(1)).eval(), (rows,)
    yield (
        "bmm_instancenorm_residual",
        Of(
            lambda s, x, y: (
                (functional.instance_norm(s.lin(x).unsqueeze(1).unsqueeze(1)).squeeze(1).squeeze(1) + y) * y
            ),
            lin=nn.Linear(48, 24),
        ),
        (rows, r(12, 24)),
    )
    yield (
        "conv_hardswish_relu_softmax_mean",
        Of(
            lambda s, x: functional.softmax(functional.relu(functional.hardswish(s.c(x))), 1).mean((2, 3, 4)),
            c=nn.Conv3d(4, 5, 3),
        ),
        (vol,),
    )
    yield (
        "conv_sub_tanh_sub_avgpool",
        Of(lambda s, x: functional.avg_pool2d(torch.tanh(s.c(x) - 0.5) - 0.2, 2), c=nn.Conv2d(6, 8, 3)),
        (img,),
    )
    yield (
        "conv_min_add_multiply",
        Of(
            lambda s, x: (torch.minimum(s.c(x), torch.tensor(0.5)) + s.b) * 2.0,
            c=nn.Conv2d(6, 8, 3),
            b=parameter(8, 1, 1),
        ),
        (img,),
    )
    yield (
        "conv_instancenorm_divide",
        Of(lambda s, x: s.i(s.c(x)) / 2.0, c=nn.Conv2d(6, 8, 3), i=nn.InstanceNorm2d(8)),
        (img,),
    )
    yield (
        "conv_act_batchnorm",
        Of(
            lambda s, x: s.bn(torch.multiply(torch.tanh(functional.softplus(y := s.c(x))), y)),
            c=nn.Conv2d(6, 8, 3),
            bn=nn.BatchNorm2d(8),
        ),
        (img,),
    )
    yield (
        "conv3d_divide_max_globalavg_bias_sum",
        Of(
            lambda s, x: torch.sum(functional.adaptive_avg_pool3d(functional.max_pool3d(s.c(x) / 2.0, 2), 1) + s.b, 1),
            c=nn.Conv3d(4, 6, 3),
            b=parameter(6, 1, 1, 1),
        ),
        (vol,),
    )
    yield (
        "conv3d_scaling_tanh_multiply_sigmoid",
        Of(
            lambda s, x: torch.sigmoid(torch.tanh(s.c(x) * s.a) * s.b),
            c=nn.Conv3d(4, 6, 3),
            a=parameter(6, 1, 1, 1),
            b=parameter(6, 1, 1, 1),
        ),
        (vol,),
    )
    yield (
        "convt_bias_clamp_scale_clamp_div",
        Of(
            lambda s, x: torch.clamp(torch.clamp(s.c(x) + s.b, 0, 1) * 2.0, 0, 1) / 2.0,
            c=nn.ConvTranspose2d(6, 5, 3, stride=2, padding=1, output_padding=1),
            b=parameter(5, 1, 1),
        ),
        (img,),
    )
    yield (
        "convt_globalavg_bias_lse_sum_mul",
        Of(
            lambda s, x: (
                torch.sum(torch.logsumexp(s.c(x).mean((2, 3), keepdim=True) + s.b, 1, keepdim=True), (2, 3)) * 10.0
            ),
            c=nn.ConvTranspose2d(6, 5, 3),
            b=parameter(5, 1, 1),
        ),
        (img,),
    )
    yield (
        "convt_softmax_bias_scale_sigmoid",
        Of(
            lambda s, x: torch.sigmoid((functional.softmax(s.c(x), 1) + s.b) * 2),
            c=nn.ConvTranspose2d(6, 5, 4),
            b=parameter(5, 1, 1),
        ),
        (img,),
    )
    yield (
        "convt3d_layernorm_gelu_scale",
        Of(
            lambda s, x: functional.gelu(s.ln(s.c(x))) * 1.5,
            c=nn.ConvTranspose3d(4, 5, 4, stride=2, padding=1),
            ln=nn.LayerNorm(16),
        ),
        (vol,),
    )
    yield (
        "convt3d_sum_residual_multiply",
        Of(lambda s, x: ((y := s.c(x)) + s.b + y) * y + y, c=nn.ConvTranspose3d(4, 5, 3), b=parameter(5, 1, 1, 1)),
        (vol,),
    )
    yield (
        "linear_sigmoid_sum_lse",
        Of(lambda s, x: torch.logsumexp(torch.sum(torch.sigmoid(s.lin(x)), 1), 0), lin=nn.Linear(48, 24)),
        (rows,),
    )
    yield (
        "linear_hardtanh_groupnorm",
        Of(lambda s, x: functional.hardtanh(s.gn(s.lin(x)), -2, 2), lin=nn.Linear(48, 24), gn=nn.GroupNorm(4, 24)),
        (rows,),
    )
    yield (
        "linear_double_norm",
        Of(lambda s, x: s.l2(s.l1(s.lin(x))), lin=nn.Linear(48, 48), l1=nn.LayerNorm(48), l2=nn.LayerNorm(48)),
        (rows,),
    )
