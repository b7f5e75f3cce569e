"""Rows of a table, by their number."""

import math

from ..arguments import Array, Namespace, Result, floating, indices, shape, table_of
from ..declaration import formula


@formula("(n, m), (...) -> (..., m)", domain=("real", "index"), half="once")
def embedding(table: Array, labels: Array, *, xp: Namespace = None) -> Result:
    """Return ``table[labels]``: the row of the table that each label names.

    Parameters
    ----------
    table : array of shape (n, m)
        A row for each label.
    labels : array of integers
        Each from 0 to n - 1.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of shape (..., m)

    Raises
    ------
    TypeError
        A dtype that is not real floating, or labels that are no integers.
    ValueError
        A table that is no matrix.
    IndexError
        A label that is no row, where labels can be read.

    Notes
    -----
    ``torch.nn.functional.embedding`` takes the labels first.

    References
    ----------
    Bengio, Ducharme, Vincent and Jauvin 2003, Journal of Machine Learning Research 3, 1137-1155.

    Examples
    --------
    >>> reference.embedding(np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([1, 0, 1])).tolist()
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """
    xp, _ = floating(xp, table=table)
    count, columns = table_of(table)
    index = indices(labels, count, xp)
    rows = xp.take(table, xp.reshape(index, (math.prod(shape(labels)),)), axis=0)
    return xp.reshape(rows, (*shape(labels), columns))
