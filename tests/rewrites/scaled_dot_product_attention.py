"""Attention, rightly, in other ways: in blocks of any length and order, scaled elsewhere, divided at last."""

import numpy as np

from gaugeblock.conformance.mutants.scaled_dot_product_attention import in_groups, scores, seen_by, weights


def blocks(block, backwards, q, k, v, mask=None, *, causal=False, scale=None):
    """Block by block, with the sums rescaled as the largest score grows, as in FlashAttention."""
    z = scores(q, in_groups(k, q), scale)
    seen = np.broadcast_to(seen_by(q, k, mask, causal), z.shape)
    z, v = np.where(seen, z, -np.inf).astype(q.dtype), in_groups(v, q)
    top = np.full((*z.shape[:-1], 1), -np.inf, q.dtype)
    total, y = np.zeros_like(top), np.zeros((*z.shape[:-1], v.shape[-1]), q.dtype)
    starts = range(0, z.shape[-1], block)
    for start in reversed(starts) if backwards else starts:
        part, values = z[..., start : start + block], v[..., start : start + block, :]
        new = np.maximum(top, np.max(part, axis=-1, keepdims=True))
        shift = np.where(np.isneginf(new), 0, new).astype(q.dtype)
        e, old = np.exp(part - shift), np.exp(top - shift)
        total, y, top = total * old + np.sum(e, axis=-1, keepdims=True), y * old + e @ values, new
    return y / np.where(total == 0, 1, total).astype(q.dtype)


def in_blocks(block, backwards):
    """The function of blocks of a length."""

    def call(*arguments, **options):
        return blocks(block, backwards, *arguments, **options)

    call.__name__ = f"scaled_dot_product_attention__blocks_of_{block}{'_backwards' * backwards}"
    return call


for rewrite in (in_blocks(block, backwards) for block in (1, 2, 5, 16, 128) for backwards in (False, True)):
    globals()[rewrite.__name__] = rewrite


def scaled_dot_product_attention__queries_scaled(q, k, v, mask=None, *, causal=False, scale=None):
    factor = q.dtype.type(q.shape[-1] ** -0.5 if scale is None else scale)
    return weights((q * factor) @ in_groups(k, q).mT, seen_by(q, k, mask, causal)) @ in_groups(v, q)


def scaled_dot_product_attention__both_scaled(q, k, v, mask=None, *, causal=False, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    root = q.dtype.type(abs(scale) ** 0.5)
    return weights(
        (q * np.copysign(root, scale)) @ (in_groups(k, q) * root).mT, seen_by(q, k, mask, causal)
    ) @ in_groups(v, q)


def scaled_dot_product_attention__einsum(q, k, v, mask=None, *, causal=False, scale=None):
    factor = q.dtype.type(q.shape[-1] ** -0.5 if scale is None else scale)
    z = np.einsum("...ld,...sd->...ls", q, in_groups(k, q)) * factor
    return np.einsum("...ls,...se->...le", weights(z, seen_by(q, k, mask, causal)), in_groups(v, q))


def scaled_dot_product_attention__wider(q, k, v, mask=None, *, causal=False, scale=None):
    wide = (each.astype(np.float64) for each in (q, k, v))
    return blocks(4, False, *wide, mask, causal=causal, scale=scale).astype(q.dtype)
