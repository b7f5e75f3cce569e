"""The gradients of normalisation by the root of the mean square over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def rms_norm_vjp(x: Rows, w: Sequence[Real], g: Rows, epsilon: Real) -> tuple[list[list[Real]], list[Real]]:
    """gx_i = g_i w_i / r - x_i (sum_j g_j w_j x_j) / (n r^3) and gw_i = sum of g_i x_i / r, for a batch of rows."""
    gx, gw, places = [], [w_i * 0 for w_i in w], range(len(w))
    for row, slopes in zip(x, g, strict=True):
        root = (sum(x_i * x_i for x_i in row) / len(w) + epsilon).sqrt()
        whole = sum(slopes[i] * w[i] * row[i] for i in places)
        gx.append([slopes[i] * w[i] / root - row[i] * whole / (root * root * root * len(w)) for i in places])
        gw = [gw[i] + slopes[i] * row[i] / root for i in places]
    return gx, gw
