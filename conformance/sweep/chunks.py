"""The chunks of a sweep: computed by the processes of this machine or by Dask, and each stored whole as it arrives."""

import hashlib
import json
import logging
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from ...backends import how_to_add
from ...worker.one_thread import VARIABLES
from .sweep import identity, sweep_chunk
from .tallies import Place, Sweep, Tally

Work = Callable[[int], tuple[int, Tally]]
Engine = Callable[[Work, Iterable[int]], Iterator[tuple[int, Tally]]]  # results in any order, as they are ready

# Of a worker: one thread, and memory that is used again, since to get it anew takes as long as computing.
ENVIRONMENT = dict.fromkeys(VARIABLES, "1") | {
    "MALLOC_MMAP_THRESHOLD_": str(2**24),
    "MALLOC_TRIM_THRESHOLD_": str(2**26),
}
SECONDS = 10  # that a cluster has to answer


class Store:
    """The finished chunks of a sweep, in a file of SQLite, which is whole whenever this process is killed.

    Raises
    ------
    ValueError
        A file that cannot be written, is in use, or has chunks of another identity.
    """

    def __init__(self, path: Path, wanted: dict[str, Any]) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = sqlite3.connect(path, timeout=0, isolation_level=None)
            self.file.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.file.execute("BEGIN EXCLUSIVE")
            self.file.execute("CREATE TABLE IF NOT EXISTS identity (text TEXT)")
            self.file.execute("CREATE TABLE IF NOT EXISTS chunks (number INTEGER PRIMARY KEY, sum TEXT, tally TEXT)")
            self.file.execute(
                "INSERT INTO identity SELECT ? WHERE NOT EXISTS (SELECT * FROM identity)", [json.dumps(wanted)]
            )
            self.file.execute("COMMIT")
            ((text,),) = self.file.execute("SELECT text FROM identity")
        except OSError as error:
            raise ValueError(f"--output: {path.parent}: {error.strerror}; name another folder") from None
        except (sqlite3.Error, ValueError) as error:
            used = "another sweep is writing it" if "locked" in str(error) else str(error)
            raise ValueError(f"{path}: {used}; wait for it, or name another folder with --output") from None
        there = json.loads(text)
        for key in {**there, **wanted}:
            if there.get(key) != wanted.get(key):
                self.file.close()
                what = f"its chunks have {key} {there.get(key)}, and here it is {wanted.get(key)}"
                raise ValueError(f"{path}: {what}; name another folder with --output, or delete the file")

    def tallies(self) -> dict[int, Tally]:
        """What is there, by the numbers of the chunks."""
        rows = self.file.execute("SELECT number, sum, tally FROM chunks")
        found = {}
        for number, kept, text in rows:
            if kept != checksum(number, text):
                raise ValueError(f"{self.path}: chunk {number} is not as it was written; delete the file")
            found[number] = tally_of(json.loads(text))
        return found

    def add(self, number: int, tally: Tally) -> None:
        """Add a chunk, in one transaction."""
        text = json.dumps(tally)
        try:
            self.file.execute("INSERT INTO chunks VALUES (?, ?, ?)", [number, checksum(number, text), text])
        except sqlite3.Error as error:
            raise ValueError(f"{self.path}: {error}; the same command continues it, or another --output") from None

    def close(self) -> None:
        self.file.close()


def checksum(number: int, text: str) -> str:
    """What tells that a tally is that of its chunk, and as it was written."""
    return hashlib.sha256(f"{number} {text}".encode()).hexdigest()


def tally_of(values: list[Any]) -> Tally:
    """A tally that was kept as JSON."""
    found = Tally(*values)
    places = [each and Place(*each) for each in (found.worst, found.first)]
    return found._replace(histogram=tuple(found.histogram), worst=places[0], first=places[1])


