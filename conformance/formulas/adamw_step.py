"""Cases of a step of AdamW."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference import AdamState
from ...reference.arguments import rounded, wide
from ..arithmetic.rounding import at_least_float32
from . import Case, case, powers, seeded
from .adam import coasting, open_elements, scale
from .adam_steps import FORMS, WAYS, negative_rates, over_steps

Array = Any


def decayed_first(step: Callable[..., Any]) -> Callable[..., Any]:
    """A step of Adam from ``theta (1 - learning_rate weight_decay)``."""

    def form(theta: Array, grad: Array, state: AdamState, /, *, weight_decay: Any, **rates: Any) -> Any:
        xp, dtype = array_namespace(theta), theta.dtype
        kept = 1 - rates["learning_rate"] * weight_decay
        new, state = step(wide(theta, xp) * kept, wide(grad, xp), state, **rates)
        return rounded(new, dtype, xp), state

    return form


def in_one_update(step: Callable[..., Any]) -> Callable[..., Any]:
    """Both together are subtracted: ``theta - learning_rate (u + weight_decay theta)``, u from a step of Adam."""

    def form(theta: Array, grad: Array, state: AdamState, /, *, weight_decay: Any, **rates: Any) -> Any:
        xp, dtype = array_namespace(theta), theta.dtype
        theta, grad = wide(theta, xp), wide(grad, xp)
        u, state = step(xp.zeros_like(theta), grad, state, **rates | {"learning_rate": rates["learning_rate"] * 0 - 1})
        return rounded(theta - rates["learning_rate"] * (u + weight_decay * theta), dtype, xp), state

    return form


# Those whose bound is the largest: each with `lerp`, which is a step without it for beta1 < 1/2.
ALL = {
    "lerp + torch_order": decayed_first(FORMS["lerp + torch_order"]),
    "lerp + efficient_order": decayed_first(FORMS["lerp + efficient_order"]),
    "lerp + in_one_update": in_one_update(FORMS["lerp"]),
}


def open_in_step(theta: Any, grad: Any, state: AdamState, *, weight_decay: Any = 0.01, **options: Any) -> Any:
    """What Adam's own page leaves open."""
    return open_elements(theta, grad, state, **options)


DETAILS: dict[str, dict[str, Any]] = {
    "adamw_step": {
        "forms": ALL,
        "scale": scale,
        "over_steps": partial(over_steps, ways=[decayed_first(WAYS[0]), *ALL.values()]),
        "made": partial(coasting, "adamw_step", "adamw_step"),
        "donation": "donate",
        "state_type": AdamState,
        "state_dtype": at_least_float32,
        "open": open_in_step,
        "may_refuse": negative_rates,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    kept = at_least_float32(dtype)  # of the moments
    rng = np.random.default_rng(26)
    nan = np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *shape: int, step: int = 3, theta: float = 1.0) -> list[Any]:
        """Normal theta, gradients and moments."""
        p, g, m = (array(generator.normal(size=shape)) for _ in range(3))
        v = array(generator.uniform(0.5, 2, shape))
        m, v = (np.asarray(each * (step > 0), kept) for each in (m, v))
        return [array(theta * p), g, AdamState(step, m, v)]

    def step(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        return case("adamw_step", f"adamw_step.{requirement}", name, note, *arguments, **options)

    for name, random in seeded(dtype, seed, 1):
        yield step("value", name, "any mistake", *drawn(random, 10))
    yield step("value", "first_step", "every published variant of Adam", *drawn(rng, 10, step=0, theta=0.0))
    yield step("decay", "large_theta", "no decay, or one of the gradient", *drawn(rng, 10, theta=100.0))
    given = drawn(rng, 10, theta=10.0)
    yield step("decay", "weight_decay_0.5", "the decay not times the learning rate", *given, weight_decay=0.5)
    yield step("decay", "none", "0 taken for 'not given'", *given, weight_decay=0.0)
    yield step("decay", "after_the_first", "the decay in the moments", *drawn(rng, 10, step=0, theta=10.0))
    note = "the correction missing, of one moment only, or off by one step"
    for t in (2, 10):
        yield step("bias_correction", f"step_{t}", note, *drawn(rng, 10, step=t - 1, theta=0.0))
    small = drawn(rng, 10, step=0, theta=0.0)
    small[1] = array(1e-6 * small[1])
    yield step("epsilon", "small_gradients", "epsilon inside the root, or another default", *small)
    yield step("epsilon", "none", "0 taken for 'not given'", *small, epsilon=0.0)
    yield step("epsilon", "argument", "epsilon ignored", *drawn(rng, 10, theta=0.0), epsilon=0.1)
    other = {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1}
    yield step("hyper_parameters", "all", "an argument ignored", *drawn(rng, 10), **other)
    yield step("step", "counted", "the step not advanced", *drawn(rng, 10, step=41))
    still = drawn(rng, 10)
    still[1] = still[1] * array(0)
    yield step("zero_gradient", "alone", "no decay without a gradient", *still)
    theta, grad, state = drawn(rng, 10)
    for place, array_of in enumerate((theta, grad, state.m, state.v)):
        array_of[2 * place] = nan
    yield step("nan", "in_each", "NaN lost, or spread to other elements", theta, grad, state)
    yield step("elementwise", "long", "elements beyond 4096, or the last n % 8, left out", *drawn(rng, 4099))

    def gradients(generator: np.random.Generator, count: int) -> Any:
        sizes = powers(10, generator.uniform(-4, 1, 10) + generator.uniform(-1, 1, (count, 1)))
        return array(sizes * (generator.normal(size=(count, 10)) + generator.normal(size=10)))

    counts = 1, 2, 10
    run = drawn(rng, 10, step=0)
    run[1] = gradients(rng, counts[-1])
    note = "a history kept beside the state, such as the first parameters"
    yield step("trajectory", "from_the_start", note, *run, steps=counts, weight_decay=0.1)
    run = drawn(rng, 10, step=0)
    run[1] = gradients(rng, 7)
    yield step("resumed", "from_copies", "what is kept beside the state is lost", *run, steps=(1, 4, 7), copied=True)
    run = drawn(rng, 10)
    run[1] = gradients(rng, 3)
    yield step("donate", "three_steps", "what was given is kept", *run, donate=True, steps=(1, 2, 3))
    yield step("donate", "two_axes", "a copy is written over", *drawn(rng, 4, 6), donate=True)
    yield step("empty", "no_elements", "an empty array fails", *drawn(rng, 0, 3))
    yield step("layout", "two_axes", "memory order taken for granted", *drawn(rng, 4, 6))
