"""The gradients of normalisation by the root of the mean square."""

from ..arguments import Array, Namespace, Result, floating, normalised, rounded, same_shape, wide
from ..declaration import formula
from ..hyperparameters import epsilon as checked_epsilon
from .dense_vjp import rows_of


@formula(
    "(..., n), (n), (..., n) -> (..., n), (n)",
    results=("gx", "gw"),
    half="once",
    products=False,
    options={"epsilon": (1e-6, 1e-3, 50.0, 1e-12)},
)
def rms_norm_vjp(x: Array, w: Array, g: Array, *, epsilon: float = 1e-6, xp: Namespace = None) -> tuple[Result, Result]:
    """Return ``gx = (h - z mean(h z)) / r`` and ``gw``, the sum of g z: r is the root, ``z = x / r``, ``h = g w``.

    Parameters
    ----------
    x : array of shape (..., n)
        Rows; the leading axes are a batch.
    w : array of shape (n,)
        A weight for each place of a row, of x's dtype.
    g : array of x's shape
        The gradient with respect to the result, of x's dtype.
    epsilon : float
        What is added inside the root: not negative.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    gx, gw : arrays of the shapes of x and w
        The gradients with respect to x and w; gw is summed over the batch.

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit, rows of length 0, or an epsilon that is negative.

    References
    ----------
    Zhang and Sennrich 2019, arXiv:1910.07467.

    Examples
    --------
    >>> x, w, g = np.asarray([2.0, 2.0]), np.asarray([1.0, 1.0]), np.asarray([4.0, 0.0])
    >>> reference.rms_norm_vjp(x, w, g, epsilon=0.0)
    (array([ 1., -1.]), array([4., 0.]))
    """
    xp, dtype = floating(xp, x=x, w=w, g=g)
    normalised(x, w=w)
    same_shape(x=x, g=g)
    x, w, g = wide(x, xp), wide(w, xp), wide(g, xp)
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    root = xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon)
    z, h = x / root, g * w
    gx = (h - z * xp.mean(h * z, axis=-1, keepdims=True)) / root
    return rounded(gx, dtype, xp), rounded(xp.sum(rows_of(g * z, xp), axis=0), dtype, xp)
