"""PyTorch's operations that are whole layers: norms, pooling, convolution, attention, and losses.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic import correlated
from ..arithmetic.bounded import Bounded
from ..arithmetic.discrete import Discrete
from .aten import Array, Namespace
from .aten_axes import linalg_vector_norm, logsumexp, mean
from .aten_axes import sum as added

FLOAT32 = np.dtype("float32")


def _softmax(xp: Namespace, x: Array, dim: int, half_to_float: bool = False) -> Array:
    return correlated.softmax(x, dim)


def _safe_softmax(xp: Namespace, x: Array, dim: int, dtype: Any = None) -> Array:
    """And 0 where everything is masked."""
    return unmasked(xp, x, dim, lambda kept: _softmax(xp, kept, dim))


def unmasked(xp: Namespace, x: Array, dim: int, function: Callable[[Array], Array]) -> Array:
    """A function along an axis, and 0 where everything is masked."""
    masked = xp.all(x == -math.inf, axis=dim, keepdims=True)
    if not isinstance(masked, Discrete) and not np.any(masked):
        return function(x)
    y = function(xp.where(masked, xp.zeros_like(x), x))
    return xp.where(masked, xp.zeros_like(y), y)


def _log_softmax(xp: Namespace, x: Array, dim: int, half_to_float: bool = False) -> Array:
    return correlated.log_softmax(x, dim)


def glu(xp: Namespace, x: Array, dim: int = -1) -> Array:
    a, b = xp.split(x, 2, axis=dim)
    return a * xp.sigmoid(b)


def normalised(xp: Namespace, x: Array, axes: Any, eps: float, weight: Array, bias: Array, shape: Any) -> Any:
    """(x - mean) / root * weight + bias, the mean, and 1 / root, for the root of the variance."""
    m, v = xp.mean(x, axis=axes, keepdims=True), correlated.var(x, axes, keepdims=True)
    r = 1 / xp.sqrt(v + eps)
    return affine(xp, (x - m) * r, weight, bias, shape), m, r


def affine(xp: Namespace, y: Array, weight: Array, bias: Array, shape: Any) -> Array:
    y = y if weight is None else y * xp.reshape(weight, shape)
    return y if bias is None else y + xp.reshape(bias, shape)


def native_layer_norm(xp: Namespace, x: Array, shape: Any, weight: Array, bias: Array, eps: float) -> Any:
    return normalised(xp, x, tuple(range(x.ndim - len(shape), x.ndim)), eps, weight, bias, tuple(shape))


def _fused_rms_norm(xp: Namespace, x: Array, shape: Any, weight: Array, eps: float | None) -> Any:
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    least = float(np.finfo(x.dtype).eps) if eps is None else eps
    r = 1 / xp.sqrt(xp.mean(x * x, axis=axes, keepdims=True) + least)
    return affine(xp, x * r, weight, None, tuple(shape)), r


def native_group_norm(
    xp: Namespace, x: Array, weight: Array, bias: Array, n: int, channels: int, size: int, groups: int, eps: float
) -> Any:
    shape = (1, groups, channels // groups, 1)
    grouped = xp.reshape(x, (n, groups, channels // groups, size))
    y, m, r = normalised(xp, grouped, (2, 3), eps, weight, bias, shape)
    return xp.reshape(y, x.shape), xp.reshape(m, (n, groups)), xp.reshape(r, (n, groups))


def native_batch_norm(
    xp: Namespace, x: Array, weight: Array, bias: Array, m: Array, v: Array, training: bool, momentum: float, eps: float
) -> Any:
    shape = (1, -1) + (1,) * (x.ndim - 2)
    if training:
        y, m, r = normalised(xp, x, (0, *range(2, x.ndim)), eps, weight, bias, shape)
        return y, xp.reshape(m, (-1,)), xp.reshape(r, (-1,))
    m, r = xp.reshape(m, shape), 1 / xp.sqrt(xp.reshape(v, shape) + eps)
    y = affine(xp, (x - m) * r, weight, bias, shape)
    if not isinstance(y, Bounded):
        return y, None, None
    a = r if weight is None else r * xp.reshape(weight, shape)
    return correlated.widened(y, as_scale_and_shift(x, m, a, bias, shape)), None, None


def as_scale_and_shift(x: Bounded, m: Bounded, a: Bounded, bias: Any, shape: Any) -> Any:
    """What (x - m) a + b may be off by more, where it is computed as x a + (b - m a): two products and a sum."""
    far, near, scale = (np.abs(each.value) + each.error for each in (m, x, a))
    shift = 0.0 if bias is None else np.abs(bias.value).reshape(shape)
    return x.model.gamma(3) * (far + near) * scale + x.model.gamma(1) * shift + 3 * x.model.underflow


cudnn_batch_norm = native_batch_norm


def _native_batch_norm_legit_functional(
    xp: Namespace, x: Array, w: Array, b: Array, m: Array, v: Array, *rest: Any
) -> Any:
    """What is updated in place is no result: it stands for itself."""
    return (*native_batch_norm(xp, x, w, b, m, v, *rest), m, v)


def _native_batch_norm_legit(xp: Namespace, x: Array, w: Array, b: Array, *rest: Any) -> Any:
    """With or without running statistics."""
    m, v = (None, None) if isinstance(rest[0], bool) else rest[:2]
    return native_batch_norm(xp, x, w, b, m, v, *rest[-3:])


def _scaled_dot_product_flash_attention_for_cpu(
    xp: Namespace, q: Array, k: Array, v: Array, dropout: float = 0.0, is_causal: bool = False, *,
    attn_mask: Array = None, scale: float | None = None,
) -> Any:  # fmt: skip
    """And the logarithm of the sum of the weights' exponentials."""
    dtype, (q, k, v) = q.dtype, in_float32(xp, q, k, v)
    k, v = (of_each_head(xp, each, q) for each in (k, v))
    w = scores(xp, q, k, scale or 1 / math.sqrt(q.shape[-1]), attn_mask, is_causal)

    def of_values(kept: Array) -> Array:
        if dtype.itemsize > 2:
            return correlated.weighted(kept, v)
        return xp.matmul(as_factor(xp, _softmax(xp, kept, -1), dtype), v)

    return unmasked(xp, w, -1, of_values), logsumexp(xp, w, -1)


