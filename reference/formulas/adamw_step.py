"""AdamW: a step of Adam, beside which the parameters decay."""

from typing import Any

from ..arguments import Namespace, Scalar, floating, rounded, wide
from ..declaration import formula
from ..hyperparameters import number
from ..trees import map_leaves
from .adam import AdamState, adam_step

Tree = Any


@formula(
    "(...), (...), ((), (...), (...)) -> (...), ((), (...), (...))",
    domain=("real", "real", ("count", "real", "nonnegative")),
    results=("theta", ("step", "m", "v")),
    products=False,
    half="once",
    options={
        "learning_rate": (0.001, -20.0, 0.0, 30.0),
        "beta1": (0.9, 0.5, 0.0),
        "beta2": (0.999, 0.95, 0.0, 0.99999),
        "epsilon": (1e-8, 50.0, 0.0),
        "weight_decay": (0.01, -15.0, 0.0, 1e-5, 12.0),
    },
)
def adamw_step(
    theta: Tree,
    grad: Tree,
    state: AdamState,
    /,
    *,
    learning_rate: Scalar = 0.001,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    epsilon: Scalar = 1e-8,
    weight_decay: Scalar = 0.01,
    donate: bool = False,
    xp: Namespace = None,
) -> tuple[Tree, AdamState]:
    """Return theta after one step of Adam from ``theta - learning_rate weight_decay theta``, and the state.

    Parameters
    ----------
    theta, grad, state, learning_rate, beta1, beta2, epsilon, donate
        As of `adam_step`.
    weight_decay : float
        The part of the parameters, times the learning rate, that is subtracted beside the gradient step.
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

    Notes
    -----
    Adam with L2, ``torch.optim.Adam``'s `weight_decay`, adds the decay to the gradient: another formula.

    References
    ----------
    Loshchilov and Hutter 2019, Algorithm 2, arXiv:1711.05101.

    Examples
    --------
    >>> theta, rates = np.asarray([1.0, 2.0]), {"learning_rate": 0.5, "weight_decay": 0.5}
    >>> reference.adamw_step(theta, np.asarray([0.0, 0.0]), reference.adam_init(theta), **rates)[0]
    array([0.75, 1.5 ])
    """
    learning_rate, weight_decay = number("learning_rate", learning_rate), number("weight_decay", weight_decay)
    kept = 1 - learning_rate * weight_decay

    def decay(theta: Any, grad: Any) -> tuple[Any, Any]:
        library, _ = floating(xp, theta=theta, grad=grad)
        return wide(theta, library) * kept, wide(grad, library)

    def narrow(new: Any, theta: Any) -> tuple[Any]:
        return (rounded(new, theta.dtype, xp or floating(theta=theta)[0]),)

    decayed, wide_grad = map_leaves(decay, 2, theta=theta, grad=grad)
    rates = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    new, state = adam_step(decayed, wide_grad, state, **rates, donate=donate, xp=xp)
    return map_leaves(narrow, 1, new=new, theta=theta)[0], state
