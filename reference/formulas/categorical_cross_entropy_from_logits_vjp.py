"""The gradient of categorical cross-entropy from logits, towards the logits."""

from ..arguments import Array, Namespace, Result, for_each_class, labelled, rounded, wide
from ..declaration import formula
from .softmax import softmax


@formula("(..., n), (..., n), (...) -> (..., n)", domain=("weight", "logit", "real"))
def categorical_cross_entropy_from_logits_vjp(
    y: Array, x: Array, g: Array | float, /, *, axis: int = -1, xp: Namespace = None
) -> Result:
    """Return ``gx_i = g (softmax(x)_i sum_j y_j - y_i)`` along `axis`, the vector-Jacobian product of the loss.

    Parameters
    ----------
    y : array
        Labels, one-hot or soft, taken as they are: of x's dtype, or bool or integer.
    x : array of y's shape
        Logits. One of -infinity gets the gradient 0 where its label is 0.
    g : array of x's shape without `axis`
        The gradient of each sample's loss.
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
    ``softmax(x) - y``, as it is often written, is the same only where the labels of a sample add up to 1.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28.

    Examples
    --------
    >>> y, x = np.asarray([0, 1]), np.asarray([7.0, 7.0])
    >>> reference.categorical_cross_entropy_from_logits_vjp(y, x, 1.0)
    array([ 0.5, -0.5])
    """
    xp, dtype, y = labelled(xp, y, axis, x=x, g=g)
    y, x, g = wide(y, xp), wide(x, xp), wide(for_each_class(g, axis, xp, x=x), xp)
    weight = xp.sum(y, axis=axis, keepdims=True)
    return rounded(g * (softmax(x, axis=axis, xp=xp) * weight - y), dtype, xp)
