"""AdamW over the reals: Loshchilov and Hutter 2019, Algorithm 2, on one parameter."""

from typing import Any

from .adam import adam_step

Real = Any


def adamw_step(
    theta: Real,
    grad: Real,
    step: int,
    m: Real,
    v: Real,
    learning_rate: Real,
    beta1: Real,
    beta2: Real,
    epsilon: Real,
    weight_decay: Real,
) -> tuple[Real, Real, Real]:
    """theta_t = Adam's theta_t - learning_rate weight_decay theta_(t-1); m_t and v_t are Adam's."""
    new, m_t, v_t = adam_step(theta, grad, step, m, v, learning_rate, beta1, beta2, epsilon)
    return new - learning_rate * weight_decay * theta, m_t, v_t
