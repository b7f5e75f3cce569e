"""Adam: its five lines, and the step that they make."""

import math
from typing import Any, NamedTuple

from ..arguments import (
    Array,
    DType,
    Namespace,
    Result,
    Scalar,
    describe,
    dtype_name,
    floating,
    is_half,
    of_state,
    rounded,
    same_shape,
    wide,
)
from ..declaration import formula
from ..hyperparameters import beta as checked_beta
from ..hyperparameters import epsilon as checked_epsilon
from ..hyperparameters import flag, number
from ..hyperparameters import step as checked_step
from ..trees import map_leaves

Tree = Any


class AdamState(NamedTuple):
    """The state of Adam: the number of steps done and the two moments, not bias-corrected."""

    step: Any  # an int, or an integer array without axes
    m: Tree
    v: Tree


@formula("(...), (...), () -> (...)", domain=("real", "real", "[0, 1)"), half="once", page="adam")
def adam_first_moment(m: Array | float, grad: Array | float, beta1: Scalar, /, *, xp: Namespace = None) -> Result:
    """Return ``m' = beta1 m + (1 - beta1) g``, the decaying mean of the gradients.

    Parameters
    ----------
    m, grad : arrays of one shape and dtype
        The moment before, and the gradient.
    beta1 : float
        Decay rate, 0 <= beta1 < 1.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of m's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        Shapes that differ, or beta1 out of range.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> reference.adam_first_moment(np.asarray([2.0]), np.asarray([4.0]), 0.5)
    array([3.])
    """
    _, dtype = single_or_double(xp, m=m, grad=grad)
    same_shape(m=m, grad=grad)
    beta1 = checked_beta("beta1", beta1, dtype)
    return beta1 * m + (1 - beta1) * grad


@formula("(...), (...), () -> (...)", domain=("nonnegative", "real", "[0, 1)"), half="once", page="adam")
def adam_second_moment(v: Array | float, grad: Array | float, beta2: Scalar, /, *, xp: Namespace = None) -> Result:
    """Return ``v' = beta2 v + (1 - beta2) g^2``, the decaying mean of the squared gradients.

    Parameters
    ----------
    v, grad : arrays of one shape and dtype
        The moment before, which is not negative, and the gradient.
    beta2 : float
        Decay rate, 0 <= beta2 < 1.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of v's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        Shapes that differ, or beta2 out of range.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> reference.adam_second_moment(np.asarray([2.0]), np.asarray([4.0]), 0.5)
    array([9.])
    """
    _, dtype = single_or_double(xp, v=v, grad=grad)
    same_shape(v=v, grad=grad)
    beta2 = checked_beta("beta2", beta2, dtype)
    return beta2 * v + (1 - beta2) * (grad * grad)


@formula("(...), (), () -> (...)", domain=("real", "[0, 1)", "count"), half="once", page="adam")
def adam_bias_correction(moment: Array, beta: Scalar, step: Scalar, /, *, xp: Namespace = None) -> Result:
    """Return ``moment / (1 - beta^step)``: the moment as if it had not started at 0.

    Parameters
    ----------
    moment : array
        m or v.
    beta : float
        Its decay rate, 0 <= beta < 1.
    step : int
        The number of the step, from 1 on. An array without axes stays on its device.
    xp : namespace, optional
        The array's Array API namespace, where it is known.

    Returns
    -------
    array of moment's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or a step that is no integer.
    ValueError
        beta out of range, or a step below 1.

    References
    ----------
    Kingma and Ba 2015, section 3, arXiv:1412.6980.

    Examples
    --------
    >>> reference.adam_bias_correction(np.asarray([3.0]), 0.5, 2).round(6)  # 3 / (1 - 0.25)
    array([4.])
    """
    xp, dtype = single_or_double(xp, moment=moment)
    return moment / one_minus_power(checked_beta("beta", beta, dtype), checked_step(step), xp, dtype)


def one_minus_power(beta: Any, step: Any, xp: Namespace, dtype: DType) -> Any:
    """Return ``1 - beta^step`` as ``-expm1(step log(beta))``, which does not cancel."""
    if isinstance(beta, float) and beta == 0:
        return 1.0
    if not isinstance(step, int) and xp.isdtype(step.dtype, "integral"):
        step = xp.astype(step, dtype)
    exponent = step * (math if isinstance(beta, float) else xp).log(beta)
    return -(math if isinstance(exponent, float) else xp).expm1(exponent)


@formula(
    "(...), (...), (...), (), () -> (...)",
    domain=("real", "real", "nonnegative", "(-inf, inf)", "[0, inf)"),
    half="once",
    page="adam",
)
def adam_update(
    theta: Array | float,
    m_hat: Array | float,
    v_hat: Array | float,
    learning_rate: Scalar,
    epsilon: Scalar,
    /,
    *,
    xp: Namespace = None,
) -> Result:
    """Return ``theta' = theta - learning_rate m_hat / (sqrt(v_hat) + epsilon)``.

    Parameters
    ----------
    theta, m_hat, v_hat : arrays of one shape and dtype
        The parameters and the bias-corrected moments.
    learning_rate : float
        The step size, Kingma and Ba's alpha.
    epsilon : float
        Added to the root, outside it: 0, or a positive number that is not 0 in the dtype.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    array of theta's shape

    Raises
    ------
    TypeError
        A dtype that is not real floating, or mixed dtypes.
    ValueError
        Shapes that differ, or a bad epsilon.

    Notes
    -----
    TensorFlow and Keras add another epsilon ('epsilon hat') to ``sqrt(v)`` instead: a rival.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> reference.adam_update(np.asarray([1.0]), np.asarray([3.0]), np.asarray([4.0]), 0.5, 1.0)
    array([0.5])
    """
    xp, dtype = single_or_double(xp, theta=theta, m_hat=m_hat, v_hat=v_hat)
    same_shape(theta=theta, m_hat=m_hat, v_hat=v_hat)
    learning_rate, epsilon = number("learning_rate", learning_rate, dtype), checked_epsilon(epsilon, xp, dtype)
    root = xp.sqrt(v_hat) if not isinstance(v_hat, (int, float)) else math.sqrt(v_hat)
    return theta - learning_rate * m_hat / (root + epsilon)


