"""Scaled dot-product attention: each query's mean of the values, weighted by the softmax of its scores."""

import math
from typing import Any, NamedTuple

from ..arguments import Array, Namespace, Result, describe, dtype_name, floating, rounded, shape, wide
from ..declaration import formula
from ..hyperparameters import number

ALIGNMENTS = False, True, "upper_left", "lower_right"  # of the causal mask; True is the first of the two


@formula(
    "(..., l, d), (..., s, d), (..., s, e), (..., l, s) -> (..., l, e)",
    domain=("real", "real", "real", "mask"),
    options={"causal": (False, True, "lower_right", "upper_left"), "scale": (None, 0.5, 0.0, -12.0)},
)
def scaled_dot_product_attention(
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    *,
    causal: bool | str = False,
    scale: float | None = None,
    xp: Namespace = None,
) -> Result:
    """Return ``softmax(scale q k^T) v``, in which a query without any key gives 0.

    Parameters
    ----------
    q : array of shape (..., l, d)
        Queries; the leading axes are a batch, the last of which is that of the heads.
    k, v : arrays of shapes (..., s, d) and (..., s, e)
        Keys and values, of q's dtype and batch. They may have fewer heads than q, each for as many heads in a row.
    mask : array of bool, optional
        Broadcast to (..., l, s): whether a query sees a key.
    causal : bool, 'upper_left' or 'lower_right'
        Whether query i sees the keys up to i alone, or with 'lower_right' up to i + s - l; beside the mask.
    scale : float, optional
        What the scores are multiplied by; by default 1 / sqrt(d).
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of shape (..., l, e)

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, a mask that is not of bool, or a scale that is no number.
    ValueError
        A shape that does not fit, or another `causal`.

    Notes
    -----
    A mask is True where a key takes part, as in PyTorch's function; ``torch.nn.MultiheadAttention`` has it the other
    way round. ``flash_attn`` aligns a causal mask to the lower right, PyTorch's ``is_causal`` to the upper left.

    References
    ----------
    Vaswani and others 2017, arXiv:1706.03762.

    Examples
    --------
    >>> q, k, v = (np.asarray(rows) for rows in ([[0.0]], [[1.0], [2.0]], [[10.0], [20.0]]))  # equal weights
    >>> reference.scaled_dot_product_attention(q, k, v)
    array([[15.]])
    """
    xp, dtype = floating(xp, q=q, k=k, v=v)
    sizes = checked(xp, q, k, v, mask, causal)
    q, k, v = (wide(each, xp) for each in (q, in_each_head(k, sizes, xp), in_each_head(v, sizes, xp)))
    p = weights(scores(q, k, scale, xp), seen_keys(q, mask, causal, sizes, xp), xp)
    return rounded(xp.matmul(p, v), dtype, xp)


class Sizes(NamedTuple):
    """The lengths that the arguments share."""

    batch: tuple[int, ...]
    queries: int
    keys: int
    repeats: int  # of each head of the keys and values


def checked(xp: Namespace, q: Array, k: Array, v: Array, mask: Array | None, causal: Any) -> Sizes:
    """Return the lengths; raise TypeError or ValueError for what does not fit."""
    for name, value in (("q", q), ("k", k), ("v", v)):
        if len(shape(value)) < 2:
            raise ValueError(f"{name}: got shape {shape(value)}; wanted at least two axes")
    (*batch, queries, d), (*heads, keys, _) = shape(q), shape(k)
    share = batch and len(heads) == len(batch) and heads[-1]
    repeats = batch[-1] // heads[-1] if share else 1
    own = [*heads[:-1], heads[-1] * repeats] if share else heads  # what the heads make of the batch
    if own != batch or repeats == 0 or shape(k)[-1] != d:
        wanted = f"{(*batch, keys, d)}, as q has, or fewer heads that divide q's"
        raise ValueError(f"k: got shape {shape(k)}; wanted {wanted}")
    if shape(v)[:-1] != (*heads, keys):
        raise ValueError(f"v: got shape {shape(v)}; wanted {(*heads, keys, shape(v)[-1])}, as k has")
    if mask is not None:
        refuse_mask(xp, mask, (*batch, queries, keys))
    if not (isinstance(causal, bool | str) and causal in ALIGNMENTS):
        raise ValueError(f"causal: got {describe(causal)}; wanted False, True, 'upper_left' or 'lower_right'")
    return Sizes(tuple(batch), queries, keys, repeats)


