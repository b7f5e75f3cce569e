"""What an import costs, and how fast the oracle is."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import reference
from ..formulas import call
from ..judging import oracle

Seconds = dict[str, list[float]]


def in_turns(actions: dict[str, Callable[[], object]], rounds: int, enough: float = 20.0) -> Seconds:
    """The seconds of each action in each round, in which all run once, in another order.

    After one round to warm up, unless that alone took `enough` seconds: then it is the one that counts.
    """
    order, found = list(actions), []
    rng = np.random.default_rng(0)
    for _ in range(rounds + 1):
        rng.shuffle(order)
        found.append({name: seconds_of(actions[name]) for name in order})
        if sum(sum(each.values()) for each in found) > enough:
            break
    counted = found[1:] or found
    return {name: [float(f"{each[name]:.4g}") for each in counted] for name in actions}


def seconds_of(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def run(statement: str, bytecode: str) -> None:
    """Run it in a new process, which keeps its compiled modules in a folder."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)


def imports() -> Seconds:
    """The time of `import numpy`, and of `import gaugeblock` with its NumPy backend, each in a new process.

    Both are compiled by the first round, which warms up, as an installation compiles them.
    """
    statements = {"numpy": "import numpy", "gaugeblock": "from gaugeblock import backend"}
    with tempfile.TemporaryDirectory() as bytecode:
        return in_turns({name: partial(run, each, bytecode) for name, each in statements.items()}, 21)


def oracle_speed() -> list[dict[str, Any]]:
    """Bound, expected value and comparison of softmax, on one core; the floor is the formula itself in float64."""
    found = []
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if before:
        os.sched_setaffinity(0, {max(before)})
    try:
        for dtype in (np.dtype("float32"), np.dtype("float64")):
            for classes in (10, 1000):
                count = 1_000_000 if dtype.itemsize < 8 else 50_000
                x = np.random.default_rng(0).normal(size=(count // classes, classes)).astype(dtype)
                output, wide = reference.softmax(x), x.astype(np.float64)

                def judge(x: np.ndarray = x, output: np.ndarray = output) -> object:
                    (expected,) = oracle.expect(call("softmax", (x,), {}), x.dtype).values()
                    return oracle.ratios(output, expected)

                def floor(wide: np.ndarray = wide) -> object:
                    return reference.softmax(wide)

                seconds = in_turns({"judge": judge, "floor": floor}, 7)
                found.append({"dtype": dtype.name, "classes": classes, "elements": x.size, **seconds})
    finally:
        if before:
            os.sched_setaffinity(0, before)
    return found


def measured(progress: Callable[[str], None]) -> dict[str, Any]:
    """Both, as the document has them."""
    progress("import gaugeblock")
    found: dict[str, Any] = {"imports": imports()}
    progress("the oracle")
    return found | {"oracle": oracle_speed()}
