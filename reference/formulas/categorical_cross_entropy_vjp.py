"""The gradient of categorical cross-entropy, towards the probabilities."""

from ..arguments import Array, Namespace, Result, for_each_class, labelled, rounded, wide
from ..declaration import formula
from ..hyperparameters import clip as checked_clip
from .categorical_cross_entropy import clipped, default_clip


@formula(
    "(..., n), (..., n), (...) -> (..., n)",
    domain=("weight", "probability", "real"),
    options={"clip": (None, (0.01, 0.9), (1e-30, 1.0), (1e-7, 1 - 1e-6))},
)
def categorical_cross_entropy_vjp(
    y: Array,
    p: Array,
    g: Array | float,
    /,
    *,
    axis: int = -1,
    clip: tuple[float, float] | None = None,
    xp: Namespace = None,
) -> Result:
    """Return ``gp_i = -g y_i / p_i``, and 0 where p is outside [lo, hi]: the vector-Jacobian product of the loss.

    Parameters
    ----------
    y : array
        Labels, one-hot or soft, taken as they are: of p's dtype, or bool or integer.
    p : array of y's shape
        Probabilities, taken as they are: never renormalised.
    g : array of p's shape without `axis`
        The gradient of each sample's loss.
    axis : int
        The axis of the classes, from either end.
    clip : (lo, hi), optional
        The ends that the loss clips p to, whose derivative is 1 on the closed interval and 0 outside. By default as
        in ``categorical_cross_entropy``.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of p's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, an axis that is no integer, a clip that is no pair.
    ValueError
        A shape that does not fit, an axis out of range or of length 0, a clip out of order.

    Notes
    -----
    Automatic differentiation of ``jax.numpy.clip`` gives half of this at both ends, of ``torch.clip`` 0 where p is NaN.

    References
    ----------
    Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> y, p = np.asarray([0.25, 0.75]), np.asarray([0.5, 0.5])
    >>> reference.categorical_cross_entropy_vjp(y, p, 1.0)
    array([-0.5, -1.5])
    """
    xp, dtype, y = labelled(xp, y, axis, p=p, g=g)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    y, p, g = wide(y, xp), wide(p, xp), wide(for_each_class(g, axis, xp, p=p), xp)
    gp = xp.where((p < lo) | (p > hi), xp.zeros_like(p), -g * y / clipped(p, lo, hi, xp))
    return rounded(gp, dtype, xp)
