"""PyTorch's solution of triangular systems, by substitution.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

from .aten import Array, Namespace


def linalg_solve_triangular(
    xp: Namespace, a: Array, b: Array, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Array:
    """The x of a x = b, of the upper or the lower triangle of a; of x a = b if it is not left."""
    if not left:
        turned = (xp.matrix_transpose(each) for each in (a, b))
        x = linalg_solve_triangular(xp, *turned, upper=not upper, unitriangular=unitriangular)
        return xp.matrix_transpose(x)
    rows: dict[int, Array] = {}
    n = a.shape[-1]
    for i in reversed(range(n)) if upper else range(n):
        row, known = b[..., i : i + 1, :], sorted(rows)
        if known:
            before = xp.concat([rows[j] for j in known], axis=-2)
            row = row - xp.matmul(a[..., i : i + 1, known[0] : known[-1] + 1], before)
        rows[i] = row if unitriangular else row / a[..., i : i + 1, i : i + 1]
    return xp.concat([rows[i] for i in range(n)], axis=-2)
