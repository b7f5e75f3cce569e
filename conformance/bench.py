"""How long a verdict takes, how fast the oracle is, and what an import costs.

Everything that is compared is measured in one run, interleaved, as medians.
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from rich.table import Table

from .. import reference
from . import oracle

REPEATS = 7


def median_seconds(actions: dict[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """The median time of each action, after one warm-up; in each round all run once, in another order."""
    order = list(actions)
    times: dict[str, list[float]] = {name: [] for name in actions}
    rng = np.random.default_rng(0)
    for number in range(repeats + 1):
        rng.shuffle(order)
        for name in order:
            start = time.perf_counter()
            actions[name]()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def run(*arguments: str) -> Callable[[], object]:
    """Run Python in a process of its own."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def verdicts(backends: list[str]) -> Table:
    """The time of `gaugeblock check` from the shell."""
    together = {" ".join(backends): backends} if len(backends) > 1 else {}
    subjects = {name: [name] for name in backends} | together
    command = "-m", "gaugeblock.conformance.cli", "check"
    found = median_seconds({name: run(*command, *chosen) for name, chosen in subjects.items()}, 3)
    table = Table("gaugeblock check", "seconds", title="A verdict, all formulas and dtypes, from the shell")
    for name, seconds in found.items():
        table.add_row(name, f"{seconds:.2f}")
    return table


def oracle_speed() -> Table:
    """Bound and expected value and the comparison, on one core; the floor is the formula itself in float64."""
    table = Table("softmax", "M elements / s", "times the formula itself", title="The oracle, on one core")
    for dtype in (np.dtype("float32"), np.dtype("float64")):
        for length in (10, 1000):
            count = 1_000_000 if dtype.itemsize < 8 else 50_000
            x = np.random.default_rng(0).normal(size=(count // length, length)).astype(dtype)
            output, wide = reference.softmax(x), x.astype(np.float64)

            def judge(x: np.ndarray = x, output: np.ndarray = output) -> object:
                return oracle.ratios(output, oracle.expect("softmax", (x,), {}, x.dtype)["y"])

            def floor(wide: np.ndarray = wide) -> object:
                return reference.softmax(wide)

            found = median_seconds({"judge": judge, "floor": floor})
            speed, times = x.size / found["judge"] / 1e6, found["judge"] / found["floor"]
            table.add_row(f"{dtype}, {length} classes", f"{speed:.2f}", f"{times:.1f}")
    return table


def imports() -> Table:
    """What `import gaugeblock` costs over `import numpy`."""
    found = median_seconds({name: run("-c", f"import {name}") for name in ("numpy", "gaugeblock")}, 21)
    table = Table("import", "ms", title="An import, in a new process")
    table.add_row("numpy", f"{found['numpy'] * 1e3:.0f}")
    table.add_row("gaugeblock over numpy", f"{(found['gaugeblock'] - found['numpy']) * 1e3:.0f}")
    return table


def tables(backends: list[str]) -> Iterator[Table]:
    """Yield the tables for this machine; the first says what it is."""
    cores = os.cpu_count()
    about = Table("machine", "cores", "Python", "NumPy")
    about.add_row(f"{platform.machine()} {platform.system()}", str(cores), platform.python_version(), np.__version__)
    yield about
    yield verdicts(backends)
    yield imports()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core is the measure
    yield oracle_speed()
