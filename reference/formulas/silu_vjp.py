"""The gradient of the sigmoid linear unit."""

from ..arguments import Array, Namespace, Result, elementwise, rounded
from ..declaration import formula
from ..special import sigmoid


@formula("(...), (...) -> (...)")
def silu_vjp(x: Array | float, g: Array | float, *, xp: Namespace = None) -> Result:
    """Return ``g s (1 + x (1 - s))``, where s is ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array of any shape
        Where the derivative is taken.
    g : array of x's shape
        The gradient with respect to the result, of x's dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of x's shape
        The gradient with respect to x.

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        A shape that does not fit.

    References
    ----------
    Elfwing, Uchibe and Doya 2018, doi:10.1016/j.neunet.2017.12.012.

    Examples
    --------
    >>> reference.silu_vjp(np.asarray([0.0, 100.0]), np.asarray([2.0, 2.0]))
    array([1., 2.])
    """
    xp, dtype, (x, g) = elementwise(xp, x=x, g=g)
    s = sigmoid(x, xp)
    return rounded(g * (s * (1 + x * (1 - s))), dtype, xp)
