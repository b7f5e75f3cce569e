"""``gaugeblock check``."""

import secrets
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ... import backends, spec
from ...worker.loading import MissingLibraryError
from ...worker.text import plain
from ..judging.check import SEEDS, Manner, refuse_repeat
from ..judging.loading import is_elsewhere
from ..judging.selection import known_version
from ..reporting.failures import QUIET, USUAL, VERBOSE
from ..reporting.formats import annotations, to_badge, to_junit, to_summary
from ..reporting.report import Report, to_document, to_json
from ..reporting.terminal import print_report
from .cache import use_cache
from .config import Config, accepted, config, same
from .github import tell_github
from .outputs import refuse, write
from .terminal import (
    complain,
    console_for,
    dtype_names,
    formula_names,
    print_citation,
    subject_names,
    versions,
)
from .verdicts import Asked, Verdict, interrupted_by_signals, judged, judged_program

RANDOM = "random"
EXAMPLES = """Examples:

\b
  gaugeblock check                 the NumPy backend
  gaugeblock check numpy torch     several; or all
  gaugeblock check mykernels.py    functions in a file
  gaugeblock check package.module:object
  gaugeblock check --exec ./my_program
  gaugeblock check mykernels.py --formula softmax
  gaugeblock check mykernels.py --html report.html"""


def check(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SUBJECT",
            help="A backend's name, all, a file.py, or package.module:object. [default: numpy]",
            autocompletion=subject_names,
        ),
    ] = None,
    formula: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge this formula only; may be repeated.", autocompletion=formula_names),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge in this dtype only; may be repeated.", autocompletion=dtype_names),
    ] = None,
    device: Annotated[str | None, typer.Option(metavar="NAME", help="Judge on this device of the library.")] = None,
    program: Annotated[
        str | None,
        typer.Option("--exec", metavar="COMMAND", help="Judge a program, in any language, instead of SUBJECT."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="How long to wait for each answer. [default: 10]")
    ] = None,
    seed: Annotated[
        str, typer.Option(metavar="N", help="Seed of the random cases; random draws one, and adds --twins.")
    ] = "0",
    twins: Annotated[
        bool, typer.Option("--twins", help="Judge each chosen case again with other random numbers.")
    ] = False,
    repeat: Annotated[
        int | None, typer.Option(metavar="N", help="Call each function so often again. [default: 512, or 64]")
    ] = None,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Keep the subject from importing gaugeblock's own code.")
    ] = False,
    require_complete: Annotated[
        bool, typer.Option("--require-complete", help="Fail a subject that conforms in part.")
    ] = False,
    version: Annotated[
        str,
        typer.Option(
            "--spec", metavar="VERSION", help="Judge by this version of the specification.", autocompletion=versions
        ),
    ] = spec.VERSION,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Compute all expected values anew, and store none.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report to this file as JSON; - prints it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML file.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML.")] = None,
    badge: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the verdict as an SVG badge.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict alone.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print all names, and the bits of outputs.")] = False,
) -> None:
    """Judge implementations of the formulas. Exit status: 0 conforms, 1 does not, 2 could not be judged."""
    own = config()
    names = names_of(subjects or [], program, formula or [], own)
    try:
        known_version(version)
        refuse_repeat(repeat)
    except ValueError as error:
        raise typer.TyperException(str(error)) from None
    use_cache(not no_cache)
    listed = {*map(same, own.subject)}
    whose = own if program is None and {*map(same, subjects or ())} <= listed else Config()
    chosen = formula or [*whose.formulas] or None, dtype or [*whose.dtypes] or None
    manner = Manner(number_of(seed), version, True, twins or seed == RANDOM, repeat)
    asked = Asked(*chosen, device, timeout, sealed, manner)
    printed = json is not None and str(json) == "-"
    files = {"--json": None if printed else json, "--html": html, "--junit": junit, "--badge": badge}
    outputs = {option: path for option, path in files.items() if path is not None}
    refuse(outputs, [*(words_of(program) if program is not None else names), *(chosen[0] or ())])
    writers = {"--json": to_json, "--html": html_writer(html), "--junit": to_junit, "--badge": to_badge}
    stream = sys.stderr if printed else sys.stdout
    console = console_for(stream)
    known = dict.fromkeys(listed, own.known_failures)
    level = QUIET if quiet else VERBOSE if verbose else USUAL
    found = judged_program(names[0], asked) if program is not None else judged(names, asked)
    verdicts, document, status = told(found, known, outputs, writers, console, level)
    reports = [each for each in verdicts if isinstance(each, Report)]
    if seed == RANDOM:
        console.print(f"seed: {manner.seed} (--seed {manner.seed} --twins judges by the same cases)", markup=False)
    if reports and not quiet:
        print_citation(console, document["citation"])
    if printed:
        print(to_json(document), end="")
    status = max(status, tell_github(annotations(document), to_summary(document), stream))
    failed = not all(accepted(report, require_complete) for report in reports)
    unjudged = any(isinstance(each, str) for each in verdicts)
    raise typer.Exit(2 if unjudged or status else int(failed))


