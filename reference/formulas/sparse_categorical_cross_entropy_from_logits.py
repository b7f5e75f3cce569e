"""Categorical cross-entropy of integer labels and logits, for each sample."""

from ..arguments import Array, Namespace, Result, class_axis, class_numbers, floating, rounded, wide
from ..declaration import formula
from .log_softmax import log_softmax


@formula("(...), (..., n) -> (...)", domain=("index", "logit"))
def sparse_categorical_cross_entropy_from_logits(
    labels: Array, x: Array, /, *, axis: int = -1, xp: Namespace = None
) -> Result:
    """Return ``-log_softmax(x)_label`` along `axis`: one loss a sample, no mean and no clip.

    Parameters
    ----------
    labels : array of integers, of x's shape without `axis`
        The number of the right class, from 0 on. None is ignored, and none counts from the end.
    x : array with at least one axis
        Logits.
    axis : int
        The axis of the classes, from either end.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of labels' shape

    Raises
    ------
    TypeError
        Labels that are no integers, an x that is not real floating, or an axis that is no integer.
    ValueError
        A shape that does not fit, or an axis out of range or of length 0.
    IndexError
        A label that is no class, where labels are on the host: neither under tracing nor on an accelerator.

    Notes
    -----
    ``optax.softmax_cross_entropy_with_integer_labels`` is log-sum-exp minus logit, which loses what the offset of the
    logits rounds away. ``torch.nn.functional.cross_entropy`` is a mean by default, and ignores label -100.

    References
    ----------
    Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> reference.sparse_categorical_cross_entropy_from_logits(np.asarray([1]), np.asarray([[1000.0, 0.0]]))
    array([1000.])
    """
    xp, dtype = floating(xp, x=x)
    class_axis("x", x, axis)
    index = xp.expand_dims(class_numbers(labels, x, axis, xp), axis=axis)
    losses = -xp.take_along_axis(log_softmax(wide(x, xp), axis=axis, xp=xp), index, axis=axis)
    return rounded(xp.squeeze(losses, axis=axis), dtype, xp)
