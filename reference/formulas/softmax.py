"""Softmax: logits to probabilities."""

from ..arguments import Array, Namespace, Result, class_axis, floating, rounded, wide
from ..declaration import formula


@formula("(..., n) -> (..., n)", domain=("logit",))
def softmax(x: Array, /, *, axis: int = -1, xp: Namespace = None) -> Result:
    """Return ``y_i = exp(x_i) / sum_j exp(x_j)`` along `axis`, with the maximum subtracted first.

    Parameters
    ----------
    x : array with at least one axis
        Logits.
    axis : int
        The axis of the classes, from either end.
    xp : namespace, optional
        The array's Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or an axis that is no integer.
    ValueError
        An axis out of range, or of length 0.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28; the shift: Blanchard, Higham and Higham 2021,
    doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> reference.softmax(np.asarray([7.0, 7.0]))
    array([0.5, 0.5])
    """
    xp, dtype = floating(xp, x=x)
    class_axis("x", x, axis)
    x = wide(x, xp)
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return rounded(e / xp.sum(e, axis=axis, keepdims=True), dtype, xp)
