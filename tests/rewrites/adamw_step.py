"""A step of AdamW, rightly, in other ways: as libraries have it."""

import math

import numpy as np

from gaugeblock.conformance.mutants.adamw_step import right
from gaugeblock.reference import AdamState


def moments(grad, state, beta1, beta2):
    """The moments and both corrections."""
    m, v = beta1 * state.m + (1 - beta1) * grad, beta2 * state.v + (1 - beta2) * (grad * grad)
    corrections = (-math.expm1((state.step + 1) * math.log(beta)) if beta else 1.0 for beta in (beta1, beta2))
    return m, v, *corrections


def adamw_step__as_it_stands(theta, grad, state, **options):
    return right(theta, grad, state, **options)


def adamw_step__as_pytorch(
    theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    m, v, c1, c2 = moments(grad, state, beta1, beta2)
    kept = theta * theta.dtype.type(1 - learning_rate * weight_decay)
    new = kept - (learning_rate / c1) * (m / (np.sqrt(v) / math.sqrt(c2) + epsilon))
    return new, AdamState(state.step + 1, m, v)


def adamw_step__as_optax(
    theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    m, v, c1, c2 = moments(grad, state, beta1, beta2)
    direction = m / c1 / (np.sqrt(v / c2) + epsilon) + weight_decay * theta
    return theta + -learning_rate * direction, AdamState(state.step + 1, m, v)
