"""The command line."""

import os
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ... import __version__, backends, spec
from .. import known
from ..arithmetic.rounding import MODELS
from ..reporting.citation import APA, BIBTEX, PLAIN, citation
from ..reporting.formats import annotations, to_badge, to_junit
from ..reporting.report import Report, print_report, to_document, to_json

EXAMPLES = """Examples:

\b
  gaugeblock check                                  the NumPy backend
  gaugeblock check numpy torch jax                  several; or all that are installed: all
  gaugeblock check mykernels.py --formula softmax   functions in a file
  gaugeblock check package.module:object            or in anything that can be imported
  gaugeblock check --exec ./my_program              a program in any language
  gaugeblock check mykernels.py --html report.html --json report.json"""
STATUS = """Exit status: 0 done and all conforms, 1 a requirement is not met, 2 something could not be judged or the
command could not be carried out, 130 interrupted. Colours and progress are for terminals; NO_COLOR and FORCE_COLOR are
heeded."""

app = typer.Typer(
    help="The gauge for neural-network arithmetic: judge an implementation within derived bounds.",
    epilog=f"{EXAMPLES}\n  gaugeblock spec softmax.nan                       what a requirement says\n"
    f"  gaugeblock sweep numpy --formula exp              every value of float32, against the oracle\n\n{STATUS}",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; a mistake in its use is one line and exit status 2."""
    try:
        status = app(prog_name="gaugeblock", standalone_mode=False)
    except typer.TyperException as error:
        complain(error.format_message() or "no command; see `gaugeblock --help`")
        status = 2
    except typer.Abort:
        status = 130
    sys.exit(status)


def complain(message: object) -> None:
    """Say what is wrong, in one line."""
    line = Text.assemble(("gaugeblock:", "bold red"), " ", " ".join(str(message).split()))
    Console(stderr=True).print(line, soft_wrap=True)


def completion(names: Callable[[str], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell completes a word to: those of `names(word)` that begin as it does, or else files."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names(incomplete) if name.startswith(incomplete)]

    return complete


backend_names = completion(lambda word: backends.NAMES)
subject_names = completion(lambda word: [*backends.NAMES, "all"])
formula_names = completion(lambda word: spec.formulas())
dtype_names = completion(lambda word: MODELS)
versions = completion(lambda word: spec.VERSIONS)
page_names = completion(lambda word: spec.requirements(word.partition(".")[0]) if "." in word else spec.formulas())


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"gaugeblock {__version__}, specification {spec.VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the versions and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command(epilog=EXAMPLES)
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


@contextmanager
def replaced(option: str, path: Path) -> Iterator[list[str]]:
    """Yield a list for the text of a file, which is replaced whole at the end; complain at once if it cannot be."""
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        text: list[str] = []
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                yield text
                file.write("".join(text))
            os.chmod(temporary, 0o666 & ~current_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        what = f"{option}: {path}: cannot be written: {error.strerror or error}; name a file that can"
        raise typer.TyperException(what) from None


def current_umask() -> int:
    """The permissions that new files do not get; mkstemp gives fewer still."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told what comes next: a bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal or not sys.stderr.isatty():  # FORCE_COLOR makes a terminal of a pipe
        yield lambda what: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda what: bar.update(task, advance=1, description=what)


def console_for(stream: TextIO) -> Console:
    """A console on `stream`, wide enough in a pipe."""
    console = Console(file=stream, highlight=False)
    if not stream.isatty():
        console.width = 120
    return console


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A report that `gaugeblock check --json` wrote.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
) -> None:
    """Show what got worse between two reports. Exit status: 1 if a requirement is met no longer, 2 if unreadable."""
    from ..reporting import compare as comparison

    console = console_for(sys.stdout)
    try:
        found = comparison.changes(comparison.load(old), comparison.load(new))
    except OSError as error:
        complain(f"{error.filename}: cannot be read: {error.strerror}; name a file that can")
        raise typer.Exit(2) from None
    except ValueError as error:
        complain(error)
        raise typer.Exit(2) from None
    if found:
        console.print(comparison.table(found))
    regressions = sum(change.regression for change in found)
    console.print(f"{len(found)} changes, {regressions} of them regressions", markup=False)
    raise typer.Exit(int(regressions > 0))


@app.command("spec")
def show_spec(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A formula, or a requirement such as softmax.nan; the list of formulas by default.",
            autocompletion=page_names,
        ),
    ] = None,
) -> None:
    """Show a formula's page, or one requirement. Exit status: 2 if there is none of that name."""
    console = console_for(sys.stdout)
    try:
        if name is None:
            for formula in spec.formulas():
                console.print(f"{formula}: {len(spec.requirements(formula))} requirements", markup=False)
        elif "." in name:
            found = spec.requirement(name)
            console.print(f"{name} ({found.history}): {found.text}", markup=False, soft_wrap=True)
        elif console.is_terminal:
            console.print(Markdown(spec.page(name)))
        else:
            print(spec.page(name), end="")
    except ValueError as error:
        complain(error)
        raise typer.Exit(2) from None


