"""Normalisation to mean 0 and variance 1."""

from ..arguments import Array, Namespace, Result, floating, normalised, rounded, wide
from ..declaration import formula
from ..hyperparameters import epsilon as checked_epsilon


@formula("(..., n), (n), (n) -> (..., n)", half="once", options={"epsilon": (1e-5, 1e-3, 50.0, 1e-12)})
def layer_norm(x: Array, w: Array, b: Array, *, epsilon: float = 1e-5, xp: Namespace = None) -> Result:
    """Return ``y_i = (x_i - m) / sqrt(mean_j (x_j - m)^2 + epsilon) w_i + b_i`` along the last axis, m being the mean.

    Parameters
    ----------
    x : array of shape (..., n)
        Rows; the leading axes are a batch.
    w : array of shape (n,)
        A weight for each place of a row, of x's dtype.
    b : array of shape (n,)
        What is added at each place of a row, of x's dtype.
    epsilon : float
        What is added inside the root: not negative.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit, rows of length 0, or an epsilon that is negative.

    Notes
    -----
    The variance is divided by n, not by n - 1, and taken of the deviations, in two passes.

    References
    ----------
    Ba, Kiros and Hinton 2016, arXiv:1607.06450; the passes: Chan, Golub and LeVeque 1983,
    doi:10.1080/00031305.1983.10483115.

    Examples
    --------
    >>> x, w, b = np.asarray([1.0, 3.0]), np.asarray([2.0, 2.0]), np.asarray([5.0, 5.0])
    >>> reference.layer_norm(x, w, b, epsilon=0.0)
    array([3., 7.])
    """
    xp, dtype = floating(xp, x=x, w=w, b=b)
    normalised(x, w=w, b=b)
    x, w, b = wide(x, xp), wide(w, xp), wide(b, xp)
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    d = x - xp.mean(x, axis=-1, keepdims=True)
    return rounded(d / xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon) * w + b, dtype, xp)
