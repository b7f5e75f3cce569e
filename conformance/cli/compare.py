"""``gaugeblock compare``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .terminal import console_for, readable


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A report that `gaugeblock check --json` wrote.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
) -> None:
    """Show what got worse between two reports. Exit status: 1 if a requirement is met no longer, 2 if unreadable."""
    from ..reporting import compare as comparison

    console = console_for(sys.stdout)
    with readable():
        found = comparison.changes(*comparison.paired(comparison.load(old), comparison.load(new)))
    if found:
        console.print(comparison.table(found))
    regressions = sum(change.regression for change in found)
    console.print(f"{len(found)} changes, {regressions} of them regressions", markup=False)
    raise typer.Exit(int(regressions > 0))
