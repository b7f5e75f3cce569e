"""The program ``gaugeblock``: its options, and how it ends."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, TextIO

import typer

from ... import __version__, spec
from .bench import bench
from .check import EXAMPLES, check
from .cite import cite
from .compare import compare
from .power import power
from .spec import show_spec
from .sweep import sweep
from .table import table
from .terminal import complain
from .vectors import judge, vectors

STATUS = """Exit status: 0 done and all conforms, 1 a requirement is not met, 2 something could not be judged or the
command could not be carried out, 130 interrupted. Colours and progress are for terminals; NO_COLOR and FORCE_COLOR are
heeded."""


app = typer.Typer(
    help="Judge whether code computes the formulas of neural networks right, to within rounding.",
    epilog=f"{EXAMPLES}\n  gaugeblock spec softmax.nan      what a requirement says\n"
    f"  gaugeblock sweep numpy --formula exp    every float32\n\n{STATUS}",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; a mistake in its use, or a stream that takes no more, is one line and exit status 2."""
    open_streams()
    try:
        status = run()
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # standard error may be the one
            complain(f"{error.filename or 'standard output'}: {error.strerror or error}")
        status = 2
    except SystemExit as error:  # of Typer and of Rich, where nobody reads on
        status = 2 if isinstance(error.__context__, BrokenPipeError) else int(error.code or 0)
    for stream in sys.stdout, sys.stderr:
        drop(stream)
    sys.exit(status)


def run() -> int:
    """Run a command, and return its exit status."""
    try:
        return int(app(sys.argv[1:] or ["--help"], prog_name="gaugeblock", standalone_mode=False) or 0)
    except typer.TyperException as error:
        complain(f"{(error.format_message() or 'no command').rstrip('.')}{see(error)}")
        return 2
    except typer.Abort:
        return 130


def open_streams() -> None:
    """Let there be two streams that take any characters: the command may be started with none, or with few known."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in sys.stdout, sys.stderr:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop(stream: TextIO) -> None:
    """Forget what a stream does not take, of which Python would complain at the end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def see(error: typer.TyperException) -> str:
    """Where the options are, after a message of the parser's own about one."""
    context = getattr(error, "ctx", None)
    return f" (see `{context.command_path} --help`)" if context else ""


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"gaugeblock {__version__}, specification {spec.VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=show_version, is_eager=True, help="Show the versions and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


app.command(epilog=EXAMPLES)(check)
app.command()(compare)
app.command("spec")(show_spec)
app.command()(power)
app.command()(vectors)
app.command()(judge)
app.command()(table)
app.command()(cite)
app.command()(sweep)
app.command()(bench)
