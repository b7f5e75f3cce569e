"""Categorical cross-entropy of labels and probabilities, for each sample."""

from ..arguments import Array, DType, Namespace, Result, labelled, rounded, wide
from ..declaration import formula
from ..hyperparameters import clip as checked_clip


@formula(
    "(..., n), (..., n) -> (...)",
    domain=("weight", "probability"),
    options={"clip": (None, (0.01, 0.9), (1e-30, 1.0), (1e-7, 1 - 1e-6))},
)
def categorical_cross_entropy(
    y: Array, p: Array, /, *, axis: int = -1, clip: tuple[float, float] | None = None, xp: Namespace = None
) -> Result:
    """Return ``-sum_i y_i log(min(max(p_i, lo), hi))`` along `axis`: one loss a sample, no mean.

    Parameters
    ----------
    y : array
        Labels, one-hot or soft, taken as they are: of p's dtype, or bool or integer.
    p : array of y's shape
        Probabilities, taken as they are: never renormalised.
    axis : int
        The axis of the classes, from either end.
    clip : (lo, hi), optional
        The ends that p is clipped to: 0 < lo < hi <= 1. By default (1e-15, 1 - 1e-15) in float64, (1e-15, 1)
        in float32 and bfloat16, (2^-14, 1) in float16.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of p's shape without `axis`

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, an axis that is no integer, a clip that is no pair.
    ValueError
        A shape that does not fit, an axis out of range or of length 0, a clip out of order.

    Notes
    -----
    Keras' ``categorical_crossentropy`` renormalises p and clips at 1e-7; scikit-learn's ``log_loss`` is the mean.

    References
    ----------
    Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> reference.categorical_cross_entropy(np.asarray([0, 1]), np.asarray([0.5, 0.5])).round(4)  # log 2
    np.float64(0.6931)
    """
    xp, dtype, y = labelled(xp, y, axis, p=p)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    y, p = wide(y, xp), wide(p, xp)
    return rounded(-xp.sum(y * xp.log(clipped(p, lo, hi, xp)), axis=axis), dtype, xp)


def clipped(p: Array, lo: float, hi: float, xp: Namespace) -> Result:
    """Move p into [lo, hi]; its derivative is 1 at both ends, of which ``clip`` has half in JAX."""
    return xp.where(p < lo, lo, xp.where(p > hi, hi, p))


def default_clip(xp: Namespace, dtype: DType) -> tuple[float, float]:
    """Return the ends that p is clipped to: 1e-15 is 0 in float16, and 1 - 1e-15 is 1 below float64."""
    if dtype == xp.float64:
        return 1e-15, 1 - 1e-15
    return (1e-15, 1.0) if xp.finfo(dtype).smallest_normal < 1e-15 else (2.0**-14, 1.0)
