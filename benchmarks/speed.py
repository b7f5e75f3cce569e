"""The results of `gaugeblock bench` in `results/`, and what the pages say of them.

`python benchmarks/speed.py` writes the blocks of README.md here and of the project's; with the word `measure` it runs
`gaugeblock bench` first, which takes about 12 minutes on a quiet machine.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import blocks

from gaugeblock import spec
from gaugeblock.conformance.bench import tables
from gaugeblock.conformance.bench.tables import duration, ratio, seconds_of, title

HERE = Path(__file__).parent
RESULTS = HERE / "results"
FORWARD = [formula for formula in spec.formulas() if not formula.endswith("_vjp")]
SIZES = [10**power for power in range(1, 9)]
RUNS = {
    "speed": ["numpy", "torch", "jax", "strict"],
    "growth": [
        *("numpy", "torch", "jax"),
        *(f"--formula={formula}" for formula in FORWARD),
        *(f"--size={size}" for size in SIZES),
        f"--plot={(RESULTS / 'growth.svg').relative_to(HERE.parent)}",
    ],
}

Document = dict[str, Any]
Measurement = dict[str, Any]


def measure() -> None:
    """Run `gaugeblock bench` twice: the tables, and how the cost grows."""
    for name, arguments in RUNS.items():
        file = (RESULTS / f"{name}.json").relative_to(HERE.parent)
        command = [sys.executable, "-m", "gaugeblock.conformance.cli", "bench", *arguments, f"--json={file}"]
        subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL)


def load(name: str) -> Document:
    """A run's document."""
    found: Document = json.loads((RESULTS / f"{name}.json").read_text())
    return found


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


# The goals


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


NATIVE = ("torch.nn.functional", "torch.optim, fused", "jax.nn", "optax")


def worst(what: str, growth: Document, name: str) -> Goal:
    """The goal of a backend: 1.1 of the native call at most, Adam's donated as that is."""
    library, ratios = name.partition(".")[2].partition(",")[0], {}
    for each in growth["measurements"]:
        own = f"{name}, donated" if each["formula"] == "adam" else name
        for native in NATIVE:
            known = ratio(each, own, native) if native.startswith((library, "optax")) else None
            if known is not None and each["elements"] >= 10**5:
                ratios[f"{title(each)}"] = known
    where = max(ratios, key=lambda work: ratios[work])
    goal = at_most(what, 1.1, ratios[where])
    return goal._replace(
        measured=f"{goal.measured} at worst ({where}), {statistics.median(ratios.values()):.2f} in the median"
    )


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


def goals_text(speed: Document, growth: Document) -> str:
    """The table of the goals."""
    rows = ((goal.what, goal.wanted, goal.measured, "yes" if goal.met else "**no**") for goal in goals(speed, growth))
    return table(("", "goal", "measured", "met"), rows)


# All that was measured

COLUMNS = {
    "naive": "naive",
    "gaugeblock.numpy": "numpy",
    "gaugeblock.torch": "torch",
    "torch.": "torch itself",
    "gaugeblock.jax, jit": "jax, jit",
    "jax.nn": "jax.nn",
    "optax": "optax",
    "gaugeblock.strict": "strict",
    "scipy.special": "SciPy",
    "onnxruntime": "onnxruntime",
    "keras.ops": "Keras",
    "floor": "floor",
}


def speed_text(speed: Document) -> str:
    """The machine, and a row for each work: the time of plain NumPy, and the others' as multiples of it."""
    rows = []
    for each in speed["measurements"]:
        cells = [cell(each, start) for start in COLUMNS]
        cells[0] = duration(statistics.median(seconds_of(each)["naive"]))
        rows.append((title(each), *cells))
    return f"{machine(speed)}\n{table(('float32', *COLUMNS.values()), rows)}"


def cell(measurement: Measurement, start: str) -> str:
    """The ratios of the contenders whose names start so, what they are run as, and whether they are wrong."""
    words = []
    for contender in measurement["contenders"]:
        name = contender["name"]
        if name.startswith(start):
            how = name.removeprefix(start).rpartition(", ")[2] if ", " in name.removeprefix(start) else ""
            wrong = " (wrong)" if float(contender.get("ratio") or 0) > 1 else ""
            words.append(" ".join(filter(None, (how, f"{ratio(measurement, name):.2g}"))) + wrong)
    return ", ".join(words)


def machine(document: Document) -> str:
    """What a run was measured on, in a line."""
    about = document["machine"]
    caches = ", ".join(f"{name} {size}" for name, size in about["caches"].items())
    settings = " ".join(f"{name}={value}" for name, value in about["allocator_settings"].items()) or "its defaults"
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    return (
        f"{about['processor']}, {about['cores']} cores, {caches}, {about['memory_bytes'] / 2**30:.0f} GiB, "
        f"{about['system']}; allocator: {about['allocator']}, {settings}, huge pages {about['huge_pages']}; "
        f"{versions}.\n"
    )


