"""PyTorch's gradients of whole layers, where they are operations of their own."""

import math
from typing import Any

import numpy as np

from ..arithmetic.namespace import MissingError
from ..arithmetic.windows import convolution, transposed
from .aten import Array, Namespace, fast_erf
from .aten_indices import certain
from .aten_layers import as_factor, in_float32, of_each_head, scores
from .aten_windows import pooled, whole
from .positions import gathered, in_steps


def gelu_backward(xp: Namespace, g: Array, x: Array, *, approximate: str = "none") -> Array:
    if approximate == "none":
        density = xp.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return g * (0.5 * (1 + fast_erf(xp, x * math.sqrt(0.5))) + x * density)
    root = math.sqrt(2 / math.pi)
    t = xp.tanh(root * (x + 0.044715 * x * x * x))
    return g * (0.5 * (1 + t) + 0.5 * x * ((1 - t * t) * (root * (1 + 3 * 0.044715 * x * x))))


def _scaled_dot_product_flash_attention_for_cpu_backward(
    xp: Namespace, g: Array, q: Array, k: Array, v: Array, y: Array, total: Array, dropout: float, is_causal: bool, *,
    attn_mask: Array = None, scale: float | None = None,
) -> Any:  # fmt: skip
    """The weights are made again of the logarithm of their sum."""
    heads, dtype = k.shape[-3], q.dtype
    g, q, k, v, y = in_float32(xp, g, q, k, v, y)
    scale, keys, values = scale or 1 / math.sqrt(q.shape[-1]), *(of_each_head(xp, each, q) for each in (k, v))
    w = xp.exp(scores(xp, q, keys, scale, attn_mask, is_causal) - xp.expand_dims(total, axis=-1))
    of_w = xp.matmul(g, xp.matrix_transpose(values)) - xp.sum(g * y, axis=-1, keepdims=True)
    w, of_scores = (as_factor(xp, each, dtype) for each in (w, w * of_w))
    of_k = xp.matmul(xp.matrix_transpose(of_scores), q) * scale
    of_v = xp.matmul(xp.matrix_transpose(w), g)
    shape = (*q.shape[:-3], heads, -1)
    several = (xp.sum(xp.reshape(each, (*shape, *each.shape[-2:])), axis=-3) for each in (of_k, of_v))
    return xp.matmul(of_scores, keys) * scale, *several


def nll_loss_backward(
    xp: Namespace, g: Array, x: Array, target: Any, weight: Array, reduction: int, ignored: int, total: Array
) -> Array:
    """- weight at the class of each row, and 0 elsewhere."""
    target = np.asarray(target)
    kept = target != ignored
    hot = (np.expand_dims(target, -1) == np.arange(x.shape[-1])) & np.expand_dims(kept, -1)
    each = g / total if reduction == 1 else g
    each = xp.expand_dims(each, axis=-1) if each.ndim == target.ndim and each.ndim else each
    each = each if weight is None else each * weight
    return xp.where(hot, xp.zeros_like(x) - each, xp.zeros_like(x))


def to_the_largest(count: int) -> Any:
    """The gradient of a pooling: to the place that was the largest, which is known in its plane."""

    def backward(xp: Namespace, g: Array, x: Array, *windows: Any) -> Array:
        index = windows[-1]
        plane = math.prod(x.shape[-count:])
        planes = np.arange(math.prod(x.shape[:-count])).reshape(*x.shape[:-count], *(1,) * count) * plane
        return gathered(xp.zeros_like(x), g, planes + certain(index), in_steps(xp))

    return backward


max_pool2d_with_indices_backward = adaptive_max_pool2d_backward = to_the_largest(2)
max_pool3d_with_indices_backward = adaptive_max_pool3d_backward = to_the_largest(3)


def hardshrink_backward(xp: Namespace, g: Array, x: Array, limit: float) -> Array:
    return xp.where(xp.abs(x) > limit, g, xp.zeros_like(g))


