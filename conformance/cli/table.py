"""``gaugeblock table``."""

from pathlib import Path
from typing import Annotated

import typer

from .terminal import one_of, readable, table_formats


def table(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A report that `gaugeblock check --json` wrote.")],
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="markdown, latex or csv.", autocompletion=table_formats)
    ] = "markdown",
) -> None:
    """Print the verdicts of a report as a table. Exit status: 2 if it cannot be read."""
    from ..reporting import table as tables

    one_of("--format", form, tables.FORMATS)
    with readable():
        cells = tables.load(report)
    print(tables.FORMATS[form](cells), end="")
