"""The gradient of categorical cross-entropy of integer labels, towards the logits."""

from ..arguments import (
    Array,
    Namespace,
    Result,
    class_axis,
    class_numbers,
    floating,
    for_each_class,
    rounded,
    wide,
)
from ..declaration import formula
from .softmax import softmax


@formula("(...), (..., n), (...) -> (..., n)", domain=("index", "logit", "real"))
def sparse_categorical_cross_entropy_from_logits_vjp(
    labels: Array, x: Array, g: Array | float, /, *, axis: int = -1, xp: Namespace = None
) -> Result:
    """Return ``gx_i = g (softmax(x)_i - [i = label])`` along `axis`, the vector-Jacobian product of the loss.

    Parameters
    ----------
    labels : array of integers, of x's shape without `axis`
        The number of each sample's class, from 0.
    x : array with at least one axis
        Logits.
    g : array of labels' shape
        The gradient of each sample's loss.
    axis : int
        The axis of the classes, from either end.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        Labels that are no integers, an x or g that is not real floating, or an axis that is no integer.
    ValueError
        A shape that does not fit, or an axis out of range or of length 0.
    IndexError
        A label that is no class, where labels are on the host: neither under tracing nor on an accelerator.

    Notes
    -----
    ``torch.nn.functional.cross_entropy`` has this over the number of samples by default, and 0 for label -100.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28.

    Examples
    --------
    >>> labels, x = np.asarray([1]), np.asarray([[7.0, 7.0]])
    >>> reference.sparse_categorical_cross_entropy_from_logits_vjp(labels, x, np.asarray([1.0]))
    array([[ 0.5, -0.5]])
    """
    xp, dtype = floating(xp, x=x, g=g)
    class_axis("x", x, axis)
    index = class_numbers(labels, x, axis, xp)
    g, p = wide(for_each_class(g, axis, xp, x=x), xp), softmax(wide(x, xp), axis=axis, xp=xp)
    return rounded(g * xp.where(is_label(index, x, axis, xp), p - 1, p), dtype, xp)


def is_label(index: Array, x: Array, axis: int, xp: Namespace) -> Result:
    """Return for each element of x whether its class is the one that `index` names."""
    device = getattr(index, "device", None)  # traced, JAX's arrays have none
    classes = xp.arange(x.shape[axis], dtype=index.dtype, device=device)
    axes_behind = x.ndim - 1 - axis % x.ndim
    return xp.expand_dims(index, axis=axis) == classes[(..., *axes_behind * (None,))]
