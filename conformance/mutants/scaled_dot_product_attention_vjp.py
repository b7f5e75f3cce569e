"""Wrong gradients of attention."""

import numpy as np

from . import breaks
from .memory import buffer, memory
from .rounding import to_bfloat16, to_float16, to_tf32
from .scaled_dot_product_attention import in_groups, scores, seen_by, weights

NAME = "scaled_dot_product_attention_vjp"


def summed(x, k):
    """The sum over the heads that share a head of keys."""
    if x.ndim < 3 or x.shape[:-2] == k.shape[:-2]:
        return x
    return x.reshape(*k.shape[:-2], x.shape[-3] // k.shape[-3], *x.shape[-2:]).sum(-3)


def right(
    q, k, v, g, mask=None, *, causal=False, scale=None,
    seen=None, p=lambda p: p, z=lambda z: z, less=lambda p, h: np.sum(p * h, axis=-1, keepdims=True),
    t=lambda t: t, grouped=in_groups, joined=summed,
):  # fmt: skip
    """The right gradients, to be put to a wrong use: with other weights, scores, means, heads or keys that are seen."""
    seen = seen_by(q, k, mask, causal) if seen is None else seen
    keys, values = grouped(k, q), grouped(v, q)
    p, h = p(weights(z(scores(q, keys, scale)), seen)).astype(v.dtype), g @ values.mT
    factor = q.dtype.type(q.shape[-1] ** -0.5 if scale is None else scale)
    t = t(p * (h - less(p, h)) * factor).astype(v.dtype)
    return t @ keys, joined(t.mT @ q, k), joined(p.mT @ g, k)


def mistake(requirement, words, source=""):
    """Mark a function that gives what of `right` is otherwise, for the arguments, as a mutant."""

    def mark(wrong):
        def call(q, k, v, g, mask=None, *, causal=False, scale=None):
            other = wrong(q, k, v, g, mask, causal, scale)
            given = {"mask": mask, "causal": causal, "scale": scale} | other
            return right(q, k, v, g, **given)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def changed(requirement, words):
    """Mark a function of the right gradients and the arguments as a mutant."""

    def mark(wrong):
        def call(q, k, v, g, mask=None, *, causal=False, scale=None):
            return wrong(*right(q, k, v, g, mask, causal=causal, scale=scale), q, k, v, g)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words)(call)

    return mark


@mistake("value", "nothing is subtracted: the sums of the powers are taken for constants")
def constant_denominator(q, k, v, g, mask, causal, scale):
    return {"less": lambda p, h: 0}


@mistake("value", "the plain mean over the keys is subtracted")
def plain_mean(q, k, v, g, mask, causal, scale):
    return {"less": lambda p, h: np.mean(h, axis=-1, keepdims=True)}


@mistake("value", "the diagonal alone, p (1 - p) h")
def diagonal(q, k, v, g, mask, causal, scale):
    return {"less": lambda p, h: p * h}


@changed("value", "gq and gk lack the scale")
def without_scale(gq, gk, gv, q, k, v, g):
    root = q.dtype.type(q.shape[-1] ** 0.5)
    return gq * root, gk * root, gv


@changed("value", "gk is scaled twice")
def gk_scaled_twice(gq, gk, gv, q, k, v, g):
    return gq, gk / q.dtype.type(q.shape[-1] ** 0.5), gv


@changed("value", "gq and gk are exchanged where their shapes are the same")
def gq_and_gk_exchanged(gq, gk, gv, q, k, v, g):
    return (gk, gq, gv) if q.shape == k.shape else (gq, gk, gv)


@changed("value", "gv is g times the weights, not transposed, where that is possible")
def gv_of_transposed_weights(gq, gk, gv, q, k, v, g):
    p = weights(scores(q, in_groups(k, q)), np.True_)
    return gq, gk, p @ g if q.shape == k.shape else gv


@changed("value", "the sign of gq is lost")
def gq_negated(gq, gk, gv, q, k, v, g):
    return -gq, gk, gv


@changed("value", "gk is divided by the number of queries")
def gk_mean(gq, gk, gv, q, k, v, g):
    return gq, gk / q.dtype.type(max(q.shape[-2], 1)), gv


@changed("value", "the products are in TF32")
def tf32(gq, gk, gv, q, k, v, g):
    return right(*map(to_tf32, (q, k, v, g))) if q.ndim == 2 else tuple(map(to_tf32, (gq, gk, gv)))


@mistake("value", "p and t are rounded to bfloat16 before the products")
def bfloat16_weights(q, k, v, g, mask, causal, scale):
    return {"p": to_bfloat16, "t": to_bfloat16}


@mistake("spread", "exp of the scores as they are, which overflows")
def unshifted(q, k, v, g, mask, causal, scale):
    overflows = np.any(np.abs(scores(q, in_groups(k, q), scale)) > np.log(np.finfo(q.dtype).max))
    return {"z": lambda z: z + np.inf if overflows else z}


@mistake("mask", "the mask is True where a key is left out", "torch.nn.MultiheadAttention")
def mask_inverted(q, k, v, g, mask, causal, scale):
    return {"mask": None if mask is None else ~mask}


@mistake("mask", "the mask is ignored in the backward pass")
def mask_ignored(q, k, v, g, mask, causal, scale):
    return {"mask": None}


