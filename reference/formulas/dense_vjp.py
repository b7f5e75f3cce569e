"""The gradients of the dense layer."""

import math
from typing import Any

from ..arguments import Array, Namespace, Result, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula


@formula("(..., n), (n, m), (m), (..., m) -> (..., n), (n, m), (m)", results=("gx", "gw", "gb"), half="once")
def dense_vjp(x: Array, w: Array, b: Array, g: Array, *, xp: Namespace = None) -> tuple[Result, Result, Result]:
    """Return ``gx = g w^T``, ``gw = x^T g`` and ``gb``, the sum of g; gw and gb are summed over the batch.

    Parameters
    ----------
    x : array of shape (..., n)
        Inputs; the leading axes are a batch.
    w : array of shape (n, m)
        Weights, of x's dtype: a column for each neuron.
    b : array of shape (m,)
        Biases, of x's dtype; no gradient depends on them.
    g : array of shape (..., m)
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
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    Notes
    -----
    ``torch.nn.functional.linear`` takes the transposed weights, of shape (m, n), and so is their gradient.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0.

    Examples
    --------
    >>> x, w, b = np.asarray([1.0, 2.0]), np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([10.0, 20.0])
    >>> [each.tolist() for each in reference.dense_vjp(x, w, b, np.asarray([1.0, 0.0]))]
    [[1.0, 3.0], [[1.0, 0.0], [2.0, 0.0]], [1.0, 0.0]]
    """
    xp, dtype = floating(xp, x=x, w=w, b=b, g=g)
    if len(shape(x)) == 0 or len(shape(w)) != 2:
        raise ValueError(f"x, w: got shapes {shape(x)} and {shape(w)}; wanted (..., n) and (n, m)")
    (*batch, n), m = shape(x), shape(w)[1]
    wanted_shape("w", w, (n, m), ", the last axis of x first")
    wanted_shape("b", b, (m,), ", the last axis of w")
    wanted_shape("g", g, (*batch, m), ", that of the result")
    x, w, g = wide(x, xp), wide(w, xp), wide(g, xp)
    rows, g_rows = rows_of(x, xp), rows_of(g, xp)
    gx, gw = xp.matmul(g, xp.matrix_transpose(w)), xp.matmul(xp.matrix_transpose(rows), g_rows)
    return rounded(gx, dtype, xp), rounded(gw, dtype, xp), rounded(xp.sum(g_rows, axis=0), dtype, xp)


def rows_of(x: Any, xp: Namespace) -> Any:
    """An array with the axes of its batch made one."""
    return xp.reshape(x, (math.prod(shape(x)[:-1]), shape(x)[-1]))
