"""Wrong gradients of rotary position embedding."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_SUBNORMAL
from .gradients import mutants_of
from .rotary import gradients, pairs, summed, turned
from .rounding import to_bfloat16, to_float16


def right(x, cos, sin, g, *, interleaved=False):
    """The right gradients."""
    return gradients(x, cos, sin, g, interleaved)


globals().update(mutants_of("rotary_embedding_vjp", (OF_ALL + OF_SUBNORMAL, right)))


@breaks("rotary_embedding_vjp.value", "g is turned forward, not back")
def rotary_embedding_vjp__turned_forward(x, cos, sin, g, *, interleaved=False):
    _, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return turned(g, cos, sin, interleaved), gcos, gsin


@breaks("rotary_embedding_vjp.value", "g is ignored: the gradient of the sum of the results")
def rotary_embedding_vjp__g_ignored(x, cos, sin, g, *, interleaved=False):
    return right(x, cos, sin, np.ones_like(g), interleaved=interleaved)


@breaks("rotary_embedding_vjp.value", "gradients are clipped to [-1, 1]")
def rotary_embedding_vjp__g_clipped(x, cos, sin, g, *, interleaved=False):
    return right(x, cos, sin, np.clip(g, -1, 1), interleaved=interleaved)


@breaks("rotary_embedding_vjp.value", "pairs are neighbours by default, as GPT-J has it")
def rotary_embedding_vjp__neighbours(x, cos, sin, g, *, interleaved=True):
    return right(x, cos, sin, g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.value", "cos and sin count as constants: their gradients are 0")
def rotary_embedding_vjp__constant_angles(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return gx, 0 * gcos, 0 * gsin


@breaks("rotary_embedding_vjp.value", "gcos and gsin are exchanged")
def rotary_embedding_vjp__exchanged(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return gx, gsin, gcos


@breaks("rotary_embedding_vjp.value", "gsin has the other sign")
def rotary_embedding_vjp__sign_of_gsin(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return gx, gcos, -gsin


@breaks("rotary_embedding_vjp.value", "gcos has the first number of each pair alone")
def rotary_embedding_vjp__half_of_gcos(x, cos, sin, g, *, interleaved=False):
    gx, _, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return gx, summed(pairs(x, interleaved)[0] * pairs(g, interleaved)[0]), gsin


@breaks("rotary_embedding_vjp.value", "gcos and gsin are of the result in the place of x")
def rotary_embedding_vjp__of_the_result(x, cos, sin, g, *, interleaved=False):
    gx, _, _ = right(x, cos, sin, g, interleaved=interleaved)
    return (gx, *right(turned(x, cos, sin, interleaved), cos, sin, g, interleaved=interleaved)[1:])


@breaks("rotary_embedding_vjp.value", "cos and sin are rounded to bfloat16")
def rotary_embedding_vjp__angles_in_bfloat16(x, cos, sin, g, *, interleaved=False):
    return right(x, to_bfloat16(cos), to_bfloat16(sin), g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.value", "cos and sin are rounded to float16")
def rotary_embedding_vjp__angles_in_float16(x, cos, sin, g, *, interleaved=False):
    return right(x, to_float16(cos), to_float16(sin), g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.interleaved", "interleaved is ignored: always halves")
def rotary_embedding_vjp__always_halves(x, cos, sin, g, *, interleaved=False):
    return right(x, cos, sin, g)


@breaks("rotary_embedding_vjp.interleaved", "interleaved is ignored in gcos and gsin")
def rotary_embedding_vjp__halves_of_angles(x, cos, sin, g, *, interleaved=False):
    return (turned(g, cos, -sin, interleaved), *right(x, cos, sin, g)[1:])


@breaks("rotary_embedding_vjp.batch", "gcos and gsin are means over the batch")
def rotary_embedding_vjp__means(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    count = x.dtype.type(max(np.prod(x.shape[:-2], dtype=int), 1))
    return gx, gcos / count, gsin / count


@breaks("rotary_embedding_vjp.batch", "gcos and gsin are of the last sample")
def rotary_embedding_vjp__last_sample(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    if x.ndim < 3 or not x.size:
        return gx, gcos, gsin
    last = (-1,) * (x.ndim - 2)
    return (gx, *right(x[last], cos, sin, g[last], interleaved=interleaved)[1:])


@breaks("rotary_embedding_vjp.batch", "more than three axes fail")
def rotary_embedding_vjp__three_axes_at_most(x, cos, sin, g, *, interleaved=False):
    if x.ndim > 3:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, cos, sin, g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.nan", "NaN in x is left out of gcos and gsin")
def rotary_embedding_vjp__nan_in_x_lost(x, cos, sin, g, *, interleaved=False):
    return right(np.where(np.isnan(x), x.dtype.type(0), x), cos, sin, g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.nan", "NaN in x reaches gx")
def rotary_embedding_vjp__nan_in_x_spread(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    return np.where(np.isnan(x), x, gx), gcos, gsin


@breaks("rotary_embedding_vjp.infinity", "infinite numbers in x count as 0 in gcos and gsin")
def rotary_embedding_vjp__infinite_x(x, cos, sin, g, *, interleaved=False):
    return right(np.where(np.isinf(x), x.dtype.type(0), x), cos, sin, g, interleaved=interleaved)


@breaks("rotary_embedding_vjp.infinity", "infinities in gx become the largest number")
def rotary_embedding_vjp__saturates(x, cos, sin, g, *, interleaved=False):
    gx, gcos, gsin = right(x, cos, sin, g, interleaved=interleaved)
    largest = np.finfo(x.dtype).max
    return np.clip(gx, -largest, largest), gcos, gsin
