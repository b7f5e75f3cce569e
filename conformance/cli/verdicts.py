"""The subjects of a run of ``gaugeblock check``, judged as they come, until a signal ends it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from ... import backends
from ...worker.loading import MissingLibraryError
from ...worker.text import one_line
from ..judging.check import Manner, report_on, with_cases
from ..judging.child import ENDING, end_all
from ..judging.conversation import TIMEOUT
from ..judging.judges import judges_for, report_of_several
from ..judging.selection import selected
from ..judging.threads import at_once
from ..reporting.report import Report
from .terminal import progress

ALL = "all"
Verdict = Report | str | MissingLibraryError  # a string says what is wrong with the subject


class Asked(NamedTuple):
    """What is to be judged, and how."""

    formulas: list[str] | None
    dtypes: list[str] | None
    device: str | None
    timeout: float | None
    sealed: bool
    manner: Manner


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """End by SIGTERM and SIGHUP as by Ctrl-C meanwhile, and end whatever was started."""
    before = {}
    ENDING.clear()
    for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
        if signal.getsignal(number) is signal.SIG_DFL:  # not so under nohup
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    except BaseException:
        end_all()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def judged(names: list[str], asked: Asked) -> Iterator[tuple[int, Verdict]]:
    """Yield the verdicts as they come, each with the number of its subject; a progress bar on a terminal meanwhile."""
    chosen = [each for name in names for each in (backends.NAMES if name == ALL else [name])]
    optional = set(backends.NAMES) - set(names) if ALL in names else set()

    def one(name: str) -> Verdict:
        found = tried(name, lambda: check_name(name, asked, tell, len(chosen)))
        return found if name in optional or not isinstance(found, MissingLibraryError) else str(found)

    with progress(None) as tell:
        yield from at_once(one, dict.fromkeys(chosen))


def tried(name: str, action: Callable[[], Report]) -> Verdict:
    """The report, or what is wrong."""
    try:
        return action()
    except MissingLibraryError as error:
        return error
    except ValueError as error:
        return str(error)
    except (Exception, SystemExit) as error:  # a fault of gaugeblock's own, or of a formula: nobody else's report
        return f"{name}: it could not be judged: {one_line(error)}"


def check_name(name: Any, asked: Asked, tell: Callable[..., None], subjects: int = 1) -> Report:
    """The report of one of so many subjects, which is loaded before it is known in how many dtypes it is judged."""
    timeout = TIMEOUT if asked.timeout is None else asked.timeout
    chosen = name, asked.formulas, asked.dtypes, asked.device, asked.manner.version, timeout, asked.sealed
    with selected(*chosen) as (subject, formulas, dtypes):
        tell(more=len(formulas) * len(dtypes))
        count = judges_for(subject, formulas, subjects)
        if count == 1:
            return with_cases(report_on(subject, formulas, dtypes, asked.manner, tell))

    def done(formula: Any) -> None:
        for _ in dtypes:
            tell(f"{subject.name} {formula}")

    return with_cases(report_of_several(count, chosen, partial(report_on, manner=asked.manner), formulas, done))


def judged_program(command: str, asked: Asked) -> Iterator[tuple[int, Verdict]]:
    """Yield the report of a program, or what is wrong with it, as `judged` does."""
    from ..exchange.program import Program

    def one() -> Report:
        with Program(command, TIMEOUT if asked.timeout is None else asked.timeout) as subject:
            return check_name(subject, asked, tell)

    with progress(None) as tell:
        found = tried(command, one)
    yield 0, str(found) if isinstance(found, MissingLibraryError) else found
