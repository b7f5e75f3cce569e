"""The Gaussian error linear unit."""

from ..arguments import Array, Namespace, Result, floating, rounded, wide
from ..declaration import formula
from ..special import constant, erf


@formula("(...) -> (...)")
def gelu(x: Array, *, xp: Namespace = None) -> Result:
    """Return ``x Phi(x) = x / 2 (1 + erf(x / sqrt(2)))``, Phi being the normal distribution.

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
    The approximation by tanh is a formula of its own, `gelu_tanh`.

    References
    ----------
    Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Examples
    --------
    >>> reference.gelu(np.asarray([0.0, 100.0]))
    array([  0., 100.])
    """
    xp, dtype = floating(xp, x=x)
    x = wide(x, xp)
    return rounded(0.5 * x * (1 + erf(x * constant("sqrt(1/2)", x), xp)), dtype, xp)
