"""The gradient of cross-entropy with class weights, ignored labels, smoothing and a reduction, towards the logits."""

from ..arguments import Array, Namespace, Result, rounded, shape, wanted_shape, wide
from ..declaration import formula
from .cross_entropy import checked, targets
from .softmax import softmax


@formula(
    "(...), (..., n), (), (n) -> (..., n)",
    domain=("index", "logit", "real", "nonnegative"),
    options={"ignore_index": (-100, 0, -1), "label_smoothing": (0.0, 0.9), "reduction": ("mean", "sum")},
)
def cross_entropy_vjp(
    labels: Array,
    x: Array,
    g: Array | float,
    /,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    xp: Namespace = None,
) -> Result:
    """Return ``gx_c = s (softmax(x)_c sum_c t_c - t_c)``, where s is g, over the sum of the weights with 'mean'.

    Parameters
    ----------
    labels, x, weight, ignore_index, label_smoothing, reduction
        As of `cross_entropy`.
    g : array without axes, or of shape (...) with 'none'
        The gradient towards the loss, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError, ValueError, IndexError
        As `cross_entropy`, and for a g that does not fit.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28.

    Examples
    --------
    >>> labels, x = np.asarray([0, 1]), np.asarray([[7.0, 7.0], [7.0, 7.0]])
    >>> reference.cross_entropy_vjp(labels, x, 1.0).tolist()
    [[-0.25, 0.25], [0.25, -0.25]]
    """
    xp, dtype = checked(labels, x, weight, ignore_index, label_smoothing, reduction, xp, g=g)
    wanted_shape("g", g, shape(x)[:-1] if reduction == "none" else (), f", that of the loss with {reduction!r}")
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing, xp)
    s = wide(g, xp)
    if reduction == "mean":
        s = s / xp.sum(counted)
    elif reduction == "none" and hasattr(s, "shape"):
        s = xp.expand_dims(s, axis=-1)
    p = softmax(wide(x, xp), xp=xp)
    return rounded(s * (p * xp.sum(t, axis=-1, keepdims=True) - t), dtype, xp)
