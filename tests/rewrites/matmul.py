"""Products of matrices, rightly, in other ways: any order of summation, wider, fused, blocked."""

import numpy as np


def matmul__einsum(a, b):
    return np.einsum("...ij,...jk->...ik", a, b)


def matmul__transposed(a, b):
    return np.matrix_transpose(np.matrix_transpose(b) @ np.matrix_transpose(a))


def matmul__outer_products_backwards(a, b):
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    y = np.zeros(shape, a.dtype)
    for j in reversed(range(a.shape[-1])):
        y += a[..., j, None] * b[..., j, None, :]
    return y


def matmul__in_blocks(a, b):
    starts = range(0, a.shape[-1], 5)
    return sum((a[..., i : i + 5] @ b[..., i : i + 5, :] for i in starts), np.zeros((), a.dtype))


def matmul__wider(a, b):
    wide = np.float64 if a.dtype == np.float32 else np.longdouble
    return (a.astype(wide) @ b.astype(wide)).astype(a.dtype)
