"""The gradient of cross-entropy towards the logits over the reals."""

from collections.abc import Sequence
from typing import Any

from .cross_entropy import counted, targets

Real = Any
Rows = Sequence[Sequence[Real]]


def cross_entropy_vjp(
    labels: Any,
    x: Rows,
    g: Any,
    weight: Sequence[Real] | None,
    ignore_index: int,
    smoothing: Real,
    reduction: str,
) -> list[list[Real]]:
    """gx_c = s (p_c sum_c t_c - t_c) for each sample, s = g, or g over what the mean divides by."""
    gx = []
    for i, (label, row) in enumerate(zip(labels, x, strict=True)):
        s = g[i] if reduction == "none" else g
        if reduction == "mean":
            s = s / counted(labels, x, weight, ignore_index)
        t = targets(label, row, weight, ignore_index, smoothing)
        whole = sum(x_c.exp() for x_c in row)
        gx.append([s * (x_c.exp() / whole * sum(t) - t_c) for x_c, t_c in zip(row, t, strict=True)])
    return gx
