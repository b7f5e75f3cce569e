"""Stochastic gradient descent: a step with momentum, dampening, and Nesterov's variant."""

from typing import Any, NamedTuple

from ..arguments import Array, Namespace, Result, Scalar, describe, floating, of_state, rounded, same_shape, wide
from ..declaration import formula
from ..hyperparameters import beta as checked_beta
from ..hyperparameters import flag, number
from ..hyperparameters import step as checked_step
from ..trees import map_leaves
from .adam import zeros

Tree = Any


class SGDState(NamedTuple):
    """The state of SGD: the number of steps done, and the velocity, which the first step sets to the gradient."""

    step: Any  # an int, or an integer array without axes
    velocity: Tree


def sgd_init(theta: Tree, *, xp: Namespace = None) -> SGDState:
    """Return the state before the first step: step 0, and a velocity of zeros like `theta`, in at least float32.

    Parameters
    ----------
    theta : array, or any nesting of dicts, lists, tuples and named tuples of arrays
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    SGDState

    Raises
    ------
    TypeError
        A leaf that is no array of a real floating dtype.

    References
    ----------
    Sutskever and others 2013, http://proceedings.mlr.press/v28/sutskever13.html.

    Examples
    --------
    >>> reference.sgd_init(np.asarray([1.0, 2.0]))
    SGDState(step=0, velocity=array([0., 0.]))
    """
    return SGDState(0, *zeros(theta, 1, xp))


@formula(
    "(...), (...), ((), (...)) -> (...), ((), (...))",
    domain=("real", "real", ("count", "real")),
    results=("theta", ("step", "velocity")),
    products=False,
    half="once",
    options={
        "learning_rate": (0.001, -20.0, 30.0, 0.0),
        "momentum": (0.0, 0.9, 0.9999),
        "dampening": (0.0, -20.0, 15.0, 1.0),
        "nesterov": (False, True),
    },
)
def sgd_step(
    theta: Tree,
    grad: Tree,
    state: SGDState,
    /,
    *,
    learning_rate: Scalar = 0.001,
    momentum: Scalar = 0.0,
    dampening: Scalar = 0.0,
    nesterov: bool = False,
    donate: bool = False,
    xp: Namespace = None,
) -> tuple[Tree, SGDState]:
    """Return ``theta' = theta - learning_rate d``, and the state after it.

    The velocity is ``momentum velocity + (1 - dampening) grad``, but the gradient in the first step and without
    momentum; d is the velocity, or with `nesterov` ``grad + momentum velocity'``.

    Parameters
    ----------
    theta : array, or any nesting of dicts, lists, tuples and named tuples of arrays
        Parameters. Those of half precision have a velocity in float32; the step is computed there, and rounded once.
    grad : as theta
        Gradients, of theta's structure, shapes and dtypes.
    state : SGDState
        From `sgd_init`, or from the step before.
    learning_rate, momentum, dampening : float
        The reals that these binary64 numbers are; 1 - dampening is formed in binary64 and cast once.
    nesterov : bool
        Whether the step looks ahead; with a momentum, and without dampening, alone.
    donate : bool
        Permission to write the results over theta and state. The reference makes no use of it.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    (theta, SGDState)

    Raises
    ------
    TypeError
        A dtype that is not real floating, mixed dtypes, structures that differ, a state that is none, or a `nesterov`
        or `donate` that is no bool.
    ValueError
        Shapes that differ, or a hyper-parameter out of range.

    Notes
    -----
    Sutskever and others scale the velocity by the learning rate; for one that changes, that is another formula.

    References
    ----------
    Sutskever and others 2013, http://proceedings.mlr.press/v28/sutskever13.html.

    Examples
    --------
    >>> theta = np.asarray([1.0, 2.0])
    >>> reference.sgd_step(theta, np.asarray([4.0, -4.0]), reference.sgd_init(theta), learning_rate=0.5)[0]
    array([-1.,  4.])
    """
    if not isinstance(state, SGDState):
        raise TypeError(f"state: got {describe(state)}; wanted an SGDState, as sgd_init returns")
    step = checked_step(state.step, name="state.step", least=0)
    flag("nesterov", nesterov)
    flag("donate", donate)
    momentum, dampening = checked_beta("momentum", momentum), number("dampening", dampening)
    if nesterov and (bool(momentum == 0) or not bool(dampening == 0)):
        raise ValueError("nesterov: got True; wanted it with a momentum above 0, and a dampening of 0")

    def one(theta: Array, grad: Array, velocity: Array) -> tuple[Result, Result]:
        library, dtype = floating(xp, theta=theta, grad=grad)
        theta, grad = wide(theta, library), wide(grad, library)
        of_state(library, theta, velocity=velocity)
        same_shape(theta=theta, grad=grad)
        velocity = new_velocity(grad, velocity, step, momentum, dampening, library)
        direction = grad + momentum * velocity if nesterov else velocity
        return rounded(theta - learning_rate * direction, dtype, library), velocity

    learning_rate = number("learning_rate", learning_rate)
    theta, velocity = map_leaves(one, 2, theta=theta, grad=grad, velocity=state.velocity)
    return theta, SGDState(step + 1, velocity)


def new_velocity(grad: Array, velocity: Array, step: Any, momentum: Any, dampening: Any, xp: Namespace) -> Any:
    """The velocity of a step, which is a new array."""
    if bool(momentum == 0) or (isinstance(step, int) and step == 0):
        return xp.astype(grad, grad.dtype)  # a copy
    later = momentum * velocity + (1 - dampening) * grad
    return later if isinstance(step, int) else xp.where(step == 0, grad, later)
