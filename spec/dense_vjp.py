"""The gradients of the dense layer over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def dense_vjp(x: Rows, w: Rows, b: Sequence[Real], g: Rows) -> tuple[list[list[Real]], list[list[Real]], list[Real]]:
    """gx_ri = sum_k g_rk w_ik, gw_ik = sum_r x_ri g_rk, gb_k = sum_r g_rk, for a batch of rows r."""
    rows, inputs, neurons = range(len(x)), range(len(w)), range(len(b))
    gx = [[sum(g[r][k] * w[i][k] for k in neurons) for i in inputs] for r in rows]
    gw = [[sum(x[r][i] * g[r][k] for r in rows) for k in neurons] for i in inputs]
    return gx, gw, [sum(g[r][k] for r in rows) for k in neurons]
