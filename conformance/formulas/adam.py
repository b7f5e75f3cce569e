"""Cases of Adam: of its step, and of its lines where a subject has them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...reference import AdamState
from ..arithmetic.device_arrays import asarray
from ..arithmetic.rounding import at_least_float32
from . import Case, case, every_number, finfo, powers, seeded
from .adam_steps import FORMS, first_moment_lerp, over_steps

# What each result of the step answers for, in a case about another one.
LINES = {"theta": "adam.update", "m": "adam.first_moment", "v": "adam.second_moment"}
ABOUT = {
    "theta": {"update", "bias_correction", "epsilon", "late_steps"},
    "m": {"first_moment", "state"},
    "v": {"second_moment", "state"},
}


def label_of(case: Case, result: str) -> str:
    """The requirement that a result of a case is judged by: the case's, unless that is about another result."""
    if case.steps:
        return "adam.donate" if "donate" in case.options else "adam.trajectory"
    about = case.requirement.partition(".")[2]
    elsewhere = any(about in others for other, others in ABOUT.items() if other != result) or about == "step"
    return LINES[result] if result in LINES and elsewhere and about not in ABOUT[result] else case.requirement


def scale(call: Any, result: str) -> Any:
    """The parameters are a term of what they become."""
    return np.abs(call.arguments[0].astype(np.float64))


def open_elements(theta: Any, grad: Any, state: AdamState, **options: Any) -> tuple[Any, Any, Any]:
    """What is made of a gradient whose square overflows, and theta where v' may be 0 and epsilon is."""
    info, beta2 = finfo(at_least_float32(theta.dtype)), options.get("beta2", 0.999)
    square = asarray(grad, np.float64) ** 2
    overflows = square > float(info.max)
    second = beta2 * asarray(state.v, np.float64) + (1 - beta2) * square
    idle = (second < float(info.smallest_normal)) & (options.get("epsilon", 1e-8) == 0)
    return overflows | idle, np.False_, overflows


def open_in_update(theta: Any, m_hat: Any, v_hat: Any, learning_rate: Any, epsilon: Any) -> Any:
    """Where v_hat is 0 and so is epsilon."""
    return (v_hat == 0) & (epsilon == 0)


def coasting(function: str, label: str, dtype: np.dtype[Any]) -> Iterator[Case]:
    """A step without a gradient from a small state, whose quotient is no small number."""
    kept, rng = at_least_float32(dtype), np.random.default_rng(29)
    still, m, v = np.zeros(10, dtype), 1e-13 * rng.normal(size=10), 1e-26 * rng.uniform(0.5, 2, 10)
    state, note = AdamState(6, m.astype(kept), v.astype(kept)), "a small state is taken for none, or for one at rest"
    yield case(function, f"{label}.zero_gradient", "small_state", note, still, still.copy(), state, epsilon=1e-12)


