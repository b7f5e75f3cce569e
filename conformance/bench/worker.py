"""One process of `gaugeblock bench`: it measures what a line of JSON asks for, and prints the result as another.

The contenders take turns in batches of 20 ms or more, in another order in each round, so that what a machine does
meanwhile falls on all. Then each is called once more: for its memory, and to be judged.
"""

import ctypes
import gc
import json
import math
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...reference.declaration import BATCH, is_axes, leaves
from ...worker.text import one_line
from ..formulas import call
from ..formulas.axes import result_axes
from ..judging import oracle
from .contender import Contender
from .contenders import contenders
from .peers import under_keras
from .work import Work

Array = np.ndarray

TURN = 0.02  # seconds of calls in a row
ROUNDS = 11  # at most, and no more once
ENOUGH = 2.0  # seconds are over, but always
LEAST = 3
SAMPLE = 2**17  # elements of a large result are judged
FLOAT32 = np.dtype(np.float32)


def measure(work: Work, backends: list[str]) -> dict[str, Any]:
    """Measure all contenders of one formula and shape."""
    found = list(contenders(work, backends))
    reasons = [each for each in found if isinstance(each, str)]
    chosen = []
    for contender in found:
        if isinstance(contender, Contender):
            try:
                contender.call()  # compiles, and touches the memory
                chosen.append(contender)
            except Exception as error:
                reasons.append(f"{contender.name}: it raised {one_line(error)}")
    counts = {contender.name: calls_of_a_batch(contender.call) for contender in chosen}
    seconds: dict[str, list[float]] = {contender.name: [] for contender in chosen}
    pages: dict[str, list[tuple[float, float]]] = {contender.name: [] for contender in chosen}
    order, start, shuffle = list(chosen), time.perf_counter(), random.Random(0).shuffle
    for number in range(ROUNDS):
        if number >= LEAST and time.perf_counter() - start > ENOUGH:
            break
        shuffle(order)
        for contender in order:
            before = page_faults()
            seconds[contender.name].append(batch(contender.call, counts[contender.name]))
            after = page_faults()
            faults, kernel = ((b - a) / counts[contender.name] for a, b in zip(before, after, strict=True))
            pages[contender.name].append((faults, kernel))
    return {
        **work._asdict(),
        "elements": work.elements,
        "contenders": [
            {
                "name": contender.name,
                "seconds": [rounded(each) for each in seconds[contender.name]],
                "page_faults": rounded(statistics.median(faults for faults, _ in pages[contender.name])),
                "kernel_seconds": rounded(statistics.mean(kernel for _, kernel in pages[contender.name])),
                **once_more(work, contender),
            }
            for contender in chosen
        ],
        "missing": reasons,
    }


def rounded(number: float) -> float:
    """Four digits, which is more than a time is good for."""
    return float(f"{number:.4g}")


def batch(call: Callable[[], Any], count: int) -> float:
    """The seconds of one call, of `count` in a row."""
    gc.disable()
    start = time.perf_counter()
    for _ in range(count):
        call()
    passed = time.perf_counter() - start
    gc.enable()
    return passed / count


def calls_of_a_batch(call: Callable[[], Any]) -> int:
    """How many calls take 20 ms."""
    count = 1
    while (once := batch(call, count)) * count < TURN:
        count = max(2 * count, math.ceil(1.1 * TURN / once)) if once else 2 * count
    return count


def page_faults() -> tuple[float, float]:
    """The pages that this process was given so far, and the seconds in the kernel; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0, 0.0
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_minflt, usage.ru_stime


def once_more(work: Work, contender: Contender) -> dict[str, Any]:
    """The memory that one more call takes, and how its result is judged."""
    chosen = sample(work)
    given = arguments_of(work, contender, chosen) if contender.backend else ()
    before = reset_memory()
    returned = contender.call()
    peak = None if before is None else max(0, memory("VmHWM") - before)
    if not contender.backend:
        return {"peak_bytes": peak}
    try:
        return {"peak_bytes": peak, **judged(work, contender, given, returned, chosen)}
    except (TypeError, ValueError) as error:
        return {"peak_bytes": peak, "ratio": "inf", "wrong": one_line(error)}


def sample(work: Work) -> Array | None:
    """Which rows of the arrays are judged, where it is not all."""
    if not work.batch or work.declared.rows_together:
        return None
    rows = work.batch[0]
    few = max(1, SAMPLE * work.tensors * rows // work.elements)
    return None if few >= rows else np.sort(np.random.default_rng(1).choice(rows, few, replace=False))


def rows_of(contender: Contender, value: Any, chosen: Array | None) -> Array:
    """The chosen rows of an array, copied to NumPy; of a list, those of the first."""
    array = contender.backend.to_numpy(value[0] if isinstance(value, list) else value)
    return np.array(array if chosen is None else array[chosen])


def arguments_of(work: Work, contender: Contender, chosen: Array | None) -> tuple[Any, ...]:
    """What the next call is given, of the chosen rows."""
    formula = work.declared

    def part(axes: tuple[str, ...], value: Any) -> Any:
        return value if isinstance(value, float) else rows_of(contender, value, chosen if BATCH in axes else None)

    def argument(group: Any, value: Any) -> Any:
        if is_axes(group):
            return part(group, value)
        named = zip(formula.state_names, leaves(group), value, strict=True)
        return formula.state_of(
            {name: int(each) if name in formula.counts else part(axes, each) for name, axes, each in named}
        )

    return tuple(map(argument, formula.arguments.values(), contender.arguments()))


def judged(
    work: Work, contender: Contender, given: tuple[Any, ...], returned: Any, chosen: Array | None
) -> dict[str, Any]:
    """The worst error / bound of the chosen rows, or what is wrong with the result."""
    asked, axes, worst = call(work.declared, given, {}), result_axes(work.declared), 0.0
    expected = oracle.expect(asked, FLOAT32, contender.backend.subnormals)
    results = asked.formula.named(contender.result(returned))
    for name, wanted in expected.items():
        if BATCH not in axes[name] and chosen is not None:
            continue  # it is a sum over all rows
        got = rows_of(contender, results[name], chosen)
        if (got.dtype, got.shape) != (wanted.dtype, wanted.value.shape):
            return {"ratio": "inf", "wrong": f"{name}: {got.dtype} of shape {got.shape}"}
        worst = max(worst, float(np.max(oracle.ratios(got, wanted)[0], initial=0.0)))
    return {"ratio": rounded(worst) if math.isfinite(worst) else "inf"}  # JSON has no infinity


def reset_memory() -> int | None:
    """Give freed memory back, and start the peak anew: the bytes in use, or None where the system cannot tell."""
    time.sleep(0.1)  # JAX frees in a thread of its own
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        return memory("VmRSS")
    except (AttributeError, OSError, TypeError):
        return None


def memory(field: str) -> int:
    """The bytes in use now (VmRSS), or at most since the peak was started anew (VmHWM)."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    assert found
    return int(found[1]) * 1024


def main() -> None:
    """Measure what the first argument asks for."""
    wanted = json.loads(sys.argv[1])
    os.environ["KERAS_BACKEND"] = under_keras(wanted["backends"])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-wanted["cores"] :])
    for each in wanted["works"]:
        work = Work(each["formula"], tuple(each["shape"]), each["tensors"], wanted["cores"])
        print(json.dumps(measure(work, wanted["backends"])), flush=True)


if __name__ == "__main__":
    main()
