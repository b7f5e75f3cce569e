"""Proofs by Coq: compiled in the order in which they need one another, and gone over by its independent checker.

What is taken on trust is Coq's kernel, its library and Flocq, which the checker reads and does not go over again.
"""

import re
import subprocess
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory

# Those of Coq's real numbers and of classical logic.
AXIOMS = {
    "Coq.Logic.Classical_Prop.classic",
    "Coq.Logic.FunctionalExtensionality.functional_extensionality_dep",
    "Coq.Reals.ClassicalDedekindReals.sig_forall_dec",
    "Coq.Reals.ClassicalDedekindReals.sig_not_dec",
}
# Definitions of Coq's library in sealed modules, of which the checker sees the types alone.
SEALED = "Coq.Reals.Rdefinitions.", "Coq.ssr.ssrunder."
COMMENT = re.compile(r"\(\*.*?\*\)", re.S)
LEFT_OUT = re.compile(r"\b(Admitted|Abort|admit|give_up|Axioms?|Parameters?|Conjectures?)\b")
NEEDS = re.compile(r"^Require Import (.*)\.$", re.M)
SUMMARY = re.compile(r"^\* (?P<what>.+?):(?P<found>.*?)(?=^\* |\Z)", re.M | re.S)


def needs(text: str) -> list[str]:
    """The files beside it that a file may need."""
    return [f"{each}.v" for line in NEEDS.findall(COMMENT.sub("", text)) for each in line.split()]


def order(texts: Mapping[str, str]) -> list[str]:
    """The names of the files, each behind those that it needs."""
    files = {name: set(needs(text)) & set(texts) for name, text in texts.items()}
    return list(TopologicalSorter(files).static_order())


def run(folder: Path, *command: str) -> tuple[bool, str]:
    """Whether a command succeeds in a folder, and what it says."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def compiled(folder: Path, name: str) -> list[str]:
    """Why Coq refuses a file: nothing, if it compiles. The files that it needs are compiled already."""
    accepted, said = run(folder, "coqc", name)
    return [] if accepted else [" ".join(said.split()) or "coqc fails"]


def left_out(text: str) -> list[str]:
    """What takes the place of a proof in a text."""
    return [f"{word}: a proof is left out" for word in LEFT_OUT.findall(COMMENT.sub("", text))]


def checked(folder: Path, names: list[str]) -> list[str]:
    """What the checker does not accept, or accepts on the word of anything but `AXIOMS`."""
    modules = [word for name in names for word in ("-norec", name.removesuffix(".v"))]
    accepted, said = run(folder, "coqchk", "-silent", "-o", *modules)
    return assumed(said) if accepted else [" ".join(said.split()) or "coqchk fails"]


def assumed(summary: str) -> list[str]:
    """What a summary of the checker has beside `AXIOMS`; one that has no axioms is none."""
    found = {each["what"]: set(each["found"].split()) - {"<none>"} for each in SUMMARY.finditer(summary)}
    if "Axioms" not in found:
        return [f"no summary of coqchk: {summary}"]
    rest = {what: names - AXIOMS for what, names in found.items() if not what.startswith("Theory")}
    return [f"{what}: {name}" for what, names in rest.items() for name in sorted(names) if not name.startswith(SEALED)]


def unproved(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """What each of the files does not prove: nothing, if all are proofs.

    Raises
    ------
    FileNotFoundError
        Coq is not installed.
    """
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        names = order(texts)
        found: dict[str, list[str]] = {}
        for name in names:
            found[name] = left_out(texts[name]) + compiled(folder, name)
            found[name] += [f"it needs {each}, which is not proved" for each in needs(texts[name]) if found.get(each)]
        right = [name for name in names if not found[name]]
        if right:
            found |= dict.fromkeys(right, checked(folder, right))
    return found
