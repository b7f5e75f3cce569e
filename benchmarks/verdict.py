"""What `gaugeblock check` costs, written into README.md: `python benchmarks/verdict.py [measure BACKEND...]`.

Seconds of CPU, those of the subject's processes among them, of all formulas in float32 and float64: of the first run,
with an empty folder for what is kept, and of the second.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import blocks
import numpy as np

from gaugeblock import spec

RESULTS = Path(__file__).parent / "results/verdict.json"
COMMAND = "python benchmarks/verdict.py"
ROUNDS = 1  # of a first and a second run, whose CPU differs by a few per cent from round to round
CHECK = [sys.executable, "-m", "gaugeblock", "check"]


def cpu_seconds(command: list[str], folder: str) -> float:
    """The time of a command and of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    variables = os.environ | {"GAUGEBLOCK_CACHE": folder}
    subprocess.run(command, env=variables, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, 2)


def judged_by() -> dict[str, Any]:
    """What the cost depends on most."""
    return {"spec": spec.VERSION, "formulas": len(spec.formulas())}


def measure(backends: list[str]) -> None:
    """The verdicts on some backends, into the file of results: a line each."""
    about = judged_by() | {"numpy": np.__version__, "python": platform.python_version()}
    found: list[dict[str, Any]] = [about | {"machine": platform.machine(), "cores": os.cpu_count()}]
    for name in backends:
        runs = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                runs.append([cpu_seconds([*CHECK, name], folder) for _ in range(2)])
        first, again = zip(*runs, strict=True)
        found.append({"backend": name, "first": first, "again": again, "load": round(os.getloadavg()[0], 1)})
        print(found[-1], file=sys.stderr)
    RESULTS.write_text("\n".join(map(json.dumps, found)) + "\n")


def seconds() -> dict[tuple[str, str], float]:
    """The median of each, by the backend and the run; none where they judged other formulas, or by another version."""
    about, *found = map(json.loads, RESULTS.read_text().splitlines())
    if not judged_by().items() <= about.items():
        return {}
    return {(each["backend"], run): statistics.median(each[run]) for each in found for run in ("first", "again")}


def text() -> str:
    """The table."""
    about, *found = map(json.loads, RESULTS.read_text().splitlines())
    rows = [(each["backend"], *(f"{statistics.median(each[run]):.1f}" for run in ("first", "again"))) for each in found]
    loads = " to ".join(str(end(each["load"] for each in found)) for end in (min, max))
    machine = f"Specification {about['spec']}, {about['formulas']} formulas, NumPy {about['numpy']}, {about['machine']}"
    note = f"{machine}; load in the minute before: {loads} on {about['cores']} cores."
    return f"{blocks.table(('`gaugeblock check`', 'first run, seconds of CPU', 'second run'), rows)}\n{note}\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2:])
    blocks.write("verdict", COMMAND, text())
