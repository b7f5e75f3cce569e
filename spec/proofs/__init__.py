"""Proofs of what the pages say, one file each. It begins with the requirements that it supports.

``gappa adam_binary32.g`` proves what rounding can do: its exit status is 0, and 1 where it finds no proof. The others
are over the reals: ``claims`` yields what has to be 0, and sympy finds that it is. ``python -m gaugeblock.spec.proofs``
runs them all.
"""

import re
import subprocess
from collections.abc import Iterable
from importlib import import_module, resources
from typing import Any

LABELS = re.compile(r'(?:# |""")(\w+\.\w+(?:,\s\w+\.\w+)*):\s')


def names() -> list[str]:
    """The names of the files that are proofs."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name for file in files if file.is_file() and LABELS.match(file.read_text(encoding="utf-8")))


def text_of(name: str) -> str:
    """What is in the file of a proof."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def supported(name: str) -> list[str]:
    """The labels of the requirements that a proof supports."""
    labels = LABELS.match(text_of(name))
    return re.split(r",\s", labels[1]) if labels else []


def failures(name: str) -> list[str]:
    """What a proof does not prove: nothing, if it is one.

    Raises
    ------
    FileNotFoundError
        Gappa is not installed.
    ImportError
        sympy is not installed.
    """
    if name.endswith(".g"):
        return unproved(text_of(name))
    return nonzero(import_module(f".{name.removesuffix('.py')}", __name__).claims())


def nonzero(claims: Iterable[tuple[str, Any]]) -> list[str]:
    """What sympy does not simplify to 0."""
    from sympy import simplify

    rests = ((what, simplify(difference)) for what, difference in claims)
    return [f"{what}: off by {rest}" for what, rest in rests if rest != 0]


def unproved(claims: str) -> list[str]:
    """What Gappa does not prove."""
    done = subprocess.run(["gappa"], input=claims, capture_output=True, text=True, check=False)
    said = [line.strip() for line in done.stderr.splitlines() if not line.startswith("Warning: ")]
    return said or [f"exit status {done.returncode}"] if done.returncode else []
