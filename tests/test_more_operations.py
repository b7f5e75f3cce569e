"""Operations of PyTorch and JAX that are read as wholes: the library conforms, and coarse or other results do not."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from any_function import compiled, of_torch, rules, shortened
from flint import arb
from torch.nn import functional

from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic import bounded, exact
from gaugeblock.conformance.arithmetic.discrete import UndecidedError
from gaugeblock.conformance.arithmetic.namespace import MissingError
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.tracing import UpdatedInPlaceWarning, aten_sequences, standard
from gaugeblock.conformance.tracing.positions import TracingError

G = torch.Generator().manual_seed(3)


def normal(*shape):
    return torch.randn(*shape, generator=G)


ROWS, LABELS = normal(8, 20), torch.randint(0, 8, (8,), generator=G)
IMAGE, GRID = normal(2, 3, 7, 9), 2.4 * torch.rand(2, 5, 6, 2, generator=G) - 1.2
Q, K, V = (normal(2, heads, 8, 4) for heads in (4, 2, 2))
LOGITS, TARGETS = normal(9, 3, 6), torch.randint(1, 6, (3, 4), generator=G)
LENGTHS, SIZES = (9, 9, 7), (4, 3, 2)


def attention(q, k, v):
    return functional.scaled_dot_product_attention(q, k, v, enable_gqa=q.shape[1] != k.shape[1])


def gradient_of_attention(q, k, v):
    return torch.func.grad(lambda *qkv: (attention(*qkv) ** 2).sum(), (0, 1, 2))(q, k, v)


def masked(q, k, v):
    return functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def gradient_of_causal(q, k, v):
    return torch.func.grad(lambda *qkv: (masked(*qkv) ** 2).sum(), (0, 1, 2))(q, k, v)


def ctc(x):
    return functional.ctc_loss(x.log_softmax(2), TARGETS, LENGTHS, SIZES, reduction="none")


def sampled(mode, padding, align):
    return lambda x, grid: functional.grid_sample(x, grid, mode, padding, align)


def by_index(reduce, include_self=True):
    index = LABELS[:, None].expand(8, 20)
    return lambda x: torch.ones(8, 20).scatter_reduce(0, index, x, reduce, include_self=include_self)


def contrastive(z):
    """With itself left out by a large number, as much code has it."""
    unit = functional.normalize(z, dim=-1)
    scores = (unit @ unit.T / 0.5).masked_fill(torch.eye(8, dtype=torch.bool), -1e9)
    return functional.cross_entropy(scores, torch.arange(8).roll(4))


class Swish(torch.autograd.Function):
    """With a gradient of its own, in the form that `functionalize` does not take."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        share = torch.sigmoid(x)
        return g * share * (1 + x * (1 - share))


@dataclasses.dataclass
class Pair:
    """A result that is no tuple."""

    x: torch.Tensor
    y: torch.Tensor


def routed(x):
    """The two best of each row at their places, weighted by their shares."""
    weights, chosen = torch.topk(functional.softmax(1.1 * x, -1), 2)
    return torch.zeros_like(x).scatter(1, chosen, weights / weights.sum(-1, keepdim=True))


def quantised(x):
    scale = x.abs().amax(-1, keepdim=True) / 448
    return (x / scale).to(torch.float8_e4m3fn).float() * scale


def gradient_of(function, *arguments):
    return lambda *x: torch.func.grad(lambda *y: (function(*y, *arguments) ** 2).sum(), tuple(range(len(x))))(*x)


def of_gradient(x):
    return torch.func.jvp(torch.func.grad(lambda y: (torch.tanh(y) ** 3).sum()), (x,), (torch.cos(x),))[1]


def alternating(x):
    """Where a mask has its place, the numbers of x one after another."""
    mask = torch.arange(20) % 2 == 0
    return x.masked_scatter(mask.expand(8, 20), 1.1 * x) + torch.masked_select(x, mask).sum()


def of_pages(q, pages, starts, places):
    """Attention to rows of pages, which start anywhere: where, is read on the way."""
    found = []
    for row in range(len(q)):
        first, last = int(starts[row].item()), int(starts[row + 1])
        if first < last:
            keys = pages[places[first:last].to(torch.int64)]
            found.append(torch.softmax(0.3 * q[row] @ keys.T, -1) @ keys)
    return torch.stack(found)


