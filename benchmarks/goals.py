"""The goals that the project has set itself, each with what `gaugeblock bench` measured."""

import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple

import verdict
from blocks import table

from gaugeblock.conformance.bench.tables import seconds_of, title

Document = dict[str, Any]
Measurement = dict[str, Any]


class Goal(NamedTuple):
    """A row of the goals: what is wanted, what was measured, and whether that is met."""

    what: str
    wanted: str
    measured: str
    met: bool | None  # None where it was not measured


MET = {True: "yes", False: "**no**", None: "not known"}


def found(document: Document, formula: str, *shape: int, tensors: int = 1, cores: int = 1) -> Measurement:
    """The measurement of one work."""
    wanted = {"formula": formula, "shape": list(shape), "tensors": tensors, "cores": cores}
    return next(each for each in document["measurements"] if wanted.items() <= each.items())


def results(name: str) -> str | None:
    """The text of a file of results, if there is one."""
    path = Path(__file__).parent / f"results/{name}"
    return path.read_text() if path.exists() else None


def multiple(measurement: Measurement, name: str, other: str = "naive") -> float | None:
    """The median of a contender's time, divided by the median of another's; None where one was not measured."""
    seconds = seconds_of(measurement)
    if not {name, other} <= set(seconds):
        return None
    return statistics.median(seconds[name]) / statistics.median(seconds[other])


def at_most(what: str, limit: float, measured: float | None, unit: str = "") -> Goal:
    """A goal that a figure is to be below."""
    if measured is None:
        return Goal(what, f"{limit:g}{unit} or less", "not measured", None)
    return Goal(what, f"{limit:g}{unit} or less", f"{measured:.3g}{unit}", measured <= limit)


def at_least(what: str, limit: float, measured: float, unit: str) -> Goal:
    """A goal that a figure is to be above."""
    return Goal(what, f"{limit:g}{unit} or more", f"{measured:.3g}{unit}", measured >= limit)


def of_the_allocator(speed: Document, what: str, work: tuple[Any, ...], name: str, *limits: float) -> list[Goal]:
    """A goal in both modes of the allocator: much of naive code's time goes into new pages of memory."""
    text = results("heap_kept.json")
    documents = {"default malloc": speed, "heap kept": None if text is None else json.loads(text)}
    return [
        at_most(f"{what}, {mode}", limit, multiple(found(document, *work), name) if document else None)
        for limit, (mode, document) in zip(limits, documents.items(), strict=True)
    ]


def goals(speed: Document, growth: Document) -> list[Goal]:
    """The goals, each with what was measured."""
    large, numpy = (8192, 8192), "gaugeblock.numpy"
    donating = f"{numpy}, donated"
    adam, softmax = found(speed, "adam", 25_000_000), found(speed, "softmax", *large)
    small = [each for each in growth["measurements"] if each["elements"] <= 1000]
    block = peak(softmax, numpy) - 4 * softmax["elements"]
    over = statistics.median(
        a - b for a, b in zip(speed["imports"]["gaugeblock"], speed["imports"]["numpy"], strict=True)
    )
    logits = "categorical_cross_entropy_from_logits"
    gradients = {"categorical_cross_entropy_vjp": 1.0, "relu_vjp": 2.0}
    ours, torch = "NumPy backend", ("gaugeblock.torch", "torch.nn.functional")
    few = "10 to 1000 elements, all formulas"
    work = ("adam", 25_000_000), ("softmax", *large), (logits, *large)
    return [
        *of_the_allocator(speed, f"Adam, {ours}, donated, 25 M parameters / naive", work[0], donating, 0.27, 0.35),
        at_most("the same / torch's default Adam, default malloc", 0.5, multiple(adam, donating, "torch.optim")),
        at_most(f"Adam, {ours}, 200 tensors of 100 / naive", 0.15, several(speed, 100, donating)),
        at_most(f"Adam, {ours}, 200 tensors of 4096 / naive", 0.7, several(speed, 4096, donating)),
        *of_the_allocator(speed, f"softmax, {ours}, 8192 x 8192 / naive", work[1], numpy, 0.6, 0.7),
        *of_the_allocator(speed, f"cross-entropy from logits, {ours}, 8192 x 8192 / naive", work[2], numpy, 0.25, 0.4),
        *(
            at_most(f"`{name}`, {ours}, 1000 x 1000 / naive", limit, multiple(found(speed, name, 1000, 1000), numpy))
            for name, limit in gradients.items()
        ),
        worst("torch backend / the native call, 10^5 to 10^8 elements", growth, "gaugeblock.torch"),
        worst("JAX backend under jit / jax.nn and optax, 10^5 to 10^8 elements", growth, "gaugeblock.jax, jit"),
        over_another(f"{ours} over the plain expression, {few}", small, 5, numpy, "naive"),
        over_another(f"torch backend over the native call, {few}", small, 3, *torch),
        at_most("memory of Adam, NumPy backend, donated, 25 M parameters", 4, peak(adam, donating) / 1e6, " MB"),
        at_most("memory of softmax, NumPy backend, beyond its output", 4, block / 1e6, " MB"),
        *of_verdicts(),
        *of_large_calls(),
        at_most("`import gaugeblock` over `import numpy`", 20, over * 1e3, " ms"),
    ]


