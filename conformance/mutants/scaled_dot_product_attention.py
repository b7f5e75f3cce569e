"""Wrong attention."""

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import to_bfloat16, to_float16, to_tf32


def in_groups(x, q):
    """Each head of the keys or values for as many heads of the queries in a row."""
    return np.repeat(x, q.shape[-3] // x.shape[-3], axis=-3) if x.ndim > 2 and x.shape[:-2] != q.shape[:-2] else x


def seen_by(q, k, mask, causal):
    """Which keys each query sees."""
    queries, keys = q.shape[-2], k.shape[-2]
    last = keys - queries if causal == "lower_right" else 0
    seen = np.tri(queries, keys, last, bool) if causal else np.ones((queries, keys), bool)
    return seen if mask is None else seen & mask


def scores(q, k, scale=None):
    """The scaled products."""
    return q @ k.mT * q.dtype.type(1 / np.sqrt(q.shape[-1]) if scale is None else scale)


def weights(z, seen):
    """Softmax over what is seen; 0 where nothing is."""
    z = np.where(seen, z, -np.inf)
    top = np.max(z, axis=-1, keepdims=True)
    e = np.exp(z - np.where(np.isneginf(top), 0, top))
    total = np.sum(e, axis=-1, keepdims=True)
    return (e / np.where(total == 0, 1, total)).astype(z.dtype)


def right(q, k, v, mask=None, *, causal=False, scale=None, seen=None, p=lambda p: p, z=lambda z: z, grouped=in_groups):
    """The right result, to be put to a wrong use: with other weights, scores, heads, or keys that are seen."""
    seen = seen_by(q, k, mask, causal) if seen is None else seen
    k, v = grouped(k, q), grouped(v, q)
    return p(weights(z(scores(q, k, scale)), seen)).astype(v.dtype) @ v


# Values.


@breaks("scaled_dot_product_attention.value", "the weights add up to 1 along the queries")
def scaled_dot_product_attention__over_queries(q, k, v, mask=None, *, causal=False, scale=None):
    e = np.where(seen_by(q, k, mask, causal), np.exp(scores(q, in_groups(k, q), scale)), 0)
    total = np.sum(e, axis=-2, keepdims=True)
    return (e / np.where(total == 0, 1, total)).astype(v.dtype) @ in_groups(v, q)


@breaks("scaled_dot_product_attention.value", "the scores are not scaled", "T5")
def scaled_dot_product_attention__unscaled(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=1.0 if scale is None else scale)


@breaks("scaled_dot_product_attention.value", "the scores are scaled by 1 / d", "muP")
def scaled_dot_product_attention__over_d(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=1 / q.shape[-1] if scale is None else scale)


@breaks("scaled_dot_product_attention.value", "the scores are scaled by the length of the values")
def scaled_dot_product_attention__over_e(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=v.shape[-1] ** -0.5 if scale is None else scale)


@breaks("scaled_dot_product_attention.value", "1 is added to the sum of the powers: softmax1", "Miller 2023")
def scaled_dot_product_attention__off_by_one(q, k, v, mask=None, *, causal=False, scale=None):
    def sink(z):
        return np.concatenate([z, np.zeros_like(z[..., :1])], axis=-1)

    seen = np.broadcast_to(seen_by(q, k, mask, causal), (*q.shape[:-1], k.shape[-2]))
    seen = np.concatenate([seen, np.ones_like(seen[..., :1])], axis=-1)
    v = np.concatenate([v, np.zeros_like(v[..., :1, :])], axis=-2)
    return weights(sink(scores(q, in_groups(k, q), scale)), seen) @ in_groups(v, q)


@breaks("scaled_dot_product_attention.value", "the scores are capped by 50 tanh(z / 50)", "Gemma 2")
def scaled_dot_product_attention__capped(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=scale, z=lambda z: 50 * np.tanh(z / 50))


@breaks("scaled_dot_product_attention.value", "the products are in TF32")
def scaled_dot_product_attention__tf32(q, k, v, mask=None, *, causal=False, scale=None):
    return right(to_tf32(q), to_tf32(k), to_tf32(v), mask, causal=causal, scale=scale, p=to_tf32)


@breaks("scaled_dot_product_attention.value", "the weights are rounded to bfloat16 before the second product")
def scaled_dot_product_attention__bfloat16_weights(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=scale, p=to_bfloat16)


@breaks("scaled_dot_product_attention.value", "the last s % 8 keys are left out, where there are more than 8")
def scaled_dot_product_attention__remainder_of_8_keys(q, k, v, mask=None, *, causal=False, scale=None):
    whole = k.shape[-2] - k.shape[-2] % 8 if k.shape[-2] > 8 else k.shape[-2]
    seen = seen_by(q, k, mask, causal) & (np.arange(k.shape[-2]) < whole)
    return right(q, k, v, seen=seen, scale=scale)


@breaks("scaled_dot_product_attention.value", "the largest score of a block of 8 keys is used before it is known")
def scaled_dot_product_attention__not_rescaled(q, k, v, mask=None, *, causal=False, scale=None):
    z = np.where(seen_by(q, k, mask, causal), scores(q, in_groups(k, q), scale), -np.inf)
    top = [np.max(z[..., : (j // 8 + 1) * 8], axis=-1) for j in range(z.shape[-1])]
    top = np.stack(top, axis=-1) if top else z
    e = np.exp(z - np.where(np.isneginf(top), 0, top))
    total = np.sum(e, axis=-1, keepdims=True)
    return (e / np.where(total == 0, 1, total)).astype(v.dtype) @ in_groups(v, q)


@breaks("scaled_dot_product_attention.spread", "exp of the scores as they are, which overflows")
def scaled_dot_product_attention__unshifted(q, k, v, mask=None, *, causal=False, scale=None):
    e = np.where(seen_by(q, k, mask, causal), np.exp(scores(q, in_groups(k, q), scale)), 0)
    total = np.sum(e, axis=-1, keepdims=True)
    none = ~np.any(seen_by(q, k, mask, causal), axis=-1, keepdims=True)
    return (e / np.where(none, 1, total)).astype(v.dtype) @ in_groups(v, q)


# Masks.


@breaks("scaled_dot_product_attention.mask", "the mask is True where a key is left out", "torch.nn.MultiheadAttention")
def scaled_dot_product_attention__mask_inverted(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, None if mask is None else ~mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.mask", "the mask is ignored")
def scaled_dot_product_attention__mask_ignored(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.mask", "the masked weights are set to 0 after the softmax, and still counted")
def scaled_dot_product_attention__masked_after(q, k, v, mask=None, *, causal=False, scale=None):
    seen = seen_by(q, k, mask, causal)
    return right(q, k, v, seen=np.ones_like(seen), scale=scale, p=lambda p: np.where(seen, p, 0))


@breaks("scaled_dot_product_attention.mask", "the scores are multiplied by the mask")
def scaled_dot_product_attention__times_mask(q, k, v, mask=None, *, causal=False, scale=None):
    seen = seen_by(q, k, mask, causal)
    return right(q, k, v, seen=np.ones_like(seen), scale=scale, z=lambda z: z * seen)


@breaks("scaled_dot_product_attention.mask", "-1e4 is added to the score of a masked key", "BERT as it was published")
def scaled_dot_product_attention__minus_1e4(q, k, v, mask=None, *, causal=False, scale=None):
    seen = seen_by(q, k, mask, causal)
    some = np.any(seen, axis=-1, keepdims=True)
    found = right(
        q, k, v, seen=np.ones_like(seen), scale=scale, z=lambda z: z + np.where(seen, 0, -1e4).astype(z.dtype)
    )
    return np.where(some, found, 0)


@breaks("scaled_dot_product_attention.mask", "a first block of masked keys makes NaN: -infinity less -infinity")
def scaled_dot_product_attention__first_block_masked(q, k, v, mask=None, *, causal=False, scale=None):
    seen = seen_by(q, k, mask, causal)
    none = ~np.any(seen[..., :8], axis=-1, keepdims=True) & np.any(seen, axis=-1, keepdims=True)
    return np.where(none, np.nan, right(q, k, v, mask, causal=causal, scale=scale)).astype(v.dtype)


@breaks("scaled_dot_product_attention.mask", "the mask of the first sample is that of all")
def scaled_dot_product_attention__first_mask(q, k, v, mask=None, *, causal=False, scale=None):
    mask = mask[:1] if mask is not None and mask.ndim > 2 else mask
    return right(q, k, v, mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.no_keys", "NaN for a query without a key", "PyTorch before 2.5")
def scaled_dot_product_attention__nan_without_keys(q, k, v, mask=None, *, causal=False, scale=None):
    some = np.any(seen_by(q, k, mask, causal), axis=-1, keepdims=True)
    return np.where(some, right(q, k, v, mask, causal=causal, scale=scale), np.nan).astype(v.dtype)


@breaks(
    "scaled_dot_product_attention.no_keys",
    "the mean of all values for a query without a key: the score of a masked key is 0.7 times the least number",
    "jax.nn.dot_product_attention",
)
def scaled_dot_product_attention__mean_without_keys(q, k, v, mask=None, *, causal=False, scale=None):
    seen, least = seen_by(q, k, mask, causal), 0.7 * float(np.finfo(q.dtype).min)
    everything = np.ones_like(seen)
    return right(q, k, v, seen=everything, scale=scale, z=lambda z: np.where(seen, z, least).astype(z.dtype))


@breaks("scaled_dot_product_attention.causal", "the causal mask is ignored")
def scaled_dot_product_attention__not_causal(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, scale=scale)


@breaks("scaled_dot_product_attention.causal", "aligned to the lower right where the upper left is asked", "flash_attn")
def scaled_dot_product_attention__lower_right(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal="lower_right" if causal else False, scale=scale)


@breaks("scaled_dot_product_attention.causal", "aligned to the upper left where the lower right is asked", "PyTorch")
def scaled_dot_product_attention__upper_left(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=bool(causal), scale=scale)


@breaks("scaled_dot_product_attention.causal", "a query does not see its own key")
def scaled_dot_product_attention__strictly_causal(q, k, v, mask=None, *, causal=False, scale=None):
    seen = seen_by(q, k, mask, causal)
    last = k.shape[-2] - q.shape[-2] if causal == "lower_right" else 0
    seen = seen & np.tri(*seen.shape[-2:], last - 1, bool) if causal else seen
    return right(q, k, v, seen=seen, scale=scale)


@breaks("scaled_dot_product_attention.causal", "with a causal mask the other one is left out")
def scaled_dot_product_attention__one_of_two_masks(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, None if causal else mask, causal=causal, scale=scale)


# Scale and heads.


@breaks("scaled_dot_product_attention.scale", "the scale is ignored")
def scaled_dot_product_attention__scale_ignored(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal)


@breaks("scaled_dot_product_attention.scale", "scale = 0 is taken for 'not given'")
def scaled_dot_product_attention__scale_zero_is_default(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=scale or None)


@breaks("scaled_dot_product_attention.scale", "the scale is applied beside 1 / sqrt(d)")
def scaled_dot_product_attention__both_scales(q, k, v, mask=None, *, causal=False, scale=None):
    scale = scale if scale is None else scale / np.sqrt(q.shape[-1])
    return right(q, k, v, mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.heads", "the heads of the keys are taken in turns")
def scaled_dot_product_attention__heads_in_turns(q, k, v, mask=None, *, causal=False, scale=None):
    def grouped(x, q):
        shared = x.ndim > 2 and x.shape[-3] not in (0, q.shape[-3])
        return np.concatenate([x] * (q.shape[-3] // x.shape[-3]), axis=-3) if shared else x

    return right(q, k, v, mask, causal=causal, scale=scale, grouped=grouped)


@breaks("scaled_dot_product_attention.heads", "the first head of the keys is that of all")
def scaled_dot_product_attention__first_head(q, k, v, mask=None, *, causal=False, scale=None):
    def grouped(x, q):
        return x[..., :1, :, :] if x.ndim > 2 and x.shape[-3] != q.shape[-3] else x

    return right(q, k, v, mask, causal=causal, scale=scale, grouped=grouped)


# What else may be wrong.


@breaks("scaled_dot_product_attention.nan", "NaN becomes 0")
def scaled_dot_product_attention__nan_as_zero(q, k, v, mask=None, *, causal=False, scale=None):
    return np.nan_to_num(right(q, k, v, mask, causal=causal, scale=scale), nan=0)


@breaks("scaled_dot_product_attention.nan", "NaN in keys and values counts as 0")
def scaled_dot_product_attention__nan_keys_as_zero(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, np.nan_to_num(k, nan=0), np.nan_to_num(v, nan=0), mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.batch", "NaN in one sample makes all NaN")
def scaled_dot_product_attention__nan_spreads(q, k, v, mask=None, *, causal=False, scale=None):
    y = right(q, k, v, mask, causal=causal, scale=scale)
    return np.where(np.any(np.isnan(y)), y.dtype.type(np.nan), y)


@breaks("scaled_dot_product_attention.batch", "more than one axis of a batch fails")
def scaled_dot_product_attention__at_most_one_batch_axis(q, k, v, mask=None, *, causal=False, scale=None):
    if q.ndim > 3:
        raise ValueError(f"got {q.ndim} axes")
    return right(q, k, v, mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.empty", "an empty array fails")
def scaled_dot_product_attention__empty_fails(q, k, v, mask=None, *, causal=False, scale=None):
    if not q.size:
        raise ValueError("got nothing")
    return right(q, k, v, mask, causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.shape", "an axis is put in front")
def scaled_dot_product_attention__another_axis(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask, causal=causal, scale=scale)[None]


@breaks("scaled_dot_product_attention.dtype", "the result is in float16")
def scaled_dot_product_attention__float16(q, k, v, mask=None, *, causal=False, scale=None):
    return to_float16(right(q, k, v, mask, causal=causal, scale=scale)).astype(np.float16)


@breaks("scaled_dot_product_attention.layout", "the mask is read as it lies in memory")
def scaled_dot_product_attention__memory_order(q, k, v, mask=None, *, causal=False, scale=None):
    return right(q, k, v, mask if mask is None else memory(mask), causal=causal, scale=scale)


@breaks("scaled_dot_product_attention.pure", "all results of a shape are in one buffer")
def scaled_dot_product_attention__one_buffer(q, k, v, mask=None, *, causal=False, scale=None):
    y = right(q, k, v, mask, causal=causal, scale=scale)
    kept = buffer(y.shape, y.dtype)
    kept[...] = y
    return kept