def in_float32(xp: Namespace, *arrays: Array) -> list[Array]:
    """Numbers of half precision in the format that attention computes them in."""
    return [xp.astype(each, FLOAT32) if each.dtype.itemsize == 2 else each for each in arrays]


def as_factor(xp: Namespace, x: Array, dtype: Any) -> Array:
    """What attention rounds to half precision before it multiplies it."""
    return xp.astype(xp.astype(x, dtype), x.dtype) if dtype.itemsize == 2 else x


def of_each_head(xp: Namespace, x: Array, q: Array) -> Array:
    """Keys and values, of which each is for several heads of the queries."""
    return x if x.shape[-3] == q.shape[-3] else xp.repeat(x, q.shape[-3] // x.shape[-3], axis=-3)


def scores(xp: Namespace, q: Array, k: Array, scale: float, mask: Array, is_causal: bool) -> Array:
    """What the softmax of an attention is taken of."""
    w = xp.matmul(q, xp.matrix_transpose(k)) * scale
    w = w if mask is None else w + (mask if isinstance(mask, np.ndarray) else in_float32(xp, mask)[0])
    if is_causal:
        later = np.broadcast_to(~np.tri(*w.shape[-2:], dtype=np.bool_), w.shape)
        w = xp.where(later, xp.zeros_like(w) - math.inf, w)
    return w


def reduced(xp: Namespace, x: Array, reduction: int) -> Array:
    """Each, their mean, or their sum."""
    return (x, mean(xp, x), added(xp, x))[reduction] if reduction else x


def mse_loss(xp: Namespace, a: Array, b: Array, reduction: int = 1) -> Array:
    return reduced(xp, (a - b) * (a - b), reduction)


def smooth_l1_loss(xp: Namespace, a: Array, b: Array, reduction: int = 1, beta: float = 1.0) -> Array:
    z = xp.abs(a - b)
    near = xp.minimum(z, beta)
    return reduced(xp, z if beta == 0 else 0.5 * near * near / beta + (z - near), reduction)


def huber_loss(xp: Namespace, a: Array, b: Array, reduction: int = 1, delta: float = 1.0) -> Array:
    z = xp.abs(a - b)
    near = xp.minimum(z, delta)
    return reduced(xp, 0.5 * near * near + delta * (z - near), reduction)


def binary_cross_entropy(xp: Namespace, p: Array, y: Array, weight: Array = None, reduction: int = 1) -> Array:
    each = -(y * xp.maximum(xp.log(p), -100.0) + (1 - y) * xp.maximum(xp.log1p(-p), -100.0))
    return reduced(xp, each if weight is None else each * weight, reduction)


def nll_loss_forward(xp: Namespace, x: Array, target: Any, weight: Array, reduction: int, ignored: int) -> Any:
    """Of (batch, classes), the first axis missing or not; and the sum of the weights."""
    target = np.asarray(target)
    kept = target != ignored
    index = np.where(kept, target, 0)
    each = -xp.squeeze(xp.take_along_axis(x, np.expand_dims(index, -1), axis=-1), axis=-1)
    total = float(np.sum(kept))
    if weight is not None:
        share = weight[index]
        each = each * share
        total = xp.sum(xp.where(kept, share, xp.zeros_like(share)))
    each = xp.where(kept, each, xp.zeros_like(each))
    mean_or_each = xp.sum(each) / total if reduction == 1 else reduced(xp, each, reduction)
    return mean_or_each, xp.full((), total, dtype=x.dtype) if weight is None else total


def nll_loss2d_forward(xp: Namespace, x: Array, target: Any, weight: Array, reduction: int, ignored: int) -> Any:
    """Of (batch, classes, height, width)."""
    flat = xp.reshape(xp.moveaxis(x, 1, -1), (-1, x.shape[1]))
    found, total = nll_loss_forward(xp, flat, np.asarray(target).ravel(), weight, reduction, ignored)
    return (found if reduction else xp.reshape(found, np.shape(target))), total


def _cdist_forward(xp: Namespace, a: Array, b: Array, p: float, mode: Any = None) -> Array:
    apart = xp.expand_dims(a, axis=-2) - xp.expand_dims(b, axis=-3)
    return linalg_vector_norm(xp, apart, p, -1)


def _pdist_forward(xp: Namespace, x: Array, p: float = 2) -> Array:
    first, second = np.triu_indices(x.shape[0], 1)
    return linalg_vector_norm(xp, xp.take(x, first, axis=0) - xp.take(x, second, axis=0), p, -1)