def of_verdicts() -> list[Goal]:
    """The goals of `gaugeblock check`, by `python benchmarks/verdict.py`."""
    seconds, limits = verdict.seconds(), {"numpy": (6, 2), "jax": (60, 30)}
    return [
        at_most(f"`gaugeblock check {name}`, CPU of the {run} run", limit, seconds.get((name, key)), " s")
        for name, both in limits.items()
        for (key, run), limit in zip((("first", "first"), ("again", "second")), both, strict=True)
    ]


def several(speed: Document, size: int, name: str) -> float | None:
    """The multiple of naive of Adam on 200 tensors, where that was measured."""
    known = [
        each
        for each in speed["measurements"]
        if (each["formula"], each["shape"], each["tensors"]) == ("adam", [size], 200)
    ]
    return multiple(known[0], name) if known else None


def of_large_calls() -> list[Goal]:
    """The goals of `assert_conforms` on large arrays, by `python benchmarks/large.py`."""
    lines = (results("large.json") or "").splitlines()[1:]
    runs = {(each["formula"], each["dtype"]): each for each in map(json.loads, lines)}
    memory = max(each["more_bytes"] for each in runs.values())
    rows = [at_most("`assert_conforms`, any size: memory beyond the arrays", 64, memory / 1e6, " MB")]
    for dtype, limit in (("float32", 12), ("float64", 4)):
        run = runs["softmax", dtype]
        rate = run["shape"][0] * run["shape"][1] / run["cpu_seconds"] / 1e6
        rows.append(
            at_least(f"`assert_conforms`, softmax 4096 x 50257, {dtype}, one core", limit, rate, " M elements / s")
        )
    for formula, what in (("dense", "dense 1024 x 1024 x 1024"), ("adam_step", "Adam, 25 M parameters")):
        for dtype, limit in (("float32", 10), ("float64", 60)) if formula == "dense" else (("float32", 60),):
            rows.append(at_most(f"the same, {what}, {dtype}", limit, runs[formula, dtype]["cpu_seconds"], " s"))
    return rows


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
            known = multiple(each, own, native)
            if known is not None and each["elements"] >= 10**5:
                ratios[title(each)] = known
    where = max(ratios, key=lambda work: ratios[work])
    median = statistics.median(ratios.values())
    words = f"{ratios[where]:.2f} at worst ({where}), {median:.2f} in the median"
    return Goal(what, "1.1 or less", words, ratios[where] <= 1.1)


def over_another(what: str, small: list[Measurement], limit: float, name: str, other: str) -> Goal:
    """A goal in microseconds over another call, at worst."""
    over = {}
    for each in small:
        seconds = seconds_of(each)
        if {name, other} <= set(seconds):
            over[title(each)] = 1e6 * (statistics.median(seconds[name]) - statistics.median(seconds[other]))
    where = max(over, key=lambda work: over[work])
    return Goal(what, f"{limit:g} us or less", f"{over[where]:.1f} us at worst ({where})", over[where] <= limit)


def text(speed: Document, growth: Document) -> str:
    """The table of the goals."""
    rows = ((goal.what, goal.wanted, goal.measured, MET[goal.met]) for goal in goals(speed, growth))
    return table(("", "goal", "measured", "met"), rows)
