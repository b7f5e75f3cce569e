"""Admitted forms: other right ways to write a formula, as its page lists them.

Each is a short function against the Array API standard, called as the formula is, and encloses the same
definition. The tolerance is the largest of the running bounds of the reference and of its forms.
"""

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace

from .. import reference
from ..reference import AdamState
from ..reference.adam import one_minus_power

Array = Any
Scalar = Any


def bias_as_term(x: Array, w: Array, b: Array) -> Array:
    """Neuron and dense: the bias is one more term of the sum, a weight whose input is 1."""
    if x.ndim == 0:
        return reference.neuron(x, w, b)
    xp = array_namespace(x, w, b)
    one = xp.ones_like(xp.reshape(xp.sum(x, axis=-1), (*x.shape[:-1], 1)))
    return xp.matmul(xp.concat([x, one], axis=-1), xp.concat([w, xp.reshape(b, (1, *b.shape))], axis=0))


def first_moment_lerp(m: Array, grad: Array, beta1: Scalar, /) -> Array:
    """m' = m + (1 - beta1) (g - m), for beta1 >= 1/2."""
    xp = array_namespace(m, grad)
    return xp.where(beta1 >= 0.5, m + (1 - beta1) * (grad - m), reference.adam_first_moment(m, grad, beta1))


def update_in_torch_order(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - (learning_rate / c1) m' / (sqrt(v') / sqrt(c2) + epsilon)."""
    xp = array_namespace(theta, m, v)
    return theta - learning_rate / c1 * m / (xp.sqrt(v) / xp.sqrt(c2) + epsilon)


def update_efficiently(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - (learning_rate sqrt(c2) / c1) m' / (sqrt(v') + epsilon sqrt(c2))."""
    xp = array_namespace(theta, m, v)
    root = xp.sqrt(c2)
    return theta - learning_rate * root / c1 * m / (xp.sqrt(v) + epsilon * root)


def update_as_written(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - learning_rate m_hat / (sqrt(v_hat) + epsilon), the reference's."""
    return reference.adam_update(theta, m / c1, v / c2, learning_rate, epsilon)


def adam_step_as(
    first_moment: Callable[..., Array], update: Callable[..., Array]
) -> Callable[..., tuple[Array, AdamState]]:
    """A step of Adam made of the given first moment and update."""

    def adam_step(
        theta: Array,
        grad: Array,
        state: AdamState,
        /,
        *,
        learning_rate: Scalar,
        beta1: Scalar,
        beta2: Scalar,
        epsilon: Scalar,
    ) -> tuple[Array, AdamState]:
        step, xp = state.step + 1, array_namespace(theta)
        m, v = first_moment(state.m, grad, beta1), reference.adam_second_moment(state.v, grad, beta2)
        c1, c2 = (one_minus_power(beta, step, xp, theta.dtype) for beta in (beta1, beta2))
        return update(theta, m, v, c1, c2, learning_rate, epsilon), AdamState(step, m, v)

    return adam_step


# By function, then by the name that its page gives the form.
FORMS: dict[str, dict[str, Callable[..., Any]]] = {
    "neuron": {"bias_as_term": bias_as_term},
    "dense": {"bias_as_term": bias_as_term},
    "adam_first_moment": {"lerp": first_moment_lerp},
    "adam_step": {
        "lerp": adam_step_as(first_moment_lerp, update_as_written),
        "torch_order": adam_step_as(reference.adam_first_moment, update_in_torch_order),
        "lerp + torch_order": adam_step_as(first_moment_lerp, update_in_torch_order),
        "efficient_order": adam_step_as(reference.adam_first_moment, update_efficiently),
        "lerp + efficient_order": adam_step_as(first_moment_lerp, update_efficiently),
    },
}

# All ways to make a step of Adam, the reference's first, where the numbers of the steps may be an array with axes.
ADAM_STEPS = [adam_step_as(reference.adam_first_moment, update_as_written), *FORMS["adam_step"].values()]