def refuse_mask(xp: Namespace, mask: Any, wanted: tuple[int, ...]) -> None:
    """Raise unless a mask is an array of bool that is broadcast to a shape."""
    if not hasattr(mask, "shape") or dtype_name(getattr(mask, "dtype", None)) != "bool":
        raise TypeError(f"mask: got {describe(mask)}; wanted an array of dtype bool, True where a query sees a key")
    own = shape(mask)
    fits = len(own) <= len(wanted) and all(a in (1, b) for a, b in zip(reversed(own), reversed(wanted), strict=False))
    if not fits:
        raise ValueError(f"mask: got shape {own}; wanted one that is broadcast to {wanted}")


def in_each_head(x: Array, sizes: Sizes, xp: Namespace) -> Any:
    """Keys or values for each head of the queries."""
    return xp.repeat(x, sizes.repeats, axis=-3) if sizes.repeats > 1 else x


def seen_keys(q: Array, mask: Any, causal: bool | str, sizes: Sizes, xp: Namespace) -> Any:
    """Which keys each query sees, as an array of bool that is broadcast to the scores; None if it sees all."""
    if not causal:
        return mask[None] if mask is not None and not shape(mask) else mask  # JAX has no last axis of none
    device = getattr(q, "device", None)  # traced, JAX's arrays have none
    queries, keys = (xp.arange(length, device=device) for length in (sizes.queries, sizes.keys))
    past = keys[None, :] <= queries[:, None] + last_key(causal, sizes)
    return past if mask is None else past & mask


def last_key(causal: bool | str, sizes: Sizes) -> int:
    """The last key that the first query sees under a causal mask; below 0, it sees none."""
    return sizes.keys - sizes.queries if causal == "lower_right" else 0


def scores(q: Array, k: Array, scale: float | None, xp: Namespace) -> Any:
    """The products of queries and keys, scaled."""
    products = xp.matmul(q, xp.matrix_transpose(k))
    return products * number("scale", scale) if scale is not None else products / root_of_length(q, xp)


def root_of_length(q: Array, xp: Namespace) -> Any:
    """The root of the length of a query, as an array without axes: a Python float would not be the real number."""
    device = getattr(q, "device", None)
    return xp.sqrt(xp.asarray(float(max(shape(q)[-1], 1)), dtype=q.dtype, device=device))


def weights(z: Array, seen: Any, xp: Namespace) -> Any:
    """The softmax of the scores over the keys that are seen; 0 for the others, and where there are none."""
    e = powers(z, seen, xp)
    return e / totals(e, xp)


def totals(e: Array, xp: Namespace) -> Any:
    """The sums of the powers, and 1 where there are none."""
    total = xp.sum(e, axis=-1, keepdims=True)
    return xp.where(total == 0, xp.ones_like(total), total)


def powers(z: Array, seen: Any, xp: Namespace) -> Any:
    """``exp(z - max(z))`` over the keys that are seen, and 0 for the others."""
    if z.shape[-1] == 0:
        return z
    if seen is None:
        return xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    z = xp.where(seen, z, xp.full_like(z, -math.inf))
    some = xp.any(seen, axis=-1, keepdims=True)
    largest = xp.max(z, axis=-1, keepdims=True)
    return xp.exp(z - xp.where(some, largest, xp.zeros_like(largest)))
