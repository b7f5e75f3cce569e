"""``gaugeblock vectors`` and ``gaugeblock judge``: the cases for other languages, and answers to them."""

import shlex
import sys
from contextlib import ExitStack, redirect_stdout, suppress
from pathlib import Path
from typing import Annotated

import typer

from ... import spec
from ...worker.text import plain
from ..arithmetic.rounding import MODELS
from ..reporting.citation import citation
from ..reporting.failures import USUAL, VERBOSE
from ..reporting.report import to_document, to_json
from ..reporting.terminal import print_report
from .outputs import replaced
from .terminal import complain, console_for, formula_names, print_citation, progress

SHOWN = 10  # lines on what is missing


def vectors(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or one with earlier vectors.")],
    formula: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Write the cases of this formula only; may be repeated.", autocompletion=formula_names
        ),
    ] = None,
) -> None:
    """Write the cases as files, for any language.

    They hold inputs, and correctly rounded values and bounds: the same bytes on every machine.

    Exit status: 2 if they could not be written.
    """
    from ..exchange.vectors import MANIFEST, files, names, survey
    from ..judging.selection import chosen_formulas

    try:
        with redirect_stdout(sys.stderr):  # where formulas of others print something
            chosen = chosen_formulas(formula, spec.VERSION)
    except ValueError as error:
        raise typer.TyperException(str(error)) from None
    try:
        strange, outdated = survey(folder, chosen)
    except (OSError, ValueError) as error:
        complain(unwritable(folder, error))
        raise typer.Exit(2) from None
    try:
        if strange:
            complain(f"{folder}: it has {strange[0]!r}, which is none of the vectors; name a new or an empty folder")
            raise typer.Exit(2)
        with progress(len(chosen) * len(MODELS)) as tell, redirect_stdout(sys.stderr):
            for name, text in files(tell, chosen):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with replaced("DIR", folder / name) as output:
                    output.append(text)
        for name in outdated:
            (folder / name).unlink()
            with suppress(OSError):  # others are in the same folder
                (folder / name).parent.rmdir()
    except (OSError, ValueError) as error:  # the latter of a formula that cannot judge
        complain(unwritable(folder, error) if isinstance(error, OSError) else error)
        raise typer.Exit(2) from None
    print(f"{len(names(chosen))} files in {folder}; to check them: cd {folder} && sha256sum -c {MANIFEST}")


def unwritable(folder: Path, error: Exception) -> str:
    """What is wrong with a folder, in a line."""
    return f"{folder}: cannot be written: {getattr(error, 'strerror', None) or error}; name another folder"


def judge(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `gaugeblock vectors` wrote.")],
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The answers, as JSON.")],
    formula: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge the answers about this formula only; may be repeated."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report to this file as JSON.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print all names, and the bits of outputs.")] = False,
) -> None:
    """Judge answers that were computed elsewhere. Exit status: 0 conforms, 1 does not, 2 could not be judged."""
    from ..exchange.answers import judge_answers, sha256_of_manifest
    from ..judging.selection import chosen_formulas

    console = console_for(sys.stdout)
    with ExitStack() as opened:
        text = [] if json is None else opened.enter_context(replaced("--json", json, [results, *folder.rglob("*")]))
        try:
            with redirect_stdout(sys.stderr):
                chosen = chosen_formulas(formula, spec.VERSION) if formula else ()
                report, missing = judge_answers(folder, results, chosen)
            passed = report.passed
        except ValueError as error:
            raise typer.TyperException(str(error)) from None
        print_report(report.to_dict(), console, VERBOSE if verbose else USUAL)
        shown = missing if verbose else missing[:SHOWN]
        for line in shown:
            console.print(f"no answer: {line}", style="dim", markup=False, soft_wrap=True)
        if len(shown) < len(missing):
            console.print(f"no answer: {len(missing) - len(shown)} more (-v names them)", style="dim")
        cited = citation(manifest=sha256_of_manifest(folder))
        print_citation(console, cited)
        command = plain(shlex.join(["gaugeblock", *sys.argv[1:]]), 10_000)
        text.append(to_json({**to_document([report], command), "citation": cited}))
    raise typer.Exit(int(not passed))
