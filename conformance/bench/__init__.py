"""How fast the formulas run, beside plain NumPy, the libraries that are installed, and the floor; and the oracle.

`works` says what is measured, `contenders.py`, `peers.py` and `optimizers.py` by whom, `worker.py` how: in a process
for each formula, on one core. `judge.py` measures an import and the oracle, `tables.py` and `plot.py` show the document
that comes out.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any

from ... import __version__, spec
from ...worker.one_thread import VARIABLES
from .work import Work, of_size

LIBRARIES = ("numpy", "torch", "jax", "optax", "scipy", "onnxruntime", "onnx", "keras")
SCHEMA = 1
ALLOCATORS = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")  # variables that decide how memory is handed out

# What the tables have where no size is asked for.
LARGE = (8192, 8192)
WORKS = (
    Work("neuron", (10,)),
    Work("neuron", (1_000_000,)),
    Work("neuron_vjp", (1000, 1000)),
    Work("dense", (1024, 1024, 1024)),
    Work("dense_vjp", (512, 512, 512)),
    Work("relu", (10,)),
    Work("relu", (10, 100)),
    Work("relu", (8000, 8000)),
    Work("relu_vjp", (1000, 1000)),
    Work("softmax", (10,)),
    Work("softmax", (10, 100)),
    Work("softmax", (1024, 32768)),
    Work("softmax", (1024, 32769)),
    Work("softmax", LARGE),
    Work("softmax", (4096, 50257)),
    Work("softmax_vjp", (1000, 1000)),
    Work("log_softmax", (2048, 8192)),
    Work("log_softmax_vjp", (1000, 1000)),
    Work("categorical_cross_entropy", (2048, 8192)),
    Work("categorical_cross_entropy_vjp", (1000, 1000)),
    Work("categorical_cross_entropy_from_logits", LARGE),
    Work("categorical_cross_entropy_from_logits_vjp", (1000, 1000)),
    Work("sparse_categorical_cross_entropy_from_logits", (2048, 8192)),
    Work("sparse_categorical_cross_entropy_from_logits_vjp", (1000, 1000)),
    Work("adam", (100,), tensors=200),
    Work("adam", (4096,), tensors=200),
    Work("adam", (1_000_000,)),
    Work("adam", (25_000_000,)),
)
# These are measured on all cores too, for information: the gate is one.
PARALLEL = Work("softmax", LARGE), Work("categorical_cross_entropy_from_logits", LARGE), Work("adam", (25_000_000,))


def works(formulas: list[str] | None, sizes: list[int] | None) -> list[Work]:
    """What is measured, by formula: the tables' shapes, or those of these sizes.

    Raises
    ------
    ValueError
        A formula that there is not, or a size below 1.
    """
    from ..judging.selection import known

    chosen = known("formula", formulas, spec.formulas())
    for size in sizes or ():
        if size < 1:
            raise ValueError(f"size: got {size}; wanted a number of elements, at least 1")
    if sizes:
        return [of_size(formula, size) for formula in chosen for size in sorted(set(sizes))]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    every = [*WORKS, *(work._replace(cores=cores) for work in PARALLEL if cores > 1)]
    return [work for formula in chosen for work in every if work.formula == formula]


def measure(
    chosen: list[Work], backends: list[str], progress: Callable[[str], None] = lambda what: None
) -> Iterator[dict[str, Any]]:
    """Yield what was measured of each work, in their order: one process for each formula."""
    for _, group in groupby(chosen, lambda work: (work.formula, work.cores)):
        left = list(group)
        fitting = [work for work in left if needed(work) < memory()]
        yield from (unmeasured(work, "it needs more memory than is free") for work in left if work not in fitting)
        if fitting:
            yield from in_a_process(fitting, backends, progress)


def in_a_process(chosen: list[Work], backends: list[str], progress: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Yield what a process measures, which has as many threads as the first work has cores."""
    cores = chosen[0].cores
    threads = dict.fromkeys(VARIABLES, str(cores))
    asked = json.dumps({"backends": backends, "works": [work._asdict() for work in chosen], "cores": cores})
    command = [sys.executable, "-m", f"{__name__}.worker", asked]
    progress(str(chosen[0]))
    done, last = 0, ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | threads
    ) as process:
        assert process.stdout
        for line in process.stdout:  # libraries write there too
            last = line.strip() or last
            if line.startswith('{"formula": '):
                done += 1
                if done < len(chosen):
                    progress(str(chosen[done]))
                yield json.loads(line)
    for work in chosen[done:]:
        yield unmeasured(work, f"the process ended with status {process.returncode}: {last}")


def unmeasured(work: Work, reason: str) -> dict[str, Any]:
    """What is said of a work that could not be measured."""
    return {
        **work._asdict(),
        "shape": [*work.shape],
        "elements": work.elements,
        "contenders": [],
        "missing": [f"{work}: {reason}"],
    }


def needed(work: Work) -> int:
    """About how many bytes the contenders have in use together: each library has its own arrays."""
    return work.elements * (120 if work.declared.state else 48)


def memory(which: str = "MemAvailable") -> int:
    """The bytes of memory that there are for new arrays, or in all (MemTotal); 8 GiB where the system does not tell."""
    found = re.search(rf"^{which}:\s+(\d+) kB", read(Path("/proc/meminfo")), re.M)
    return int(found[1]) * 1024 if found else 8 * 2**30


def document(command: str, backends: list[str]) -> dict[str, Any]:
    """The JSON document of a run, before anything is measured."""
    return {
        "schema": SCHEMA,
        "spec": spec.VERSION,
        "gaugeblock": __version__,
        "command": command,
        "machine": machine(),
        "versions": versions(),
        "backends": backends,
        "measurements": [],
    }


def versions() -> dict[str, str]:
    """Python's, and those of the libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """What bears on speed: the processor, its caches, and how memory is handed out."""
    cpus = Path("/sys/devices/system/cpu")
    caches = {
        f"L{read(cache / 'level')} {read(cache / 'type').lower()}": read(cache / "size")
        for cache in sorted(cpus.glob("cpu0/cache/index*"))
    }
    model = re.search(r"^model name\s*: (.*)", read(Path("/proc/cpuinfo")), re.M)
    pages = re.search(r"\[(\w+)\]", read(Path("/sys/kernel/mm/transparent_hugepage/enabled")))
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "caches": caches,
        "memory_bytes": memory("MemTotal"),
        "allocator": " ".join(filter(None, platform.libc_ver())) or "unknown",
        "allocator_settings": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(ALLOCATORS)
        },
        "huge_pages": pages[1] if pages else "",
    }


def read(path: Path) -> str:
    """A file of the system, empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
