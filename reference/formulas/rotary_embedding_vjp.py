"""The gradients of rotary position embedding."""

from typing import Any

from ..arguments import Array, Namespace, Result, floating, rounded, same_shape, wide
from ..declaration import formula
from .rotary_embedding import joined, of_pairs, pairs


@formula(
    "(..., l, 2h), (l, h), (l, h), (..., l, 2h) -> (..., l, 2h), (l, h), (l, h)",
    results=("gx", "gcos", "gsin"),
    products=False,
    options={"interleaved": (False, True)},
)
def rotary_embedding_vjp(
    x: Array, cos: Array, sin: Array, g: Array, *, interleaved: bool = False, xp: Namespace = None
) -> tuple[Result, Result, Result]:
    """Return ``gx``, which is g turned back, and for the pairs (a, b) of x and (c, d) of g the sums over the batch.

    They are ``gcos``, the sum of a c + b d, and ``gsin``, that of a d - b c.

    Parameters
    ----------
    x, cos, sin, interleaved
        As of `rotary_embedding`.
    g : array of x's shape
        The gradient with respect to the result, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    gx, gcos, gsin : arrays of the shapes of x, cos and sin
        The gradients with respect to x, cos and sin.

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, or an `interleaved` that is no bool.
    ValueError
        A shape that does not fit.

    Notes
    -----
    Where the angles are constants, as in training, gx is the rotary embedding of g with the other sign of the sine.

    References
    ----------
    Su and others 2021, arXiv:2104.09864.

    Examples
    --------
    >>> x, cos, sin, g = (np.asarray([row]) for row in ([1.0, 2.0], [0.0], [1.0], [3.0, 4.0]))  # 90 degrees
    >>> [each.tolist() for each in reference.rotary_embedding_vjp(x, cos, sin, g)]
    [[[4.0, -3.0]], [[11.0]], [[-2.0]]]
    """
    xp, dtype = floating(xp, x=x, cos=cos, sin=sin, g=g)
    of_pairs(x, interleaved, cos=cos, sin=sin)
    same_shape(x=x, g=g)
    (a, b), (c, d) = pairs(wide(x, xp), interleaved), pairs(wide(g, xp), interleaved)
    cos, sin = wide(cos, xp), wide(sin, xp)
    gx = joined(c * cos + d * sin, d * cos - c * sin, interleaved, xp)
    gcos, gsin = over_batch(a * c, b * d, xp), over_batch(a * d, -(b * c), xp)
    return rounded(gx, dtype, xp), rounded(gcos, dtype, xp), rounded(gsin, dtype, xp)


def over_batch(one: Any, other: Any, xp: Namespace) -> Any:
    """The sum of two terms over the batch: as one sum, whose order is free."""
    terms = xp.concat([one[None, ...], other[None, ...]], axis=0)
    return xp.sum(terms, axis=tuple(range(terms.ndim - 2)))
