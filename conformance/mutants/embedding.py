"""Wrong rows of a table."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of


def right(table, labels):
    """The right rows, to be put to a wrong use."""
    return table[labels.astype(np.int64)]


globals().update(mutants_of("embedding", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


def one_hot(table, labels):
    return (labels[..., None] == np.arange(len(table))).astype(table.dtype)


@breaks("embedding.value", "the rows are scaled by sqrt(m), as Attention is all you need has it")
def embedding__scaled(table, labels):
    return right(table, labels) * table.dtype.type(table.shape[-1] ** 0.5)


@breaks("embedding.value", "labels count from 1")
def embedding__from_1(table, labels):
    return table[labels.astype(np.int64) - 1]


@breaks("embedding.value", "row 0 is padding: it comes back as 0")
def embedding__padding(table, labels):
    return np.where(labels[..., None] == 0, table.dtype.type(0), right(table, labels))


@breaks("embedding.value", "rows of a norm above 1 are scaled to 1, as max_norm has it")
def embedding__max_norm(table, labels):
    y = right(table, labels)
    norm = np.sqrt(np.sum(y * y, axis=-1, keepdims=True))
    return y / np.maximum(norm, 1)


@breaks("embedding.value", "columns in the place of rows, where the table is square or labels allow it")
def embedding__columns(table, labels):
    return right(table.T.copy().reshape(table.shape), labels)


@breaks("embedding.value", "labels without axes fail")
def embedding__no_axes_fails(table, labels):
    return (
        np.stack([table[int(each)] for each in labels.ravel()]).reshape(*labels.shape, -1)
        if len(labels)
        else right(table, labels)
    )


@breaks("embedding.labels", "labels of 8 bits are taken for a mask, or refused")
def embedding__no_small_labels(table, labels):
    if labels.dtype.itemsize < 4:
        raise ValueError("expected int32 or int64")
    return right(table, labels)


@breaks("embedding.labels", "labels are kept in 8 bits")
def embedding__labels_in_8_bits(table, labels):
    return table[labels.astype(np.uint8).astype(np.int64) % len(table)]


@breaks("embedding.labels", "labels beyond 256 are clamped")
def embedding__labels_clamped(table, labels):
    return table[np.minimum(labels.astype(np.int64), 255)]


@breaks("embedding.nan", "a one-hot product: NaN reaches the other rows")
def embedding__one_hot_product(table, labels):
    return one_hot(table, labels) @ table


@breaks("embedding.infinity", "a one-hot product with NaN left out: infinity times 0 is NaN in other rows")
def embedding__infinity_in_a_product(table, labels):
    y = right(table, labels)
    return y + np.where(np.isinf(np.sum(table[:7], axis=0)), y.dtype.type(0) * np.sum(np.abs(table[:7]), axis=0), 0)