def judge_text(speed: Document) -> str:
    """The judge itself: a verdict, where its time goes, an import, and the oracle."""
    parts = list(dict.fromkeys(part for seconds in speed["profiles"].values() for part in seconds))
    verdicts = ((name, f"{statistics.median(seconds):.1f}") for name, seconds in speed["verdicts"].items())
    profiles = (
        (name, *(f"{seconds.get(part, 0):.2f}" for part in parts), f"{sum(seconds.values()):.1f}")
        for name, seconds in speed["profiles"].items()
    )
    rates = (
        (
            f"{each['dtype']}, {each['classes']} classes",
            f"{each['elements'] / statistics.median(each['judge']) / 1e6:.2f}",
            f"{tables.quartiles(each['judge'], each['floor'])[1]:.0f}",
        )
        for each in speed["oracle"]
    )
    return "\n".join(
        (
            "The time of a verdict from the shell, all formulas, float32 and float64, on all cores:\n",
            table(("`gaugeblock check`", "seconds"), verdicts),
            "Where it goes, in seconds, where one dtype is judged in one process:\n",
            table(("", *parts, "all"), profiles),
            "The oracle on one core: expected value, bound and comparison of softmax.\n",
            table(("", "M elements / s", "times the formula itself in float64"), rates),
        )
    )


# How the cost grows

SERIES = ("naive", "gaugeblock.numpy", "gaugeblock.torch", "gaugeblock.jax, jit", "floor")


def growth_text(growth: Document) -> str:
    """Nanoseconds and bytes for each element, by size; then each step, with its reason."""
    formulas = list(dict.fromkeys(each["formula"] for each in growth["measurements"]))
    lines = [
        f"On {growth['machine']['processor']}, as above. Nanoseconds for each element, on one core:\n",
        table(
            ("", "", *(power(size) for size in SIZES), "bytes for each, at the largest"),
            (
                (formula if name == SERIES[0] else "", name, *nanoseconds(growth, formula, name))
                for formula in formulas
                for name in SERIES
            ),
        ),
        "Where an element costs half as much again, or more, as at the size before:\n",
        table(("formula", "backend", "elements", "times", "reason"), steps(growth)),
    ]
    return "\n".join(lines)


def power(size: int) -> str:
    """A power of ten."""
    return f"10^{len(str(size)) - 1}"


def points(growth: Document, formula: str, name: str) -> Iterator[tuple[Measurement, dict[str, Any]]]:
    """The measurements of a contender by size; of Adam, those in place."""
    for each in growth["measurements"]:
        if each["formula"] == formula:
            of = {contender["name"]: contender for contender in each["contenders"]}
            if contender := of.get(f"{name}, donated") or of.get(name):
                yield each, contender


def nanoseconds(growth: Document, formula: str, name: str) -> list[str]:
    """The cells of one line of the table: one for each size, and one for the memory."""
    of = {each["elements"]: contender for each, contender in points(growth, formula, name)}
    cells = [f"{1e9 * statistics.median(of[size]['seconds']) / size:.3g}" if size in of else "" for size in SIZES]
    largest = max(of, default=0)
    return [*cells, f"{(of[largest]['peak_bytes'] or 0) / largest:.1f}" if largest else ""]


def steps(growth: Document) -> Iterator[tuple[str, str, str, str, str]]:
    """Where the time of an element rises by half or more, and why."""
    for formula in dict.fromkeys(each["formula"] for each in growth["measurements"]):
        floors = {each["elements"]: contender for each, contender in points(growth, formula, "floor")}
        for name in SERIES[1:4]:
            line = list(points(growth, formula, name))
            for (less, a), (more, b) in pairwise(line):
                sizes = less["elements"], more["elements"]
                times = each_takes(b, sizes[1]) / each_takes(a, sizes[0])
                if times >= 1.5:
                    floor = [floors[size] for size in sizes]
                    why = REASONS.get((formula, name, sizes[1])) or reason(growth, sizes, (a, b), floor, times)
                    yield formula, name, f"{power(sizes[0])} to {power(sizes[1])}", f"{times:.1f}", why


def each_takes(contender: dict[str, Any], size: int, what: str = "seconds") -> float:
    """The seconds for each element, all or those in the kernel."""
    found = contender[what]
    return float(statistics.median(found) if isinstance(found, list) else found) / size


def reason(growth: Document, sizes: tuple[int, ...], pair: tuple[Any, ...], floor: list[Any], times: float) -> str:
    """Why an element costs more: as far as it was measured in the same run."""
    rise = each_takes(pair[1], sizes[1]) - each_takes(pair[0], sizes[0])
    kernel = each_takes(pair[1], sizes[1], "kernel_seconds") - each_takes(pair[0], sizes[0], "kernel_seconds")
    if kernel >= rise / 2:
        share = pair[1]["kernel_seconds"] / statistics.median(pair[1]["seconds"])
        return f"new memory: {pair[1]['page_faults']:.0f} page faults, {share:.0%} of the time in the kernel"
    floors = each_takes(floor[1], sizes[1]) / each_takes(floor[0], sizes[0])
    if floors - 1 >= (times - 1) / 2:
        return f"the memory: the floor takes {floors:.1f} times as long there, too"
    return UNEXPLAINED


UNEXPLAINED = "**not explained**"
# What was found by other measurements than those of the run: by formula, backend and the larger size.
REASONS: dict[tuple[str, str, int], str] = {}


def main() -> None:
    """Write the blocks of both pages."""
    if sys.argv[1:] == ["measure"]:
        measure()
    speed, growth = load("speed"), load("growth")
    for name, text in texts(speed, growth).items():
        blocks.write(name, COMMAND, text)
    blocks.write("goals", COMMAND, goals_text(speed, growth), HERE.parent / "README.md")


COMMAND = "python benchmarks/speed.py"


def texts(speed: Document, growth: Document) -> dict[str, str]:
    """The blocks of the page of benchmarks."""
    return {"speed": speed_text(speed), "growth": growth_text(growth), "judge": judge_text(speed)}


if __name__ == "__main__":
    main()
