"""The gradients of normalisation to mean 0 and variance 1."""

from ..arguments import Array, Namespace, Result, floating, normalised, rounded, same_shape, wide
from ..declaration import formula
from ..hyperparameters import epsilon as checked_epsilon
from .dense_vjp import rows_of


@formula(
    "(..., n), (n), (n), (..., n) -> (..., n), (n), (n)",
    results=("gx", "gw", "gb"),
    half="once",
    products=False,
    options={"epsilon": (1e-5, 1e-3, 50.0, 1e-12)},
)
def layer_norm_vjp(
    x: Array, w: Array, b: Array, g: Array, *, epsilon: float = 1e-5, xp: Namespace = None
) -> tuple[Result, Result, Result]:
    """Return ``gx = (h - mean(h) - z mean(h z)) / r``, the sum of g z, and that of g: ``z = (x - m) / r``, ``h = g w``.

    Parameters
    ----------
    x : array of shape (..., n)
        Rows; the leading axes are a batch.
    w : array of shape (n,)
        A weight for each place of a row, of x's dtype.
    b : array of shape (n,)
        What is added at each place of a row, of x's dtype.
    g : array of x's shape
        The gradient with respect to the result, of x's dtype.
    epsilon : float
        What is added inside the root: not negative.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    gx, gw, gb : arrays of the shapes of x, w and b
        The gradients with respect to x, w and b; gw and gb are summed over the batch.

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit, rows of length 0, or an epsilon that is negative.

    References
    ----------
    Ba, Kiros and Hinton 2016, arXiv:1607.06450.

    Examples
    --------
    >>> x, w, b = np.asarray([1.0, 1.0, -1.0, -1.0]), np.asarray([1.0] * 4), np.asarray([0.0] * 4)
    >>> gx, gw, gb = reference.layer_norm_vjp(x, w, b, np.asarray([4.0, 0.0, 0.0, 0.0]), epsilon=0.0)
    >>> gx
    array([ 2., -2.,  0.,  0.])
    """
    xp, dtype = floating(xp, x=x, w=w, b=b, g=g)
    normalised(x, w=w, b=b)
    same_shape(x=x, g=g)
    x, w, g = wide(x, xp), wide(w, xp), wide(g, xp)
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    d = x - xp.mean(x, axis=-1, keepdims=True)
    root = xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)
    z, h = d / root, g * w
    gx = (h - xp.mean(h, axis=-1, keepdims=True) - z * xp.mean(h * z, axis=-1, keepdims=True)) / root
    gw, gb = xp.sum(rows_of(g * z, xp), axis=0), xp.sum(rows_of(g, xp), axis=0)
    return rounded(gx, dtype, xp), rounded(gw, dtype, xp), rounded(gb, dtype, xp)
