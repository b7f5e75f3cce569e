"""The Gaussian error linear unit, approximated by the hyperbolic tangent."""

from ..arguments import Array, Namespace, Result, floating, rounded, wide
from ..declaration import formula
from ..special import constant


@formula("(...) -> (...)")
def gelu_tanh(x: Array, *, xp: Namespace = None) -> Result:
    """Return ``x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))``.

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
    It is off from `gelu`, which has erf, by up to 0.0005.

    References
    ----------
    Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Examples
    --------
    >>> reference.gelu_tanh(np.asarray([0.0, 100.0]))
    array([  0., 100.])
    """
    xp, dtype = floating(xp, x=x)
    x = wide(x, xp)
    u = constant("sqrt(2/pi)", x) * (x + constant("0.044715", x) * (x * x * x))
    return rounded(0.5 * x * (1 + xp.tanh(u)), dtype, xp)