@mistake("mask", "the mask of the first sample is that of all")
def first_mask(q, k, v, g, mask, causal, scale):
    return {"mask": mask[:1] if mask is not None and mask.ndim > 2 else mask}


@mistake("no_keys", "NaN from a query without a key", "PyTorch before 2.5")
def nan_without_keys(q, k, v, g, mask, causal, scale):
    some = np.any(seen_by(q, k, mask, causal), axis=-1, keepdims=True)
    return {"p": lambda p: np.where(some, p, np.nan)}


@mistake("no_keys", "a query without a key has the mean of all values", "jax.nn.dot_product_attention")
def mean_without_keys(q, k, v, g, mask, causal, scale):
    seen, least = seen_by(q, k, mask, causal), 0.7 * float(np.finfo(q.dtype).min)
    return {"seen": np.ones_like(seen), "z": lambda z: np.where(seen, z, least).astype(z.dtype)}


@mistake("causal", "the causal mask is ignored")
def not_causal(q, k, v, g, mask, causal, scale):
    return {"causal": False}


@mistake("causal", "aligned to the lower right where the upper left is asked", "flash_attn")
def lower_right(q, k, v, g, mask, causal, scale):
    return {"causal": "lower_right" if causal else False}


@mistake("causal", "aligned to the upper left where the lower right is asked", "PyTorch")
def upper_left(q, k, v, g, mask, causal, scale):
    return {"causal": bool(causal)}


@mistake("scale", "the scale is ignored")
def scale_ignored(q, k, v, g, mask, causal, scale):
    return {"scale": None}


@mistake("scale", "scale = 0 is taken for 'not given'")
def scale_zero_is_default(q, k, v, g, mask, causal, scale):
    return {"scale": scale or None}


@mistake("scale", "the gradient of the scores has 1 / sqrt(d) whatever the scale")
def scale_of_scores_alone(q, k, v, g, mask, causal, scale):
    factor = 1 if scale is None else q.shape[-1] ** -0.5 / scale
    return {"t": lambda t: t * q.dtype.type(factor)}


@mistake("heads", "the heads of the keys are taken in turns")
def heads_in_turns(q, k, v, g, mask, causal, scale):
    def grouped(x, q):
        shared = x.ndim > 2 and x.shape[-3] not in (0, q.shape[-3])
        return np.concatenate([x] * (q.shape[-3] // x.shape[-3]), axis=-3) if shared else x

    return {"grouped": grouped}


@mistake("heads", "gk and gv are those of the first head that shares a head of keys")
def first_head(q, k, v, g, mask, causal, scale):
    def first(x, k):
        return x[..., :: x.shape[-3] // k.shape[-3], :, :] if x.ndim > 2 and x.shape[:-2] != k.shape[:-2] else x

    return {"joined": first}


@mistake("heads", "gk and gv are means over the heads that share a head of keys")
def mean_of_heads(q, k, v, g, mask, causal, scale):
    def mean(x, k):
        return summed(x, k) / x.dtype.type(x.shape[-3] // k.shape[-3] if x.ndim > 2 and k.shape[-3] else 1)

    return {"joined": mean}


@changed("batch", "NaN in one sample makes all gradients NaN")
def nan_spreads(gq, gk, gv, q, k, v, g):
    spoilt = any(np.any(np.isnan(each)) for each in (gq, gk, gv))
    return tuple(each * each.dtype.type(np.nan) if spoilt else each for each in (gq, gk, gv))


@changed("batch", "more than one axis of a batch fails")
def at_most_one_batch_axis(gq, gk, gv, q, k, v, g):
    if q.ndim > 3:
        raise ValueError(f"got {q.ndim} axes")
    return gq, gk, gv


@changed("nan", "NaN becomes 0")
def nan_as_zero(gq, gk, gv, q, k, v, g):
    return tuple(np.nan_to_num(each, nan=0) for each in (gq, gk, gv))


@changed("nan", "NaN in keys, values and g counts as 0")
def nan_keys_as_zero(gq, gk, gv, q, k, v, g):
    spoilt = any(np.any(np.isnan(each)) for each in (k, v, g))
    return tuple(np.nan_to_num(each, nan=0) for each in (gq, gk, gv)) if spoilt else (gq, gk, gv)


@changed("empty", "an empty array fails")
def empty_fails(gq, gk, gv, q, k, v, g):
    if not q.size:
        raise ValueError("got nothing")
    return gq, gk, gv


@changed("shape", "the results come in the order gv, gq, gk")
def other_order(gq, gk, gv, q, k, v, g):
    return gv, gq, gk


@changed("dtype", "the results are in float16")
def float16(gq, gk, gv, q, k, v, g):
    return tuple(to_float16(each).astype(np.float16) for each in (gq, gk, gv))


@mistake("layout", "the mask is read as it lies in memory")
def memory_order(q, k, v, g, mask, causal, scale):
    return {"mask": mask if mask is None else memory(mask)}


@changed("pure", "all results of a shape are in one buffer")
def one_buffer(gq, gk, gv, q, k, v, g):
    kept = buffer(gq.shape, gq.dtype)
    kept[...] = gq
    return kept, gk, gv
