"""The dense layer: a row of neurons over the same inputs."""

from ..arguments import Array, Namespace, Result, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula


@formula("(..., n), (n, m), (m) -> (..., m)", half="once")
def dense(x: Array, w: Array, b: Array, *, xp: Namespace = None) -> Result:
    """Return ``y_j = sum_i x_i w_ij + b_j``.

    Parameters
    ----------
    x : array of shape (..., n)
        Inputs; the leading axes are a batch.
    w : array of shape (n, m)
        Weights, of x's dtype: a column for each neuron.
    b : array of shape (m,)
        Biases, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of shape (..., m)

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    Notes
    -----
    ``torch.nn.functional.linear`` takes the transposed weights, of shape (m, n).

    References
    ----------
    Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0.

    Examples
    --------
    >>> reference.dense(np.asarray([1.0, 2.0]), np.asarray([[1.0, 2.0], [3.0, 4.0]]), np.asarray([10.0, 20.0]))
    array([17., 30.])
    """
    xp, dtype = floating(xp, x=x, w=w, b=b)
    if len(shape(x)) == 0 or len(shape(w)) != 2:
        raise ValueError(f"x, w: got shapes {shape(x)} and {shape(w)}; wanted (..., n) and (n, m)")
    wanted_shape("w", w, (shape(x)[-1], shape(w)[1]), ", the last axis of x first")
    wanted_shape("b", b, (shape(w)[1],), ", the last axis of w")
    return rounded(xp.matmul(wide(x, xp), wide(w, xp)) + wide(b, xp), dtype, xp)