def single_or_double(xp: Namespace, **values: Array | float) -> tuple[Namespace, DType]:
    """`floating`, but for half precision, in which epsilon is 0 or beta2 is 1."""
    xp, dtype = floating(xp, **values)
    if is_half(xp, dtype):
        raise TypeError(
            f"{next(iter(values))}: got an array of dtype {dtype_name(dtype)}; wanted float32, "
            "in which Adam keeps the moments of parameters in half precision, and computes"
        )
    return xp, dtype


def adam_init(theta: Tree, *, xp: Namespace = None) -> AdamState:
    """Return the state before the first step: step 0, and moments of zeros like `theta`, in at least float32.

    Parameters
    ----------
    theta : array, or any nesting of dicts, lists, tuples and named tuples of arrays
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    AdamState

    Raises
    ------
    TypeError
        A leaf that is no array of a real floating dtype.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> reference.adam_init(np.asarray([1.0, 2.0]))
    AdamState(step=0, m=array([0., 0.]), v=array([0., 0.]))
    """
    return AdamState(0, *zeros(theta, 2, xp))


def zeros(theta: Tree, count: int, xp: Namespace) -> tuple[Tree, ...]:
    """Return so many trees of zeros like `theta`, in at least float32: what a state of an optimizer begins with."""

    def of_leaf(theta: Array) -> tuple[Array, ...]:
        library, _ = floating(xp, theta=theta)
        theta = wide(theta, library)
        return tuple(library.zeros_like(theta) for _ in range(count))

    return map_leaves(of_leaf, count, theta=theta)


@formula(
    "(...), (...), ((), (...), (...)) -> (...), ((), (...), (...))",
    domain=("real", "real", ("count", "real", "nonnegative")),
    results=("theta", ("step", "m", "v")),
    products=False,
    half="once",
    page="adam",
    options={
        "learning_rate": (0.001, 0.0, -20.0, 30.0, 1e-8, 0.5),
        "beta1": (0.9, 0.0, 0.95, 0.5, 0.9999),
        "beta2": (0.999, 0.0, 0.9, 0.95, 0.99999, 0.999999),
        "epsilon": (1e-8, 1e-30, 50.0, 0.0),
    },
)
def adam_step(
    theta: Tree,
    grad: Tree,
    state: AdamState,
    /,
    *,
    learning_rate: Scalar = 0.001,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    epsilon: Scalar = 1e-8,
    donate: bool = False,
    xp: Namespace = None,
) -> tuple[Tree, AdamState]:
    """Return the parameters and the state after one step of Adam.

    Parameters
    ----------
    theta : array, or any nesting of dicts, lists, tuples and named tuples of arrays
        Parameters. Those in float16 or bfloat16 have moments in float32; the step is computed there, and rounded once.
    grad : as theta
        Gradients, of theta's structure, shapes and dtypes.
    state : AdamState
        From `adam_init`, or from the step before.
    learning_rate, beta1, beta2, epsilon : float
        The reals that these binary64 numbers are; 1 - beta is formed in binary64 and cast once.
    donate : bool
        Permission to write the results over theta and state. The reference makes no use of it.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    (theta, AdamState)

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, structures that differ, a state that is none, or a `donate`
        that is no bool.
    ValueError
        Shapes that differ, or a hyper-parameter out of range.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1, arXiv:1412.6980.

    Examples
    --------
    >>> theta = np.asarray([1.0, 2.0])
    >>> theta, state = reference.adam_step(theta, np.asarray([40.0, -3.0]), reference.adam_init(theta))
    >>> theta.round(6), state.step  # the first step is as long as the learning rate
    (array([0.999, 2.001]), 1)
    """
    if not isinstance(state, AdamState):
        raise TypeError(f"state: got {describe(state)}; wanted an AdamState, as adam_init returns")
    flag("donate", donate)
    step = checked_step(state.step, name="state.step", least=0) + 1

    def one(theta: Array, grad: Array, m: Array, v: Array) -> tuple[Result, Result, Result]:
        library, dtype = floating(xp, theta=theta, grad=grad)
        theta, grad = wide(theta, library), wide(grad, library)
        of_state(library, theta, m=m, v=v)
        m = adam_first_moment(m, grad, beta1, xp=xp)
        v = adam_second_moment(v, grad, beta2, xp=xp)
        m_hat = adam_bias_correction(m, beta1, step, xp=xp)
        v_hat = adam_bias_correction(v, beta2, step, xp=xp)
        return rounded(adam_update(theta, m_hat, v_hat, learning_rate, epsilon, xp=xp), dtype, library), m, v

    theta, m, v = map_leaves(one, 3, theta=theta, grad=grad, m=state.m, v=state.v)
    return theta, AdamState(step, m, v)
