"""Several subjects at once: each dtype of each subject is judged in a process of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from ..arithmetic.rounding import MODELS
from ..reporting.report import Report
from .check import check, selection


def judge_part(
    name: str,
    part: int,
    formulas: list[str] | None,
    dtypes: list[str] | None,
    device: str | None,
    seed: int,
    version: str,
) -> Report | str | None:
    """The report of a subject in one of its dtypes, by number; what is wrong with it; or None if it has fewer."""
    try:
        subject, _, wanted = selection(name, formulas, dtypes, device, version)
        chosen = wanted[part : part + 1]
        return check(subject, formulas, chosen, device, seed, version=version) if chosen else None
    except ValueError as error:
        return str(error)


def judge_all(
    names: Sequence[str],
    formulas: list[str] | None,
    dtypes: list[str] | None,
    device: str | None,
    seed: int,
    version: str,
    progress: Callable[[str], None],
) -> Iterator[Report | str]:
    """Yield the report of each subject, or what is wrong with it, in the order of `names`."""
    parts = range(max(len(MODELS), len(dtypes or ())))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        jobs = {
            name: [pool.submit(judge_part, name, part, formulas, dtypes, device, seed, version) for part in parts]
            for name in names
        }
        for name, futures in jobs.items():
            progress(name)
            found = [future.result() for future in futures]
            reports = [each for each in found if isinstance(each, Report)]
            if not reports:
                yield next(each for each in found if isinstance(each, str))
                continue
            for other in reports[1:]:
                reports[0].results += other.results
            yield reports[0]
