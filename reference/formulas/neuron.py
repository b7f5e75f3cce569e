"""The neuron: a weighted sum of the inputs, plus a bias."""

from ..arguments import Array, Namespace, Result, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula


@formula("(..., n?), (n?), () -> (...)", half="once")
def neuron(x: Array | float, w: Array | float, b: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``y = sum_i x_i w_i + b``.

    Parameters
    ----------
    x : array of shape (..., n), or without axes
        Inputs; the leading axes are a batch.
    w : array of shape (n,), or without axes where x is
        Weights, of x's dtype.
    b : array without axes
        Bias, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of shape (...)

    Raises
    ------
    TypeError
        No array, a dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Rosenblatt 1958, doi:10.1037/h0042519.

    Examples
    --------
    >>> reference.neuron(np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0]), np.asarray(5.0))
    np.float64(16.0)
    """
    xp, dtype = floating(xp, x=x, w=w, b=b)
    wanted_shape("b", b, ())
    wanted_shape("w", w, shape(x)[-1:], ", the last axis of x")
    x, w, b = wide(x, xp), wide(w, xp), wide(b, xp)
    return rounded((x * w if shape(x) == () else xp.matmul(x, w)) + b, dtype, xp)
