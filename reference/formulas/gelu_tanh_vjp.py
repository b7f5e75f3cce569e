"""The gradient of the approximated Gaussian error linear unit."""

from ..arguments import Array, Namespace, Result, elementwise, rounded
from ..declaration import formula
from ..special import constant


@formula("(...), (...) -> (...)")
def gelu_tanh_vjp(x: Array | float, g: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``g / 2 (1 + t + x (1 - t^2) u')`` with ``t = tanh(u)``, ``u = sqrt(2 / pi) (x + 0.044715 x^3)``.

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
    >>> reference.gelu_tanh_vjp(np.asarray([0.0, 100.0]), np.asarray([2.0, 2.0]))
    array([1., 2.])
    """
    xp, dtype, (x, g) = elementwise(xp, x=x, g=g)
    root, cubic = constant("sqrt(2/pi)", x), constant("0.044715", x)
    t = xp.tanh(root * (x + cubic * (x * x * x)))
    slope = root * (1 + 3 * cubic * (x * x))
    return rounded(g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope), dtype, xp)
