"""Adam over the reals: Kingma and Ba 2015, Algorithm 1, on one parameter."""

from typing import Any

Real = Any


def adam_first_moment(m: Real, grad: Real, beta1: Real) -> Real:
    """m_t = beta1 m_(t-1) + (1 - beta1) g_t."""
    return beta1 * m + (1 - beta1) * grad


def adam_second_moment(v: Real, grad: Real, beta2: Real) -> Real:
    """v_t = beta2 v_(t-1) + (1 - beta2) g_t^2."""
    return beta2 * v + (1 - beta2) * grad**2


def adam_bias_correction(moment: Real, beta: Real, step: int) -> Real:
    """moment / (1 - beta^t)."""
    return moment / (1 - beta**step)


def adam_update(theta: Real, m_hat: Real, v_hat: Real, learning_rate: Real, epsilon: Real) -> Real:
    """theta_t = theta_(t-1) - learning_rate m_hat / (sqrt(v_hat) + epsilon)."""
    return theta - learning_rate * m_hat / (v_hat.sqrt() + epsilon)


def adam_step(
    theta: Real,
    grad: Real,
    step: int,
    m: Real,
    v: Real,
    learning_rate: Real,
    beta1: Real,
    beta2: Real,
    epsilon: Real,
) -> tuple[Real, Real, Real]:
    """theta_t, m_t and v_t, where t = step + 1."""
    t = step + 1
    m_t = beta1 * m + (1 - beta1) * grad
    v_t = beta2 * v + (1 - beta2) * grad**2
    m_hat = m_t / (1 - beta1**t)
    v_hat = v_t / (1 - beta2**t)
    return theta - learning_rate * m_hat / (v_hat.sqrt() + epsilon), m_t, v_t
