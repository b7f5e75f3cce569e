"""The gradients of the neuron over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any


def neuron_vjp(
    x: Sequence[Sequence[Real]], w: Sequence[Real], b: Real, g: Sequence[Real]
) -> tuple[list[list[Real]], list[Real], Real]:
    """gx_ri = g_r w_i, gw_i = sum_r g_r x_ri, gb = sum_r g_r, for a batch of rows r."""
    gx = [[g_r * w_i for w_i in w] for g_r in g]
    gw = [sum(g_r * x_r[i] for g_r, x_r in zip(g, x, strict=True)) for i in range(len(w))]
    return gx, gw, sum(g)
