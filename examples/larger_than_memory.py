"""Formulas over arrays larger than memory, with Dask: `python examples/larger_than_memory.py --gigabytes 8`.

Softmax, cross-entropy from logits and a step of Adam run on arrays that are never whole anywhere: each chunk of the
inputs is made when it is needed, and each chunk of the results is given to a `Sample`, which keeps some rows and lets
the others go, as a file would take them. The kept rows are judged, and the peak of the memory is printed.
"""

import resource
import sys
import time
from typing import Annotated, Any

import dask
import dask.array as da
import numpy as np
import typer
from dask.diagnostics import ProgressBar

from gaugeblock import AdamState
from gaugeblock.backends import dask as gb
from gaugeblock.conformance import assert_conforms

CLASSES, KEPT = 1000, 4


class Sample:
    """Where results are stored: it keeps some rows and counts the bytes of all."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.kept, self.bytes = rows, {}, 0

    def __setitem__(self, place: tuple[slice, ...], chunk: np.ndarray) -> None:
        """Take a chunk."""
        self.bytes += chunk.nbytes
        for row in self.rows[(self.rows >= place[0].start) & (self.rows < place[0].stop)]:
            self.kept[int(row), *(part.start for part in place[1:])] = chunk[row - place[0].start].copy()

    def array(self) -> np.ndarray:
        """The rows that were kept, whole."""
        parts = [[self.kept[key] for key in sorted(self.kept) if key[0] == row] for row in self.rows]
        return np.stack([np.concatenate(row) if row[0].ndim else row[0] for row in parts])


def stored(results: list[Any], rows: np.ndarray) -> list[Sample]:
    """The results, computed chunk by chunk."""
    samples = [Sample(rows) for _ in results]
    da.store(results, samples, lock=True)
    return samples


def softmax(normal: Any, rows: np.ndarray) -> int:
    """Softmax over rows whose classes are in two chunks."""
    x = normal()
    (found,) = stored([gb.softmax(x)], rows)
    assert_conforms(found.array(), "softmax", x[rows].compute())
    return found.bytes


def cross_entropy(normal: Any, rows: np.ndarray) -> int:
    """Cross-entropy from logits with integer labels: one loss a row."""
    x = normal()
    labels = da.arange(x.shape[0], chunks=x.chunks[0]) % CLASSES
    (found,) = stored([gb.sparse_categorical_cross_entropy_from_logits(labels, x)], rows)
    kept = labels[rows].compute(), x[rows].compute()
    assert_conforms(found.array(), "sparse_categorical_cross_entropy_from_logits", *kept)
    return found.bytes


def adam(normal: Any, rows: np.ndarray) -> int:
    """A step of Adam, whose state too is larger than memory."""
    theta, grad, m, v = normal(), normal(), normal(), normal() ** 2
    after, state = gb.adam_step(theta, grad, AdamState(9, m, v))
    samples = stored([after, state.m, state.v], rows)
    kept = (each[rows].compute() for each in (theta, grad, m, v))
    result = (samples[0].array(), AdamState(state.step, samples[1].array(), samples[2].array()))
    theta, grad, m, v = kept
    assert_conforms(result, "adam_step", theta, grad, AdamState(9, m, v))
    return sum(sample.bytes for sample in samples)


def main(gigabytes: Annotated[float, typer.Option(min=0.01, help="The size of each array.")] = 8.0) -> None:
    """Run the formulas on arrays of a size in float32; an assertion fails unless the rows that are kept conform."""
    count = int(gigabytes * 1e9 / 4 / CLASSES)
    rows = np.linspace(0, count - 1, KEPT).astype(int)
    random = da.random.default_rng(0)

    def normal() -> Any:
        return random.standard_normal((count, CLASSES), dtype=np.float32, chunks=(min(count, 8000), CLASSES // 2))

    print(f"arrays of {count} x {CLASSES} in float32, {count * CLASSES * 4 / 1e9:.3g} GB each")
    with dask.config.set(scheduler="threads"), ProgressBar() if sys.stdout.isatty() else dask.config.set():
        for formula in (softmax, cross_entropy, adam):
            start = time.perf_counter()
            size = formula(normal, rows)
            seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            took = f"{size / 1e9:.3g} GB of results in {seconds:.0f} s; peak memory {peak / 1e6:.2f} GB"
            print(f"{formula.__name__}: {took}")


if __name__ == "__main__":
    typer.run(main)
