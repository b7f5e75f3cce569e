"""Cases of a step of stochastic gradient descent."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference import SGDState
from ..arithmetic.rounding import at_least_float32
from . import Case, case, finfo, seeded
from .adam_steps import negative_rates

NESTEROV: dict[str, Any] = {"momentum": 0.9, "nesterov": True}
DAMPENED: dict[str, Any] = {"momentum": 0.9, "dampening": 0.25}


def scale(call: Any, result: str) -> Any:
    """The parameters, or the gradients and the velocity, are a term of what they become."""
    theta, grad, state = call.arguments
    own = theta if result.startswith("theta") else state.velocity
    return np.maximum(np.abs(own.astype(np.float64)), np.max(np.abs(grad.astype(np.float64)), initial=0))


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """Velocities that tell the first step from a later one."""
    kept, rng, name = at_least_float32(dtype), np.random.default_rng(28), "sgd_step"
    theta, grad = (np.asarray(rng.normal(size=10), dtype) for _ in range(2))
    still = np.zeros(10, kept)
    note = "a velocity of 0 is taken for the first step"
    yield case(name, f"{name}.dampening", "velocity_0", note, theta, grad, SGDState(3, still), **DAMPENED)
    spoilt = SGDState(0, np.full(10, np.nan, kept))
    note = "a velocity before the first step is multiplied by 0"
    yield case(name, f"{name}.first_step", "velocity_nan", note, theta, grad, spoilt, **DAMPENED)
    first = SGDState(0, still.copy())
    note = "the first step is taken for a later one where memory is given away"
    yield case(name, f"{name}.donate", "first_step", note, theta.copy(), grad.copy(), first, donate=True, **DAMPENED)
    coasting = SGDState(3, np.asarray(1e-13 * rng.normal(size=10), kept))
    note = "a small velocity is taken for none, where the gradient is 0"
    at_rest = np.zeros(10, dtype)
    yield case(name, f"{name}.zero_gradient", "small_velocity", note, at_rest, at_rest.copy(), coasting,
               momentum=0.9, learning_rate=1e10)  # fmt: skip
    for momentum in (1e-7, 0.999):
        state = SGDState(3, np.asarray(1e6 * rng.normal(size=10), kept))
        note = "a momentum near 0 or 1 is taken for it"
        yield case(name, f"{name}.momentum", f"momentum_{momentum}", note, theta, grad, state, momentum=momentum)


DETAILS = {
    "sgd_step": {
        "scale": scale,
        "made": made,
        "donation": "donate",
        "state_type": SGDState,
        "state_dtype": at_least_float32,
        "may_refuse": negative_rates,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    kept = at_least_float32(dtype)  # of the velocity
    rng = np.random.default_rng(25)
    nan = np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *shape: int, step: int = 3, rows: int | None = None) -> list[Any]:
        """Normal theta, gradients and velocity."""
        theta, velocity = (array(generator.normal(size=shape)) for _ in range(2))
        grad = array(generator.normal(size=shape if rows is None else (rows, *shape)))
        velocity = np.zeros_like(velocity) if step == 0 else velocity
        return [theta, grad, SGDState(step, velocity.astype(kept))]

    def step(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        return case("sgd_step", f"sgd_step.{requirement}", name, note, *arguments, **options)

    for name, random in seeded(dtype, seed, 1):
        yield step("value", name, "any mistake", *drawn(random, 10), momentum=0.9)
    large = drawn(rng, 10)
    large[0] = array(1e3 * large[0])
    yield step("value", "large_theta", "weight decay, L2", *large, momentum=0.9)
    yield step("momentum", "none", "a velocity without momentum", *drawn(rng, 10))
    yield step("momentum", "half", "the velocity not decayed, or a mean of it", *drawn(rng, 10), momentum=0.5)
    yield step("first_step", "velocity", "the first gradient dampened", *drawn(rng, 10, step=0), **DAMPENED)
    yield step("first_step", "velocity_given", "a velocity before the first step", *drawn(rng, 10)[:2],
               SGDState(0, np.ones(10, kept)), momentum=0.9)  # fmt: skip
    yield step("dampening", "quarter", "the gradient not dampened", *drawn(rng, 10), **DAMPENED)
    yield step("dampening", "without_momentum", "a gradient dampened", *drawn(rng, 10), dampening=0.25)
    yield step("nesterov", "later", "the velocity taken for the step", *drawn(rng, 10), **NESTEROV)
    yield step("nesterov", "first", "no look ahead in the first step", *drawn(rng, 10, step=0), **NESTEROV)
    yield step("step", "counted", "the step not advanced", *drawn(rng, 10, step=41), momentum=0.9)
    yield step("hyper_parameters", "learning_rate", "an argument ignored", *drawn(rng, 10), learning_rate=0.3)
    yield step("hyper_parameters", "zero", "0 taken for 'not given'", *drawn(rng, 10), learning_rate=0.0, momentum=0.9)
    still = drawn(rng, 10)
    still[1] = still[1] * array(0)
    yield step("zero_gradient", "alone", "a step without a gradient skipped", *still, momentum=0.9)
    theta, grad, state = drawn(rng, 10)
    theta[2], grad[5], state.velocity[9] = nan, nan, nan
    yield step("nan", "in_each", "NaN lost, or in other elements", theta, grad, state, momentum=0.9)
    yield step(
        "elementwise", "long", "elements beyond 4096, or the last n % 8, left out", *drawn(rng, 4099), **DAMPENED
    )
    small = [array(each * float(finfo(dtype).smallest_normal) / 2) for each in drawn(rng, 10)[:2]]
    below = SGDState(3, (drawn(rng, 10)[0] * float(finfo(dtype).smallest_normal)).astype(kept))
    small[1][9], below.velocity[9] = 1, 1  # beside which the others are judged
    yield step("subnormal", "all", "subnormal numbers flushed to 0", small[0] * array(0), small[1], below,
               momentum=0.9, learning_rate=1.0)  # fmt: skip
    counts = 1, 2, 10
    for name, options in (("nesterov", NESTEROV), ("dampened", DAMPENED)):
        run = drawn(rng, 10, step=0, rows=counts[-1])
        note = "a history kept beside the state"
        yield step("trajectory", name, note, *run, steps=counts, learning_rate=0.1, **options)
    run = drawn(rng, 10, step=0, rows=7)
    note = "what is kept beside the state is lost"
    yield step("resumed", "from_copies", note, *run, steps=(1, 4, 7), copied=True, momentum=0.9)
    yield step("donate", "once", "memory that is not the caller's", *drawn(rng, 10), donate=True, momentum=0.9)
    run = drawn(rng, 10, rows=3)
    yield step("donate", "three_steps", "what was given is kept", *run, donate=True, steps=(1, 2, 3), momentum=0.9)
    yield step("donate", "two_axes", "a copy is written over", *drawn(rng, 4, 6), donate=True, momentum=0.9)
    yield step("empty", "no_elements", "an empty array fails", *drawn(rng, 0, 3), momentum=0.9)
    yield step("layout", "two_axes", "memory order taken for granted", *drawn(rng, 4, 6), momentum=0.9)
