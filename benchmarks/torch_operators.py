"""Single operators of PyTorch in many shapes, as benchmarks of kernels hold them, each with its arguments."""

import torch
from torch import nn
from torch.nn import functional
from torch_functions import drawn


def operators(seed=3):
    """Yield a name, the function or module, and its arguments."""
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)

    def r(*shape):
        return drawn(g, *shape)

    def u(*shape):
        return torch.rand(*shape, generator=g)

    def labels(*shape, classes=50):
        return torch.randint(0, classes, shape, generator=g)

    a, b, sq = r(20, 28), r(28, 12), r(16, 16)
    img, seq, vol, rows = r(2, 6, 14, 14), r(2, 6, 30), r(1, 4, 8, 8, 8), r(12, 50)
    sym = sq + sq.T
    yield "matmul_transposed_both", lambda a, b: torch.matmul(a.T, b.T), (r(28, 20), r(12, 28))
    yield "matmul_large_k", torch.matmul, (r(4, 2000), r(2000, 3))
    yield "matmul_small_k", torch.matmul, (r(64, 3), r(3, 64))
    yield "matmul_symmetric", torch.matmul, (sym, r(16, 16) + r(16, 16).T)
    yield "lower_triangular", lambda a, b: torch.tril(torch.tril(a) @ torch.tril(b)), (sq, r(16, 16))
    yield "diag_embed", lambda a, b: torch.diag_embed(a) @ b, (r(3, 12), r(3, 12, 5))
    yield "tensor_3d_matrix", torch.matmul, (r(3, 7, 20), r(20, 9))
    yield "tensordot_4d", lambda a, b: torch.tensordot(a, b, dims=([2, 3], [0, 1])), (r(2, 3, 4, 5), r(4, 5, 6))
    yield "outer", torch.outer, (r(40), r(30))
    yield "chain_matmul", lambda a, b, c: torch.linalg.multi_dot([a, b, c]), (r(10, 20), r(20, 12), r(12, 8))
    yield "kron", torch.kron, (r(4, 5), r(3, 2))
    yield "addmm", lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2.0), (r(20, 12), a, b)
    yield "baddbmm", torch.baddbmm, (r(3, 5, 6), r(3, 5, 9), r(3, 9, 6))
    yield "scalar_times_matrix", lambda a: a * 3.14, (a,)
    yield "conv1d_dilated_strided", nn.Conv1d(6, 8, 3, stride=3, dilation=4), (seq,)
    yield "conv2d_asymmetric_padding", nn.Conv2d(6, 8, (5, 9), padding=(2, 4), dilation=(2, 1)), (img,)
    yield "conv2d_groups", nn.Conv2d(6, 12, 3, groups=3, bias=False), (img,)
    yield "conv2d_pointwise", nn.Conv2d(6, 10, 1, bias=False), (img,)
    yield "conv2d_separable", nn.Sequential(nn.Conv2d(6, 6, 3, groups=6, padding=1), nn.Conv2d(6, 9, 1)), (img,)
    yield "conv2d_depthwise_asymmetric", nn.Conv2d(6, 6, (3, 1), groups=6, bias=False), (img,)
    yield "conv2d_same_circular", nn.Conv2d(6, 4, 3, padding="same", padding_mode="circular"), (img,)
    yield "conv3d_asymmetric", nn.Conv3d(4, 5, (3, 5, 2), stride=(1, 2, 1), bias=False), (vol,)
    yield "conv_t1d_dilated", nn.ConvTranspose1d(6, 4, 5, stride=1, padding=0, dilation=3, bias=False), (seq,)
    yield (
        "conv_t2d_asymmetric_groups",
        nn.ConvTranspose2d(6, 6, (3, 5), stride=(2, 3), padding=(1, 2), dilation=(2, 1), groups=3),
        (img,),
    )
    yield (
        "conv_t3d_strided",
        nn.ConvTranspose3d(4, 3, (3, 5, 2), stride=(2, 2, 2), padding=(1, 2, 1), output_padding=1, groups=1),
        (vol,),
    )
    yield "lp_pool", nn.LPPool2d(2, 3, stride=2), (img,)
    yield "adaptive_max_pool", nn.AdaptiveMaxPool2d(5), (img,)
    yield "adaptive_avg_pool3d", nn.AdaptiveAvgPool3d(3), (vol,)
    yield "max_pool3d_dilated", nn.MaxPool3d(3, 2, 1, 2), (vol,)
    yield "max_unpool", lambda x: functional.max_unpool2d(*functional.max_pool2d(x, 2, return_indices=True), 2), (img,)
    yield "avg_pool2d_no_pad", nn.AvgPool2d(5, 2, 2, count_include_pad=False, divisor_override=None), (img,)
    yield "batch_norm_training", nn.BatchNorm2d(6), (img,)
    yield "instance_norm_affine", nn.InstanceNorm2d(6, affine=True), (img,)
    yield "local_response_norm", nn.LocalResponseNorm(3), (img,)
    yield "normalize_l2", lambda x: functional.normalize(x, p=2, dim=1), (rows,)
    yield "normalize_l1", lambda x: functional.normalize(x, p=1, dim=1), (rows,)
    yield "weight_norm_linear", nn.utils.parametrizations.weight_norm(nn.Linear(50, 8)), (rows,)
    yield "reverse_cumprod", lambda x: torch.cumprod(x.flip(1), 1).flip(1), (rows,)
    yield "cummax", lambda x: torch.cummax(x, 1)[0], (rows,)
    yield (
        "masked_exclusive_cumsum",
        lambda x, m: torch.cumsum(torch.where(m, x, 0.0), 1) - torch.where(m, x, 0.0),
        (rows, rows > 0),
    )
    yield "argmin", lambda x: torch.argmin(x, 1), (rows,)
    yield "min_dim", lambda x: torch.min(x, 1)[0], (rows,)
    yield "amax_all", lambda x: torch.amax(x, (0, 1)), (rows,)
    yield "logcumsumexp", lambda x: torch.logcumsumexp(x, 1), (rows,)
    yield "var_mean", lambda x: torch.var_mean(x, 1), (rows,)
    yield "std_unbiased", lambda x: torch.std(x, dim=1), (rows,)
    yield "norm_p3", lambda x: torch.linalg.vector_norm(x, 3, 1), (rows,)
    yield "median", lambda x: torch.median(x, 1)[0], (rows,)
    yield "topk", lambda x: torch.topk(x, 5, 1)[0], (rows,)
    yield "sort_descending", lambda x: torch.sort(x, 1, descending=True)[0], (rows,)
    yield "l1_loss", nn.L1Loss(), (rows, r(12, 50))
    yield "huber_delta", nn.HuberLoss(delta=0.3), (rows, r(12, 50))
    yield (
        "kl_log_target",
        nn.KLDivLoss(reduction="batchmean", log_target=True),
        (rows.log_softmax(1), r(12, 50).log_softmax(1)),
    )
    yield "margin_ranking", nn.MarginRankingLoss(0.2), (r(30), r(30), torch.sign(r(30)))
    yield "multi_margin", nn.MultiMarginLoss(), (rows, labels(12))
    yield "soft_margin", nn.SoftMarginLoss(), (rows, torch.sign(r(12, 50)))
    yield "hinge_embedding", nn.HingeEmbeddingLoss(), (rows, torch.sign(r(12, 50)))
    yield "poisson_nll", nn.PoissonNLLLoss(), (rows, u(12, 50))
    yield "gaussian_nll", nn.GaussianNLLLoss(), (rows, r(12, 50), u(12, 50) + 0.1)
    yield "cross_entropy_smoothing", nn.CrossEntropyLoss(label_smoothing=0.1), (rows, labels(12))
    yield "cosine_similarity", nn.CosineSimilarity(1), (rows, r(12, 50))
    yield "pairwise_distance", nn.PairwiseDistance(), (rows, r(12, 50))
    yield "cdist", torch.cdist, (r(8, 5), r(9, 5))
    yield (
        "focal_loss",
        lambda x, y: (-((1 - torch.sigmoid(x * y)) ** 2) * functional.logsigmoid(x * y)).mean(),
        (rows, torch.sign(r(12, 50))),
    )
    yield (
        "dice_loss",
        lambda x, y: 1 - 2 * (x.sigmoid() * y).sum() / (x.sigmoid().sum() + y.sum()),
        (rows, (r(12, 50) > 0).float()),
    )
    yield (
        "info_nce",
        lambda a, b: functional.cross_entropy(
            functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T / 0.07, torch.arange(12)
        ),
        (rows, r(12, 50)),
    )
    yield "celu", nn.CELU(1.3), (3 * rows,)
    yield "glu", nn.GLU(1), (rows,)
    yield "softmin", nn.Softmin(1), (rows,)
    yield "tanhshrink", nn.Tanhshrink(), (rows,)
    yield "rsqrt_squared_relu", lambda x: torch.relu(x) ** 2, (rows,)
    yield "quick_gelu", lambda x: x * torch.sigmoid(1.702 * x), (rows,)
    yield "scatter_add", lambda x, i: torch.zeros(12, 50).scatter_add(1, i, x), (rows, labels(12, 50))
    yield "index_add", lambda x, i: torch.zeros(5, 50).index_add(0, i, x), (rows, labels(12, classes=5))
    yield (
        "segment_mean",
        lambda x, i: torch.zeros(5, 50).index_reduce(0, i, x, "mean", include_self=False),
        (rows, labels(12, classes=5)),
    )
    yield "gather", lambda x, i: x.gather(1, i), (rows, labels(12, 7))
    yield "one_hot_matmul", lambda i, w: functional.one_hot(i, 50).float() @ w, (labels(12), r(50, 6))
    yield (
        "tril_softmax",
        lambda x: torch.softmax(x.masked_fill(torch.triu(torch.ones(16, 16), 1).bool(), -1e9), -1),
        (sq,),
    )
    yield "trapezoid", lambda y: torch.trapezoid(y, dx=0.1, dim=1), (rows,)
    yield "polynomial", lambda x: ((0.3 * x + 0.2) * x - 1.1) * x + 0.7, (rows,)
    yield (
        "lerp_addcmul",
        lambda x, y, z: torch.addcmul(torch.lerp(x, y, 0.3), y, z, value=0.5),
        (rows, r(12, 50), r(12, 50)),
    )
    yield "unfold_fold", lambda x: functional.fold(functional.unfold(x, 3), (14, 14), 3), (img,)
    yield "pixel_shuffle", nn.PixelShuffle(2), (r(1, 8, 4, 4),)
    yield "histogram_of_bins", lambda x: torch.bucketize(x, torch.linspace(-2, 2, 9)), (rows,)
    yield "quantize", lambda x: torch.clamp(torch.round(x / 0.05), -128, 127) * 0.05, (rows,)
    yield "embedding_bag", nn.EmbeddingBag(30, 6), (labels(4, 5, classes=30),)
    yield "bilinear", nn.Bilinear(8, 9, 5), (r(7, 8), r(7, 9))
