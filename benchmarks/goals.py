"""The goals that the project has set itself, each with what `gaugeblock bench` measured."""

import statistics
from typing import Any, NamedTuple

from blocks import table

from gaugeblock.conformance.bench.tables import ratio, seconds_of, title

Document = dict[str, Any]
Measurement = dict[str, Any]


class Goal(NamedTuple):
    """A row of the goals: what is wanted, what was measured, and whether that is met."""

    what: str
    wanted: str
    measured: str
    met: bool


def found(document: Document, formula: str, *shape: int, tensors: int = 1, cores: int = 1) -> Measurement:
    """The measurement of one work."""
    wanted = {"formula": formula, "shape": list(shape), "tensors": tensors, "cores": cores}
    return next(each for each in document["measurements"] if wanted.items() <= each.items())


def at_most(what: str, limit: float, measured: float | None) -> Goal:
    """A goal for a ratio."""
    met = measured is not None and measured <= limit
    return Goal(what, f"{limit:g} or less", "-" if measured is None else f"{measured:.2f}", met)


def goals(speed: Document, growth: Document) -> list[Goal]:
    """The goals, each with what was measured."""
    large, numpy = (8192, 8192), "gaugeblock.numpy"
    adam, softmax = found(speed, "adam", 25_000_000), found(speed, "softmax", *large)
    losses = found(speed, "categorical_cross_entropy_from_logits", *large)
    small = [each for each in speed["measurements"] if each["elements"] <= 1000 and each["tensors"] == 1]
    donated, output = peak(adam, f"{numpy}, donated"), 4 * softmax["elements"]
    block = peak(softmax, numpy) - output
    verdict = {name: statistics.median(seconds) for name, seconds in speed["verdicts"].items()}
    together = max(verdict, key=len)
    rates = {
        dtype: min(
            each["elements"] / statistics.median(each["judge"]) / 1e6
            for each in speed["oracle"]
            if each["dtype"] == dtype
        )
        for dtype in ("float32", "float64")
    }
    over = statistics.median(
        a - b for a, b in zip(speed["imports"]["gaugeblock"], speed["imports"]["numpy"], strict=True)
    )
    return [
        at_most("Adam, NumPy backend, donated, 25 M parameters / naive", 0.27, ratio(adam, f"{numpy}, donated")),
        at_most("the same / torch's default Adam", 1, ratio(adam, f"{numpy}, donated", "torch.optim")),
        at_most(
            "Adam, NumPy backend, 200 tensors of 100 / naive",
            0.05,
            ratio(found(speed, "adam", 100, tensors=200), f"{numpy}, donated"),
        ),
        at_most("softmax, NumPy backend, 8192 x 8192 / naive", 0.65, ratio(softmax, numpy)),
        at_most("cross-entropy from logits, NumPy backend, 8192 x 8192 / naive", 0.35, ratio(losses, numpy)),
        worst("torch backend / the native call, 10^5 to 10^8 elements", growth, "gaugeblock.torch"),
        worst("JAX backend under jit / jax.nn and optax, 10^5 to 10^8 elements", growth, "gaugeblock.jax, jit"),
        over_the_plain_call("NumPy backend over the plain expression, 10 to 1000 elements", small, 1.5, numpy, "naive"),
        over_the_plain_call(
            "torch backend over the native call, 10 to 1000 elements",
            small,
            1.0,
            "gaugeblock.torch",
            "torch.nn.functional",
        ),
        Goal(
            "memory of Adam, NumPy backend, donated, 25 M parameters",
            "4 MB or less",
            f"{donated / 1e6:.1f} MB",
            donated <= 4e6,
        ),
        Goal(
            "memory of softmax, NumPy backend, beyond its output", "4 MB or less", f"{block / 1e6:.1f} MB", block <= 4e6
        ),
        Goal("`gaugeblock check`", "5 s or less", f"{verdict['numpy']:.1f} s", verdict["numpy"] <= 5),
        Goal(
            f"`gaugeblock check {together}`, 2 cores",
            "45 s or less",
            f"{verdict[together]:.0f} s",
            verdict[together] <= 45,
        ),
        Goal("the oracle, float32", "10 M elements / s or more", f"{rates['float32']:.1f}", rates["float32"] >= 10),
        Goal("the oracle, float64", "0.3 M elements / s or more", f"{rates['float64']:.2f}", rates["float64"] >= 0.3),
        Goal("`import gaugeblock` over `import numpy`", "30 ms or less", f"{over * 1e3:.0f} ms", over <= 0.03),
    ]


def peak(measurement: Measurement, name: str) -> int:
    """The memory of one call of a contender."""
    return next(each["peak_bytes"] or 0 for each in measurement["contenders"] if each["name"] == name)


NATIVE = {
    "gaugeblock.torch": ("torch.nn.functional", "torch.optim, fused"),
    "gaugeblock.jax, jit": ("jax.nn", "optax"),
}


def worst(what: str, growth: Document, name: str) -> Goal:
    """The goal of a backend: 1.1 of the native call at most; Adam's is the donated one, as the native call is."""
    ratios = {}
    for each in growth["measurements"]:
        own = f"{name}, donated" if each["formula"] == "adam" else name
        for native in NATIVE[name]:
            known = ratio(each, own, native)
            if known is not None and each["elements"] >= 10**5:
                ratios[title(each)] = known
    where = max(ratios, key=lambda work: ratios[work])
    goal = at_most(what, 1.1, ratios[where])
    median = statistics.median(ratios.values())
    return goal._replace(measured=f"{goal.measured} at worst ({where}), {median:.2f} in the median")


def over_the_plain_call(what: str, small: list[Measurement], limit: float, name: str, other: str) -> Goal:
    """A goal in microseconds over another call, at worst."""
    over = {}
    for each in small:
        seconds = seconds_of(each)
        if {name, other} <= set(seconds):
            over[title(each)] = 1e6 * statistics.median(
                a - b for a, b in zip(seconds[name], seconds[other], strict=True)
            )
    where = max(over, key=lambda work: over[work])
    return Goal(what, f"{limit:g} us or less", f"{over[where]:.1f} us at worst ({where})", over[where] <= limit)


def text(speed: Document, growth: Document) -> str:
    """The table of the goals."""
    rows = ((goal.what, goal.wanted, goal.measured, "yes" if goal.met else "**no**") for goal in goals(speed, growth))
    return table(("", "goal", "measured", "met"), rows)
