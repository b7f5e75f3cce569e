"""PyTorch's native attention, whose gradients have derivatives, too."""

from typing import Any

import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import floating, rounded, shape, wanted_shape, wide
from ..reference.formulas.scaled_dot_product_attention import Sizes, checked, last_key, seen_keys
from . import _formulas, native
from ._torch_modes import are_plain, nothing_traced, values_alone
from ._torch_steps import are_numbers

VECTOR = 16  # the most numbers of a vector on a CPU: float32 in 512 bits


@native(_formulas.scaled_dot_product_attention)
def scaled_dot_product_attention(
    q: Any, k: Any, v: Any, mask: Any = None, *, causal: bool | str = False, scale: float | None = None
) -> Any:
    """Computed by ``torch.nn.functional.scaled_dot_product_attention``, on a CPU, where scale is no array.

    Its gradients are those of `scaled_dot_product_attention_vjp`; under transforms and ``torch.compile`` it is the
    reference.
    """
    floating(xp, q=q, k=k, v=v)
    sizes = checked(xp, q, k, v, mask, causal)
    if not (is_fusible(sizes, q, v, scale) and are_plain(q, k, v)):
        return reference.scaled_dot_product_attention(q, k, v, mask, causal=causal, scale=scale, xp=xp)
    if values_alone(q, k, v):
        return fused(q, k, v, mask, causal, scale, sizes)
    return Attention.apply(q, k, v, mask, causal, scale, sizes)


@native(_formulas.scaled_dot_product_attention_vjp)
def scaled_dot_product_attention_vjp(
    q: Any, k: Any, v: Any, g: Any, mask: Any = None, *, causal: bool | str = False, scale: float | None = None
) -> tuple[Any, Any, Any]:
    """Computed by the derivative of ``torch.nn.functional.scaled_dot_product_attention``, where scale is no array."""
    _, dtype = floating(xp, q=q, k=k, v=v, g=g)
    sizes = checked(xp, q, k, v, mask, causal)
    wanted_shape("g", g, (*sizes.batch, sizes.queries, shape(v)[-1]), ", that of the result")
    every = q, k, v, g
    # Under a scale of 0 the kernel's derivative skips NaN.
    if not (is_fusible(sizes, q, v, scale) and scale != 0 and are_plain(*every) and values_alone(*every)):
        return reference.scaled_dot_product_attention_vjp(q, k, v, g, mask, causal=causal, scale=scale, xp=xp)
    with torch.inference_mode(False), torch.enable_grad():
        q, k, v, g = (wide(each, xp).detach().clone() for each in every)  # those of inference mode have no derivative
        leaves = [each.requires_grad_() for each in (q, k, v)]
        gq, gk, gv = torch.autograd.grad(fused(q, k, v, mask, causal, scale, sizes), leaves, g)
    return rounded(gq, dtype, xp), rounded(gk, dtype, xp), rounded(gv, dtype, xp)


class Attention(torch.autograd.Function):  # type: ignore[misc]  # of PyTorch mypy knows nothing
    """The native kernel, whose own derivative has none: the second ones are those of the reference."""

    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any, mask: Any, causal: Any, scale: Any, sizes: Sizes) -> Any:
        ctx.save_for_backward(q, k, v, mask)
        ctx.causal, ctx.scale = causal, scale
        return fused(q, k, v, mask, causal, scale, sizes)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (g,), (q, k, v, mask) = grad_outputs, ctx.saved_tensors
        found = scaled_dot_product_attention_vjp(q, k, v, g, mask, causal=ctx.causal, scale=ctx.scale)
        return *found, None, None, None, None


def is_fusible(sizes: Sizes, q: Any, v: Any, scale: Any) -> bool:
    """Whether the native kernel takes these: nothing is empty, and the scale is a Python number.

    Where values are as long as queries, and keys fewer than a vector has numbers, it loses NaN: the row of a query
    whose scores are all NaN is 0 (PyTorch 2.13). On a GPU it makes float32 products of three in TF32, which were not
    judged. In both cases, it is the reference.
    """
    loses_nan = q.shape[-1] == v.shape[-1] and sizes.keys < VECTOR
    some = 0 not in (*q.shape, *v.shape[-2:]) and q.device.type == "cpu" and not loses_nan
    ordinary = scale is None or (are_numbers(scale) and abs(scale) < 1e300)
    return nothing_traced() and some and ordinary


def fused(q: Any, k: Any, v: Any, mask: Any, causal: bool | str, scale: float | None, sizes: Sizes) -> Any:
    """The native kernel on four axes, the only number that it takes block by block."""
    positive = scale is None or scale > 1e-30  # by which the kernel multiplies its own mask of -infinity
    alone = mask is None and bool(causal) and last_key(causal, sizes) == 0 and positive
    seen = None if alone else seen_keys(q, mask, causal, sizes, xp)
    if seen is not None and seen.ndim > 3 and q.ndim > 4:
        seen = seen.expand(*sizes.batch[:-1], *seen.shape[-3:])
    y = torch.nn.functional.scaled_dot_product_attention(
        of_four_axes(wide(q, xp)),
        of_four_axes(wide(k, xp)),
        of_four_axes(wide(v, xp)),
        None if seen is None else of_four_axes(seen),
        is_causal=alone,
        scale=scale,
        enable_gqa=sizes.repeats > 1,
    )
    return rounded(y.reshape(*q.shape[:-1], v.shape[-1]), q.dtype, xp)


def of_four_axes(x: Any) -> Any:
    """An array with a batch of two axes: axes of length 1 before its own, or the first ones made one."""
    return x.flatten(0, x.ndim - 4) if x.ndim > 4 else x.reshape(*[1] * (4 - x.ndim), *x.shape)
