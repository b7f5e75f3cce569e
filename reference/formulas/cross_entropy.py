"""Cross-entropy of logits as training calls it: with class weights, ignored labels, smoothing and a reduction."""

from typing import Any

from ..arguments import (
    Array,
    Namespace,
    Result,
    class_axis,
    class_numbers,
    describe,
    dtype_name,
    floating,
    rounded,
    same_shape,
    shape,
    wanted_shape,
    wide,
)
from ..declaration import formula
from ..hyperparameters import integer, number
from ..libraries import refuse_strangers
from .log_softmax import log_softmax
from .sparse_categorical_cross_entropy_from_logits_vjp import is_label

REDUCTIONS = "mean", "sum", "none"


@formula(
    "(...), (..., n), (n) -> ()",
    domain=("index", "logit", "nonnegative"),
    options={"ignore_index": (-100, 0, -1), "label_smoothing": (0.0, 0.9), "reduction": ("mean", "sum")},
)
def cross_entropy(
    labels: Array,
    x: Array,
    /,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    xp: Namespace = None,
) -> Result:
    """Return ``-sum_c t_c log_softmax(x)_c``, where t is what the label, the weights and the smoothing make.

    Parameters
    ----------
    labels : array of integers of shape (...), or of x's dtype and shape
        The number of each sample's class, or the weight of each class (soft labels).
    x : array of shape (..., n)
        Logits.
    weight : array of shape (n,), optional
        The weight of each class, of x's dtype.
    ignore_index : int
        Samples with this label count nothing; soft labels are never ignored.
    label_smoothing : float
        The part of each label, from 0 to 1, that is spread over all classes.
    reduction : 'mean', 'sum' or 'none'
        The mean is the sum over the weights of the labels that are not ignored; of soft labels, over the samples.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array without axes, or of shape (...) with 'none'

    Raises
    ------
    TypeError
        Labels that are neither integers nor of x's dtype, an x or weight that is not real floating, or an
        `ignore_index` that is no integer.
    ValueError
        A shape that does not fit, a smoothing that is not from 0 to 1, another reduction, or an `ignore_index` of
        more than 64 bits.
    IndexError
        A label that is no class and is not ignored, where labels can be read on the host.

    Notes
    -----
    The mean of nothing, where all labels are ignored, is 0 / 0, which is NaN, as in PyTorch. Keras's and optax's losses
    divide by the number of samples, whatever their weights.

    References
    ----------
    Szegedy and others 2016, arXiv:1512.00567 (label smoothing).

    Examples
    --------
    >>> labels, x = np.asarray([0, 1]), np.asarray([[0.0, 1000.0], [0.0, 1000.0]])  # losses 1000 and 0
    >>> reference.cross_entropy(labels, x), reference.cross_entropy(labels, x, np.asarray([3.0, 1.0]))
    (np.float64(500.0), np.float64(750.0))
    """
    xp, dtype = checked(labels, x, weight, ignore_index, label_smoothing, reduction, xp)
    t, counted = targets(labels, x, weight, ignore_index, label_smoothing, xp)
    logarithms = log_softmax(wide(x, xp), xp=xp)
    losses = -xp.sum(xp.where(t == 0, xp.zeros_like(t), t * logarithms), axis=-1)
    if reduction == "none":
        return rounded(losses, dtype, xp)
    total = xp.sum(losses)
    return rounded(total / xp.sum(counted) if reduction == "mean" else total, dtype, xp)


def checked(
    labels: Any,
    x: Any,
    weight: Any,
    ignore_index: Any,
    label_smoothing: Any,
    reduction: Any,
    xp: Namespace,
    **more: Any,
) -> tuple[Namespace, Any]:
    """Return the namespace and the dtype; raise TypeError or ValueError for what does not fit."""
    xp, dtype = floating(xp, x=x, **more, **({} if weight is None else {"weight": weight}))
    class_axis("x", x, -1)
    if weight is not None:
        wanted_shape("weight", weight, shape(x)[-1:], ", the classes of x")
    refuse_strangers(xp, labels=labels)
    own = getattr(labels, "dtype", None)
    if own is None or not hasattr(labels, "shape") or (own != dtype and not xp.isdtype(own, "integral")):
        raise no_labels(labels, x, dtype)
    if own == dtype:
        if len(shape(labels)) != len(shape(x)):
            raise no_labels(labels, x, dtype)
        same_shape(x=x, labels=labels)
    integer("ignore_index", ignore_index)
    smoothing = number("label_smoothing", label_smoothing)
    if isinstance(smoothing, float) and not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing: got {label_smoothing!r}; wanted 0 to 1")
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction: got {describe(reduction)}; wanted 'mean', 'sum' or 'none'")
    return xp, dtype


def no_labels(labels: Any, x: Any, dtype: Any) -> TypeError:
    """The error of what is no label."""
    soft = f"of dtype {dtype_name(dtype)} and shape {shape(x)}"
    return TypeError(f"labels: got {describe(labels)}; wanted an array of integers of shape {shape(x)[:-1]}, or {soft}")


def targets(
    labels: Array, x: Array, weight: Array | None, ignore_index: int, smoothing: Any, xp: Namespace
) -> tuple[Any, Any]:
    """The weight of each class in each sample's loss, and what each sample counts for in the mean."""
    x = wide(x, xp)
    ones = xp.ones_like(x)
    weights = ones if weight is None else xp.broadcast_to(wide(weight, xp), x.shape)
    nothing = xp.zeros_like(ones)
    if xp.isdtype(labels.dtype, "real floating"):
        y = wide(labels, xp)
        t = y * weights if is_none(smoothing) else (y * (1 - smoothing) + smoothing / x.shape[-1]) * weights
        return t, ones[..., 0]
    index = xp.astype(labels, xp.__array_namespace_info__().default_dtypes()["indexing"])
    known = index != ignore_index
    index = class_numbers(index * xp.astype(known, index.dtype), x, -1, xp)
    chosen = is_label(index, x, -1, xp) & xp.expand_dims(known, axis=-1)
    own = xp.where(chosen, weights, nothing)
    if is_none(smoothing):
        return own, xp.sum(own, axis=-1)
    spread = xp.where(xp.expand_dims(known, axis=-1), weights, nothing) * (smoothing / x.shape[-1])
    return own * (1 - smoothing) + spread, xp.sum(own, axis=-1)


def is_none(smoothing: Any) -> bool:
    """Whether there is no smoothing, so that a logit of -infinity counts nothing for the other labels."""
    return bool(smoothing == 0)
