"""``gaugeblock spec``."""

import sys
from typing import Annotated

import typer

from ... import reference, spec
from ...names import meant
from ..reporting.advice import signature
from .terminal import complain, console_for, page_names


def show_spec(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A formula, or a requirement such as softmax.nan; all formulas and their signatures by default.",
            autocompletion=page_names,
        ),
    ] = None,
) -> None:
    """Show a formula's page, or one requirement. Exit status: 2 if there is none of that name."""
    console = console_for(sys.stdout)
    try:
        if name is None:
            for formula in spec.formulas():
                count, called = len(spec.requirements(formula)), signature(meant(formula, reference.FORMULAS))
                console.print(f"{formula}: {count} requirements of {called}", markup=False, soft_wrap=True)
        elif "." in name:
            found = spec.requirement(name)
            console.print(f"{name} ({found.history}): {found.words}", markup=False, soft_wrap=True)
        elif console.is_terminal:
            from rich.markdown import Markdown  # a tenth of the time that every command takes to start

            console.print(Markdown(spec.page(name)))
        else:
            print(spec.page(name), end="")
    except ValueError as error:
        complain(error)
        raise typer.Exit(2) from None
