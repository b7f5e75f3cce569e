"""PyTorch's losses: of probabilities, of logits, and what training calls."""

from typing import Any

import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import (
    arrays,
    class_axis,
    class_numbers,
    floating,
    for_each_class,
    labelled,
    rounded,
    shape,
    wanted_shape,
    wide,
)
from ..reference.formulas.categorical_cross_entropy import default_clip
from ..reference.formulas.cross_entropy import checked
from ..reference.hyperparameters import clip as checked_clip
from . import _formulas, native
from ._torch_modes import product, values_alone

aten = torch.ops.aten


@native(_formulas.categorical_cross_entropy)
def categorical_cross_entropy(y: Any, p: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None) -> Any:
    """One new array, in place, unless a derivative is wanted: ``torch.clamp`` has derivative 0 where p is NaN."""
    _, dtype, y = labelled(xp, y, axis, p=p)
    if not values_alone(y, p):
        return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip, xp=xp)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    return rounded(wide(p, xp).clamp(lo, hi).log_().mul_(y).sum(axis).neg_(), dtype, xp)


@native(_formulas.categorical_cross_entropy_vjp)
def categorical_cross_entropy_vjp(
    y: Any, p: Any, g: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Any:
    """Computed by ``torch.where``."""
    _, dtype, y = labelled(xp, y, axis, p=p, g=g)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    y, p, g = wide(y, xp), wide(p, xp), wide(for_each_class(g, axis, xp, p=p), xp)
    return rounded(torch.where((p < lo) | (p > hi), 0, -g * y / p), dtype, xp)


@native(_formulas.categorical_cross_entropy_from_logits)
def categorical_cross_entropy_from_logits(y: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.log_softmax``, multiplied in place unless a derivative is wanted.

    ``torch.nn.functional.cross_entropy`` gives NaN where a label is 0 and its logit -infinity.
    """
    _, dtype, y = labelled(xp, y, axis, x=x)
    y, x = wide(y, xp), wide(x, xp)
    return rounded(weighted_losses(torch.log_softmax(x, dim=axis), y, axis), dtype, xp)


def weighted_losses(logs: Any, y: Any, axis: int) -> Any:
    """The losses of samples by the logarithms of their probabilities, which are written over."""
    if values_alone(y, logs):
        logs = aten.softshrink_backward.grad_input(logs, y, 0, grad_input=logs).mul_(y)  # in place: 0 where y is 0
    else:
        logs = aten.threshold_backward(logs, y.abs(), 0) * y  # the same with derivatives, NaN where y is
    return -logs.sum(axis)


@native(_formulas.categorical_cross_entropy_from_logits_vjp)
def categorical_cross_entropy_from_logits_vjp(y: Any, x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.softmax``, with the labels subtracted in place."""
    _, dtype, y = labelled(xp, y, axis, x=x, g=g)
    y, x, g = wide(y, xp), wide(x, xp), wide(for_each_class(g, axis, xp, x=x), xp)
    weighted = torch.softmax(x, dim=axis) * y.sum(axis, keepdim=True)
    return rounded(g * weighted.sub_(y), dtype, xp)


@native(_formulas.sparse_categorical_cross_entropy_from_logits)
def sparse_categorical_cross_entropy_from_logits(labels: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.log_softmax``, then ``gather``."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    chosen, _ = of_label(torch.log_softmax(x, dim=axis), labels, axis)
    return -chosen.squeeze(axis)


@native(_formulas.sparse_categorical_cross_entropy_from_logits_vjp)
def sparse_categorical_cross_entropy_from_logits_vjp(labels: Any, x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.softmax``, then ``scatter``."""
    _, dtype = floating(xp, x=x, g=g)
    class_axis("x", x, axis)
    p = torch.softmax(wide(x, xp), dim=axis)
    chosen, index = of_label(p, labels, axis)
    g = wide(for_each_class(g, axis, xp, x=x), xp)
    return rounded(g * p.scatter(axis, index, chosen - 1), dtype, xp)


def of_label(values: Any, labels: Any, axis: int) -> tuple[Any, Any]:
    """The value of each sample's class, and its index; whether there is that class, ``gather`` sees by itself."""
    samples = values.shape[:axis] + values.shape[axis:][1:]
    if isinstance(labels, torch.Tensor) and labels.dtype in (torch.int32, torch.int64) and labels.shape == samples:
        index = labels.long().unsqueeze(axis)
    else:
        index = class_numbers(labels, values, axis, xp).unsqueeze(axis)  # says what is wrong
    try:
        return values.gather(axis, index), index
    except RuntimeError:
        class_numbers(labels, values, axis, xp)
        raise


@native(_formulas.cross_entropy)
def cross_entropy(
    labels: Any,
    x: Any,
    /,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Any:
    """Computed by ``torch.log_softmax``, then ``gather``.

    ``torch.nn.functional.cross_entropy`` gives NaN where the weight of a class is 0 and its logit -infinity.
    """
    _, dtype = checked(labels, x, weight, ignore_index, label_smoothing, reduction, xp)
    x, w = wide(x, xp), wide(weight, xp)
    logs = torch.log_softmax(x, dim=-1)
    if labels.is_floating_point():
        losses = weighted_losses(logs, soft(labels, w, label_smoothing), -1)
        counted = torch.ones_like(losses)
    else:
        chosen, _, known, counted = of_classes(logs, labels, w, ignore_index)
        own = counted * (1 - label_smoothing)
        losses = -torch.where(own == 0, 0, own * chosen)
        if label_smoothing != 0:
            spread = weighted_losses(logs, (torch.ones_like(x[..., :1]) if w is None else w).expand(x.shape), -1)
            part = label_smoothing / x.shape[-1]
            losses = losses + torch.where(known, spread * part, 0)
    if reduction == "none":
        return rounded(losses, dtype, xp)
    total = losses.sum()
    return rounded(total / counted.sum() if reduction == "mean" else total, dtype, xp)


@native(_formulas.cross_entropy_vjp)
def cross_entropy_vjp(
    labels: Any,
    x: Any,
    g: Any,
    /,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Any:
    """Computed by ``torch.softmax``, then ``scatter_add``; in place unless a derivative is wanted."""
    _, dtype = checked(labels, x, weight, ignore_index, label_smoothing, reduction, xp, g=g)
    wanted_shape("g", g, shape(x)[:-1] if reduction == "none" else (), f", that of the loss with {reduction!r}")
    x, g = arrays(xp, wide(x, xp), wide(g, xp))
    w, n = wide(weight, xp), x.shape[-1]
    p = torch.softmax(x, dim=-1)
    if labels.is_floating_point():
        t = soft(labels, w, label_smoothing)
        g = g / t[..., 0].numel() if reduction == "mean" else g
        left = product(p, t.sum(-1, keepdim=True)).sub_(t)
    else:
        _, index, known, counted = of_classes(p, labels, w, ignore_index)
        g = torch.where(known, g / counted.sum() if reduction == "mean" else g, 0)
        own, part = counted * (1 - label_smoothing), label_smoothing / n
        left = product(p, (own + part * (n if w is None else w.sum())).unsqueeze(-1))
        if label_smoothing != 0:
            left.sub_(part * (1 if w is None else w))
        left.scatter_add_(-1, index, -own.unsqueeze(-1))
    return rounded(product(left, g.unsqueeze(-1) if g.ndim else g), dtype, xp)


def of_classes(values: Any, labels: Any, weight: Any, ignore_index: int) -> tuple[Any, Any, Any, Any]:
    """The value of each sample's class, its index, whether it is not ignored, and what it counts for in the mean."""
    labels = labels.to(torch.int64)  # -100 in 8 bits is 156
    known = labels != ignore_index
    chosen, index = of_label(values, torch.where(known, labels, 0), -1)
    counted = known.to(values.dtype) if weight is None else torch.where(known, weight[index.squeeze(-1)], 0)
    return chosen.squeeze(-1), index, known, counted


def soft(labels: Any, weight: Any, smoothing: Any) -> Any:
    """Soft labels, smoothed and weighted."""
    y = wide(labels, xp)
    if smoothing != 0:
        y = y * (1 - smoothing) + smoothing / y.shape[-1]
    return y if weight is None else y * weight
