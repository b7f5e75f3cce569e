"""``gaugeblock compare``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .github import tell_github
from .outputs import refuse, write
from .terminal import console_for, readable


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A report that `gaugeblock check --json` wrote.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the changes to this file as JSON; - prints them.")
    ] = None,
) -> None:
    """Show what got worse between two reports. Exit status: 1 if a requirement is no longer met, 2 if unreadable."""
    from ..reporting import compare as comparison
    from ..reporting.report import to_json
    from ..reporting.terminal import say

    printed = json is not None and str(json) == "-"
    if json is not None and not printed:
        refuse({"--json": json}, [old, new])
    stream = sys.stderr if printed else sys.stdout
    console = console_for(stream)
    with readable():
        found = comparison.changes(*comparison.paired(comparison.load(old), comparison.load(new)))
    document = comparison.to_document(found)
    for line in comparison.lines(found):
        say(console, line, 4)
    console.print(comparison.counted(found), markup=False)
    if printed:
        print(to_json(document), end="")
    elif json is not None:
        write("--json", json, to_json(document))
    status = tell_github(comparison.annotations(found), comparison.to_summary(found), stream)
    raise typer.Exit(status or int(document["regressions"] > 0))
