"""Log-softmax: logits to logarithms of probabilities."""

from ..arguments import Array, Namespace, Result, class_axis, floating, rounded, wide
from ..declaration import formula


@formula("(..., n) -> (..., n)", domain=("logit",))
def log_softmax(x: Array, /, *, axis: int = -1, xp: Namespace = None) -> Result:
    """Return ``y_i = x_i - log(sum_j exp(x_j))`` along `axis`, with the maximum subtracted first.

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

    Notes
    -----
    ``log(softmax(x))`` is not this formula: it is -infinity where softmax underflows. ``x - logsumexp(x)`` loses
    what the offset of the logits rounds away.

    References
    ----------
    Blanchard, Higham and Higham 2021, doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> reference.log_softmax(np.asarray([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    xp, dtype = floating(xp, x=x)
    class_axis("x", x, axis)
    x = wide(x, xp)
    z = x - xp.max(x, axis=axis, keepdims=True)
    return rounded(z - xp.log(xp.sum(xp.exp(z), axis=axis, keepdims=True)), dtype, xp)
