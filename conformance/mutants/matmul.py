"""Wrong products of matrices."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_INFINITE, OF_PRODUCTS, OF_SUBNORMAL
from .gradients import mutants_of
from .rounding import sum_in_half, three_products_if_long

OF = OF_ALL + OF_INFINITE + OF_SUBNORMAL + OF_PRODUCTS
globals().update(mutants_of("matmul", (OF, np.matmul)))


def by_products(a, b, change):
    """The products are formed apart, and changed before they are added up."""
    return np.sum(change(a[..., :, :, None] * b[..., None, :, :]), axis=-2)


@breaks("matmul.value", "b is transposed where it is square, as torch.nn.functional.linear has it")
def matmul__b_transposed(a, b):
    return a @ (np.matrix_transpose(b) if b.shape[-2] == b.shape[-1] else b)


@breaks("matmul.value", "the last k % 8 terms are left out")
def matmul__last_terms_left_out(a, b):
    k = b.shape[-2] // 8 * 8 or b.shape[-2]
    return a[..., :k] @ b[..., :k, :]


@breaks("matmul.value", "the result is divided by sqrt(k), as the scores of attention are")
def matmul__over_root_of_k(a, b):
    return a @ b / a.dtype.type(max(a.shape[-1], 1) ** 0.5)


@breaks("matmul.value", "factors are added to each other, as Winograd's products do")
def matmul__winograd(a, b):
    k = b.shape[-2] // 2 * 2
    first, second = a[..., :k:2, None] + b[..., None, 1:k:2, :], a[..., 1:k:2, None] + b[..., None, :k:2, :]
    rows = np.sum(a[..., :k:2] * a[..., 1:k:2], axis=-1)[..., :, None]
    columns = np.sum(b[..., :k:2, :] * b[..., 1:k:2, :], axis=-2)[..., None, :]
    return np.sum(first * second, axis=-2) - rows - columns + a[..., k:] @ b[..., k:, :]


@breaks("matmul.exact", "terms beyond 4096 are left out")
def matmul__terms_beyond_4096(a, b):
    return a[..., :4096] @ b[..., :4096, :]


@breaks("matmul.exact", "columns beyond 1024 stay 0")
def matmul__columns_beyond_1024(a, b):
    return np.where(np.arange(b.shape[-1]) < 1024, a @ b, a.dtype.type(0))


@breaks("matmul.broadcast", "batches have to be equal")
def matmul__no_broadcast(a, b):
    if a.shape[:-2] != b.shape[:-2]:
        raise ValueError("operands could not be broadcast together")
    return a @ b


@breaks("matmul.broadcast", "every matrix of a batch is multiplied by the first one of b")
def matmul__first_of_b(a, b):
    return a @ b[(..., *[slice(1)] * min(b.ndim - 2, 1), slice(None), slice(None))]


@breaks("matmul.broadcast", "at most one axis of a batch")
def matmul__three_axes_at_most(a, b):
    if max(a.ndim, b.ndim) > 3:
        raise ValueError("got more than 3 axes")
    return a @ b


@breaks("matmul.broadcast", "the batch is read in Fortran's order")
def matmul__batch_in_fortran_order(a, b):
    y = a @ b
    flat = y.reshape(-1, *y.shape[-2:], order="F") if y.ndim > 3 else y
    return flat.reshape(y.shape)


@breaks("matmul.nan", "terms with a factor of 0 are left out, so that 0 times NaN is 0")
def matmul__zeros_skipped(a, b):
    zero = (a[..., :, :, None] == 0) | (b[..., None, :, :] == 0)
    return by_products(a, b, lambda products: np.where(zero, 0, products))


@breaks("matmul.nan", "a NaN reaches the other rows: they are gathered by a sum with weights of 0 and 1")
def matmul__nan_reaches_other_rows(a, b):
    y = a @ b
    return y + np.sum(0 * y, axis=-2, keepdims=True)


@breaks("matmul.infinity", "infinity times 0 is 0")
def matmul__infinity_times_zero(a, b):
    known = ~np.isnan(a[..., :, :, None] + b[..., None, :, :])
    return by_products(a, b, lambda products: np.where(np.isnan(products) & known, 0, products))


@breaks("matmul.few", "three products of bfloat16 parts, where more than 2000 terms are summed")
def matmul__bfloat16_parts_if_long(a, b):
    return three_products_if_long(a, b)


@breaks("matmul.lean", "the sum is cut, not rounded, as tensor cores do, where there are more than 256 rows")
def matmul__large_matrices_cut(a, b):
    if a.ndim != 2 or len(a) <= 256:
        return a @ b
    y = np.zeros((len(a), b.shape[1]), a.dtype)
    for column, row in zip(a.T, b, strict=True):
        exact = y.astype(np.longdouble) + column[:, None].astype(np.longdouble) * row
        y = exact.astype(a.dtype)
        y = np.where(np.abs(y) > np.abs(exact), np.nextafter(y, a.dtype.type(0)), y)
    return y


@breaks("matmul.value", "the sum is accumulated in half precision", half=True)
def matmul__accumulated_in_half(a, b):
    return sum_in_half(a[..., :, :, None] * b[..., None, :, :], -2)
