"""Wrong gradients of normalisation to mean 0 and variance 1."""

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
    d = x - mean(x)
    root = np.sqrt(mean(d * d) + x.dtype.type(epsilon))
    return d / root, root


def right(x, w, b, g, *, epsilon=1e-5):
    """The right gradients, to be put to a wrong use."""
    (z, root), h = parts(x, epsilon), g * w
    return (h - mean(h) - z * mean(h * z)) / root, summed(g * z), summed(g)


globals().update(mutants_of("layer_norm_vjp", (OF_ALL + OF_SUBNORMAL + OF_EPSILON, right)))


@breaks("layer_norm_vjp.value", "mean and variance count as constant")
def layer_norm_vjp__root_constant(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    return g * w / parts(x, epsilon)[1], gw, gb


@breaks(
    "layer_norm_vjp.value",
    "the mean of g w is not subtracted, as in the gradient of the RMS norm",
)
def layer_norm_vjp__mean_kept(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    (z, root), h = parts(x, epsilon), g * w
    return (h - z * mean(h * z)) / root, gw, gb


@breaks("layer_norm_vjp.value", "the variance counts as constant")
def layer_norm_vjp__variance_constant(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    (_, root), h = parts(x, epsilon), g * w
    return (h - mean(h)) / root, gw, gb


@breaks("layer_norm_vjp.value", "gx is divided by the number of places twice, since sums are divided by n - 1")
def layer_norm_vjp__unbiased(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    (z, root), h, n = parts(x, epsilon), g * w, x.shape[-1]
    return (h - mean(h) - z * mean(h * z) * x.dtype.type(n / max(n - 1, 1))) / root, gw, gb


@breaks("layer_norm_vjp.value", "gb is the mean over the rows")
def layer_norm_vjp__gb_mean(x, w, b, g, *, epsilon=1e-5):
    gx, gw, gb = right(x, w, b, g, epsilon=epsilon)
    return gx, gw, gb / gb.dtype.type(max(g.size // g.shape[-1], 1))


@breaks("layer_norm_vjp.value", "the weight is left out of gx")
def layer_norm_vjp__no_weight(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    return right(x, np.ones_like(w), b, g, epsilon=epsilon)[0], gw, gb


@breaks("layer_norm_vjp.value", "the weight is 1 + w")
def layer_norm_vjp__one_plus_w(x, w, b, g, *, epsilon=1e-5):
    return right(x, w + 1, b, g, epsilon=epsilon)


@breaks("layer_norm_vjp.value", "gw has x in the place of the normalised x")
def layer_norm_vjp__gw_of_x(x, w, b, g, *, epsilon=1e-5):
    gx, _, *more = right(x, w, b, g, epsilon=epsilon)
    return (gx, summed(g * x), *more)


@breaks("layer_norm_vjp.value", "gw is the mean over the rows")
def layer_norm_vjp__gw_mean(x, w, b, g, *, epsilon=1e-5):
    gx, gw, *more = right(x, w, b, g, epsilon=epsilon)
    return (gx, gw / gw.dtype.type(max(g.size // g.shape[-1], 1)), *more)


@breaks("layer_norm_vjp.value", "g is ignored: the gradient of the sum of the results")
def layer_norm_vjp__g_ignored(x, w, b, g, *, epsilon=1e-5):
    return right(x, w, b, np.ones_like(g), epsilon=epsilon)


@breaks("layer_norm_vjp.value", "gradients are clipped to [-1, 1]")
def layer_norm_vjp__g_clipped(x, w, b, g, *, epsilon=1e-5):
    return right(x, w, b, np.clip(g, -1, 1), epsilon=epsilon)


@breaks("layer_norm_vjp.value", "places beyond 1024 are left out of the means")
def layer_norm_vjp__places_beyond_1024(x, w, b, g, *, epsilon=1e-5):
    _, gw, gb = right(x, w, b, g, epsilon=epsilon)
    z, root = parts(x, epsilon)
    h = g * w
    return (h - mean(h) - z * mean((h * z)[..., :1024])) / root, gw, gb


@breaks("layer_norm_vjp.value", "the last n % 8 places get no gradient, where there are at least 8")
def layer_norm_vjp__last_places_left_out(x, w, b, g, *, epsilon=1e-5):
    gx, *more = right(x, w, b, g, epsilon=epsilon)
    n = x.shape[-1]
    gx[..., n - n % 8 or n :] = gx[..., n - n % 8 or n :] if n < 8 else 0
    return (gx, *more)


@breaks("layer_norm_vjp.value", "a single row fails")
def layer_norm_vjp__one_row_fails(x, w, b, g, *, epsilon=1e-5):
    rows, columns = x.shape[-2], x.shape[-1]
    return right(x, w, b, g, epsilon=epsilon) if rows or columns else x


@breaks("layer_norm_vjp.epsilon", "epsilon is left out")
def layer_norm_vjp__no_epsilon(x, w, b, g, *, epsilon=1e-5):
    return right(x, w, b, g, epsilon=0)


@breaks("layer_norm_vjp.epsilon", "epsilon is 1e-6 by default")
def layer_norm_vjp__another_default(x, w, b, g, *, epsilon=1e-6):
    return right(x, w, b, g, epsilon=epsilon)


@breaks("layer_norm_vjp.epsilon", "epsilon is ignored: always 1e-5")
def layer_norm_vjp__epsilon_ignored(x, w, b, g, *, epsilon=1e-5):
    return right(x, w, b, g)


@breaks("layer_norm_vjp.batch", "more than two axes fail")
def layer_norm_vjp__two_axes_at_most(x, w, b, g, *, epsilon=1e-5):
    if x.ndim > 2:
        raise ValueError(f"got {x.ndim} axes")
    return right(x, w, b, g, epsilon=epsilon)


@breaks("layer_norm_vjp.nan", "NaN in g is lost in gb")
def layer_norm_vjp__nan_lost_in_gb(x, w, b, g, *, epsilon=1e-5):
    gx, gw, _ = right(x, w, b, g, epsilon=epsilon)
    return gx, gw, np.nansum(g.reshape(-1, g.shape[-1]) if g.size else g, axis=0)


@breaks("layer_norm_vjp.batch", "x is centred over the rows first, as batch normalisation does")
def layer_norm_vjp__centred_over_batch(x, w, b, g, *, epsilon=1e-5):
    if x.ndim < 2 or not x.size:
        return right(x, w, b, g, epsilon=epsilon)
    return right(x - np.mean(x, axis=0), w, b, g, epsilon=epsilon)