def names_of(subjects: list[str], program: str | None, formulas: list[str], own: Config) -> list[str]:
    """What is judged: subjects, or a program alone; TyperException for what is contradictory, or names none."""
    if subjects and program is not None:
        raise typer.TyperException(f"--exec: got the subject {subjects[0]!r} too; wanted one or the other")
    strange = [each for each in formulas if is_elsewhere(each)]
    if program is not None and strange:
        why = "since a program is asked for these alone"
        raise typer.TyperException(f"--formula: got {strange[0]!r}; wanted one of gaugeblock's own, {why}")
    if program is None and not (subjects or own.subject) and strange:
        wanted = f"what computes the formula: gaugeblock check mykernels.py --formula {strange[0]}"
        raise typer.TyperException(f"subject: got none; wanted {wanted}")
    return [program] if program is not None else list(dict.fromkeys(subjects or own.subject or ["numpy"]))


def told(
    found: Iterator[tuple[int, Verdict]],
    known: Mapping[Any, Any],
    outputs: Mapping[str, Path],
    writers: Mapping[str, Callable[[dict[str, Any]], str]],
    console: Console,
    level: int,
) -> tuple[list[Verdict], dict[str, Any], int]:
    """Show and write the verdicts as they come; return them, the document, and 2 if a file could not be written."""
    verdicts, shown = dict[int, Verdict](), 0
    document: dict[str, Any] = {}
    failed = set[str]()
    with interrupted_by_signals(), redirect_stdout(sys.stderr):  # where formulas of others print something
        for number, verdict in found:
            if isinstance(verdict, Report):
                verdict.known = known.get(same(verdict.subject), {})
            verdicts[number] = verdict
            document = document_of([verdicts[number] for number in sorted(verdicts)])
            for option in (option for option in outputs if option not in {"--html", *failed}):
                if written(option, outputs[option], writers[option](document)):
                    failed.add(option)
            while shown in verdicts and not sys.stderr.isatty():  # which has the progress bar until all are done
                show(verdicts[shown], console, level)
                shown += 1
    for number in range(shown, len(verdicts)):
        show(verdicts[number], console, level)
    # A page takes a second to make.
    if "--html" in outputs and written("--html", outputs["--html"], writers["--html"](document)):
        failed.add("--html")
    return [verdicts[number] for number in sorted(verdicts)], document, 2 if failed else 0


def document_of(verdicts: list[Verdict]) -> dict[str, Any]:
    """The JSON document of the reports, and of what could not be judged."""
    reports = [each for each in verdicts if isinstance(each, Report)]
    errors = [each for each in verdicts if isinstance(each, str)]
    return to_document(reports, plain(shlex.join(["gaugeblock", *sys.argv[1:]]), 10_000), errors)


def words_of(program: str) -> list[str]:
    """The words of a command, some of which may be files; none of one that cannot be split, which is said later."""
    with suppress(ValueError):
        return shlex.split(program)
    return []


def show(found: Verdict, console: Console, level: int) -> None:
    """Print a report, or what is wrong with a subject."""
    if isinstance(found, Report):
        print_report(found.to_dict(), console, level)
    elif isinstance(found, MissingLibraryError):
        console.print(f"not judged: {found}", style="dim", markup=False, soft_wrap=True)
    else:
        complain(found)


def written(option: str, path: Path, text: str) -> int:
    """Write a file; the status 2, and a line, if it cannot be."""
    try:
        write(option, path, text)
    except typer.TyperException as error:
        complain(error.format_message())
        return 2
    return 0


def number_of(seed: str) -> int:
    """The seed that is meant: a number, or any."""
    if seed == RANDOM:
        return secrets.randbelow(2**32)
    number = int(seed) if seed.isdecimal() and len(seed) < 60 else -1
    if not 0 <= number < SEEDS:
        raise typer.TyperException(f"--seed: got {plain(seed, 60)!r}; wanted a number from 0 to {SEEDS - 1}, or random")
    return number


def html_writer(path: Path | None) -> Callable[[dict[str, Any]], str]:
    """What makes the page, whose libraries are loaded if a `path` asks for one."""
    if path is None:
        return to_json
    try:
        from ..reporting.html import to_html
    except ModuleNotFoundError as error:
        what = f"--html: {error.name} is not installed; {backends.how_to_add('report')}"
        raise typer.TyperException(what) from None
    return to_html
