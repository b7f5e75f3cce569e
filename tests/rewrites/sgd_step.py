"""A step of stochastic gradient descent, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance.mutants.rounding import fused
from gaugeblock.conformance.mutants.sgd_step import right
from gaugeblock.reference import SGDState


def sgd_step__as_it_stands(theta, grad, state, **options):
    return right(theta, grad, state, **options)


def sgd_step__in_another_order(theta, grad, state, *, learning_rate=0.001, momentum=0.0, dampening=0.0, nesterov=False):
    """As optax: the direction is scaled first, and added."""
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError("nesterov")
    plain, number = state.step == 0 or momentum == 0, state.velocity.dtype.type
    v = grad.astype(state.velocity.dtype) if plain else grad * number(1 - dampening) + state.velocity * number(momentum)
    d = v * number(momentum) + grad if nesterov else v
    return theta + number(-learning_rate) * d, SGDState(state.step + 1, v)


def sgd_step__fused(theta, grad, state, *, learning_rate=0.001, momentum=0.0, dampening=0.0, nesterov=False):
    options = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    after = right(theta, grad, state, **options)[1]
    v = after.velocity
    d = fused(v, momentum, grad) if nesterov else v
    return fused(np.asarray(d), -learning_rate, theta), after
