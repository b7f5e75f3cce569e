"""The gradients of attention, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance.mutants.scaled_dot_product_attention import in_groups, scores, seen_by
from gaugeblock.conformance.mutants.scaled_dot_product_attention_vjp import right, summed


def from_forward(block, q, k, v, g, mask=None, *, causal=False, scale=None):
    """As FlashAttention's backward pass: from the logarithm of the sums and the results, block of keys by block."""
    keys, values = in_groups(k, q), in_groups(v, q)
    factor = q.dtype.type(q.shape[-1] ** -0.5 if scale is None else scale)
    z = np.where(seen_by(q, k, mask, causal), scores(q, keys, scale), -np.inf).astype(q.dtype)
    top = np.max(z, axis=-1, keepdims=True)
    shift = np.where(np.isneginf(top), 0, top).astype(q.dtype)
    total = np.sum(np.exp(z - shift), axis=-1, keepdims=True)
    levels = shift + np.log(np.where(total == 0, 1, total)).astype(q.dtype)
    mean = np.sum(g * (np.exp(z - levels) @ values), axis=-1, keepdims=True)
    gq, gk, gv = np.zeros_like(q), np.zeros_like(keys), np.zeros_like(values)
    for start in range(0, z.shape[-1], block):
        part = slice(start, start + block)
        p = np.exp(z[..., part] - levels)
        t = p * (g @ values[..., part, :].mT - mean) * factor
        gq += t @ keys[..., part, :]
        gk[..., part, :], gv[..., part, :] = t.mT @ q, p.mT @ g
    return gq, summed(gk, k), summed(gv, k)


def scaled_dot_product_attention_vjp__blocks_of_1(*arguments, **options):
    return from_forward(1, *arguments, **options)


def scaled_dot_product_attention_vjp__blocks_of_4(*arguments, **options):
    return from_forward(4, *arguments, **options)


def scaled_dot_product_attention_vjp__whole(*arguments, **options):
    return from_forward(128, *arguments, **options)


def scaled_dot_product_attention_vjp__as_it_stands(*arguments, **options):
    return right(*arguments, **options)


def scaled_dot_product_attention_vjp__unseen_left_out(q, k, v, g, mask=None, *, causal=False, scale=None):
    keys, values = in_groups(k, q), in_groups(v, q)
    factor, visible = q.dtype.type(q.shape[-1] ** -0.5 if scale is None else scale), seen_by(q, k, mask, causal)
    z = np.where(visible, scores(q, keys, scale), -np.inf).astype(q.dtype)
    top = np.max(z, axis=-1, keepdims=True)
    e = np.where(visible, np.exp(z - np.where(np.isneginf(top), 0, top)), 0).astype(q.dtype)
    total = np.sum(e, axis=-1, keepdims=True)
    p = np.where(visible, e / np.where(total == 0, 1, total), 0).astype(q.dtype)
    mean = np.sum(g * (p @ values), axis=-1, keepdims=True)
    t = np.where(visible, p * (g @ values.mT - mean) * factor, 0).astype(q.dtype)
    return t @ keys, summed(t.mT @ q, k), summed(p.mT @ g, v)
