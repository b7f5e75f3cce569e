"""Rotary position embedding: pairs of numbers turned by the angles of their position."""

from typing import Any

from ..arguments import Array, Namespace, Result, floating, rounded, shape, wanted_shape, wide
from ..declaration import formula
from ..hyperparameters import flag


@formula("(..., l, 2h), (l, h), (l, h) -> (..., l, 2h)", options={"interleaved": (False, True)})
def rotary_embedding(x: Array, cos: Array, sin: Array, *, interleaved: bool = False, xp: Namespace = None) -> Result:
    """Return ``a cos - b sin`` in the place of a, and ``a sin + b cos`` in that of b, for each pair (a, b) of x.

    Parameters
    ----------
    x : array of shape (..., l, 2h)
        For each of l positions h pairs, such as those of queries or keys; the leading axes, heads among them, are a
        batch.
    cos, sin : arrays of shape (l, h)
        The cosine and the sine of the angle of each position and pair, of x's dtype.
    interleaved : bool
        Whether pairs are neighbours, x_0 with x_1; by default x_i is paired with x_(i+h), of the other half.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, or an `interleaved` that is no bool.
    ValueError
        A shape that does not fit.

    Notes
    -----
    GPT-J and the paper pair neighbours; GPT-NeoX, and Llama in Hugging Face's transformers, pair the halves.

    References
    ----------
    Su and others 2021, arXiv:2104.09864.

    Examples
    --------
    >>> reference.rotary_embedding(np.asarray([[1.0, 2.0]]), np.asarray([[0.0]]), np.asarray([[1.0]]))  # 90 degrees
    array([[-2.,  1.]])
    """
    xp, dtype = floating(xp, x=x, cos=cos, sin=sin)
    of_pairs(x, interleaved, cos=cos, sin=sin)
    (a, b), cos, sin = pairs(wide(x, xp), interleaved), wide(cos, xp), wide(sin, xp)
    return rounded(joined(a * cos - b * sin, a * sin + b * cos, interleaved, xp), dtype, xp)


def of_pairs(x: Any, interleaved: Any, **angles: Any) -> None:
    """Raise TypeError or ValueError unless x has positions of pairs, and each pair of a position an angle."""
    flag("interleaved", interleaved)
    if len(shape(x)) < 2 or shape(x)[-1] % 2:
        raise ValueError(f"x: got shape {shape(x)}; wanted (..., l, 2h)")
    for name, value in angles.items():
        wanted_shape(name, value, (shape(x)[-2], shape(x)[-1] // 2), ", an angle for each pair of x")


def pairs(x: Any, interleaved: bool) -> tuple[Any, Any]:
    """The first numbers of all pairs, and the second ones."""
    half = shape(x)[-1] // 2
    return (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])


def joined(a: Any, b: Any, interleaved: bool, xp: Namespace) -> Any:
    """The pairs of these numbers in the places where `pairs` finds them."""
    if not interleaved:
        return xp.concat([a, b], axis=-1)
    return xp.reshape(xp.concat([a[..., None], b[..., None]], axis=-1), (*shape(a)[:-1], 2 * shape(a)[-1]))
