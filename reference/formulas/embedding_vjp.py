"""The gradient of rows of a table."""

import math

from ..arguments import Array, Namespace, Result, floating, indices, rounded, shape, table_of, wanted_shape, wide
from ..declaration import formula


@formula("(n, m), (...), (..., m) -> (n, m)", domain=("real", "index", "real"), half="once")
def embedding_vjp(table: Array, labels: Array, g: Array, *, xp: Namespace = None) -> Result:
    """Return for each row of the table the sum of g over its labels, in any order; no label gives 0.

    Parameters
    ----------
    table : array of shape (n, m)
        Of which only the shape counts.
    labels : array of integers
        Each from 0 to n - 1.
    g : array of shape (..., m)
        The gradient with respect to the result, of the table's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of the table's shape
        The gradient with respect to the table.

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, or labels that are no integers.
    ValueError
        A shape that does not fit.
    IndexError
        A label that is no row, where labels can be read.

    Notes
    -----
    It needs memory for each pair of a label and a row of the table; the backends' own need none.

    References
    ----------
    Bengio, Ducharme, Vincent and Jauvin 2003, Journal of Machine Learning Research 3, 1137-1155.

    Examples
    --------
    >>> table, g = np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([[1.0, 2.0], [10.0, 20.0]])
    >>> reference.embedding_vjp(table, np.asarray([1, 1]), g).tolist()
    [[0.0, 0.0], [11.0, 22.0]]
    """
    xp, dtype = floating(xp, table=table, g=g)
    count, columns = table_of(table)
    index, size = indices(labels, count, xp), math.prod(shape(labels))
    wanted_shape("g", g, (*shape(labels), columns), ", that of the result")
    g = xp.reshape(wide(g, xp), (size, 1, columns))
    index = xp.reshape(index, (size, 1, 1))
    chosen = index == xp.reshape(xp.arange(count, dtype=index.dtype), (1, count, 1))
    return rounded(xp.sum(xp.where(chosen, g, xp.zeros_like(g)), axis=0), dtype, xp)
