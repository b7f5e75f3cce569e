"""Right gradients of categorical cross-entropy, written another way."""

import math

import numpy as np


def prepared(y, p, g, axis, clip):
    """Labels, gradients of the losses, probabilities that can be divided by, and what is outside the clip."""
    lo, hi = clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1.0))
    outside = (p < lo) | (p > hi)
    return y.astype(p.dtype), np.expand_dims(g, axis), np.where(outside, p.dtype.type(1), p), outside


def chosen(outside, gp):
    """The gradient inside, 0 outside."""
    return np.where(outside, gp.dtype.type(0), gp)


def categorical_cross_entropy_vjp__quotient_first(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    return chosen(outside, -g * (y / q))


def categorical_cross_entropy_vjp__g_over_p(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    return chosen(outside, -(g / q) * y)


def categorical_cross_entropy_vjp__reciprocal(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    return chosen(outside, -(1 / q) * y * g)


def categorical_cross_entropy_vjp__negated_last(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    return np.negative(chosen(outside, y * g / q))


def categorical_cross_entropy_vjp__float64_inside(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    return chosen(outside, -g.astype(np.float64) * y / q).astype(p.dtype)


def categorical_cross_entropy_vjp__clip_and_compare(y, p, g, *, axis=-1, clip=None):
    lo, hi = (np.asarray(end, p.dtype) for end in clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1)))
    c = np.clip(p, lo, hi)
    gp = -np.expand_dims(g, axis) * y.astype(p.dtype) / c
    return np.where((c == p) | np.isnan(p), gp, gp.dtype.type(0))


def categorical_cross_entropy_vjp__division_where_inside(y, p, g, *, axis=-1, clip=None):
    y, g, _, outside = prepared(y, p, g, axis, clip)
    return np.divide(-g * y, p, out=np.zeros_like(p), where=~outside)


def categorical_cross_entropy_vjp__nonzero_labels(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    gp = np.zeros_like(p)
    places = np.nonzero(((y != 0) & ~outside) | np.isnan(p))
    gp[places] = -np.broadcast_to(g, p.shape)[places] * y[places] / q[places]
    return gp


def categorical_cross_entropy_vjp__mantissa_and_exponent(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    m, k = np.frexp(q)
    return chosen(outside, np.ldexp(-g * y / m, -k))


def categorical_cross_entropy_vjp__one_element_at_a_time(y, p, g, *, axis=-1, clip=None):
    y, g, q, outside = prepared(y, p, g, axis, clip)
    gp, g = np.empty_like(p), np.broadcast_to(g, p.shape)
    for i in np.ndindex(p.shape):
        gp[i] = 0 if outside[i] else math.nan if np.isnan(q[i]) else -(y[i] * g[i]) / q[i]
    return gp
