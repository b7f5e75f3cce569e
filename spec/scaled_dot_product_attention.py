"""Scaled dot-product attention over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Rows = Sequence[Sequence[Real]]


def scaled_dot_product_attention(
    q: Rows, k: Rows, v: Rows, mask: Any, causal: bool | str, scale: Real | None
) -> list[list[Real]]:
    """y_i = sum_j e^z_ij v_j / sum_j e^z_ij over the keys j that query i sees, z_ij = q_i k_j scale; 0 of none."""
    results = []
    for i, q_i in enumerate(q):
        seen = seen_by(i, len(q), len(k), mask, causal)
        powers = [score(q_i, k[j], scale).exp() for j in seen]
        total = sum(powers)
        columns = range(len(v[0]) if len(v) else 0)
        weighted = [sum(power * v[j][c] for power, j in zip(powers, seen, strict=True)) for c in columns]
        results.append([each / total for each in weighted] if seen else [q_i[0] * 0 for _ in columns])
    return results


def seen_by(i: int, queries: int, keys: int, mask: Any, causal: bool | str) -> list[int]:
    """The keys that query i sees."""
    last = i + keys - queries if causal == "lower_right" else i
    return [j for j in range(keys) if (mask is None or mask[i][j]) and (not causal or j <= last)]


def score(q: Sequence[Real], k: Sequence[Real], scale: Real | None) -> Real:
    """The product of a query and a key, scaled: by default over the root of their length."""
    product = sum(a * b for a, b in zip(q, k, strict=True))
    return product * scale if scale is not None else product / (q[0] * 0 + len(q)).sqrt()
