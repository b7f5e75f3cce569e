"""``gaugeblock power``."""

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ... import backends, spec
from ..judging.selection import chosen_formulas, known
from .terminal import console_for, dtype_names, formula_names, progress

if TYPE_CHECKING:
    from ..mutants.power import Power, Survivor

WIDEST = 60  # of a source in a line


def power(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help="A formula's name, a file.py that declares some, or file.py:name.",
            autocompletion=formula_names,
        ),
    ],
    dtype: Annotated[
        str, typer.Option(metavar="NAME", help="The dtype to judge in.", autocompletion=dtype_names)
    ] = "float32",
) -> None:
    """Count the mistakes that the cases reject.

    Each mistake is the formula with one operation changed, computed in NumPy.

    Exit status: 0, or 2 if it could not be judged.
    """
    from ..mutants.power import power as measured

    console = console_for(sys.stdout)
    try:
        known("dtype of NumPy", dtype, backends.load("numpy").dtypes)
        with redirect_stdout(sys.stderr):  # where formulas of others print something
            for each in chosen_formulas(formula, spec.VERSION):
                with progress(None) as tell:
                    found = measured(each, dtype, tell)
                for function in found:
                    show(function, console)
    except ValueError as error:
        raise typer.TyperException(str(error)) from None


def show(found: "Power", console: Console) -> None:
    """Print what the cases of a function can do."""
    rejected, all_changes = sum(found.rejected.values()), sum(found.changes.values())
    share = f"{rejected} of {all_changes} changes ({rejected / all_changes:.0%})"
    console.print(f"{found.function} in {found.dtype}: {found.cases} cases reject {share}", style="bold", markup=False)
    table = Table("changed", "changes", "rejected", box=None)
    for kind, count in found.changes.items():
        table.add_row(kind, str(count), str(found.rejected[kind]))
    console.print(table)
    within = [each for each in found.survivors if each.ratio is not None]
    same = [each for each in found.survivors if each.ratio is None]
    if within:
        console.print("within the bound, at most at this share of it:")
    for each in within:
        console.print(f"  {each.ratio:.2g}  {where(each)}: {each.words}", markup=False, soft_wrap=True)
    if same:
        console.print("the same bits in every case, so that it is no mistake, or no case shows it:")
    for each in same:
        console.print(f"  {where(each)}: {each.words}", markup=False, soft_wrap=True)


def where(survivor: "Survivor") -> str:
    """The operation with its source, shortened."""
    text = survivor.source if len(survivor.source) <= WIDEST else f"{survivor.source[: WIDEST - 4]} ..."
    return survivor.operation if text == survivor.operation else f"{survivor.operation} in {text}"
