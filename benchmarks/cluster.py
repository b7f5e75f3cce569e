"""What a sweep gains by a second Dask worker on this machine, written into README.md: `python benchmarks/cluster.py`.

Every 64th chunk of two sweeps, on one worker and on two, in turn, as medians.
"""

import os
import statistics
import time
from contextlib import ExitStack
from functools import partial

import blocks

from gaugeblock.conformance.sweep.chunks import Engine, dask_client, on_dask
from gaugeblock.conformance.sweep.sweep import identity, sweep_chunk
from gaugeblock.conformance.sweep.tallies import Sweep

REPEATS = 3
STEP = 64
WORKERS = (1, 2)
SWEEPS = Sweep("numpy", "exp", "float32"), Sweep("numpy", "neuron", "float16")
YEAR = 365.25 * 24 * 3600


def seconds(engine: Engine, sweep: Sweep, step: int) -> float:
    """How long each `step`-th chunk takes."""
    work, numbers = partial(sweep_chunk, sweep, identity(sweep)), sweep.numbers[::step]
    start = time.perf_counter()
    assert len(list(engine(work, numbers))) == len(numbers)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and write the block."""
    times: dict[tuple[Sweep, int], list[float]] = {(sweep, workers): [] for sweep in SWEEPS for workers in WORKERS}
    load = os.getloadavg()[0]
    with ExitStack() as opened:
        engines = {workers: on_dask(opened.enter_context(dask_client(None, workers))) for workers in WORKERS}
        for number in range(REPEATS + 1):
            for sweep, workers in times:
                found = seconds(engines[workers], sweep, STEP if number else 512)  # the first loads the libraries
                if number:
                    times[sweep, workers].append(found)
    rows = ["| sweep | Dask workers | M values / s | efficiency | all 2^32 in minutes |", "|---|---|---|---|---|"]
    rate = {}
    for sweep in SWEEPS:
        values = sweep.chunk * len(sweep.numbers[::STEP])
        for workers in WORKERS:
            efficiency = statistics.median(a / b for a, b in zip(times[sweep, 1], times[sweep, workers], strict=True))
            rate[sweep] = values / statistics.median(times[sweep, workers])
            what = f"{sweep.subject}, {sweep.formula} in {sweep.dtype}"
            cells = (
                what,
                workers,
                f"{rate[sweep] / 1e6:.1f}",
                f"{efficiency / workers:.2f}",
                f"{2**32 / rate[sweep] / 60:.1f}",
            )
            rows.append(f"| {' | '.join(map(str, cells))} |")
    pairs = rate[SWEEPS[1]] / WORKERS[-1]
    rows.append(f"\nOther work on the machine: a load of {load:.1f} on {os.cpu_count()} cores when it began.")
    rows.append(
        f"\nOn paper: at the {pairs / 1e6:.0f} M pairs a second of one of two cores, with no loss, 1000 cores take "
        f"{2**32 / pairs / 1000:.2g} seconds for all 2^32 pairs of float16, and {2**64 / pairs / 1000 / YEAR:,.0f} "
        "years for all 2^64 pairs of float32, so that these are not swept."
    )
    blocks.write("cluster", "python benchmarks/cluster.py", "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
