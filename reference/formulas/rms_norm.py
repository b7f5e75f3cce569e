"""Normalisation by the root of the mean square."""

from ..arguments import Array, Namespace, Result, floating, normalised, rounded, wide
from ..declaration import formula
from ..hyperparameters import epsilon as checked_epsilon


@formula("(..., n), (n) -> (..., n)", half="once", options={"epsilon": (1e-6, 1e-3, 50.0, 1e-12)})
def rms_norm(x: Array, w: Array, *, epsilon: float = 1e-6, xp: Namespace = None) -> Result:
    """Return ``y_i = x_i / sqrt(mean_j x_j^2 + epsilon) w_i`` along the last axis.

    Parameters
    ----------
    x : array of shape (..., n)
        Rows; the leading axes are a batch.
    w : array of shape (n,)
        A weight for each place of a row, of x's dtype.
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
    ``torch.nn.functional.rms_norm`` has another default of epsilon, the machine epsilon of the dtype.

    References
    ----------
    Zhang and Sennrich 2019, arXiv:1910.07467.

    Examples
    --------
    >>> reference.rms_norm(np.asarray([2.0, -2.0]), np.asarray([1.0, 3.0]), epsilon=0.0)
    array([ 1., -3.])
    """
    xp, dtype = floating(xp, x=x, w=w)
    normalised(x, w=w)
    x, w = wide(x, xp), wide(w, xp)
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    return rounded(x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w, dtype, xp)
