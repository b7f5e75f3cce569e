"""Adam's admitted forms, and what its results should be after many steps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from ...reference import AdamState
from ...reference.arguments import rounded, wide
from ...reference.formulas.adam import one_minus_power
from ...reference.trajectory import after, trajectory
from ..arithmetic import bounded
from ..arithmetic.rounding import Model, at_least_float32
from ..arithmetic.running import Expected, evaluate, lift_bounded, running

Array = Any
Scalar = Any

# What a step adds is bounded at the exact state; v is off by less than this, relatively, by 1000 steps of 4 u.
SECOND_ORDER = 2.0**-9


def negative_rates(case: Any) -> str:
    """A function may raise where the parameters go uphill, or grow, as PyTorch's optimizers do."""
    rates = (case.options.get(name, 0) for name in ("learning_rate", "weight_decay"))
    return "negative rates" if any(rate < 0 for rate in rates) else ""


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
        step, xp, dtype = state.step + 1, array_namespace(theta), theta.dtype
        theta, grad = wide(theta, xp), wide(grad, xp)
        m, v = first_moment(state.m, grad, beta1), reference.adam_second_moment(state.v, grad, beta2)
        c1, c2 = (one_minus_power(beta, step, xp, theta.dtype) for beta in (beta1, beta2))
        return rounded(update(theta, m, v, c1, c2, learning_rate, epsilon), dtype, xp), AdamState(step, m, v)

    return adam_step


FORMS = {
    "lerp": adam_step_as(first_moment_lerp, update_as_written),
    "torch_order": adam_step_as(reference.adam_first_moment, update_in_torch_order),
    "lerp + torch_order": adam_step_as(first_moment_lerp, update_in_torch_order),
    "efficient_order": adam_step_as(reference.adam_first_moment, update_efficiently),
    "lerp + efficient_order": adam_step_as(first_moment_lerp, update_efficiently),
}
# The reference's own way first, where the numbers of the steps may be an array with axes.
WAYS = [adam_step_as(reference.adam_first_moment, update_as_written), *FORMS.values()]


def over_steps(
    call: Any, dtype: np.dtype[Any], model: Model, ways: list[Callable[..., Any]] | None = None
) -> dict[str, Expected]:
    """Adam's recursion in float64, and its errors: what each step adds, and what it makes of those before it.

    What a step adds is its running bound from the exact state, all steps at once. An error in m or v is multiplied by
    its beta; bounded arrays would not see that in `lerp`, which has m twice. One in theta stays, and those in m and v
    come to it by the update, without rounding.
    """
    start, grads, (step, *moments) = call.arguments
    ways = ways or WAYS
    rates = call.formula.hyper_parameters
    named = {name: call.options.get(name, call.formula.parameters[name]) for name in sorted(rates)}
    states = [[np.asarray(a, np.float64) for a in (start, *moments)]]
    first = states[0][0], np.asarray(grads, np.float64), AdamState(step, *states[0][1:])
    every = trajectory(call.formula.function, call.formula, first, named, range(1, len(grads) + 1))
    states += [[each[name] for name in ("theta", "m", "v")] for each in every]
    values = [np.stack(each) for each in zip(*states, strict=True)]

    theta, m, v = (value[:-1] for value in values)
    steps = step + np.arange(len(grads)).reshape(-1, *[1] * (theta.ndim - 1))
    arithmetic = at_least_float32(dtype)

    def lifted(value: np.ndarray, dtype: np.dtype[Any]) -> bounded.Bounded:
        return bounded.lift(value, bounded.model_of(dtype, model), dtype)

    state = AdamState(steps, lifted(m, arithmetic), lifted(v, arithmetic))
    each_step = call._replace(arguments=(lifted(theta, dtype), lifted(grads, dtype), state), options=named, steps=())
    own = running(each_step, dtype, model, ways)
    m_error, v_error = decayed(named["beta1"], own["m"].bound), decayed(named["beta2"], own["v"].bound)
    exactly = model._replace(precision=1000, division=1, flush=False)
    pairs: Any = (theta, 0.0), (grads, 0.0), (steps, 0.0), (m, m_error[:-1]), (v, v_error[:-1])
    theta_off, grads_off, *state_off = (bounded.Bounded(a, e, exactly, arithmetic) for a, e in pairs)
    state_off[-1].sign = True  # v is a sum of squares
    off = each_step._replace(
        arguments=(theta_off, grads_off, AdamState(*state_off)),
        options={name: bounded.Bounded(value, 0, exactly, arithmetic) for name, value in named.items()},
    )
    moved = evaluate(ways[0], off, partial(lift_bounded, exactly, arithmetic))
    errors = decayed(1, own["theta"].bound + moved["theta"].error), m_error, v_error

    def at(done: int) -> dict[str, Expected]:
        return {
            name: Expected(a[done], np.zeros(a[done].shape), e[done] * (1 + SECOND_ORDER), own[name].dtype)
            for name, a, e in zip(("theta", "m", "v"), values, errors, strict=True)
        }

    return after(call.steps, map(at, call.steps), call.formula.counts)


def decayed(beta: float, added: np.ndarray) -> np.ndarray:
    """The errors before the first step, which has none, and after each: beta times the one before, and what it adds."""
    errors = np.zeros((len(added) + 1, *added.shape[1:]))
    for done, own in enumerate(added):
        errors[done + 1] = beta * errors[done] + own
    return errors
