"""Products of matrices over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Matrix = Sequence[Sequence[Real]]


def matmul(a: Matrix, b: Matrix) -> list[list[Real]]:
    """y_ij = a_i1 b_1j + ... + a_ik b_kj, for one pair of matrices."""
    return [[sum(x * row[j] for x, row in zip(line, b, strict=True)) for j in range(len(b[0]))] for line in a]
