"""``gaugeblock sweep``."""

import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from .outputs import replaced
from .terminal import backend_names, complain, console_for, progress


def sweep(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="BACKEND",
            help="A backend's name; or a file.py or package.module:object with functions of its own.",
            autocompletion=backend_names,
        ),
    ],
    formula: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="relu, neuron (all pairs of float16), exp, log, tanh, or any function with an assumed accuracy.",
        ),
    ],
    dtype: Annotated[str, typer.Option(metavar="NAME", help="float16, bfloat16 or float32.")] = "float32",
    every: Annotated[
        int, typer.Option(metavar="N", help="Sweep one of N values, drawn at random: a search, not a proof.")
    ] = 1,
    device: Annotated[str | None, typer.Option(metavar="NAME", help="Compute on this device of the library.")] = None,
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where finished chunks are kept; the same command continues there.")
    ] = Path("sweeps"),
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Compute on the workers of this Dask scheduler.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="local:N", help="Compute on N Dask workers on this machine.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result to this file as JSON.")] = None,
) -> None:
    """Try every value of a number format. Exit status: 0 if all are within the limit, 1 if not, 130 if stopped."""
    from ..sweep import chunks
    from ..sweep.document import tables, to_document, to_json
    from ..sweep.sweep import checked
    from ..sweep.tallies import Sweep

    if scheduler is not None and dask is not None:
        raise typer.TyperException(f"--dask: got {dask!r} and --scheduler too; wanted one or the other")
    local = re.fullmatch(r"local:([1-9]\d{0,3})", dask or "")
    if dask is not None and local is None:
        raise typer.TyperException(f"--dask: got {dask!r}; wanted local:N, such as local:4")
    try:
        chosen = checked(Sweep(subject, formula, dtype, device, every))
        with ExitStack() as opened:
            text = [] if json is None else opened.enter_context(replaced("--json", json, [subject]))
            engine: chunks.Engine = chunks.processes
            if scheduler is not None or local is not None:
                client = opened.enter_context(chunks.dask_client(scheduler, int(local[1]) if local else None))
                engine = chunks.on_dask(client)
            tell = opened.enter_context(progress(len(chosen.numbers)))
            document = to_document(chosen, chunks.run(chosen, output, engine, tell))
            text.append(to_json(document))
    except KeyboardInterrupt:
        complain(f"stopped; what is done is kept in {output}, and the same command continues it")
        raise typer.Exit(130) from None
    except (ArithmeticError, ValueError) as error:
        complain(error)
        raise typer.Exit(2) from None
    console = console_for(sys.stdout)
    for table in tables(document):
        console.print(table)
    raise typer.Exit(int(not document["holds"]))
