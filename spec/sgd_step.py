"""Stochastic gradient descent over the reals, on one parameter."""

from typing import Any

Real = Any


def sgd_step(
    theta: Real,
    grad: Real,
    step: int,
    velocity: Real,
    learning_rate: Real,
    momentum: Real,
    dampening: Real,
    nesterov: bool,
) -> tuple[Real, Real]:
    """v_1 = g_1 and v_t = momentum v_(t-1) + (1 - dampening) g_t, or g_t without momentum; theta_t = theta_(t-1) -
    learning_rate v_t, or with Nesterov's variant less learning_rate (g_t + momentum v_t)."""
    plain = step == 0 or momentum == 0
    v_t = grad if plain else momentum * velocity + (1 - dampening) * grad
    direction = grad + momentum * v_t if nesterov else v_t
    return theta - learning_rate * direction, v_t
