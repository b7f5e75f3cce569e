"""``gaugeblock check``."""

import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ... import backends, spec
from ..arithmetic.rounding import MODELS
from ..judging.check import known
from ..reporting.formats import annotations, to_badge, to_junit
from ..reporting.report import Report, print_report, to_document, to_json
from .cache import use_cache
from .terminal import (
    complain,
    console_for,
    dtype_names,
    formula_names,
    print_citation,
    progress,
    replaced,
    subject_names,
    versions,
)

EXAMPLES = """Examples:

\b
  gaugeblock check                                  the NumPy backend
  gaugeblock check numpy torch jax                  several; or all that are installed: all
  gaugeblock check mykernels.py --formula softmax   functions in a file
  gaugeblock check package.module:object            or in anything that can be imported
  gaugeblock check --exec ./my_program              a program in any language
  gaugeblock check mykernels.py --html report.html --json report.json"""


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
        str | None, typer.Option("--exec", metavar="COMMAND", help="Judge a program in any language, not a subject.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="The time that a program has for each answer. [default: 10]")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The seed of the random cases.")] = 0,
    version: Annotated[
        str,
        typer.Option("--spec", metavar="VERSION", help="Judge what this version requires.", autocompletion=versions),
    ] = spec.VERSION,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Compute what is expected anew, and keep nothing on disk.")
    ] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report to this file as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML file, with plots.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as JUnit XML.")] = None,
    badge: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the verdict as an SVG badge.")] = None,
) -> None:
    """Judge implementations of the formulas. Exit status: 0 conforms, 1 does not, 2 could not be judged."""
    if subjects and program is not None:
        complain(f"--exec: got the subject {subjects[0]!r} too; wanted one or the other")
        raise typer.Exit(2)
    if timeout is not None and program is None:
        complain(f"--timeout: got {timeout:g} without --exec; wanted both, as only a program has a time-out")
        raise typer.Exit(2)
    try:
        known("spec", [version], spec.VERSIONS)
    except ValueError as error:
        raise typer.TyperException(str(error)) from None
    use_cache(not no_cache)
    console, status = console_for(sys.stdout), 0
    given = {"--json": json, "--html": html, "--junit": junit, "--badge": badge}
    files = {option: path for option, path in given.items() if path is not None}
    if len({path.resolve() for path in files.values()}) < len(files):
        raise typer.TyperException(f"{', '.join(files)}: got one file for two of them; name a file for each")
    writers = {"--json": to_json, "--html": html_writer(html), "--junit": to_junit, "--badge": to_badge}
    with ExitStack() as opened:
        texts = {option: opened.enter_context(replaced(option, path)) for option, path in files.items()}
        reports, errors = [], []
        if program is not None:
            verdicts = [judged_program(program, timeout, formula, dtype, device, seed, version)]
        else:
            verdicts = judged(installed(list(subjects or ["numpy"]), console), formula, dtype, device, seed, version)
        for found in verdicts:
            if isinstance(found, str):
                complain(found)
                errors.append(found)
                status = 2
                continue
            reports.append(found)
            print_report(found, console)
            status = status or int(not found.passed)
        document = to_document(reports, shlex.join(["gaugeblock", *sys.argv[1:]]), errors)
        for option, text in texts.items():
            text.append(writers[option](document))
    if reports:
        print_citation(console)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations(document):
            print(line)
    raise typer.Exit(status)


def html_writer(path: Path | None) -> Callable[[dict[str, Any]], str]:
    """What makes the page, whose libraries are loaded if a `path` asks for one."""
    if path is None:
        return to_json
    try:
        from ..reporting.html import to_html
    except ModuleNotFoundError as error:
        what = f"--html: {error.name} is not installed; `pip install 'gaugeblock[report]'` adds it"
        raise typer.TyperException(what) from None
    return to_html


def judged(
    names: list[str], formulas: list[str] | None, dtypes: list[str] | None, device: str | None, seed: int, version: str
) -> list[Report | str]:
    """The report of each subject, or what is wrong with it; a progress bar on a terminal meanwhile."""
    # One subject takes about a second, less than processes do; but JAX compiles for half a minute.
    if len(names) > 1 or names == ["jax"]:
        from ..judging.parallel import judge_all

        with progress(len(names)) as tell:
            return list(judge_all(names, formulas, dtypes, device, seed, version, tell))
    return [judged_here(names[0], formulas, dtypes, device, seed, version)]


def judged_here(
    subject: Any, formulas: list[str] | None, dtypes: list[str] | None, device: str | None, seed: int, version: str
) -> Report | str:
    """The report of one subject, or what is wrong with it, in this process."""
    from .. import check as run

    with progress(len(spec.formulas()) * len(MODELS)) as tell:
        try:
            return run(subject, formulas, dtypes, device, seed, tell, version)
        except ValueError as error:
            return str(error)


def judged_program(
    command: str,
    timeout: float | None,
    formulas: list[str] | None,
    dtypes: list[str] | None,
    device: str | None,
    seed: int,
    version: str,
) -> Report | str:
    """The report of a program, or what is wrong with it. The program ends with this command, however that ends."""
    from ..exchange.program import TIMEOUT, Program

    for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:  # as Ctrl-C, so that the program ends
        if signal.getsignal(number) is signal.SIG_DFL:  # not so under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        with Program(command, TIMEOUT if timeout is None else timeout) as subject:
            return judged_here(subject, formulas, dtypes, device, seed, version)
    except ValueError as error:
        return str(error)


def installed(names: list[str], console: Console) -> list[str]:
    """`names`, with all backends that are installed in the place of 'all'; the others are listed."""
    chosen: list[str] = []
    for name in names:
        if name != "all":
            chosen.append(name)
            continue
        for backend in backends.NAMES:
            try:
                backends.load(backend)
                chosen.append(backend)
            except ImportError as error:
                console.print(f"not judged: {error}", style="dim", markup=False, soft_wrap=True)
    return list(dict.fromkeys(chosen))
