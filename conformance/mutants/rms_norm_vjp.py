"""Wrong gradients of normalisation by the root of the mean square."""

import numpy as np

from . import breaks
from .any_formula import OF_ALL, OF_EPSILON, OF_SUBNORMAL
from .gradients import mutants_of


def mean(terms):
    """The right mean."""
    return np.mean(terms, axis=-1, keepdims=True)


def summed(terms):
    """The right sum over the batch."""
    return np.sum(terms.reshape(-1, terms.shape[-1]) if terms.size else terms, axis=0)


def parts(x, epsilon):
    """The normalised row and its root."""
    root = np.sqrt(mean(x * x) + x.dtype.type(epsilon))
    return x / root, root


def right(x, w, g, *, epsilon=1e-6):
    """The right gradients, to be put to a wrong use."""
    (z, root), h = parts(x, epsilon), g * w
    return (h - z * mean(h * z)) / root, summed(g * z)


globals().update(mutants_of("rms_norm_vjp", (OF_ALL + OF_SUBNORMAL + OF_EPSILON, right)))


@breaks("rms_norm_vjp.value", "the root counts as constant")
def rms_norm_vjp__root_constant(x, w, g, *, epsilon=1e-6):
    _, gw = right(x, w, g, epsilon=epsilon)
    return g * w / parts(x, epsilon)[1], gw


@breaks("rms_norm_vjp.value", "the weight is left out of gx")
def rms_norm_vjp__no_weight(x, w, g, *, epsilon=1e-6):
    _, gw = right(x, w, g, epsilon=epsilon)
    return right(x, np.ones_like(w), g, epsilon=epsilon)[0], gw


@breaks("rms_norm_vjp.value", "the weight is 1 + w")
def rms_norm_vjp__one_plus_w(x, w, g, *, epsilon=1e-6):
    return right(x, w + 1, g, epsilon=epsilon)


@breaks("rms_norm_vjp.value", "gw has x in the place of the normalised x")
def rms_norm_vjp__gw_of_x(x, w, g, *, epsilon=1e-6):
    gx, _, *more = right(x, w, g, epsilon=epsilon)
    return (gx, summed(g * x), *more)


@breaks("rms_norm_vjp.value", "gw is the mean over the rows")
def rms_norm_vjp__gw_mean(x, w, g, *, epsilon=1e-6):
    gx, gw, *more = right(x, w, g, epsilon=epsilon)
    return (gx, gw / gw.dtype.type(max(g.size // g.shape[-1], 1)), *more)


@breaks("rms_norm_vjp.value", "g is ignored: the gradient of the sum of the results")
def rms_norm_vjp__g_ignored(x, w, g, *, epsilon=1e-6):
    return right(x, w, np.ones_like(g), epsilon=epsilon)


@breaks("rms_norm_vjp.value", "gradients are clipped to [-1, 1]")
def rms_norm_vjp__g_clipped(x, w, g, *, epsilon=1e-6):
    return right(x, w, np.clip(g, -1, 1), epsilon=epsilon)


@breaks("rms_norm_vjp.value", "places beyond 1024 are left out of the means")
def rms_norm_vjp__places_beyond_1024(x, w, g, *, epsilon=1e-6):
    _, gw = right(x, w, g, epsilon=epsilon)
    z, root = parts(x, epsilon)
    h = g * w
    return (h - z * mean((h * z)[..., :1024])) / root, gw


@breaks("rms_norm_vjp.value", "the last n % 8 places get no gradient, where there are at least 8")
def rms_norm_vjp__last_places_left_out(x, w, g, *, epsilon=1e-6):
    gx, *more = right(x, w, g, epsilon=epsilon)
    n = x.shape[-1]
    gx[..., n - n % 8 or n :] = gx[..., n - n % 8 or n :] if n < 8 else 0
    return (gx, *more)


@breaks("rms_norm_vjp.value", "a single row fails")
def rms_norm_vjp__one_row_fails(x, w, g, *, epsilon=1e-6):
    rows, columns = x.shape[-2], x.shape[-1]
    return right(x, w, g, epsilon=epsilon) if rows or columns else x


@breaks("rms_norm_vjp.epsilon", "epsilon is left out")
def rms_norm_vjp__no_epsilon(x, w, g, *, epsilon=1e-6):
    return right(x, w, g, epsilon=0)


@breaks("rms_norm_vjp.epsilon", "epsilon is 1e-5 by default")
def rms_norm_vjp__another_default(x, w, g, *, epsilon=1e-5):
    return right(x, w, g, epsilon=epsilon)


@breaks("rms_norm_vjp.epsilon", "epsilon is ignored: always 1e-6")
def rms_norm_vjp__epsilon_ignored(x, w, g, *, epsilon=1e-6):
    return right(x, w, g)


@breaks("rms_norm_vjp.batch", "more than two axes fail")
def rms_norm_vjp__two_axes_at_most(x, w, g, *, epsilon=1e-6):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, w, g, epsilon=epsilon)


@breaks("rms_norm_vjp.batch", "x is centred over the rows first, as batch normalisation does")
def rms_norm_vjp__centred_over_batch(x, w, g, *, epsilon=1e-6):
    if x.ndim < 2 or not x.size:
        return right(x, w, g, epsilon=epsilon)
    return right(x - np.mean(x, axis=0), w, g, epsilon=epsilon)
