"""Wrong gradients of rows of a table."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL, strides_ignored
from .gradients import mutants_of
from .rounding import to_bfloat16


def right(table, labels, g):
    """The right gradient, to be put to a wrong use."""
    found = np.zeros_like(table, order="C")
    np.add.at(found, labels.astype(np.int64).ravel(), g.reshape(labels.size, table.shape[-1]))
    return found


OF = [each for each in OF_ALL + OF_INFINITE + OF_SUBNORMAL if each[2] is not strides_ignored]  # of the table
globals().update(mutants_of("embedding_vjp", (OF, right)))


def counts(table, labels):
    """How often each row is named, at least 1."""
    return np.maximum(np.bincount(labels.astype(np.int64).ravel(), minlength=len(table)), 1)[:, None].astype(
        table.dtype
    )


@breaks("embedding_vjp.repeated", "of several labels that are equal the last g is kept: assigned, not added")
def embedding_vjp__last_kept(table, labels, g):
    found = np.zeros_like(table, order="C")
    found[labels.astype(np.int64)] = g
    return found


@breaks("embedding_vjp.repeated", "divided by how often a label occurs, as scale_grad_by_freq has it")
def embedding_vjp__by_frequency(table, labels, g):
    return right(table, labels, g) / counts(table, labels)


@breaks("embedding_vjp.value", "row 0 is padding, which gets no gradient")
def embedding_vjp__padding(table, labels, g):
    found = right(table, labels, g)
    found[0] = 0
    return found


@breaks("embedding_vjp.value", "divided by the number of labels")
def embedding_vjp__mean(table, labels, g):
    return right(table, labels, g) / table.dtype.type(max(labels.size, 1))


@breaks("embedding_vjp.value", "the gradient is added to the table")
def embedding_vjp__added_to_table(table, labels, g):
    return table + right(table, labels, g)


@breaks("embedding_vjp.value", "gradients are clipped to [-1, 1]")
def embedding_vjp__g_clipped(table, labels, g):
    return right(table, labels, np.clip(g, -1, 1))


@breaks("embedding_vjp.value", "labels without axes fail")
def embedding_vjp__no_axes_fails(table, labels, g):
    return right(table, labels, g) if len(labels) else np.zeros_like(table)


@breaks("embedding_vjp.repeated", "the first g of a label is kept")
def embedding_vjp__first_kept(table, labels, g):
    _, first = np.unique(labels, return_index=True)
    return right(table, labels.ravel()[first], g.reshape(labels.size, -1)[first])


@breaks("embedding_vjp.exact", "labels beyond 4096 are left out")
def embedding_vjp__labels_beyond_4096(table, labels, g):
    return right(table, labels.ravel()[:4096], g.reshape(labels.size, table.shape[-1])[:4096])


@breaks("embedding_vjp.labels", "labels of 8 bits are refused")
def embedding_vjp__no_small_labels(table, labels, g):
    if labels.dtype.itemsize < 4:
        raise ValueError("expected int32 or int64")
    return right(table, labels, g)


@breaks("embedding_vjp.labels", "labels are kept in 8 bits")
def embedding_vjp__labels_in_8_bits(table, labels, g):
    return right(table, labels.astype(np.uint8).astype(np.int64) % len(table), g)


@breaks("embedding_vjp.few", "g in bfloat16 where there are more than 2000 labels")
def embedding_vjp__coarse_if_long(table, labels, g):
    return right(table, labels, to_bfloat16(g) if labels.size > 2000 else g)


@breaks("embedding_vjp.nan", "a one-hot product: NaN reaches the other rows")
def embedding_vjp__one_hot_product(table, labels, g):
    chosen = labels.ravel() == np.arange(len(table))[:, None]
    return chosen.astype(g.dtype) @ g.reshape(labels.size, table.shape[-1])


@breaks("embedding_vjp.nan", "the row of a table that has NaN gets NaN")
def embedding_vjp__nan_of_the_table(table, labels, g):
    return right(table, labels, g) + 0 * np.where(np.isnan(table), table, 0)


@breaks("embedding_vjp.repeated", "the sum is accumulated in half precision", half=True)
def embedding_vjp__accumulated_in_half(table, labels, g):
    found = np.zeros(table.shape, table.dtype)
    for label, row in zip(labels.ravel(), g.reshape(labels.size, table.shape[-1]), strict=True):
        found[label] = found[label] + row
    return found
