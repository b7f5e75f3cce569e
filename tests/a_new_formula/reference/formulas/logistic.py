"""The logistic function."""

from ..arguments import Array, Namespace, floating, rounded, wide
from ..declaration import formula


@formula("(...) -> (...)")
def logistic(x: Array, /, *, xp: Namespace = None) -> Array:
    """Return ``y = 1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array
    xp : namespace, optional
        The array's Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating.

    References
    ----------
    Cramer 2002, doi:10.2139/ssrn.360300.
    """
    xp, dtype = floating(xp, x=x)
    return rounded(1 / (1 + xp.exp(-wide(x, xp))), dtype, xp)
