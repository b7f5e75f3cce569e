"""The gradients of the gated linear unit."""

from ..arguments import Array, Namespace, Result, elementwise, rounded
from ..declaration import formula
from ..special import sigmoid


@formula("(...), (...), (...) -> (...), (...)", results=("ga", "gb"))
def swiglu_vjp(a: Array | float, b: Array | float, g: Array | float, *, xp: Namespace = None) -> tuple[Result, Result]:
    """Return ``ga = g b s (1 + a (1 - s))`` and ``gb = g a s``, where s is ``1 / (1 + exp(-a))``.

    Parameters
    ----------
    a : array of any shape
        The gate.
    b : array of a's shape
        What is gated, of a's dtype.
    g : array of a's shape
        The gradient with respect to the result, of a's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    ga, gb : arrays of a's shape
        The gradients with respect to a and b.

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Shazeer 2020, arXiv:2002.05202.

    Examples
    --------
    >>> reference.swiglu_vjp(np.asarray([0.0]), np.asarray([4.0]), np.asarray([1.0]))
    (array([2.]), array([0.]))
    """
    xp, dtype, (a, b, g) = elementwise(xp, a=a, b=b, g=g)
    s = sigmoid(a, xp)
    ga, gb = g * b * (s * (1 + a * (1 - s))), g * (a * s)
    return rounded(ga, dtype, xp), rounded(gb, dtype, xp)
