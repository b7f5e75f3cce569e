"""What all commands share: what they say on a terminal, what a shell completes, and files that are written whole."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ... import backends, spec
from ..arithmetic.rounding import MODELS
from ..reporting.citation import citation


def complain(message: object) -> None:
    """Say what is wrong, in one line."""
    line = Text.assemble(("gaugeblock:", "bold red"), " ", " ".join(str(message).split()))
    Console(stderr=True).print(line, soft_wrap=True)


def completion(names: Callable[[str], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell completes a word to: those of `names(word)` that begin as it does, or else files."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names(incomplete) if name.startswith(incomplete)]

    return complete


backend_names = completion(lambda word: backends.NAMES)


subject_names = completion(lambda word: [*backends.NAMES, "all"])


formula_names = completion(lambda word: spec.formulas())


dtype_names = completion(lambda word: MODELS)


versions = completion(lambda word: spec.VERSIONS)


page_names = completion(lambda word: spec.requirements(word.partition(".")[0]) if "." in word else spec.formulas())


@contextmanager
def replaced(option: str, path: Path) -> Iterator[list[str]]:
    """Yield a list for the text of a file, which is replaced whole at the end; complain at once if it cannot be."""
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        text: list[str] = []
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                yield text
                file.write("".join(text))
            os.chmod(temporary, 0o666 & ~current_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        what = f"{option}: {path}: cannot be written: {error.strerror or error}; name a file that can"
        raise typer.TyperException(what) from None


def current_umask() -> int:
    """The permissions that new files do not get; mkstemp gives fewer still."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told what comes next: a bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal or not sys.stderr.isatty():  # FORCE_COLOR makes a terminal of a pipe
        yield lambda what: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda what: bar.update(task, advance=1, description=what)


def console_for(stream: TextIO) -> Console:
    """A console on `stream`, wide enough in a pipe."""
    console = Console(file=stream, highlight=False)
    if not stream.isatty():
        console.width = 120
    return console


def print_citation(console: Console) -> None:
    """The last line of a report."""
    console.print(f"cite: {citation()}", style="dim", markup=False, soft_wrap=True)
