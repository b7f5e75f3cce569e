"""What the suite finds of real libraries: `python examples/libraries.py [NAME ...]` judges all, or those named.

Each subject is a file of `examples/libraries/`, or an object in one. A library whose versions are pinned here is judged
in an environment of its own. The results go to `benchmarks/results/libraries.jsonl`, and docs/libraries.md is made of
them. With `--chosen` before the names they are judged by the chosen cases alone, which takes a tenth of the time, and
the page says so.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from environments import node_modules, python_with
from libraries_page import page, records_of

from gaugeblock.conformance import SubjectError, check
from gaugeblock.conformance.cli.cache import use_cache
from gaugeblock.conformance.exchange.program import Program
from gaugeblock.conformance.sweep.sweep import simd

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "libraries.md"
RESULTS = ROOT / "benchmarks" / "results" / "libraries.jsonl"
HERE = "--here"  # judges in this process, and writes the records to standard output
CHOSEN = "--chosen"  # by the chosen cases alone
TIMEOUT = 60.0  # seconds for an answer: some compile for each shape


class Library(NamedTuple):
    """What is judged, what computes it, and the environment that it is loaded in."""

    name: str
    subject: str  # under examples/libraries/; a file of JavaScript is run by Node
    packages: tuple[str, ...]  # in the versions of constraints.txt; or pinned here, in an environment of their own
    environment: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = ()  # commands whose version matters

    @property
    def pins(self) -> dict[str, str]:
        """The versions that are pinned here, by package, as pip or npm writes a pin."""
        found = (re.fullmatch(r"(.+?)(?:==|(?<!^)@)([^@=]+)", each) for each in self.packages)
        return {each[1]: each[2] for each in found if each}


LIBRARIES = (
    Library("PyTorch", "torch_functional.py", ("torch",)),
    Library("PyTorch, Adam with foreach", "torch_functional.py:foreach", ("torch",)),
    Library("PyTorch, Adam with fused", "torch_functional.py:fused", ("torch",)),
    Library("JAX and optax", "jax_nn.py", ("jax", "optax")),
    Library("SciPy, its default axis", "scipy_special.py", ("scipy",)),
    Library("SciPy, the axis given", "scipy_special.py:along_last_axis", ("scipy",)),
    Library("scikit-learn", "sklearn_metrics.py", ("scikit-learn",)),
    Library("scikit-learn, sample by sample", "sklearn_metrics.py:sample_by_sample", ("scikit-learn",)),
    Library("onnxruntime", "onnx_operators.py:runtime", ("onnxruntime", "onnx")),
    Library("ONNX's reference evaluator", "onnx_operators.py:reference", ("onnx",)),
    *(
        Library(
            f"Keras on {name}",
            "keras_losses.py",
            ("keras", *packages),
            (("KERAS_BACKEND", backend), ("KERAS_HOME", os.devnull)),  # no settings of the user's
        )
        for name, backend, *packages in (("NumPy", "numpy"), ("JAX", "jax", "jax"), ("PyTorch", "torch", "torch"))
    ),
    Library("TensorFlow", "tensorflow_nn.py", ("tensorflow-cpu==2.21.0",), (("TF_CPP_MIN_LOG_LEVEL", "3"),)),
    Library("Paddle", "paddle_functional.py", ("paddlepaddle==3.3.1",)),
    Library("MLX", "mlx_nn.py", ("mlx==0.32.4", "mlx-cpu==0.32.4")),
    Library("OpenVINO", "openvino_operators.py", ("openvino==2026.4.1",)),
    Library("OpenVINO, in float32", "openvino_operators.py:in_float32", ("openvino==2026.4.1",)),
    Library("Numba by hand", "numba_by_hand.py", ("numba==0.68.1",)),
    Library("Numba by hand, beta**float(t)", "numba_by_hand.py:of_floats", ("numba==0.68.1",)),
    Library("tinygrad", "tinygrad_tensor.py", ("tinygrad==0.14.0", "ziglang==0.17.1")),
    Library("C by hand", "c_by_hand.py:plain", (), tools=("gcc",)),
    Library("C by hand, with -ffast-math", "c_by_hand.py:fast", (), tools=("gcc",)),
    Library("torch.compile", "torch_compiled.py", ("torch",), tools=("gcc",)),
    Library("TensorFlow.js", "tensorflow.js", ("@tensorflow/tfjs@4.22.0",), tools=("node",)),
    Library("onnxruntime-web", "onnxruntime_web.js", ("onnxruntime-web@1.30.0",), tools=("node",)),
)

Report = dict[str, Any]  # as `gaugeblock check --json` writes it
Record = dict[str, Any]  # a line of the results


def report_of(
    library: Library, formulas: Iterable[str] | None = None, dtypes: Iterable[str] | None = None, made: bool = True
) -> Report:
    """The report of a library that is installed here; SubjectError with the reason if it cannot be judged."""
    os.environ.update(dict(library.environment))
    subject = ROOT / "examples" / "libraries" / library.subject
    if subject.suffix == ".js":
        os.environ["NODE_PATH"] = node_modules(library.packages)
        with Program(["node", str(subject)], TIMEOUT) as program:
            report = check(program, formulas, dtypes, made=made).to_dict()
        versions = library.pins
    else:
        versions = {name: installed(name) for name in (*(library.pins or library.packages), "numpy")}
        report = check(str(subject), formulas, dtypes, made=made, timeout=TIMEOUT).to_dict()
    versions |= {tool: version_of(tool) for tool in library.tools}
    return {**report, "versions": versions, "machine": f"{platform.machine()} {simd()}".strip()}


def installed(package: str) -> str:
    """The version of a package that is installed here."""
    try:
        return version(package)
    except PackageNotFoundError:
        raise SubjectError(f"{package} is not installed") from None


def version_of(tool: str) -> str:
    """The version of a command."""
    try:
        done = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise SubjectError(f"{tool}: there is no such command") from None
    return next(iter(re.findall(r"\d+(?:\.\d+)+", done.stdout)), "of no known version")


def judged(library: Library, *options: str) -> list[Record]:
    """The records of a library, judged in the environment that it is pinned to; SubjectError if it cannot be judged."""
    is_pinned = library.pins and not library.subject.endswith(".js")
    python = python_with(library.packages) if is_pinned else sys.executable
    variables = {**os.environ, **dict(library.environment), "PYTHONPATH": str(ROOT / "src")}
    command = [python, __file__, HERE, *options, library.name]
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not found:
        raise SubjectError(done.stdout.strip() or f"its judge ended with status {done.returncode}")
    return found


def here(name: str, made: bool) -> str:
    """The records of a library in this process, a line each; or in one line why there are none."""
    use_cache(True)
    (library,) = (each for each in LIBRARIES if each.name == name)
    try:
        return "\n".join(map(json.dumps, records_of(name, report_of(library, made=made))))
    except ValueError as error:
        return " ".join(str(error).split())


def stored() -> list[Record]:
    """All records that were written."""
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()] if RESULTS.exists() else []


def store(name: str, new: list[Record]) -> None:
    """Put the records of a library in the place of those that there were, and make the page of all."""
    known = [each.name for each in LIBRARIES]
    records = [each for each in stored() if each["library"] != name and each["library"] in known] + new
    records.sort(key=lambda each: known.index(each["library"]))
    write(RESULTS, "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records))
    write(PAGE, page(LIBRARIES, records))


def write(file: Path, text: str) -> None:
    """Write a file at once, or not at all."""
    temporary = file.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)


def main(words: list[str]) -> int:
    """Judge these libraries, or all; 2 if one of them could not be judged."""
    names = [word for word in words if word != CHOSEN]
    known, status = [library.name for library in LIBRARIES], 0
    if unknown := [name for name in names if name not in known]:
        print(f"library: got {unknown[0]!r}; wanted one of {'; '.join(known)}", file=sys.stderr)
        return 2
    for library in LIBRARIES:
        if names and library.name not in names:
            continue
        print(f"judging {library.name}", file=sys.stderr)
        try:
            store(library.name, judged(library, *[CHOSEN] * (CHOSEN in words)))
        except SubjectError as error:
            print(f"{library.name}: not judged: {error}", file=sys.stderr)
            status = 2
            if not any(each["library"] == library.name for each in stored()):
                store(library.name, [{"library": library.name, "reason": str(error)}])
    return status


if __name__ == "__main__":
    if sys.argv[1:2] == [HERE]:
        print(here(sys.argv[-1], CHOSEN not in sys.argv))
    else:
        sys.exit(main(sys.argv[1:]))
