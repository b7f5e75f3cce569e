"""A process that answers requests, one after the other: started, asked, watched and ended.

What it writes is read by a function of the caller's: messages of `gaugeblock.worker`, or lines of a program in any
language. Nothing that it does or leaves undone stops the caller.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, BinaryIO

from ...worker.calls import BrokenResultError
from ...worker.text import SHOWN, plain
from .kept_expectations import FOLDER

GRACE = 1.0  # seconds for a process that has closed its output to end by itself
SOON = 0.3  # seconds to end when it is asked to

Read = Callable[[BinaryIO], Any]  # the next answer; EOFError at the end, another exception for what is none


RUNNING: set["Child"] = set()
STARTING = threading.Lock()
ENDING = threading.Event()


def end_all() -> None:
    """End all processes, where this one is about to end, and let no thread start another one."""
    with STARTING:
        ENDING.set()
    for child in [*RUNNING]:
        child.end()


def remove(folder: str) -> None:
    """Remove a folder with all that a subject has put there, however deep."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        with contextlib.suppress(OSError):
            subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)


class EndedError(Exception):
    """The process was ended for good, and what is asked of it is not wanted any more."""


class GoneError(BrokenResultError):
    """The process does not answer; the words say how it ended."""


class Child:
    """A running process. Two threads talk to it."""

    def __init__(self, command: Sequence[str] | str, read: Read, environment: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self.folder = tempfile.mkdtemp(prefix="gaugeblock-")
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self.folder)
        variables = {**os.environ, **temporary, **(environment or {})}
        variables.pop(FOLDER, None)  # where the judge keeps what is expected is no concern of a subject

        def start(size: int) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                pipesize=size,
                start_new_session=True,
                env=variables,
            )

        try:
            try:
                self.process = start(2**20)  # many calls are larger than a usual pipe
            except PermissionError:  # of a user with many large pipes; or the command's own
                self.process = start(-1)
        except BaseException:
            remove(self.folder)
            raise
        RUNNING.add(self)
        self.read = read
        self.requests: SimpleQueue[bytes | None] = SimpleQueue()
        self.answers: SimpleQueue[Any] = SimpleQueue()
        self.complaint = b""  # the end of its standard error
        self.threads = [threading.Thread(target=each, daemon=True) for each in (self.talk, self.listen)]
        for thread in self.threads:
            thread.start()

    def talk(self) -> None:
        """Put each request to the process, and its answer in the queue, or the exception that stands for it."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired), stdin, stdout:
            for request in iter(self.requests.get, None):
                try:
                    stdin.write(request)
                    stdin.flush()
                except OSError:  # one that has ended may have answered before
                    self.process.wait(GRACE)
                try:
                    self.answers.put(self.read(stdout))  # type: ignore[arg-type]
                except Exception as error:  # whatever it wrote
                    self.answers.put(error)
        self.answers.put(EOFError())

    def listen(self) -> None:
        """Read its standard error, so that it never fills up, and keep the end."""
        stderr = self.process.stderr
        assert stderr is not None
        with stderr:
            for part in iter(partial(os.read, stderr.fileno(), 2**16), b""):
                self.complaint = (self.complaint + part)[-4 * SHOWN :]

    def ask(self, request: bytes, timeout: float | None) -> Any:
        """What it answers; queue.Empty if nothing comes in time, GoneError if it has ended or wrote what is none."""
        self.requests.put(request)
        answer = self.answers.get(timeout=timeout)
        if isinstance(answer, EOFError):
            raise GoneError(self.how_it_ended())
        if isinstance(answer, Exception):
            raise GoneError(plain(str(answer)))
        return answer

    def end(self) -> None:
        """End it, and all that it started, once: at first by asking. Later its number may be another process's."""
        if self not in RUNNING:
            return
        for number, wait in ((signal.SIGTERM, SOON), (getattr(signal, "SIGKILL", signal.SIGTERM), 5.0)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.name == "posix":
                    os.killpg(self.process.pid, number)
                else:
                    self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(wait)
        RUNNING.discard(self)
        self.requests.put(None)
        for thread in self.threads:
            thread.join(GRACE)  # at once, unless something it started has escaped with the pipes
        remove(self.folder)

    def how_it_ended(self) -> str:
        """Why there is no more to read, with the end of its standard error."""
        try:
            status = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            how = "it closed its standard input or output"
        else:
            killed = f"it was killed by a signal ({signal.strsignal(-status)})" if status < 0 else ""
            how = killed or f"it ended with status {status}"
        self.end()
        complaint = plain(self.complaint.decode("utf-8", "replace"), last=True)
        return f"{how} and did not answer{complaint and ': '}{complaint}"
