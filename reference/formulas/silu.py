"""The sigmoid linear unit, also called swish."""

from ..arguments import Array, Namespace, Result, floating, rounded, wide
from ..declaration import formula
from ..special import sigmoid


@formula("(...) -> (...)")
def silu(x: Array, *, xp: Namespace = None) -> Result:
    """Return ``x / (1 + exp(-x))``.

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
    ``x * relu6(x + 3) / 6``, hard swish, is another formula.

    References
    ----------
    Elfwing, Uchibe and Doya 2018, doi:10.1016/j.neunet.2017.12.012; Ramachandran, Zoph and Le 2017, arXiv:1710.05941.

    Examples
    --------
    >>> reference.silu(np.asarray([0.0, 100.0]))
    array([  0., 100.])
    """
    xp, dtype = floating(xp, x=x)
    x = wide(x, xp)
    return rounded(x * sigmoid(x, xp), dtype, xp)
