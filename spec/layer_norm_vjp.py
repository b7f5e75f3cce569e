"""The gradients of normalisation to mean 0 and variance 1 over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def layer_norm_vjp(
    x: Rows, w: Sequence[Real], b: Sequence[Real], g: Rows, epsilon: Real
) -> tuple[list[list[Real]], list[Real], list[Real]]:
    """gx_i = (h_i - mean(h) - d_i mean(h d) / s^2) / s, with d = x - m, s^2 = v + epsilon and h = g w."""
    n, gx, gw, gb = len(w), [], [w_i * 0 for w_i in w], [b_i * 0 for b_i in b]
    for row, slopes in zip(x, g, strict=True):
        mean = sum(row) / n
        d = [x_i - mean for x_i in row]
        square = sum(d_i * d_i for d_i in d) / n + epsilon
        root, h = square.sqrt(), [g_i * w_i for g_i, w_i in zip(slopes, w, strict=True)]
        along = sum(h_i * d_i for h_i, d_i in zip(h, d, strict=True)) / n
        gx.append([(h_i - sum(h) / n - d_i * along / square) / root for h_i, d_i in zip(h, d, strict=True)])
        gw = [gw_i + g_i * d_i / root for gw_i, g_i, d_i in zip(gw, slopes, d, strict=True)]
        gb = [gb_i + g_i for gb_i, g_i in zip(gb, slopes, strict=True)]
    return gx, gw, gb