softshrink_backward = hardshrink_backward


def of_parts(count: int) -> Any:
    """The gradient of the means of parts: to each place, the shares of the parts that have it."""

    def backward(xp: Namespace, g: Array, x: Array) -> Array:
        for axis in range(x.ndim - count, x.ndim):
            n, k = x.shape[axis], g.shape[axis]
            starts, ends = np.arange(k) * n // k, -(-(np.arange(k) + 1) * n // k)
            lengths = (ends - starts).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
            share = g / xp.astype(lengths, g.dtype)
            owners = ([i for i in range(k) if starts[i] <= place < ends[i]] for place in range(n))
            g = xp.concat([xp.sum(xp.take(share, np.array(each), axis=axis), axis=axis, keepdims=True)
                           for each in owners], axis=axis)  # fmt: skip
        return g

    return backward


_adaptive_avg_pool2d_backward, _adaptive_avg_pool3d_backward = of_parts(2), of_parts(3)


def to_each(count: int) -> Any:
    """The gradient of an average: to each place of a window, a share of its gradient."""

    def backward(
        xp: Namespace, g: Array, x: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, with_padding: bool,
        divisor: int | None,
    ) -> Array:  # fmt: skip
        if ceil_mode or not (with_padding or divisor or not any(padding)):
            what = f"aten.avg_pool{count}d_backward: gaugeblock has no error bound for windows of several sizes yet"
            raise MissingError(f"{what}; wanted ceil_mode=False and count_include_pad=True")
        places = pooled(x, kernel, stride, padding, 1, ceil_mode, count)
        share = xp.expand_dims(g / (divisor or math.prod(whole(kernel, count))), axis=-1)
        more = xp.broadcast_to(share, places.shape)
        return gathered(xp.zeros_like(x), more, places, in_steps(xp))

    return backward


avg_pool2d_backward, avg_pool3d_backward = to_each(2), to_each(3)


def convolution_backward(
    xp: Namespace, g: Array, x: Array, w: Array, bias: Any, stride: Any, padding: Any, dilation: Any,
    is_transposed: bool, more: Any, groups: int, wanted: Any,
) -> Any:  # fmt: skip
    """The gradients are convolutions again: transposed, and of the input with the gradient as the kernel."""
    count = w.ndim - 2
    stride, padding, dilation = (whole(each, count) for each in (stride, padding, dilation))
    of_x = of_w = of_bias = None
    if wanted[0] and is_transposed:
        of_x = convolution(g, w, stride, [(p, p) for p in padding], dilation, None, groups)
    elif wanted[0]:
        reach = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in zip(
            g.shape[2:], stride, padding, dilation, w.shape[2:], strict=True)]  # fmt: skip
        rest = [n - r for n, r in zip(x.shape[2:], reach, strict=True)]
        of_x = transposed(g, w, stride, padding, dilation, rest, groups)
    if wanted[1]:
        of_w = of_kernel(xp, *((x, g) if is_transposed else (g, x)), w.shape, stride, padding, dilation, groups)
    if wanted[2]:
        of_bias = xp.sum(g, axis=(0, *range(2, g.ndim)))
    return of_x, of_w, of_bias


def of_kernel(
    xp: Namespace, g: Array, x: Array, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """The sums over the batch and all places of x times g: a convolution in which the batch is summed like channels."""
    parts = []
    for of_x, of_g in zip(xp.split(x, groups, axis=1), xp.split(g, groups, axis=1), strict=True):
        found = convolution(
            xp.moveaxis(of_x, 0, 1), xp.moveaxis(of_g, 0, 1), dilation, [(p, p) for p in padding], stride
        )  # fmt: skip
        kept = (slice(None), slice(None), *(slice(0, size) for size in shape[2:]))
        parts.append(xp.moveaxis(found[kept], 0, 1))
    return xp.concat(parts, axis=0)