def run(sweep: Sweep, folder: Path, engine: Engine, tell: Callable[[str], None]) -> dict[int, Tally]:
    """The tallies of all chunks by number: those in the store as they are, the others computed, and added to it.

    Parameters
    ----------
    sweep : Sweep
    folder : Path
        The folder of the store, whose file is named after the sweep.
    engine : function
        What computes: `processes`, or `on_dask` with a client.
    tell : function
        It is told of each chunk.

    Raises
    ------
    ValueError
        The store is another's, a worker has other versions, or the function fails.
    """
    wanted = identity(sweep)
    with closing(Store(folder / file_name(sweep), wanted)) as store:
        found = store.tallies()
        for _ in found:
            tell(sweep.formula)
        remaining = [number for number in sweep.numbers if number not in found]
        for number, tally in engine(partial(sweep_chunk, sweep, wanted), remaining):
            store.add(number, tally)
            found[number] = tally
            tell(sweep.formula)
    return found


def file_name(sweep: Sweep) -> str:
    """The store's: the subject, the formula, the dtype, and the device if one is named."""
    subject = Path(sweep.subject).name.replace(":", "-")
    return (
        "-".join(filter(None, [subject, sweep.formula, sweep.dtype, (sweep.device or "").replace(":", "")])) + ".sqlite"
    )


def processes(work: Work, numbers: Iterable[int]) -> Iterator[tuple[int, Tally]]:
    """Compute in one process for each core of this machine that this one may use, each with one thread."""
    numbers = list(numbers)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not numbers:
        return
    with environment(ENVIRONMENT):
        pool = ProcessPoolExecutor(min(cores, len(numbers)), get_context("spawn"), start_worker)
        try:
            with uninterrupted():
                futures = [pool.submit(work, number) for number in numbers]
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise ValueError("a process of the sweep was killed; the same command continues it") from None
        finally:
            pool.shutdown(cancel_futures=True)  # once: where it is called again, nothing is cancelled any more


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Variables that the processes started meanwhile have."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait here, and for good in the processes that are started meanwhile: the parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def dask_client(scheduler: str | None, local: int | None) -> Iterator[Any]:
    """Yield a client of the Dask scheduler at an address, or of one with so many worker processes on this machine.

    Raises
    ------
    ValueError
        Dask is not installed, or the scheduler or its workers do not answer in time.
    """
    try:
        import dask.config
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        what = f"{error.name} is not installed; {how_to_add('dask')}"
        raise ValueError(f"{'--scheduler' if local is None else '--dask'}: {what}") from None
    if local is not None:
        with (  # Dask's own environment has workers give memory back at once
            dask.config.set({"distributed.nanny.pre-spawn-environ": ENVIRONMENT}),
            LocalCluster(
                n_workers=local, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client
        return
    if not re.fullmatch(r"(\w+://)?\S+:\d+", scheduler or ""):
        raise ValueError(f"--scheduler: got {scheduler!r}; wanted an address such as tcp://localhost:8786")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would say is said in one line
    try:
        client = Client(scheduler, timeout=SECONDS, set_as_default=False)
    except OSError as error:
        what = f"it cannot be reached ({error or type(error).__name__}); start one with `dask scheduler`"
        raise ValueError(f"--scheduler: {scheduler}: {what}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            what = f"it has no workers; start some with `dask worker {scheduler} --nthreads 1`"
            raise ValueError(f"--scheduler: {scheduler}: {what}") from None
        yield client


def on_dask(client: Any) -> Engine:
    """Compute on the workers of a Dask cluster. What a worker that dies had in hand, the scheduler gives to others."""
    from distributed import KilledWorker, as_completed

    def engine(work: Work, numbers: Iterable[int]) -> Iterator[tuple[int, Tally]]:
        futures = client.map(work, list(numbers), pure=False)
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
        except KilledWorker as error:
            raise ValueError(f"chunk after chunk, workers die: {error}") from None
        except (CancelledError, OSError) as error:
            what = "the scheduler is gone; with one again, the same command continues"
            raise ValueError(f"{what} ({type(error).__name__})") from None
        except ModuleNotFoundError as error:
            raise ValueError(f"a worker has no {error.name}; install gaugeblock there, with the subject") from None
        finally:
            client.cancel(futures)

    return engine
