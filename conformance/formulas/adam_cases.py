"""The cases of Adam, by what they are about."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...reference import AdamState
from ..arithmetic.rounding import at_least_float32
from . import Case, case, every_number, finfo, powers, seeded

SLOPES = -3, -0.7, -1e-3, -2e-5, 1e-4, 0.02, 0.3, 1, 5, 1e3  # of every size


class Draw(NamedTuple):
    """What the arrays of the cases are drawn from, one after the other: another order makes other cases."""

    dtype: np.dtype[Any]
    seed: int
    rng: np.random.Generator

    def array(self, values: Any) -> Any:
        return np.asarray(values, self.dtype)

    def normal(self, *shape: int) -> Any:
        return self.array(self.rng.normal(size=shape))

    def positive(self, *shape: int) -> Any:
        return self.array(self.rng.uniform(0.5, 2, shape))

    def zeros(self, *shape: int) -> Any:
        return self.array(np.zeros(shape))

    def first(self, *shape: int) -> AdamState:
        """The state before the first step."""
        return AdamState(0, self.zeros(*shape), self.zeros(*shape))

    def gradients(self, rng: np.random.Generator, steps: int) -> Any:
        """Gradients along the first axis, one for each step, of sizes that vary from one to the next."""
        sizes = powers(10, rng.uniform(-7, 1, 10) + rng.uniform(-1, 1, (steps, 1)))
        return self.array(sizes * (rng.normal(size=(steps, 10)) + rng.normal(size=10)))


def step(requirement: str, name: str, note: str, theta: Any, grad: Any, state: AdamState, **options: Any) -> Case:
    """A case of the step."""
    kept = at_least_float32(theta.dtype)  # of the moments
    state = AdamState(state.step, state.m.astype(kept), state.v.astype(kept))
    return case("adam_step", f"adam.{requirement}", name, note, theta, grad, state, **options)


def all_cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """Those of the step and of its lines."""
    draw = Draw(dtype, seed, np.random.default_rng(6))
    parts = of_update, of_moments, of_corrections, of_arguments, of_elements, of_extremes, of_many_steps, of_donation
    for part in parts:
        yield from part(draw)


def of_update(draw: Draw) -> Iterator[Case]:
    """Cases of the whole step, and of its line."""
    # Where theta is 0 the step itself is seen, to its last bit.
    grad = draw.array(SLOPES)
    for name, random in seeded(draw.dtype, draw.seed, 3):
        g, m, v = (draw.array(random.normal(size=10)) for _ in range(3))
        theta = draw.array(random.normal(size=10) * (np.arange(10) % 2))
        yield step("update", name, "any mistake", theta, g, AdamState(int(random.integers(1, 20)), m, v * v))
    yield step("update", "first_step", "every published variant of the formula", draw.zeros(10), grad, draw.first(10))
    state = AdamState(1, draw.normal(10), draw.positive(10))
    yield step("update", "second_step", "moments exchanged, one of them used twice", draw.normal(10), grad, state)
    theta = draw.array(1e3 * draw.rng.normal(size=10))
    yield step(
        "update", "large_theta", "weight decay, L2", theta, grad, AdamState(2, draw.normal(10), draw.positive(10))
    )
    one = draw.array(0.3), draw.array(-0.2), AdamState(4, draw.array(0.1), draw.array(0.5))
    yield step("update", "no_axes", "an array without axes fails", *one)
    block = draw.normal(3, 4, 5), draw.normal(3, 4, 5), AdamState(3, draw.normal(3, 4, 5), draw.positive(3, 4, 5))
    yield step("update", "three_axes", "the shape taken for granted", *block)
    lines = draw.normal(10), draw.normal(10), draw.positive(10), 0.01, 1e-8
    yield case("adam_update", "adam.update", "line", "moments exchanged", *lines)


def of_moments(draw: Draw) -> Iterator[Case]:
    """Cases of the two moments, and of their lines."""
    opposed = AdamState(5, draw.array([9, 1, -1, 2, 0.5, -3, 1, 1, 8, 0]), draw.positive(10))
    steep = draw.array([-81, -9, 9, -18, 4.5, 27, 0, -1, 1e-3, 5])
    yield step("first_moment", "opposed", "|g|, Nesterov, a moment that starts anew", draw.zeros(10), steep, opposed)
    yield case(
        "adam_first_moment", "adam.first_moment", "line", "the weights exchanged", draw.normal(10), draw.normal(10), 0.9
    )
    yield case("adam_first_moment", "adam.first_moment", "no_memory", "beta1 = 0", draw.zeros(10), draw.normal(10), 0.0)
    apart = AdamState(5, draw.array(10 * draw.rng.normal(size=10)), draw.positive(10))
    yield step(
        "second_moment",
        "apart",
        "g - m in the place of g, g in the place of g^2",
        draw.zeros(10),
        draw.array(SLOPES),
        apart,
    )
    largest = AdamState(50, draw.normal(10), draw.array(100 * draw.rng.uniform(0.5, 2, 10)))
    yield step("second_moment", "decreasing", "the largest v or |g| kept", draw.zeros(10), draw.normal(10), largest)
    yield case(
        "adam_second_moment", "adam.second_moment", "line", "g not squared", draw.positive(10), draw.normal(10), 0.999
    )
    yield case(
        "adam_second_moment", "adam.second_moment", "no_memory", "beta2 = 0", draw.zeros(10), draw.normal(10), 0.0
    )
    note = "1 - beta formed in float32"
    yield case("adam_first_moment", "adam.first_moment", "from_zero", note, draw.zeros(10), draw.normal(10), 0.9)
    yield case("adam_second_moment", "adam.second_moment", "from_zero", note, draw.zeros(10), draw.normal(10), 0.999)


def of_corrections(draw: Draw) -> Iterator[Case]:
    """Cases of the bias correction and of epsilon."""
    for t in (1, 2, 3, 10, 100):
        state = draw.first(10) if t == 1 else AdamState(t - 1, draw.normal(10), draw.positive(10))
        note = "the correction missing, of one moment only, off by one step, or cancelling in the dtype"
        yield step("bias_correction", f"step_{t}", note, draw.zeros(10), draw.normal(10), state)
        for beta in (0.9, 0.999):
            yield case(
                "adam_bias_correction", "adam.bias_correction", f"line_{beta}_{t}", note, draw.normal(10), beta, t
            )
    yield case("adam_bias_correction", "adam.bias_correction", "no_memory", "beta = 0 fails", draw.normal(10), 0.0, 3)

    small = draw.array([1e-6, -1e-6, 3e-7, 1e-7, -2e-8, 1e-8, 1e-9, -1e-10, 1e-12, 1e-15])
    note = "epsilon inside the root, added before the correction, or another default"
    yield step("epsilon", "first_step", note, draw.zeros(10), small, draw.first(10))
    yield step("epsilon", "later_step", note, draw.zeros(10), small, AdamState(20, small, small * small))
    yield step(
        "epsilon", "argument", "epsilon ignored", draw.zeros(10), draw.array(SLOPES), draw.first(10), epsilon=0.1
    )
    above = draw.array(np.append(small[:8], [2e-7, -5e-9]))
    yield step("epsilon", "zero", "0 replaced by the default", draw.zeros(10), above, draw.first(10), epsilon=0.0)
    yield case(
        "adam_update", "adam.epsilon", "line", note, draw.zeros(10), small, draw.array(small * small), 0.01, 1e-8
    )


def of_arguments(draw: Draw) -> Iterator[Case]:
    """Cases of the state, of the hyper-parameters, and of gradients of 0."""
    state = AdamState(41, draw.normal(10), draw.positive(10))
    yield step("step", "counted", "the step not advanced", draw.zeros(10), draw.normal(10), state)
    near = draw.array(draw.rng.normal(size=10) / 16)
    for name, options in {
        "learning_rate": {"learning_rate": 0.3},
        "beta1": {"beta1": 0.6},
        "beta1_zero": {"beta1": 0.0},
        "beta2": {"beta2": 0.95},
        "beta2_zero": {"beta2": 0.0},
        "all": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3},
    }.items():
        state = AdamState(2, near, draw.positive(10))
        yield step("hyper_parameters", name, "an argument ignored", draw.zeros(10), draw.positive(10), state, **options)
    state, note = AdamState(2, draw.normal(10), draw.positive(10)), "learning_rate = 0 taken for 'not given'"
    yield step(
        "hyper_parameters", "learning_rate_zero", note, draw.positive(10), draw.normal(10), state, learning_rate=0.0
    )
    state = AdamState(1, draw.normal(10), draw.positive(10))
    yield step("state", "returned", "the corrected moments returned", draw.normal(10), draw.normal(10), state)
    still = AdamState(6, draw.normal(10), draw.positive(10))
    idle = draw.zeros(10), draw.array([0, 0, 0, 1, 0, 0, 0, 2, 0, 0]), still
    yield step("zero_gradient", "among_others", "elements without a gradient skipped", *idle)
    yield step("zero_gradient", "alone", "a step without a gradient skipped", draw.normal(10), draw.zeros(10), still)
    never = draw.normal(10), draw.zeros(10), draw.first(10)
    yield step("zero_gradient", "from_the_start", "0 / 0", *never)


def of_elements(draw: Draw) -> Iterator[Case]:
    """Cases of what one element is to another, and of NaN."""
    if draw.dtype.itemsize == 2:
        every = every_number(draw.dtype)
        every = every[np.abs(every.astype(np.float64)) < 2.0**60]  # the square of a larger one overflows
        yield step(
            "elementwise", "every_gradient", "any mistake at all", draw.zeros(every.size), every, draw.first(every.size)
        )
    long = draw.normal(4099), draw.normal(4099), AdamState(7, draw.normal(4099), draw.positive(4099))
    yield step("elementwise", "long", "elements beyond 4096, or the last n % 8, left out", *long)
    scales = draw.array(2.0 ** draw.rng.integers(-12, 13, 10) * draw.rng.normal(size=10))
    norm = draw.zeros(10), scales, AdamState(3, scales[::-1].copy(), scales.astype(np.float64) ** 2)
    yield step("elementwise", "scales", "a norm over the elements, or gradients clipped", *norm)
    for name in ("theta", "grad", "m", "v"):
        values = {key: draw.positive(10) for key in ("theta", "grad", "m", "v")}
        values[name][[2, 9]] = np.nan
        state = AdamState(3, values["m"], values["v"])
        yield step("nan", f"in_{name}", "NaN lost, or spread to other elements", values["theta"], values["grad"], state)


def of_extremes(draw: Draw) -> Iterator[Case]:
    """Cases of subnormal numbers, of late steps, of no elements and of memory layouts."""
    smallest = float(finfo(draw.dtype).smallest_normal)
    root = np.sqrt(smallest)
    faint = draw.array(np.append(root * np.array([1, 0.1, 1e-2, -1e-3, 1e-6, -3, 10, 100, 0]), 1))
    tiny = draw.zeros(10), faint, AdamState(9, faint[::-1].copy(), draw.zeros(10))
    yield step("subnormal", "squares", "the square of a small gradient makes NaN", *tiny)
    below = draw.array(np.append(smallest * np.array([8, 3, 1, 0.3, -2, -0.4, 0.1, 5, -7]), 1))
    drain = draw.zeros(10), draw.zeros(10), AdamState(9, below, draw.array(np.abs(below)))
    yield step("subnormal", "moments", "subnormal moments flushed to 0", *drain)
    for t in (301, 3_001, 10_000, 65_537, 1_000_000):
        state = AdamState(t - 1, draw.normal(10), draw.positive(10))
        yield step(
            "late_steps", f"step_{t}", "beta^t overflows, a counter of few bits", draw.zeros(10), draw.normal(10), state
        )
    patient, note = AdamState(29_999, draw.normal(10), draw.positive(10)), "the correction ends after a number of steps"
    yield step("late_steps", "long_memory", note, draw.zeros(10), draw.normal(10), patient, beta2=0.99999)
    yield step("empty", "no_elements", "an empty array fails", draw.zeros(0, 3), draw.zeros(0, 3), draw.first(0, 3))
    layout = draw.normal(4, 6), draw.normal(4, 6), AdamState(3, draw.normal(4, 6), draw.positive(4, 6))
    yield step("layout", "two_axes", "memory order taken for granted", *layout)


def of_many_steps(draw: Draw) -> Iterator[Case]:
    """Cases of many steps, in which what is kept beside the state shows."""
    note = "a history kept beside the state, such as the largest v, slow weights or powers of beta"
    wide = draw.dtype.itemsize >= 4  # theta is rounded at each step
    counts = (1, 2, 10, 100, 1000)[: 5 if wide else 3]
    for name, random in seeded(draw.dtype, draw.seed, 1):
        long_run = draw.zeros(10), draw.gradients(random, counts[-1]), draw.first(10)
        yield step("trajectory", name, note, *long_run, steps=counts)
    other: dict[str, Any] = {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3}
    counts = (1, 2, 10, 100)[: len(counts)]
    run = draw.normal(10), draw.gradients(draw.rng, counts[-1]), AdamState(20, draw.normal(10), draw.positive(10))
    yield step("trajectory", "hyper_parameters", note, *run, steps=counts, **other)
    counts = (1, 7, 50, 60) if wide else (1, 7, 10)
    run = draw.normal(10), draw.gradients(draw.rng, counts[-1]), draw.first(10)
    note = "what is kept beside the state is lost"
    yield step("resumed", "from_copies", note, *run, steps=counts, copied=True)


def of_donation(draw: Draw) -> Iterator[Case]:
    """Cases of arrays that are given for good."""
    given = draw.normal(10), draw.normal(10), draw.first(10)
    yield step("donate", "first_step", "memory that is not the caller's", *given, donate=True)
    run = draw.normal(10), draw.gradients(draw.rng, 3), AdamState(2, draw.normal(10), draw.positive(10))
    yield step("donate", "three_steps", "what was given is kept", *run, donate=True, steps=(1, 2, 3))
    given = draw.normal(4099), draw.normal(4099), AdamState(3, draw.normal(4099), draw.positive(4099))
    yield step("donate", "long", "an array is read after it was written over", *given, donate=True)
    given = draw.normal(4, 6), draw.normal(4, 6), AdamState(3, draw.normal(4, 6), draw.positive(4, 6))
    yield step("donate", "two_axes", "a copy is written over", *given, donate=True)
    given = draw.normal(10), draw.normal(10), AdamState(3, draw.normal(10), draw.positive(10))
    yield step("donate", "declined", "donate=False taken for True", *given, donate=False)
