"""Several judges of one subject at once, each a process: the threads of one take turns in Python's interpreter."""

import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any

from ...worker.loading import ADDED
from ..formulas import functions_of
from ..reporting.report import Report
from .child import Child, GoneError, end_all
from .kept_expectations import FOLDER
from .remote import Isolated
from .selection import AnyFormula, AnySubject, selected
from .threads import CORES, at_once

FEWEST = 6  # formulas for each judge, which takes as long to start as one takes to be judged
MOST = 4  # judges: each may take a gigabyte
START = """
import sys
sys.path[:] = {path!r}
from gaugeblock.worker.one_thread import one_thread
with one_thread():
    from gaugeblock.conformance.judging.judges import main
main()
"""

Judge = Callable[[AnySubject, Sequence[AnyFormula], Sequence[str]], Report]


def judges_for(subject: AnySubject, formulas: Sequence[AnyFormula], subjects: int) -> int:
    """How many judges a subject is worth, one of several that are judged at once: by the formulas that it has."""
    if not isinstance(subject, Isolated) or not all(isinstance(formula, str) for formula in formulas):
        return 1
    offered = [each for each in formulas if any(subject.functions(one.name) for one in functions_of(each))]
    return max(min(MOST, CORES // subjects, len(offered) // FEWEST), 1)


def report_of_several(
    count: int,
    chosen: tuple[Any, ...],
    judge: Judge,
    formulas: Sequence[AnyFormula],
    done: Callable[[AnyFormula], None],
) -> Report:
    """The report of so many judges, who load what is chosen as `selected` does, and each take every so many-th formula.

    Which formulas one process is asked for is the same each time.
    """
    found = dict[AnyFormula, Report]()

    def ask(number: int) -> None:
        answer(children[number], (os.environ.get(FOLDER), chosen, judge))
        for formula in formulas[number::count]:
            found[formula] = answer(children[number], formula)
            done(formula)

    path = [folder for folder in sys.path if folder not in ADDED]
    command = [sys.executable, "-P", "-c", START.format(path=path)]
    children = [Child(command, pickle.load) for _ in range(count)]
    try:
        for _ in at_once(ask, range(count)):
            pass
    finally:
        for child in children:
            child.end()
    reports = [found[formula] for formula in formulas]
    return replace(
        reports[0],
        results=[*chain(*(each.results for each in reports))],
        notes=tuple(dict.fromkeys(chain(*(each.notes for each in reports)))),
        near={own: name for each in reports for own, name in each.near.items()},
        unverified=tuple(chain(*(each.unverified for each in reports))),
    )


def answer(child: Child, asked: Any) -> Any:
    """What a judge answers; what it raised is raised here."""
    try:
        found, raised = child.ask(pickle.dumps(asked), None)
    except GoneError as error:
        raise RuntimeError(f"one of its judges has gone: {error}") from None
    if raised:
        raise raised
    return found


def main() -> None:
    """Judge formulas as they are asked for, until nobody asks: what a judge does."""
    signal.signal(signal.SIGTERM, end_now)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer

    def tell(found: Any, raised: Exception | None = None) -> None:
        pickle.dump((found, raised), answers)
        answers.flush()

    with suppress(BrokenPipeError):
        try:
            folder, chosen, judge = pickle.load(requests)
            os.environ.update({} if folder is None else {FOLDER: folder})
            with selected(*chosen) as (subject, _, dtypes):
                tell(None)
                while True:
                    tell(judge(subject, [pickle.load(requests)], dtypes))
        except EOFError:
            pass
        except Exception as error:
            tell(None, error)


def end_now(*_: object) -> None:
    """End this judge and the processes of its subject."""
    end_all()
    os._exit(1)
