"""The gated linear unit with the sigmoid linear unit as its gate."""

from ..arguments import Array, Namespace, Result, elementwise, rounded
from ..declaration import formula
from ..special import sigmoid


@formula("(...), (...) -> (...)")
def swiglu(a: Array | float, b: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``a / (1 + exp(-a)) * b``.

    Parameters
    ----------
    a : array of any shape
        The gate.
    b : array of a's shape
        What is gated, of a's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of a's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    Notes
    -----
    ``torch.nn.functional.glu`` has the sigmoid alone as its gate, and its halves the other way round.

    References
    ----------
    Shazeer 2020, arXiv:2002.05202.

    Examples
    --------
    >>> reference.swiglu(np.asarray([0.0, 100.0]), np.asarray([3.0, 3.0]))
    array([  0., 300.])
    """
    xp, dtype, (a, b) = elementwise(xp, a=a, b=b)
    return rounded(a * sigmoid(a, xp) * b, dtype, xp)
