"""The rectified linear unit."""

from ..arguments import Array, Namespace, Result, floating
from ..declaration import formula


@formula("(...) -> (...)", half="once")
def relu(x: Array, *, xp: Namespace = None) -> Result:
    """Return ``max(0, x)``; NaN stays NaN, and the derivative at 0 is 0.

    Parameters
    ----------
    x : array of any shape
    xp : namespace, optional
        The array's Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating.

    Notes
    -----
    ``where(x > 0, x, 0)`` is not this formula: it turns NaN into 0.

    References
    ----------
    Fukushima 1969, doi:10.1109/TSSC.1969.300225.

    Examples
    --------
    >>> reference.relu(np.asarray([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    xp, _ = floating(xp, x=x)
    return xp.where(x <= 0, xp.zeros_like(x), x)
