"""The results of `gaugeblock bench` in `results/`, and what the pages say of them.

`python benchmarks/speed.py` writes the blocks of README.md; with the word `measure` it runs
`gaugeblock bench` first, for all files of results or for those that are named: speed, growth, heap_kept.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import blocks
import goals
import growth
from blocks import table

from gaugeblock import spec
from gaugeblock.conformance.bench import tables
from gaugeblock.conformance.bench.tables import duration, ratio, seconds_of, title

COMMAND = "python benchmarks/speed.py"
HERE = Path(__file__).parent
RESULTS = HERE / "results"
FORWARD = [formula for formula in spec.formulas() if not formula.endswith("_vjp")]
RUNS = {
    "speed": ["numpy", "torch", "jax", "strict"],
    "growth": [
        *("numpy", "torch", "jax"),
        *(f"--formula={formula}" for formula in FORWARD),
        *(f"--size={size}" for size in growth.SIZES),
        f"--plot={(RESULTS / 'growth.svg').relative_to(HERE.parent)}",
    ],
}
# Those whose naive code spends most of its time on new pages of memory, with glibc told to keep what it has.
HEAP_KEPT = [
    "numpy",
    *(f"--formula={formula}" for formula in ("adam", "softmax", "categorical_cross_entropy_from_logits")),
]
KEPT = {"MALLOC_TRIM_THRESHOLD_": str(2**36), "MALLOC_MMAP_MAX_": "0", "MALLOC_TOP_PAD_": str(2**28)}

Document = dict[str, Any]
Measurement = dict[str, Any]


def measure(names: list[str]) -> None:
    """Run `gaugeblock bench` for the tables, for how the cost grows, and with an allocator that keeps its heap."""
    runs = {**RUNS, "heap_kept": HEAP_KEPT}
    for name, arguments in ((each, runs[each]) for each in names or runs):
        file = (RESULTS / f"{name}.json").relative_to(HERE.parent)
        command = [sys.executable, "-m", "gaugeblock", "bench", *arguments, f"--json={file}"]
        env = {**os.environ, **(KEPT if name == "heap_kept" else {})}
        subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL, env=env)


def load(name: str) -> Document:
    """A run's document."""
    found: Document = json.loads((RESULTS / f"{name}.json").read_text())
    return found


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
        f"{versions}; load in the minute before: {'unknown' if about['load'] is None else round(about['load'], 1)}.\n"
    )


def judge_text(speed: Document) -> str:
    """The oracle, beside the formula itself."""
    rates = (
        (
            f"{each['dtype']}, {each['classes']} classes",
            f"{each['elements'] / statistics.median(each['judge']) / 1e6:.2f}",
            f"{tables.quartiles(each['judge'], each['floor'])[1]:.0f}",
        )
        for each in speed["oracle"]
    )
    about = "The oracle on one core: expected value, bound and comparison of softmax.\n"
    return f"{about}\n{table(('', 'M elements / s', 'times the formula itself in float64'), rates)}"


def texts(speed: Document, growing: Document) -> dict[str, str]:
    """The blocks of the page of benchmarks."""
    return {
        "speed": speed_text(speed),
        "growth": growth.text(growing),
        "judge": judge_text(speed),
        "goals": goals.text(speed, growing),
    }


def main() -> None:
    """Write the blocks of the page."""
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2:])
    speed, growing = load("speed"), load("growth")
    for name, text in texts(speed, growing).items():
        blocks.write(name, COMMAND, text)


if __name__ == "__main__":
    main()
