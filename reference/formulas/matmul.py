"""Products of matrices, in batches that are broadcast."""

from ..arguments import Array, Namespace, Result, floating, of_products, rounded, wide
from ..declaration import formula


@formula("(..., n, k), (..., k, m) -> (..., n, m)", half="once")
def matmul(a: Array, b: Array, *, xp: Namespace = None) -> Result:
    """Return ``y_ij = sum_l a_il b_lj``.

    Parameters
    ----------
    a : array of shape (..., n, k)
        Matrices; the leading axes are a batch.
    b : array of shape (..., k, m)
        Matrices, of a's dtype, whose batch is broadcast with that of a.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of shape (..., n, m)

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    Notes
    -----
    Arrays of one axis are refused, since libraries do not agree on their batches.

    References
    ----------
    Higham 2002, doi:10.1137/1.9780898718027.

    Examples
    --------
    >>> reference.matmul(np.asarray([[1.0, 2.0]]), np.asarray([[3.0], [4.0]]))
    array([[11.]])
    """
    xp, dtype = floating(xp, a=a, b=b)
    of_products(a, b)
    return rounded(xp.matmul(wide(a, xp), wide(b, xp)), dtype, xp)
