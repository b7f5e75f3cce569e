"""The backends on an accelerator: judged, and each formula's time against the device's memory or matrix floor.

    python benchmarks/accelerator.py --device cuda

writes benchmarks/results/DEVICE.json: the reports of `gaugeblock check`, the versions, and the ratios, medians of pairs
that were timed one after the other. The memory floor of a formula is a copy that reads and writes as many bytes as its
arguments and results have; the matrix floor is the library's matrix product of the same shapes.
"""

import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # two libraries share the memory
import numpy as np
import optree
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gaugeblock import AdamState, backends
from gaugeblock.conformance import check
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.reporting.report import to_document, to_json

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("jax", "torch")
ROUNDS, SECONDS = 15, 0.02


def examples(rows: int, columns: int) -> dict[str, tuple[Any, ...]]:
    """The arguments that each formula is timed with: arrays of rows x columns, and square weights."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    x, g, each = normal(rows, columns), normal(rows, columns), normal(rows)
    row, w = normal(columns), normal(columns, columns)
    p, labels = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True), rng.integers(0, columns, rows)
    return {
        "neuron": (x, row, np.float32(0.5)),
        "neuron_vjp": (x, row, np.float32(0.5), each),
        "dense": (x, w, row),
        "dense_vjp": (x, w, row, g),
        "relu": (x,),
        "relu_vjp": (x, g),
        "softmax": (x,),
        "softmax_vjp": (x, g),
        "log_softmax": (x,),
        "log_softmax_vjp": (x, g),
        "categorical_cross_entropy": (p, p),
        "categorical_cross_entropy_vjp": (p, p, each),
        "categorical_cross_entropy_from_logits": (p, x),
        "categorical_cross_entropy_from_logits_vjp": (p, x, each),
        "sparse_categorical_cross_entropy_from_logits": (labels, x),
        "sparse_categorical_cross_entropy_from_logits_vjp": (labels, x, each),
        "adam_step": (x, g, AdamState(9, x, g**2)),
    }


def arrays_of(tree: Any) -> list[Any]:
    """The arrays in arguments or results."""
    return [leaf for leaf in optree.tree_leaves(tree) if hasattr(leaf, "nbytes")]


def wait(name: str, result: Any) -> None:
    """Return when the device has computed a result."""
    array = arrays_of(result)[-1]
    if name == "jax":
        array.block_until_ready()
    elif array.device.type == "cuda":
        import torch

        torch.cuda.synchronize(array.device)


def seconds(name: str, function: Callable[[], Any], calls: int) -> float:
    """The time of some calls."""
    start = time.perf_counter()
    for _ in range(calls):
        result = function()
    wait(name, result)
    return time.perf_counter() - start


def ratio(name: str, function: Callable[[], Any], floor: Callable[[], Any]) -> list[float]:
    """The quartiles of the ratio of two functions' times, each pair timed one after the other."""
    for each in (function, floor, function, floor):
        seconds(name, each, 1)  # compiles it
    calls = max(1, round(SECONDS / max(seconds(name, function, 1), seconds(name, floor, 1))))
    pairs = [(seconds(name, function, calls), seconds(name, floor, calls)) for _ in range(ROUNDS)]
    return statistics.quantiles([a / b for a, b in pairs], n=4)


def floors(name: str, formula: str, arguments: tuple[Any, ...], results: Any) -> tuple[str, Callable[[], Any]]:
    """What no implementation goes below, in words, and as a function that does as much."""
    if name == "jax":
        import jax

        product = jax.jit(lambda a, b: jax.numpy.matmul(a, b, precision="highest"))
        flat, copy = jax.numpy.zeros, jax.jit(jax.numpy.copy)
    else:
        import torch

        product, copy = torch.matmul, torch.clone
        flat = lambda length: torch.zeros(length, device=arrays_of(arguments)[0].device)  # noqa: E731
    if formula.startswith("dense"):
        x, w, times = *arguments[:2], 1 + formula.endswith("_vjp")
        return "matrix", lambda: [product(x, w) for _ in range(times)]
    moved = sum(array.nbytes for array in arrays_of((arguments, results)))
    buffer = flat(moved // 8)  # read once and written once, 4 bytes each
    return "memory", lambda: copy(buffer)


def speeds(name: str, device: str, rows: int, columns: int) -> dict[str, Any]:
    """The ratio of each formula to its floor."""
    backend, found = backends.load(name, device=device), {}
    functions = backend.variants["jit"] if name == "jax" else backend

    def put(value: Any) -> Any:
        return backend.asarray(value) if isinstance(value, np.ndarray | np.generic) else value

    with Subject(name).settings("float32"):
        given = examples(rows, columns).items()
        for formula, arguments in track(given, name, transient=True, disable=not sys.stderr.isatty()):
            arguments = optree.tree_map(put, arguments)
            function = getattr(functions, formula)
            kind, floor = floors(name, formula, arguments, function(*arguments))
            low, median, high = ratio(name, lambda f=function, a=arguments: f(*a), floor)
            found[formula] = {"floor": kind, "ratio": median, "quartiles": [low, high]}
    return found


def device_name(device: str) -> str:
    """What the device is called by its maker."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    import jax

    return platform.machine() if device == "cpu" else str(jax.devices(device)[0].device_kind)


def main(
    device: Annotated[str, typer.Option(help="cuda, tpu or cpu.")] = "cuda",
    library: Annotated[list[str], typer.Option(help="jax or torch; may be repeated.")] = [*LIBRARIES],  # noqa: B006
    rows: Annotated[int, typer.Option(min=1)] = 8192,
    columns: Annotated[int, typer.Option(min=1)] = 8192,
    formula: Annotated[list[str] | None, typer.Option(help="Judge this formula only; may be repeated.")] = None,
    results: Annotated[Path, typer.Option(help="The folder for the results.")] = RESULTS,
) -> None:
    """Judge and time the backends on a device. Exit status: 0 they conform, 1 one does not, 2 there is none."""
    try:
        for name in library:
            backends.load(name, device=device)
    except (ImportError, ValueError) as error:
        Console(stderr=True).print(f"accelerator.py: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    reports = [check(name, formula, device=device) for name in library]
    found = {
        "device": device_name(device),
        "shape": [rows, columns],
        "dtype": "float32",
        "speed": {name: speeds(name, device, rows, columns) for name in library},
        "check": to_document(reports, f"gaugeblock check {' '.join(library)} --device {device}", []),
    }
    results.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", found["device"]).strip("-").lower()
    (results / f"{name}.json").write_text(to_json(found))
    table = Table("formula", "floor", *library, title=f"time / floor on {found['device']}, {rows} x {columns}, float32")
    for name in examples(1, 1):
        each = [found["speed"][which][name] for which in library]
        table.add_row(name, each[0]["floor"], *(f"{one['ratio']:.2f}" for one in each))
    Console().print(table)
    raise typer.Exit(int(not all(report.passed for report in reports)))


if __name__ == "__main__":
    typer.run(main)
