"""The gradient of the Gaussian error linear unit."""

from ..arguments import Array, Namespace, Result, elementwise, rounded
from ..declaration import formula
from ..special import constant, erf


@formula("(...), (...) -> (...)")
def gelu_vjp(x: Array | float, g: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``g (Phi(x) + x phi(x))``, the normal distribution and x times its density.

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
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Examples
    --------
    >>> reference.gelu_vjp(np.asarray([0.0, 100.0]), np.asarray([2.0, 2.0]))
    array([1., 2.])
    """
    xp, dtype, (x, g) = elementwise(xp, x=x, g=g)
    density = constant("1/sqrt(2 pi)", x) * xp.exp(-0.5 * x * x)
    return rounded(g * (0.5 * (1 + erf(x * constant("sqrt(1/2)", x), xp)) + x * density), dtype, xp)
