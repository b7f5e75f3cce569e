"""Categorical cross-entropy of labels and logits, for each sample."""

from ..arguments import Array, Namespace, Result, labelled, rounded, wide
from ..declaration import formula
from .log_softmax import log_softmax


@formula("(..., n), (..., n) -> (...)", domain=("weight", "logit"))
def categorical_cross_entropy_from_logits(y: Array, x: Array, /, *, axis: int = -1, xp: Namespace = None) -> Result:
    """Return ``-sum_i y_i log_softmax(x)_i`` along `axis`: one loss a sample, no mean and no clip.

    Parameters
    ----------
    y : array
        Labels, one-hot or soft, taken as they are: of x's dtype, or bool or integer.
    x : array of y's shape
        Logits. One of -infinity counts nothing where its label is 0.
    axis : int
        The axis of the classes, from either end.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape without `axis`

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, or an axis that is no integer.
    ValueError
        A shape that does not fit, or an axis out of range or of length 0.

    Notes
    -----
    ``torch.nn.functional.cross_entropy`` is the mean over the samples, unless it is asked for ``reduction='none'``.

    References
    ----------
    Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> reference.categorical_cross_entropy_from_logits(np.asarray([0, 1]), np.asarray([1000.0, 0.0]))
    np.float64(1000.0)
    """
    xp, dtype, y = labelled(xp, y, axis, x=x)
    y, x = wide(y, xp), wide(x, xp)
    terms = xp.where(y == 0, xp.zeros_like(y), y * log_softmax(x, axis=axis, xp=xp))  # type: ignore[comparison-overlap]
    return rounded(-xp.sum(terms, axis=axis), dtype, xp)
