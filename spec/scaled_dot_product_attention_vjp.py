"""The gradients of scaled dot-product attention over the reals."""

from collections.abc import Sequence
from typing import Any

from .scaled_dot_product_attention import score, seen_by

Real = Any
Rows = Sequence[Sequence[Real]]


def scaled_dot_product_attention_vjp(
    q: Rows, k: Rows, v: Rows, g: Rows, mask: Any, causal: bool | str, scale: Real | None
) -> tuple[list[list[Real]], list[list[Real]], list[list[Real]]]:
    """gv_j = sum_i p_ij g_i, gq_i = sum_j t_ij k_j and gk_j = sum_i t_ij q_i over the keys that are seen, with
    t_ij = scale p_ij (h_ij - sum_j p_ij h_ij) and h_ij = g_i v_j."""
    gq, gk, gv = ([[x[0] * 0 for _ in x] for x in rows] for rows in (q, k, v))
    for i, q_i in enumerate(q):
        seen = seen_by(i, len(q), len(k), mask, causal)
        powers = {j: score(q_i, k[j], scale).exp() for j in seen}
        p = {j: power / sum(powers.values()) for j, power in powers.items()}
        h = {j: sum(a * b for a, b in zip(g[i], v[j], strict=True)) for j in seen}
        mean = sum(p[j] * h[j] for j in seen)
        for j in seen:
            t = p[j] * (h[j] - mean)
            t = t * scale if scale is not None else t / (q_i[0] * 0 + len(q_i)).sqrt()
            gq[i] = [a + t * b for a, b in zip(gq[i], k[j], strict=True)]
            gk[j] = [a + t * b for a, b in zip(gk[j], q_i, strict=True)]
            gv[j] = [a + p[j] * b for a, b in zip(gv[j], g[i], strict=True)]
    return gq, gk, gv
