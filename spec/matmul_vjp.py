"""The gradients of products of matrices over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Matrix = Sequence[Sequence[Real]]


def matmul_vjp(a: Matrix, b: Matrix, g: Matrix) -> tuple[list[list[Real]], list[list[Real]]]:
    """ga_il = sum_j g_ij b_lj and gb_lj = sum_i a_il g_ij, for one pair of matrices."""
    rows, terms, columns = range(len(a)), range(len(b)), range(len(g[0]) if g else 0)
    ga = [[sum(g[i][j] * b[t][j] for j in columns) for t in terms] for i in rows]
    return ga, [[sum(a[i][t] * g[i][j] for i in rows) for j in columns] for t in terms]
