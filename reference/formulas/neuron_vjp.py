"""The gradients of the neuron."""

import math

from ..arguments import Array, Namespace, Result, arrays, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula


@formula("(..., n?), (n?), (), (...) -> (..., n?), (n?), ()", results=("gx", "gw", "gb"), half="once")
def neuron_vjp(
    x: Array | float, w: Array | float, b: Array | float, g: Array | float, *, xp: Namespace = None
) -> tuple[Result, Result, Result]:
    """Return ``gx = g w``, ``gw``, the sum of g x, and ``gb``, the sum of g; the sums are over the batch.

    Parameters
    ----------
    x : array of shape (..., n), or without axes
        Inputs; the leading axes are a batch.
    w : array of shape (n,), or without axes where x is
        Weights, of x's dtype.
    b : array without axes
        Bias, of x's dtype; no gradient depends on it.
    g : array of shape (...)
        The gradient with respect to the result, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    gx, gw, gb : arrays of the shapes of x, w and b
        The gradients with respect to x, w and b.

    Raises
    ------
    TypeError
        No array, a dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0.

    Examples
    --------
    >>> gx, gw, gb = reference.neuron_vjp(np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0]), 5.0, 2.0)
    >>> gx, gw, gb
    (array([6., 8.]), array([2., 4.]), np.float64(2.0))
    """
    xp, dtype = floating(xp, x=x, w=w, b=b, g=g)
    wanted_shape("b", b, ())
    wanted_shape("w", w, shape(x)[-1:], ", the last axis of x")
    wanted_shape("g", g, shape(x)[:-1], ", that of the result")
    x, w, g = (wide(each, xp) for each in arrays(xp, x, w, g, b)[:3])
    if shape(x) == ():
        gx, gw = g * w, g * x
    else:
        rows = math.prod(shape(g))
        gx, gw = xp.expand_dims(g, axis=-1) * w, xp.matmul(xp.reshape(g, (rows,)), xp.reshape(x, (rows, shape(x)[-1])))
    return rounded(gx, dtype, xp), rounded(gw, dtype, xp), rounded(xp.sum(g), dtype, xp)
