"""What `assert_conforms` costs on large arrays, written into README.md: `python benchmarks/large.py [measure]`.

Each in a process of its own, on one core: seconds of CPU, and the memory beyond the arrays that are judged.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import blocks
import numpy as np

from gaugeblock.worker.one_thread import VARIABLES

RESULTS = Path(__file__).parent / "results/large.json"
COMMAND = "python benchmarks/large.py"
WORKS = [
    ("softmax", 4096, 50257),
    ("dense", 1024, 1024, 1024),
    ("adam_step", 25_000_000),
]
# What each had to cost at most when this was built: seconds in float32 and in float64, None where no goal was set.
GOALS = {"softmax": (30, None), "dense": (10, 60), "adam_step": (60, None)}
ONE_CORE = dict.fromkeys(VARIABLES, "1")


def arguments(formula: str, dtype: str, shape: list[int]) -> tuple[Any, ...]:
    """A right output, and what it is an output of."""
    from gaugeblock.backends import numpy as backend
    from gaugeblock.reference import AdamState

    rng = np.random.default_rng(0)

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape, dtype=dtype)  # type: ignore[call-overload]

    if formula == "adam_step":
        theta, grad, m, v = (normal(*shape) for _ in range(4))
        given: tuple[Any, ...] = (theta, grad, AdamState(3, m, np.abs(v, out=v)))
    elif formula == "dense":
        rows, n, columns = shape
        given = normal(rows, n), normal(n, columns), normal(columns)
    else:
        given = (normal(*shape),)
    return (getattr(backend, formula)(*given), formula, *given)


def resident() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_one(formula: str, dtype: str, shape: list[int]) -> dict[str, Any]:
    """One call, in this process."""
    from gaugeblock.conformance import assert_conforms

    call = arguments(formula, dtype, shape)
    assert_conforms(*arguments(formula, dtype, [min(size, 40) for size in shape]))  # tables, imports
    before, start = resident(), time.process_time()
    assert_conforms(*call)
    seconds = time.process_time() - start
    work = {"formula": formula, "dtype": dtype, "shape": shape}
    return work | {"cpu_seconds": round(seconds, 2), "more_bytes": resident() - before, "all_bytes": resident()}


def measure() -> None:
    """All of them, into the file of results: a line each."""
    found = []
    for formula, *shape in WORKS:
        for dtype in ("float32", "float64"):
            asked = json.dumps([formula, dtype, shape])
            run = subprocess.run(
                [sys.executable, __file__, "one", asked],
                env={**os.environ, **ONE_CORE},
                capture_output=True,
                text=True,
                check=True,
            )
            found.append(json.loads(run.stdout) | {"load": round(os.getloadavg()[0], 1)})
            print(found[-1], file=sys.stderr)
    about = {"numpy": np.__version__, "python": platform.python_version(), "machine": platform.machine()}
    RESULTS.write_text("\n".join(map(json.dumps, [about, *found])) + "\n")


def text() -> str:
    """The table."""
    about, *found = map(json.loads, RESULTS.read_text().splitlines())
    rows = []
    for each in found:
        size = int(np.prod(each["shape"][:2]))
        limit = GOALS[each["formula"]][each["dtype"] == "float64"]
        goal = "-" if limit is None else f"{limit} s: {'met' if each['cpu_seconds'] <= limit else '**missed**'}"
        shape = " x ".join(map(str, each["shape"]))
        rate = f"{size / each['cpu_seconds'] / 1e6:.2g}"
        more = f"{each['more_bytes'] / 1e6:.0f} MB of {each['all_bytes'] / 1e6:.0f}"
        rows.append((f"{each['formula']} {shape}", each["dtype"], f"{each['cpu_seconds']:.1f}", goal, rate, more))
    head = ("", "dtype", "seconds of CPU", "goal", "M elements / s", "memory beyond the arrays, of all")
    loads = " to ".join(str(end(each["load"] for each in found)) for end in (min, max))
    machine = f"One core, NumPy {about['numpy']}, {about['machine']}"
    return f"{blocks.table(head, rows)}\n{machine}; load in the minute before: {loads} on {os.cpu_count()} cores.\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(measure_one(*json.loads(sys.argv[2]))))
    else:
        if sys.argv[1:] == ["measure"]:
            measure()
        blocks.write("large", COMMAND, text())
