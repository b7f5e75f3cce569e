"""``gaugeblock bench``."""

import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from ... import backends
from .outputs import refuse, replaced
from .terminal import (
    backend_names,
    console_for,
    formula_names,
    progress,
)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="BACKEND", help="[default: numpy]", autocompletion=backend_names),
    ] = None,
    formula: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Measure this formula only; may be repeated.", autocompletion=formula_names),
    ] = None,
    size: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Measure on this many elements instead; may be repeated.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what was measured to this file.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw time against size to this file, on log axes.")
    ] = None,
) -> None:
    """Measure the speed on this machine. Exit status: 2 if something could not be measured.

    Each formula in float32 on one core, beside plain NumPy, the libraries that are installed, and the floor that memory
    and arithmetic set; then, if no formula and no size is given, an import and the oracle. That takes about five
    minutes, and ten with all backends; one formula on a few elements takes ten seconds.
    """
    from .. import bench as speed
    from ..bench import judge, tables

    chosen, everything = list(dict.fromkeys(names or ["numpy"])), not formula and not size
    try:
        for name in chosen:
            backends.load(name)
        works = speed.works(formula, size)
    except (ImportError, ValueError) as error:
        raise typer.TyperException(str(error)) from None
    refuse({option: path for option, path in (("--json", json), ("--plot", plot)) if path})
    draw = plotter(plot)
    console = console_for(sys.stdout)
    with ExitStack() as opened:
        text = [] if json is None else opened.enter_context(replaced("--json", json))
        picture = [] if plot is None else opened.enter_context(replaced("--plot", plot))
        document = speed.document(shlex.join(["gaugeblock", *sys.argv[1:]]), chosen)
        with progress(len(works) + 2 * everything) as tell:
            document["measurements"] = list(speed.measure(works, chosen, tell))
            if everything:
                document |= judge.measured(tell)
        for table in tables.tables(document):
            console.print(table)
        for line in dict.fromkeys(line for each in document["measurements"] for line in each["missing"]):
            console.print(f"not measured: {line}", style="dim", markup=False, soft_wrap=True)
        text.append(tables.as_lines(document))
        picture.append(draw(document["measurements"]))
    raise typer.Exit(0 if all(each["contenders"] for each in document["measurements"]) else 2)


def plotter(path: Path | None) -> Callable[[list[dict[str, Any]]], str]:
    """What draws the plot, whose library is loaded if a `path` asks for one."""
    if path is None:
        return lambda measurements: ""
    if path.suffix != ".svg":
        raise typer.TyperException(f"--plot: got {str(path)!r}; wanted a file.svg")
    try:
        from ..bench.plot import growth
    except ModuleNotFoundError as error:
        what = f"--plot: {error.name} is not installed; {backends.how_to_add('report')}"
        raise typer.TyperException(what) from None
    return growth