@app.command()
def vectors(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or one with earlier vectors.")],
) -> None:
    """Write the cases with correctly rounded values and bounds, for other languages: the same bytes every time."""
    from ..exchange.vectors import MANIFEST, files, names, survey

    try:
        strange, outdated = survey(folder)
        if strange:
            complain(f"{folder}: it has {strange[0]!r}, which is none of the vectors; name a new or an empty folder")
            raise typer.Exit(2)
        with progress(len(spec.formulas()) * len(MODELS)) as tell:
            for name, text in files(tell):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with replaced("DIR", folder / name) as output:
                    output.append(text)
        for name in outdated:
            (folder / name).unlink()
            with suppress(OSError):  # others are in the same folder
                (folder / name).parent.rmdir()
    except (OSError, ValueError) as error:
        complain(f"{folder}: cannot be written: {getattr(error, 'strerror', None) or error}; name another folder")
        raise typer.Exit(2) from None
    print(f"{len(names())} files in {folder}; to check them: cd {folder} && sha256sum -c {MANIFEST}")


@app.command()
def judge(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `gaugeblock vectors` wrote.")],
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="The answers, as JSON.")],
    json: Annotated[Path | None, typer.Option(help="Write the report to this file as JSON.")] = None,
) -> None:
    """Judge answers that were computed elsewhere. Exit status: 0 conforms, 1 does not, 2 could not be judged."""
    from ..exchange.answers import judge_answers

    console = console_for(sys.stdout)
    with ExitStack() as opened:
        text = [] if json is None else opened.enter_context(replaced("--json", json))
        try:
            report, missing = judge_answers(folder, results)
            passed = report.passed
        except ValueError as error:
            raise typer.TyperException(str(error)) from None
        print_report(report, console)
        for line in missing:
            console.print(f"no answer: {line}", style="dim", markup=False, soft_wrap=True)
        print_citation(console)
        text.append(to_json(to_document([report], shlex.join(["gaugeblock", *sys.argv[1:]]))))
    raise typer.Exit(int(not passed))


@app.command()
def cite() -> None:
    """Print how to cite gaugeblock. In BibTeX, APA and plain text, with the versions of package and specification."""
    print("\n\n".join(map(citation, (BIBTEX, APA, PLAIN))))


def print_citation(console: Console) -> None:
    """The last line of a report."""
    console.print(f"cite: {citation()}", style="dim", markup=False, soft_wrap=True)


@app.command()
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
        str, typer.Option(metavar="NAME", help="relu, exp, log, sqrt, or neuron: all pairs of float16.")
    ],
    dtype: Annotated[str, typer.Option(metavar="NAME", help="float16, bfloat16 or float32.")] = "float32",
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
    """Hold every value against the oracle. Exit status: 0 all within the limit, 1 not, 130 stopped: to be continued."""
    from ..sweep import chunks
    from ..sweep import sweep as sweeps

    if scheduler is not None and dask is not None:
        raise typer.TyperException(f"--dask: got {dask!r} and --scheduler too; wanted one or the other")
    local = re.fullmatch(r"local:([1-9]\d{0,3})", dask or "")
    if dask is not None and local is None:
        raise typer.TyperException(f"--dask: got {dask!r}; wanted local:N, such as local:4")
    try:
        chosen = sweeps.checked(sweeps.Sweep(subject, formula, dtype, device))
        with ExitStack() as opened:
            text = [] if json is None else opened.enter_context(replaced("--json", json))
            engine: chunks.Engine = chunks.processes
            if scheduler is not None or local is not None:
                client = opened.enter_context(chunks.dask_client(scheduler, int(local[1]) if local else None))
                engine = chunks.on_dask(client)
            tell = opened.enter_context(progress(len(chosen.numbers)))
            document = sweeps.to_document(chosen, chunks.run(chosen, output, engine, tell))
            text.append(sweeps.to_json(document))
    except KeyboardInterrupt:
        complain(f"stopped; what is done is kept in {output}, and the same command continues it")
        raise typer.Exit(130) from None
    except (ArithmeticError, ValueError) as error:
        complain(error)
        raise typer.Exit(2) from None
    console = console_for(sys.stdout)
    for table in sweeps.tables(document):
        console.print(table)
    raise typer.Exit(int(not document["holds"]))


@app.command()
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
    and arithmetic set; then, if no formula and no size is given, the judge itself. That takes about five minutes, and
    ten with all backends; one formula on a few elements takes ten seconds.
    """
    from json import dumps

    from .. import bench as speed
    from ..bench import tables, verdict

    chosen, everything = list(dict.fromkeys(names or ["numpy"])), not formula and not size
    try:
        for name in chosen:
            backends.load(name)
        works = speed.works(formula, size)
    except (ImportError, ValueError) as error:
        raise typer.TyperException(str(error)) from None
    if json and plot and json.resolve() == plot.resolve():
        raise typer.TyperException("--json, --plot: got one file for two of them; name a file for each")
    draw = plotter(plot)
    console = console_for(sys.stdout)
    with ExitStack() as opened:
        text = [] if json is None else opened.enter_context(replaced("--json", json))
        picture = [] if plot is None else opened.enter_context(replaced("--plot", plot))
        document = speed.document(shlex.join(["gaugeblock", *sys.argv[1:]]), chosen)
        with progress(len(works) + 4 * everything) as tell:
            document["measurements"] = list(speed.measure(works, chosen, tell))
            if everything:
                document |= verdict.measured(chosen, tell)
        for table in tables.tables(document):
            console.print(table)
        for line in dict.fromkeys(line for each in document["measurements"] for line in each["missing"]):
            console.print(f"not measured: {line}", style="dim", markup=False, soft_wrap=True)
        text.append(dumps(document, indent=1) + "\n")
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
        what = f"--plot: {error.name} is not installed; `pip install 'gaugeblock[report]'` adds it"
        raise typer.TyperException(what) from None
    return growth