OF_TORCH = {
    "itself left out": (contrastive, (ROWS,)),
    "a gradient of its own": (lambda x: 2 * Swish.apply(x), (ROWS,)),
    "routing": (routed, (ROWS,)),
    "8 bits": (quantised, (ROWS,)),
    "classes": (lambda x: functional.one_hot(LABELS, 9).float().T @ x, (ROWS,)),
    "alternating": (alternating, (ROWS,)),
    "a stack of products": (
        lambda c, a, b: torch.addbmm(c, a, b, beta=0.3),
        (normal(4, 6), normal(3, 4, 5), normal(3, 5, 6)),
    ),
    "a triangular system": (
        lambda a, b: torch.linalg.solve_triangular(a.tril() + 3 * torch.eye(6), b, upper=False),
        (normal(6, 6), normal(6, 2)),
    ),
    "distances": (functional.pdist, (ROWS,)),
    "times powers of two": (lambda x: torch.ldexp(1.1 * x, LABELS[:, None]), (ROWS,)),
    "normal likelihood": (functional.gaussian_nll_loss, (ROWS, ROWS.flip(0), ROWS.abs() + 0.1)),
    "gradient of the logarithm of a sigmoid": (gradient_of(functional.logsigmoid), (ROWS,)),
    "gradient of shrinking": (gradient_of(functional.hardshrink), (ROWS,)),
    "gradient of parts": (gradient_of(functional.adaptive_avg_pool2d, 4), (IMAGE,)),
    "gradient of the largest of parts": (gradient_of(functional.adaptive_max_pool2d, 4), (IMAGE,)),
    "gradient of pooling in space": (
        gradient_of(lambda x: functional.avg_pool3d(functional.max_pool3d(x, 2), 2)),
        (normal(1, 2, 8, 8, 8),),
    ),
    "gradient of interpolation": (
        gradient_of(lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear")),
        (IMAGE,),
    ),
    "attention in groups": (attention, (Q, K, V)),
    "gradient of attention": (gradient_of_attention, (Q[:, :2], K, V)),
    "gradient of causal attention": (gradient_of_causal, (Q[:, :2], K, V)),
    "GELU": (functional.gelu, (torch.linspace(-4, 4, 4001),)),
    "gradient of GELU": (torch.func.grad(lambda x: functional.gelu(x).sum()), (torch.linspace(-4, 4, 4001),)),
    "CTC loss": (ctc, (LOGITS,)),
    "gradient of CTC loss": (torch.func.grad(lambda x: ctc(x).sum()), (LOGITS,)),
    "running logarithm of sums": (lambda x: torch.logcumsumexp(3 * x, 1), (ROWS,)),
    "sampling": (sampled("bilinear", "zeros", True), (IMAGE, GRID)),
    "sampling to the border": (sampled("bilinear", "border", False), (IMAGE, GRID)),
    "sampling by reflection": (sampled("bilinear", "reflection", False), (IMAGE, GRID)),
    "sampling the nearest": (sampled("nearest", "reflection", True), (1.1 * IMAGE, GRID)),
    "quantile": (lambda x: torch.quantile(x, 0.3, dim=1, keepdim=True), (ROWS,)),
    "quantile that is an element": (lambda x: torch.quantile(1.1 * x[:, :11], 0.7, dim=1), (ROWS,)),
    "quantiles": (lambda x: torch.quantile(x, torch.tensor([0.1, 0.77])), (ROWS,)),
    "lower quantile": (lambda x: torch.quantile(1.1 * x, 0.42, dim=0, interpolation="lower"), (ROWS,)),
    "mean by index": (by_index("mean", False), (ROWS,)),
    "largest by index": (by_index("amax"), (1.1 * ROWS,)),
    "product by index": (by_index("prod"), (ROWS,)),
    "bags of embeddings": (lambda w: functional.embedding_bag(LABELS.reshape(2, 4), w, mode="mean"), (ROWS,)),
    "bilinear form": (lambda a, b, w: functional.bilinear(a, b, w), (normal(3, 5), normal(3, 6), normal(4, 5, 6))),
    "circular padding": (torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (IMAGE,)),
    "running minimum": (lambda x: torch.cummin(1.1 * x, 1)[0], (ROWS,)),
    "slopes that are not drawn": (torch.nn.RReLU().eval(), (ROWS,)),
    "sign of another": (lambda x, y: torch.copysign(1.1 * x, y), (ROWS, -ROWS)),
    "pooling of parts": (torch.nn.AdaptiveMaxPool3d(2), (1.1 * normal(1, 2, 5, 5, 5),)),
}
X = jnp.asarray(ROWS.numpy())


def of_chosen(x):
    return (jnp.max(1.1 * x, axis=1) * jnp.minimum(x @ x.T, 0).sum(1) * jnp.clip(1.1 * x, -0.3, 1.5).sum(1)).sum()


def convolved(x, w):
    return (jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", feature_group_count=3) ** 2).sum()


def updated(x):
    return x.at[1].multiply(3.0).at[0].add(-x[2]).at[jnp.array([3, 3])].multiply(1.1)


def best(x):
    weights, chosen = jax.lax.top_k(jax.nn.softmax(x, -1), 2)
    return jnp.take_along_axis(1.1 * x, chosen, 1) * weights


OF_JAX = {
    "masked by a large number": (lambda x: jax.nn.softmax(0.3 * x + jnp.where(X > 1, -1e9, 0.0), -1), (X,)),
    "updates by index": (updated, (X,)),
    "the best of each row": (best, (X,)),
    "8 bits": (lambda x: x - (1.1 * x).astype(jnp.float8_e4m3fn).astype(jnp.float32), (X,)),
    "one of three": (
        lambda x: jax.lax.select_n(jnp.asarray(LABELS[:, None].expand(8, 20).numpy() % 3), x, jnp.sin(x), 1.1 * x),
        (X,),
    ),
    "order statistics": (lambda x: jnp.median(x[:, :9], 1) + jnp.percentile(1.1 * x, 30, axis=1), (X,)),
    "a triangular system": (lambda a, b: jax.scipy.linalg.solve_triangular(a + 3 * jnp.eye(8), b), (X[:, :8], X)),
    "softplus of what is computed": (lambda x: jax.nn.mish(1.1 * x), (X,)),
    "gradient of what is chosen": (jax.grad(of_chosen), (X,)),
    "running logarithm of sums": (lambda x: jax.lax.cumlogsumexp(x, axis=1, reverse=True), (X,)),
    "running minimum": (lambda x: jax.lax.cummin(1.1 * x, axis=1), (X,)),
    "largest by index": (lambda x: jax.ops.segment_max(1.1 * x, jnp.asarray(LABELS.numpy()), 9), (X,)),
    "gradient of groups": (jax.grad(convolved, (0, 1)), (jnp.asarray(IMAGE.numpy()), jnp.ones((6, 1, 3, 3)) / 3)),
    "stacked": (lambda x: jnp.stack([jnp.cos(x), jnp.sin(x)], -1).reshape(8, 40), (X,)),
}
CASES = [pytest.param(of_torch, *each, id=name) for name, each in OF_TORCH.items()]
CASES += [pytest.param(compiled, *each, id=f"{name}, JAX") for name, each in OF_JAX.items()]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("call", "function", "arguments"), CASES)
def test_the_library_conforms_and_coarse_inputs_do_not(call, function, arguments):
    wanted, right = rules(function, arguments), call(function, *arguments)
    assert wanted.ratio(right) <= 1
    assert wanted.ratio([np.zeros_like(each) for each in right]) > 1
    assert wanted.ratio(call(function, *(shortened(each, 11) for each in arguments))) > 1
    assert wanted.ratio([np.roll(each, 1) if each.size > 1 else each + 1 for each in right]) > 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_attention_in_half_precision_rounds_its_weights(dtype):
    q, k, v = (each[:, :2].to(dtype) for each in (Q, K, V))
    y = masked(q, k, v)
    assert_conforms(y, masked, q, k, v)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(y * 1.05, masked, q, k, v)


def test_running_logarithms_of_sums_are_within_their_bound_in_any_order():
    """Against Arb, of sums that are made from either end and in a tree, in float32."""
    rng, model = np.random.default_rng(0), MODELS["float32"]
    x = rng.normal(size=16).astype(np.float32) * np.float32(5)

    def from_the_end(values):
        total = values[-1]
        for each in values[-2::-1]:
            total = np.logaddexp(each, total)
        return total

    def tree(values):
        half = len(values) // 2
        return np.logaddexp(tree(values[:half]), tree(values[half:])) if half else values[0]

    found = aten_sequences.logcumsumexp(None, bounded.lift(x, model, x.dtype), 0)
    for count in range(1, 17):
        with exact.working_precision():
            wanted = sum((arb(float(each)).exp() for each in x[:count]), arb(0)).log()
        for way in (from_the_end, tree, np.logaddexp.reduce):
            assert abs(float(arb(float(way(x[:count]))) - wanted)) <= found.error[count - 1] or count == 1
    assert np.max(found.error[1:] / np.abs(found.value[1:])) < 400 * model.unit


def test_a_place_on_an_element_is_sampled_whatever_side_it_is_rounded_to():
    """The places of an identity map lie on elements, where a weight may be of the one before or after."""
    maps = torch.eye(2, 3)[None].expand(2, 2, 3)
    function = lambda x: functional.grid_sample(  # noqa: E731
        x, functional.affine_grid(maps, IMAGE.shape, align_corners=True), padding_mode="border", align_corners=True
    )
    assert_conforms(function(IMAGE), function, IMAGE)
    value, bound = expected(function, IMAGE)
    assert np.max(np.abs(value - IMAGE.numpy())) < 1e-6
    assert np.max(bound) < 1e-4


def test_equality_with_itself_asks_for_nan():
    x = bounded.lift(np.array([1.0, np.nan]), MODELS["float32"], np.dtype("float32")) * 1.1
    assert (x == x).tolist() == [True, False]
    assert not np.all((x == x * 1.0).sure)


def test_what_has_no_bound_of_them_is_named():
    with pytest.raises(MissingError, match="no error bound for bicubic sampling"):
        expected(sampled("bicubic", "zeros", False), IMAGE, GRID)
    with pytest.raises(MissingError, match="not finite"):
        expected(lambda x: torch.logcumsumexp(x, 0), ROWS / 0)
    with pytest.raises(MissingError, match="empty bags"):
        expected(lambda w: functional.embedding_bag(LABELS, w, torch.tensor([0, 3, 3])), ROWS)
    with pytest.raises(TracingError, match="got a random operation"):
        expected(torch.nn.RReLU(), ROWS)


def test_numbers_of_other_kinds_are_refused_or_compared():
    with pytest.raises(MissingError, match=r"^aten\._to_copy: .* complex numbers; wanted real ones"):
        expected(lambda x: x.to(torch.complex64).abs(), ROWS)
    with pytest.raises(MissingError, match=r"^<lambda>: got complex numbers"):
        expected(lambda x: x.abs(), ROWS.to(torch.complex64))
    with pytest.raises(MissingError, match=r"^jax\.lax\.fft: .* complex numbers"):
        expected(lambda x: jnp.abs(jnp.fft.rfft(x)), X)
    with pytest.raises(TracingError, match="got a tensor of float8_e5m2"):
        expected(lambda x: x.to(torch.float8_e5m2), ROWS)
    with pytest.raises(MissingError, match="a cast of float64 to it"):
        expected(quantised, ROWS.double())
    with pytest.raises(MissingError, match="multilabel_margin_loss_forward"):
        expected(lambda x: functional.multilabel_margin_loss(x, torch.zeros(8, 20, dtype=torch.int64)), ROWS)
    counts, bound = expected(lambda index: torch.bincount(index, minlength=9), LABELS)
    assert np.array_equal(counts, np.bincount(LABELS.numpy(), minlength=9))
    assert not np.any(bound)


def test_an_edge_that_rounding_may_cross_is_not_judged():
    x = torch.tensor([0.1, 0.5, 0.9])
    _, bound = expected(lambda x: torch.bucketize(x * 3, torch.tensor([0.3, 1.5, 2.0])), x)
    assert bound.tolist() == [np.inf, np.inf, 0.0]


@pytest.mark.parametrize(("function", "x"), [(torch.exp, torch.tensor(0.3)), (jnp.exp, jnp.float32(0.3))])
def test_a_number_without_axes_is_judged(function, x):
    assert_conforms(function(x), function, x)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(function(x * 1.001), function, x)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")  # which PyTorch itself uses for it
def test_a_derivative_of_a_gradient_is_judged():
    y = of_gradient(ROWS)
    assert_conforms(y, of_gradient, ROWS)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(y * 1.001, of_gradient, ROWS)


def test_a_gradient_inside_and_a_dataclass_are_judged():
    def slope(x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(Swish.apply(x).sum(), x)[0]

    assert_conforms(slope(ROWS), slope, ROWS)
    assert_conforms(Pair(ROWS * 1.1, ROWS.sum()), lambda x: Pair(x * 1.1, x.sum()), ROWS)
    with pytest.raises(AssertionError, match="y2 is"):
        assert_conforms(Pair(ROWS * 1.1, 1.001 * ROWS.sum()), lambda x: Pair(x * 1.1, x.sum()), ROWS)


PAGES = torch.tensor([0, 3, 3, 8]), torch.tensor([1, 6, 2, 7, 0, 1, 4, 5], dtype=torch.int32)


def test_integers_that_are_read_on_the_way_are_known():
    y = of_pages(ROWS[:3], ROWS, *PAGES)
    assert_conforms(y, of_pages, ROWS[:3], ROWS, *PAGES)
    with pytest.raises(AssertionError, match="outside"):
        assert_conforms(of_pages(ROWS[:3], ROWS, PAGES[0], PAGES[1].roll(3)), of_pages, ROWS[:3], ROWS, *PAGES)
    value, _ = expected(lambda x, lengths: torch.stack([part.sum(0) for part in x.split(lengths.tolist())]), ROWS,
                        torch.tensor([3, 5]))  # fmt: skip
    assert np.allclose(value[0], ROWS[:3].sum(0), rtol=1e-6)
    value, _ = expected(lambda x, index: functional.one_hot(index).float() @ x[:8], ROWS, torch.arange(8))
    assert np.array_equal(value, ROWS.numpy())


def test_other_integers_than_those_that_were_read_are_refused():
    traced = standard(of_pages, (ROWS[:3], ROWS, *PAGES), {})
    traced(*traced.arrays)
    q, pages = (bounded.lift(each, MODELS["float32"], each.dtype) for each in traced.arrays[:2])
    with pytest.raises(TracingError, match="other integers"):
        traced(q, pages, traced.arrays[2][::-1].copy(), traced.arrays[3])


def test_a_row_that_is_all_masked_attends_to_nothing():
    kept = torch.arange(8)[:, None] > 0
    y = functional.scaled_dot_product_attention(Q[:, :2], K, V, attn_mask=kept)
    assert not torch.any(y[..., 0, :])
    assert_conforms(y, functional.scaled_dot_product_attention, Q[:, :2], K, V, attn_mask=kept)


def test_an_index_that_rounding_may_change_is_named():
    with pytest.raises(UndecidedError, match=r"^aten\.index: got answers .*; wanted an index"):
        expected(lambda x: ROWS[(10 * x).floor().long()], torch.tensor([0.1, 0.3]))


def test_constants_that_a_format_has_cost_nothing():
    x = torch.arange(-4.0, 4.0)
    _, bound = expected(lambda x: torch.where(torch.arange(-4.0, 4.0) >= x, x, 100 * x), x)
    assert not np.any(bound)
    _, bound = expected(lambda x: x + torch.linspace(0, 2, 8), 0 * x)
    assert np.all(bound[1:] > 0)


def test_parts_that_are_written_in_place_beside_updated_buffers():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), torch.nn.BatchNorm2d(4))
    with pytest.warns(UpdatedInPlaceWarning, match=r"updates 1\.running_mean"):
        expected(module, IMAGE)
