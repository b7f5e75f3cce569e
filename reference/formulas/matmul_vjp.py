"""The gradients of products of matrices."""

import math
from typing import Any

from ..arguments import Array, Namespace, Result, floating, of_products, rounded, shape, wanted_shape, wide
from ..declaration import formula


@formula("(..., n, k), (..., k, m), (..., n, m) -> (..., n, k), (..., k, m)", results=("ga", "gb"), half="once")
def matmul_vjp(a: Array, b: Array, g: Array, *, xp: Namespace = None) -> tuple[Result, Result]:
    """Return ``ga = g b^T`` and ``gb = a^T g``, added up over the matrices that one of a or of b was broadcast to.

    Parameters
    ----------
    a : array of shape (..., n, k)
        Matrices; the leading axes are a batch.
    b : array of shape (..., k, m)
        Matrices, of a's dtype, whose batch is broadcast with that of a.
    g : array of shape (..., n, m)
        The gradient with respect to the result, of a's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    ga, gb : arrays of the shapes of a and b
        The gradients with respect to a and b.

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Giles 2008, doi:10.1007/978-3-540-68942-3_4.

    Examples
    --------
    >>> a, b = np.asarray([[1.0, 2.0]]), np.asarray([[3.0], [4.0]])
    >>> [each.tolist() for each in reference.matmul_vjp(a, b, np.asarray([[1.0]]))]
    [[[3.0, 4.0]], [[1.0], [2.0]]]
    """
    xp, dtype = floating(xp, a=a, b=b, g=g)
    wanted_shape("g", g, of_products(a, b), ", that of the result")
    a, b, g = wide(a, xp), wide(b, xp), wide(g, xp)
    ga = summed(g, xp.matrix_transpose(b), shape(a), xp)
    gb = xp.matrix_transpose(summed(xp.matrix_transpose(g), a, (*shape(b)[:-2], *shape(b)[:-3:-1]), xp))
    return rounded(ga, dtype, xp), rounded(gb, dtype, xp)


def summed(x: Any, y: Any, wanted: tuple[Any, ...], xp: Namespace) -> Any:
    """The products of matrices, added up to a shape whose batch was broadcast: as one sum, whose order is free."""
    batch, (rows, length), columns = shape(x)[:-2], shape(x)[-2:], shape(y)[-1]
    own = (*[1] * (len(batch) + 2 - len(wanted)), *wanted[:-2])
    over = [place for place, size in enumerate(own) if size != batch[place]]
    if not over:
        return xp.reshape(xp.matmul(x, y), wanted)
    kept, last = [place for place in range(len(batch)) if place not in over], len(batch)
    sizes, count = [batch[place] for place in kept], length * math.prod(batch[place] for place in over)
    y = xp.broadcast_to(y, (*batch, length, columns))
    x = xp.reshape(xp.permute_dims(x, (*kept, last, *over, last + 1)), (*sizes, rows, count))
    y = xp.reshape(xp.permute_dims(y, (*kept, *over, last, last + 1)), (*sizes, count, columns))
    return xp.reshape(xp.matmul(x, y), wanted)
