"""The gradients of scaled dot-product attention."""

from typing import Any

from ..arguments import Array, Namespace, Result, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula
from ..hyperparameters import number
from .scaled_dot_product_attention import Sizes, checked, in_each_head, root_of_length, scores, seen_keys, weights


@formula(
    "(..., l, d), (..., s, d), (..., s, e), (..., l, e), (..., l, s) -> (..., l, d), (..., s, d), (..., s, e)",
    domain=("real", "real", "real", "real", "mask"),
    results=("gq", "gk", "gv"),
    half="once",
    options={"causal": (False, True, "lower_right", "upper_left"), "scale": (None, 0.5, 0.0, -12.0)},
)
def scaled_dot_product_attention_vjp(
    q: Array,
    k: Array,
    v: Array,
    g: Array,
    mask: Array | None = None,
    *,
    causal: bool | str = False,
    scale: float | None = None,
    xp: Namespace = None,
) -> tuple[Result, Result, Result]:
    """Return the gradients towards q, k and v; with p the weights, ``gv = p^T g`` and gq and gk are by way of p's.

    Parameters
    ----------
    q, k, v, mask, causal, scale
        As of `scaled_dot_product_attention`.
    g : array of shape (..., l, e)
        The gradient towards the result, of q's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    gq, gk, gv : arrays of the shapes of q, k and v
        Those of a head of keys that several heads of queries share are summed.

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, a mask that is not of bool, or a scale that is no number.
    ValueError
        A shape that does not fit, or another `causal`.

    Notes
    -----
    FlashAttention subtracts the sum of ``g y`` over the columns of the result, which is that of ``p (g v^T)`` here.

    References
    ----------
    Dao and others 2022, Appendix B, arXiv:2205.14135.

    Examples
    --------
    >>> q, k, v = (np.asarray(rows) for rows in ([[0.0]], [[1.0], [2.0]], [[10.0], [20.0]]))  # equal weights
    >>> gq, gk, gv = reference.scaled_dot_product_attention_vjp(q, k, v, np.asarray([[1.0]]))
    >>> gq.tolist(), gv.tolist()
    ([[2.5]], [[0.5], [0.5]])
    """
    xp, dtype = floating(xp, q=q, k=k, v=v, g=g)
    sizes = checked(xp, q, k, v, mask, causal)
    wanted_shape("g", g, (*sizes.batch, sizes.queries, shape(v)[-1]), ", that of the result")
    q, g = wide(q, xp), wide(g, xp)
    k, v = (wide(in_each_head(each, sizes, xp), xp) for each in (k, v))
    p = weights(scores(q, k, scale, xp), seen_keys(q, mask, causal, sizes, xp), xp)
    gp = xp.matmul(g, xp.matrix_transpose(v))
    gz = p * (gp - xp.sum(p * gp, axis=-1, keepdims=True))
    gz = gz * number("scale", scale) if scale is not None else gz / root_of_length(q, xp)
    gk, gv = xp.matmul(xp.matrix_transpose(gz), q), xp.matmul(xp.matrix_transpose(p), g)
    gk, gv = (over_heads(each, sizes, xp) for each in (gk, gv))
    return rounded(xp.matmul(gz, k), dtype, xp), rounded(gk, dtype, xp), rounded(gv, dtype, xp)


def over_heads(x: Array, sizes: Sizes, xp: Namespace) -> Any:
    """The sums over the heads of queries that share a head of keys."""
    if sizes.repeats == 1:
        return x
    *batch, heads = sizes.batch
    return xp.sum(xp.reshape(x, (*batch, heads // sizes.repeats, sizes.repeats, *shape(x)[-2:])), axis=-3)
