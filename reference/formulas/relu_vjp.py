"""The gradient of the rectified linear unit."""

from ..arguments import Array, Namespace, Result, arrays, floating, same_shape
from ..declaration import formula


@formula("(...), (...) -> (...)", half="once")
def relu_vjp(x: Array | float, g: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``g`` where x > 0, and 0 where x <= 0, whatever g is; where x is NaN, NaN.

    Parameters
    ----------
    x : array of any shape
        Where the derivative is taken.
    g : array of x's shape
        The gradient with respect to the result, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape
        The gradient with respect to x.

    Raises
    ------
    TypeError
        No array, a dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    Notes
    -----
    ``g * (x > 0)`` gives NaN in the place of 0 where x <= 0 and g is infinite or NaN.

    References
    ----------
    Glorot, Bordes and Bengio 2011, AISTATS, 315-323; derivative 0 at 0: Bertoin et al. 2021, arXiv:2106.12915.

    Examples
    --------
    >>> reference.relu_vjp(np.asarray([-1.0, 0.0, 2.0]), np.asarray([5.0, 5.0, 5.0]))
    array([0., 0., 5.])
    """
    xp, _ = floating(xp, x=x, g=g)
    same_shape(x=x, g=g)
    x, g = arrays(xp, x, g)
    return xp.where(x > 0, g, xp.where(x <= 0, xp.zeros_like(g), x))
