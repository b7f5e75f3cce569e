"""The gradient of log-softmax: from its result back to its logits."""

from ..arguments import Array, Namespace, Result, class_axis, floating, rounded, same_shape, wide
from ..declaration import formula
from .softmax import softmax


@formula("(..., n), (..., n) -> (..., n)", domain=("logit", "real"))
def log_softmax_vjp(x: Array, g: Array, /, *, axis: int = -1, xp: Namespace = None) -> Result:
    """Return ``gx_i = g_i - p_i sum_j g_j`` along `axis`, where p is ``softmax(x)``.

    Parameters
    ----------
    x : array with at least one axis
        Logits, not logarithms of probabilities.
    g : array of x's shape
        The gradient towards log-softmax's result.
    axis : int
        The axis of the classes, from either end.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, or an axis that is no integer.
    ValueError
        A shape that does not fit, or an axis out of range or of length 0.

    Notes
    -----
    ``g - p`` is this formula only where g adds up to 1, and ``p (g - sum_j g_j p_j)`` is the gradient of softmax.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28.

    Examples
    --------
    >>> reference.log_softmax_vjp(np.asarray([7.0, 7.0]), np.asarray([1.0, 0.0]))
    array([ 0.5, -0.5])
    """
    xp, dtype = floating(xp, x=x, g=g)
    same_shape(x=x, g=g)
    class_axis("x", x, axis)
    x, g = wide(x, xp), wide(g, xp)
    return rounded(g - softmax(x, axis=axis, xp=xp) * xp.sum(g, axis=axis, keepdims=True), dtype, xp)
