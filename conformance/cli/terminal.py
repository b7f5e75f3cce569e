"""What all commands share: what they say on a terminal, and what a shell completes."""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ... import backends, spec
from ...names import wanted
from ...worker.text import plain
from ..arithmetic.rounding import MODELS
from ..reporting.citation import FORMATS
from ..reporting.terminal import say


def complain(message: object) -> None:
    """Say what is wrong, in one line."""
    line = Text.assemble(("gaugeblock:", "bold red"), " ", plain(str(message), 2000))
    Console(stderr=True).print(line, soft_wrap=True)


@contextmanager
def readable() -> Iterator[None]:
    """Let a file that cannot be read, or makes no sense, be a line and status 2."""
    try:
        yield
    except OSError as error:
        complain(f"{error.filename}: cannot be read: {error.strerror}; name a file that can")
        raise typer.Exit(2) from None
    except ValueError as error:
        complain(error)
        raise typer.Exit(2) from None


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


citation_formats = completion(lambda word: FORMATS)


table_formats = completion(lambda word: ("markdown", "latex", "csv"))


page_names = completion(lambda word: spec.requirements(word.partition(".")[0]) if "." in word else spec.formulas())


def one_of(option: str, name: str | None, names: Collection[str]) -> None:
    """Refuse a name that is given and that there is not."""
    if name is not None and name not in names:
        raise typer.TyperException(f"{option}: got {plain(name, 60)!r}{wanted(name, names)}")


@contextmanager
def progress(total: int | None) -> Iterator[Callable[..., None]]:
    """Yield a function that is told what comes next, or how much more: a bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal or not sys.stderr.isatty():  # FORCE_COLOR makes a terminal of a pipe
        yield lambda what="", more=0: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task, expected = bar.add_task("", total=total), [total or 0]

        def tell(what: str = "", more: int = 0) -> None:
            if more:
                expected.append(more)  # several subjects do so at once
                bar.update(task, total=sum(expected))
            else:
                bar.update(task, advance=1, description=what)

        yield tell


def console_for(stream: TextIO) -> Console:
    """A console on `stream`; in a pipe it is wide enough, and no line is folded."""
    console = Console(file=stream, highlight=False, soft_wrap=not stream.isatty())
    if not stream.isatty():
        console.width = 120
    return console


def print_citation(console: Console, cited: str) -> None:
    """The last line of a report."""
    say(console, Text(f"cite: {cited}", style="dim"), 2)
