"""Environments of pinned packages, made where they are not there: for Python by pip, for Node by npm."""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from gaugeblock.conformance import SubjectError
from gaugeblock.conformance.cli.cache import default

ROOT = Path(__file__).resolve().parent.parent
MADE = "made"  # the file that says that an environment is whole


def python_with(pins: Sequence[str]) -> str:
    """The interpreter of an environment that has these packages, and those that gaugeblock needs."""
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    folder = folder_of(*pins, *needs, sys.version)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    constraints = str(ROOT / "constraints.txt")
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "-q",
        "--no-compile",
        "--retries",
        "1",
        "-c",
        constraints,
        *pins,
        *needs,
    ]
    make(folder, [sys.executable, "-m", "venv", str(folder)], pip)
    return str(python)


def node_modules(pins: Sequence[str]) -> str:
    """The folder of modules that has these packages."""
    folder = folder_of(*pins)
    quiet = "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "1"
    make(folder, ["npm", "install", "--prefix", str(folder), *quiet, *pins])
    return str(folder / "node_modules")


def folder_of(*wanted: str) -> Path:
    """Where an environment is kept, below the user's cache."""
    return (
        Path(default() or tempfile.gettempdir()) / "environments" / sha256("\n".join(wanted).encode()).hexdigest()[:16]
    )


def make(folder: Path, *commands: Sequence[str]) -> None:
    """Run what makes an environment, unless it is there; SubjectError with the last complaint if that fails."""
    if (folder / MADE).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if "ERR" in line.upper()] or [
                "no reason"
            ]
            shutil.rmtree(folder, ignore_errors=True)
            raise SubjectError(f"its environment cannot be made: {lines[-1]}; a network is needed once")
    (folder / MADE).touch()
