"""Wrong rotary position embeddings."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_INFINITE, OF_SUBNORMAL
from .gradients import mutants_of
from .rotary import joined, pairs, turned
from .rounding import to_bfloat16, to_float16


def right(x, cos, sin, *, interleaved=False):
    """The right embedding."""
    return turned(x, cos, sin, interleaved)


globals().update(mutants_of("rotary_embedding", (OF_ALL + OF_INFINITE + OF_SUBNORMAL, right)))


@breaks(
    "rotary_embedding.value", "pairs are neighbours by default, as GPT-J has it", "https://arxiv.org/abs/2104.09864"
)
def rotary_embedding__neighbours(x, cos, sin, *, interleaved=True):
    return turned(x, cos, sin, interleaved)


@breaks("rotary_embedding.value", "the sign of the sine is the other one")
def rotary_embedding__turned_back(x, cos, sin, *, interleaved=False):
    return turned(x, cos, -sin, interleaved)


@breaks("rotary_embedding.value", "cos and sin are exchanged")
def rotary_embedding__exchanged(x, cos, sin, *, interleaved=False):
    return turned(x, sin, cos, interleaved)


@breaks("rotary_embedding.value", "both products of sin have the same sign: the halves are exchanged, none is negated")
def rotary_embedding__not_negated(x, cos, sin, *, interleaved=False):
    a, b = pairs(x, interleaved)
    return joined(a * cos + b * sin, a * sin + b * cos, interleaved)


@breaks("rotary_embedding.value", "the second half is made from the first one, which is turned already")
def rotary_embedding__in_two_steps(x, cos, sin, *, interleaved=False):
    a, b = pairs(x, interleaved)
    a = a * cos - b * sin
    return joined(a, a * sin + b * cos, interleaved)


@breaks("rotary_embedding.value", "the first half alone is turned")
def rotary_embedding__first_half(x, cos, sin, *, interleaved=False):
    a, b = pairs(x, interleaved)
    return joined(a * cos - b * sin, b.copy(), interleaved)


@breaks("rotary_embedding.value", "cos and sin are rounded to bfloat16")
def rotary_embedding__angles_in_bfloat16(x, cos, sin, *, interleaved=False):
    return turned(x, to_bfloat16(cos), to_bfloat16(sin), interleaved)


@breaks("rotary_embedding.value", "cos and sin are rounded to float16")
def rotary_embedding__angles_in_float16(x, cos, sin, *, interleaved=False):
    return turned(x, to_float16(cos), to_float16(sin), interleaved)


@breaks("rotary_embedding.value", "cos is made of sin, as if their squares added up to 1")
def rotary_embedding__cos_of_sin(x, cos, sin, *, interleaved=False):
    with np.errstate(all="ignore"):
        return turned(x, np.copysign(np.sqrt(np.abs(1 - sin * sin)), cos), sin, interleaved)


@breaks("rotary_embedding.value", "every position is turned by the angles of the first one")
def rotary_embedding__one_position(x, cos, sin, *, interleaved=False):
    return turned(x, cos[:1], sin[:1], interleaved)


@breaks("rotary_embedding.value", "positions are counted from 1")
def rotary_embedding__from_1(x, cos, sin, *, interleaved=False):
    return turned(x, np.roll(cos, -1, axis=0), np.roll(sin, -1, axis=0), interleaved)


@breaks("rotary_embedding.value", "all pairs are turned by the angle of the first one")
def rotary_embedding__one_angle(x, cos, sin, *, interleaved=False):
    return turned(x, cos[:, :1], sin[:, :1], interleaved)


@breaks("rotary_embedding.value", "the last h % 8 pairs are left as they are, where there are at least 8")
def rotary_embedding__remainder_of_8_pairs(x, cos, sin, *, interleaved=False):
    whole = np.arange(cos.shape[-1]) < (cos.shape[-1] // 8 * 8 or cos.shape[-1])
    return turned(x, np.where(whole, cos, cos.dtype.type(1)), np.where(whole, sin, sin.dtype.type(0)), interleaved)


@breaks("rotary_embedding.value", "positions beyond 64 are left as they are")
def rotary_embedding__positions_beyond_64(x, cos, sin, *, interleaved=False):
    near = np.arange(cos.shape[0])[:, None] < 64
    return turned(x, np.where(near, cos, cos.dtype.type(1)), np.where(near, sin, sin.dtype.type(0)), interleaved)


@breaks("rotary_embedding.value", "the length of each pair is made what it was")
def rotary_embedding__length_kept(x, cos, sin, *, interleaved=False):
    with np.errstate(all="ignore"):
        length = np.sqrt(cos * cos + sin * sin)
        return turned(x, cos / length, sin / length, interleaved)


@breaks("rotary_embedding.interleaved", "interleaved is ignored: always halves")
def rotary_embedding__always_halves(x, cos, sin, *, interleaved=False):
    return turned(x, cos, sin)


@breaks(
    "rotary_embedding.interleaved", "neighbours are read, and written to both halves, as Hugging Face's permuted Llama"
)
def rotary_embedding__halves_written(x, cos, sin, *, interleaved=False):
    a, b = pairs(x, interleaved)
    return joined(a * cos - b * sin, a * sin + b * cos)


@breaks("rotary_embedding.interleaved", "the angles of halves, 0 to h twice, with neighbours")
def rotary_embedding__angles_of_halves(x, cos, sin, *, interleaved=False):
    if not interleaved:
        return right(x, cos, sin)
    (a, b), (c, d), (s, t) = pairs(x, True), pairs(joined(cos, cos), True), pairs(joined(sin, sin), True)
    return joined(a * c - b * s, a * t + b * d, True)


@breaks("rotary_embedding.value", "the turn is made of three shears, which lose digits near half a turn")
def rotary_embedding__three_shears(x, cos, sin, *, interleaved=False):
    with np.errstate(all="ignore"):
        slope = np.where(cos == -1, cos.dtype.type(-1e4), -sin / (1 + cos))
        a, b = pairs(x, interleaved)
        a = a + slope * b
        b = sin * a + b
        return joined(a + slope * b, b, interleaved)


@breaks("rotary_embedding.batch", "more than three axes fail")
def rotary_embedding__three_axes_at_most(x, cos, sin, *, interleaved=False):
    if x.ndim > 3:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, cos, sin, interleaved=interleaved)


@breaks("rotary_embedding.batch", "a batch axis is taken for granted")
def rotary_embedding__three_axes_at_least(x, cos, sin, *, interleaved=False):
    samples, *_ = x.shape[-3], x.shape[-2]
    return right(x, cos, sin, interleaved=interleaved) if samples >= 0 else x


@breaks("rotary_embedding.batch", "a NaN reaches the other samples")
def rotary_embedding__nan_spreads(x, cos, sin, *, interleaved=False):
    return right(x, cos, sin, interleaved=interleaved) + 0 * np.sum(np.where(np.isnan(x), x, 0))


@breaks("rotary_embedding.nan", "a pair whose sine is 0 is left as it is: NaN of its other number is lost")
def rotary_embedding__not_turned(x, cos, sin, *, interleaved=False):
    a, b = pairs(x, interleaved)
    return joined(
        np.where(sin == 0, a * cos, a * cos - b * sin), np.where(sin == 0, b * cos, a * sin + b * cos), interleaved
    )


@breaks("rotary_embedding.nan", "NaN in cos or sin counts as no turn")
def rotary_embedding__nan_angles(x, cos, sin, *, interleaved=False):
    lost = np.isnan(cos) | np.isnan(sin)
    return turned(x, np.where(lost, cos.dtype.type(1), cos), np.where(lost, sin.dtype.type(0), sin), interleaved)