DETAILS: dict[str, dict[str, Any]] = {
    "adam_first_moment": {"forms": {"lerp": first_moment_lerp}},
    "adam_step": {
        "forms": FORMS,
        "label_of": label_of,
        "scale": scale,
        "over_steps": over_steps,
        "made": partial(coasting, "adam_step", "adam"),
        "donation": "donate",
        "state_type": AdamState,
        "state_dtype": at_least_float32,
        "open": open_elements,
    },
    "adam_update": {"open": open_in_update},
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """Those of the step and of its lines; in half precision of the step alone, since its lines are in float32."""
    return (case for case in all_cases(dtype, seed) if case.function == "adam_step" or dtype.itemsize >= 4)


def all_cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    kept = at_least_float32(dtype)  # of the moments
    rng = np.random.default_rng(6)
    info = finfo(dtype)
    nan = np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(*shape: int) -> Any:
        return array(rng.normal(size=shape))

    def positive(*shape: int) -> Any:
        return array(rng.uniform(0.5, 2, shape))

    def zeros(*shape: int) -> Any:
        return array(np.zeros(shape))

    def step(requirement: str, name: str, note: str, theta: Any, grad: Any, state: AdamState, **options: Any) -> Case:
        state = AdamState(state.step, state.m.astype(kept), state.v.astype(kept))
        return case("adam_step", f"adam.{requirement}", name, note, theta, grad, state, **options)

    def first(*shape: int) -> AdamState:
        return AdamState(0, zeros(*shape), zeros(*shape))

    # Where theta is 0 the step itself is seen, to its last bit.
    grad = array([-3, -0.7, -1e-3, -2e-5, 1e-4, 0.02, 0.3, 1, 5, 1e3])
    for name, random in seeded(dtype, seed, 3):
        g, m, v = (array(random.normal(size=10)) for _ in range(3))
        theta = array(random.normal(size=10) * (np.arange(10) % 2))
        yield step("update", name, "any mistake", theta, g, AdamState(int(random.integers(1, 20)), m, v * v))
    yield step("update", "first_step", "every published variant of the formula", zeros(10), grad, first(10))
    state = AdamState(1, normal(10), positive(10))
    yield step("update", "second_step", "moments exchanged, one of them used twice", normal(10), grad, state)
    theta = array(1e3 * rng.normal(size=10))
    yield step("update", "large_theta", "weight decay, L2", theta, grad, AdamState(2, normal(10), positive(10)))
    one = array(0.3), array(-0.2), AdamState(4, array(0.1), array(0.5))
    yield step("update", "no_axes", "an array without axes fails", *one)
    block = normal(3, 4, 5), normal(3, 4, 5), AdamState(3, normal(3, 4, 5), positive(3, 4, 5))
    yield step("update", "three_axes", "the shape taken for granted", *block)
    lines = normal(10), normal(10), positive(10), 0.01, 1e-8
    yield case("adam_update", "adam.update", "line", "moments exchanged", *lines)

    opposed = AdamState(5, array([9, 1, -1, 2, 0.5, -3, 1, 1, 8, 0]), positive(10))
    steep = array([-81, -9, 9, -18, 4.5, 27, 0, -1, 1e-3, 5])
    yield step("first_moment", "opposed", "|g|, Nesterov, a moment that starts anew", zeros(10), steep, opposed)
    yield case("adam_first_moment", "adam.first_moment", "line", "the weights exchanged", normal(10), normal(10), 0.9)
    yield case("adam_first_moment", "adam.first_moment", "no_memory", "beta1 = 0", zeros(10), normal(10), 0.0)
    apart = AdamState(5, array(10 * rng.normal(size=10)), positive(10))
    yield step("second_moment", "apart", "g - m in the place of g, g in the place of g^2", zeros(10), grad, apart)
    largest = AdamState(50, normal(10), array(100 * rng.uniform(0.5, 2, 10)))
    yield step("second_moment", "decreasing", "the largest v or |g| kept", zeros(10), normal(10), largest)
    yield case("adam_second_moment", "adam.second_moment", "line", "g not squared", positive(10), normal(10), 0.999)
    yield case("adam_second_moment", "adam.second_moment", "no_memory", "beta2 = 0", zeros(10), normal(10), 0.0)
    note = "1 - beta formed in float32"
    yield case("adam_first_moment", "adam.first_moment", "from_zero", note, zeros(10), normal(10), 0.9)
    yield case("adam_second_moment", "adam.second_moment", "from_zero", note, zeros(10), normal(10), 0.999)

    for t in (1, 2, 3, 10, 100):
        state = first(10) if t == 1 else AdamState(t - 1, normal(10), positive(10))
        note = "the correction missing, of one moment only, off by one step, or cancelling in the dtype"
        yield step("bias_correction", f"step_{t}", note, zeros(10), normal(10), state)
        for beta in (0.9, 0.999):
            yield case("adam_bias_correction", "adam.bias_correction", f"line_{beta}_{t}", note, normal(10), beta, t)
    yield case("adam_bias_correction", "adam.bias_correction", "no_memory", "beta = 0 fails", normal(10), 0.0, 3)

    small = array([1e-6, -1e-6, 3e-7, 1e-7, -2e-8, 1e-8, 1e-9, -1e-10, 1e-12, 1e-15])
    note = "epsilon inside the root, added before the correction, or another default"
    yield step("epsilon", "first_step", note, zeros(10), small, first(10))
    yield step("epsilon", "later_step", note, zeros(10), small, AdamState(20, small, small * small))
    yield step("epsilon", "argument", "epsilon ignored", zeros(10), grad, first(10), epsilon=0.1)
    above = array(np.append(small[:8], [2e-7, -5e-9]))
    yield step("epsilon", "zero", "0 replaced by the default", zeros(10), above, first(10), epsilon=0.0)
    yield case("adam_update", "adam.epsilon", "line", note, zeros(10), small, array(small * small), 0.01, 1e-8)

    state = AdamState(41, normal(10), positive(10))
    yield step("step", "counted", "the step not advanced", zeros(10), normal(10), state)
    near = array(rng.normal(size=10) / 16)
    for name, options in {
        "learning_rate": {"learning_rate": 0.3},
        "beta1": {"beta1": 0.6},
        "beta1_zero": {"beta1": 0.0},
        "beta2": {"beta2": 0.95},
        "beta2_zero": {"beta2": 0.0},
        "all": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3},
    }.items():
        state = AdamState(2, near, positive(10))
        yield step("hyper_parameters", name, "an argument ignored", zeros(10), positive(10), state, **options)
    state, note = AdamState(2, normal(10), positive(10)), "learning_rate = 0 taken for 'not given'"
    yield step("hyper_parameters", "learning_rate_zero", note, positive(10), normal(10), state, learning_rate=0.0)
    state = AdamState(1, normal(10), positive(10))
    yield step("state", "returned", "the corrected moments returned", normal(10), normal(10), state)
    still = AdamState(6, normal(10), positive(10))
    idle = zeros(10), array([0, 0, 0, 1, 0, 0, 0, 2, 0, 0]), still
    yield step("zero_gradient", "among_others", "elements without a gradient skipped", *idle)
    yield step("zero_gradient", "alone", "a step without a gradient skipped", normal(10), zeros(10), still)
    never = normal(10), zeros(10), first(10)
    yield step("zero_gradient", "from_the_start", "0 / 0", *never)

    if dtype.itemsize == 2:
        every = every_number(dtype)
        every = every[np.abs(every.astype(np.float64)) < 2.0**60]  # the square of a larger one overflows
        yield step("elementwise", "every_gradient", "any mistake at all", zeros(every.size), every, first(every.size))
    long = normal(4099), normal(4099), AdamState(7, normal(4099), positive(4099))
    yield step("elementwise", "long", "elements beyond 4096, or the last n % 8, left out", *long)
    scales = array(2.0 ** rng.integers(-12, 13, 10) * rng.normal(size=10))
    norm = zeros(10), scales, AdamState(3, scales[::-1].copy(), scales.astype(np.float64) ** 2)
    yield step("elementwise", "scales", "a norm over the elements, or gradients clipped", *norm)
    for name in ("theta", "grad", "m", "v"):
        values = {key: positive(10) for key in ("theta", "grad", "m", "v")}
        values[name][[2, 9]] = nan
        state = AdamState(3, values["m"], values["v"])
        yield step("nan", f"in_{name}", "NaN lost, or spread to other elements", values["theta"], values["grad"], state)
    root = np.sqrt(float(info.smallest_normal))
    faint = array(np.append(root * np.array([1, 0.1, 1e-2, -1e-3, 1e-6, -3, 10, 100, 0]), 1))
    tiny = zeros(10), faint, AdamState(9, faint[::-1].copy(), zeros(10))
    yield step("subnormal", "squares", "the square of a small gradient makes NaN", *tiny)
    below = array(np.append(float(info.smallest_normal) * np.array([8, 3, 1, 0.3, -2, -0.4, 0.1, 5, -7]), 1))
    drain = zeros(10), zeros(10), AdamState(9, below, array(np.abs(below)))
    yield step("subnormal", "moments", "subnormal moments flushed to 0", *drain)
    for t in (301, 3_001, 10_000, 65_537, 1_000_000):
        state = AdamState(t - 1, normal(10), positive(10))
        yield step("late_steps", f"step_{t}", "beta^t overflows, a counter of few bits", zeros(10), normal(10), state)
    patient, note = AdamState(29_999, normal(10), positive(10)), "the correction ends after a number of steps"
    yield step("late_steps", "long_memory", note, zeros(10), normal(10), patient, beta2=0.99999)
    yield step("empty", "no_elements", "an empty array fails", zeros(0, 3), zeros(0, 3), first(0, 3))
    layout = normal(4, 6), normal(4, 6), AdamState(3, normal(4, 6), positive(4, 6))
    yield step("layout", "two_axes", "memory order taken for granted", *layout)

    # Gradients along the first axis, one for each step, of sizes that vary from element to element and step to step.
    def gradients(rng: np.random.Generator, steps: int) -> Any:
        sizes = powers(10, rng.uniform(-7, 1, 10) + rng.uniform(-1, 1, (steps, 1)))
        return array(sizes * (rng.normal(size=(steps, 10)) + rng.normal(size=10)))

    note = "a history kept beside the state, such as the largest v, slow weights or powers of beta"
    counts: tuple[int, ...] = (
        (1, 2, 10, 100, 1000) if dtype.itemsize >= 4 else (1, 2, 10)
    )  # theta is rounded at each step
    for name, random in seeded(dtype, seed, 1):
        long_run = zeros(10), gradients(random, counts[-1]), first(10)
        yield step("trajectory", name, note, *long_run, steps=counts)
    other: dict[str, Any] = {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3}
    counts = (1, 2, 10, 100)[: len(counts)]
    run = normal(10), gradients(rng, counts[-1]), AdamState(20, normal(10), positive(10))
    yield step("trajectory", "hyper_parameters", note, *run, steps=counts, **other)
    counts = (1, 7, 50, 60) if dtype.itemsize >= 4 else (1, 7, 10)
    run, note = (
        (normal(10), gradients(rng, counts[-1]), first(10)),
        "what is kept beside the state is lost",
    )
    yield step("resumed", "from_copies", note, *run, steps=counts, copied=True)

    yield step(
        "donate", "first_step", "memory that is not the caller's", normal(10), normal(10), first(10), donate=True
    )
    run, note = (normal(10), gradients(rng, 3), AdamState(2, normal(10), positive(10))), "what was given is kept"
    yield step("donate", "three_steps", note, *run, donate=True, steps=(1, 2, 3))
    given = normal(4099), normal(4099), AdamState(3, normal(4099), positive(4099))
    yield step("donate", "long", "an array is read after it was written over", *given, donate=True)
    given, note = (normal(4, 6), normal(4, 6), AdamState(3, normal(4, 6), positive(4, 6))), "a copy is written over"
    yield step("donate", "two_axes", note, *given, donate=True)
    given, note = (normal(10), normal(10), AdamState(3, normal(10), positive(10))), "donate=False taken for True"
    yield step("donate", "declined", note, *given, donate=False)
