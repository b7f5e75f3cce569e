"""Proofs of what the pages say, one file each. It begins with the requirements that it supports.

``gappa adam_binary32.g`` proves what rounding can do: its exit status is 0, and 1 where it finds no proof. Coq proves
that the bounds are sound for every formula: the files end in ``.v``, and one that is a part of another begins with that
one's name. The others are over the reals: ``claims`` yields what has to be 0, and sympy finds that it is.
``python -m gaugeblock.spec.proofs`` runs them all.
"""

import re
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib import import_module, resources
from typing import Any

from . import coq

LABELS = re.compile(r'(?:# |"""|\(\* )(\w+\.\w+(?:,\s+\w+\.\w+)*):\s')


def names() -> list[str]:
    """The names of the files that are proofs."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name for file in files if file.is_file() and LABELS.match(file.read_text(encoding="utf-8")))


def text_of(name: str) -> str:
    """What is in the file of a proof."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def failures(name: str) -> list[str]:
    """What a proof does not prove: nothing, if it is one.

    Raises
    ------
    FileNotFoundError
        Gappa or Coq is not installed.
    ImportError
        sympy is not installed.
    """
    if name.endswith(".g"):
        return unproved(text_of(name))
    if name.endswith(".v"):
        return unproved_by_coq()[name]
    return nonzero(import_module(f".{name.removesuffix('.py')}", __name__).claims())


@cache
def unproved_by_coq() -> dict[str, list[str]]:
    """What each file for Coq does not prove. They need one another, and are checked together, once."""
    return coq.unproved({name: text_of(name) for name in names() if name.endswith(".v")})


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
