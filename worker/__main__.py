"""The process of one subject: ``python -m gaugeblock.worker [--sealed] SUBJECT [DEVICE]``.

It answers the requests on its standard input, one after the other, and ends with them. The subject has the null device
and standard error in the place of the pipes.
"""

import contextlib
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from .calls import BrokenResultError, Earlier, answer, unchanged
from .environment import environment
from .loading import MissingLibraryError, SubjectError
from .messages import Reader, asked_of, name_of, pack, read
from .repeated_calls import Again, Values, called_again
from .sealed import Seal
from .subject import Loaded
from .text import one_line, plain

Header = dict[str, Any]
JUDGE = "gaugeblock.conformance"  # which no subject needs


class Worker:
    """What answers the requests about a subject."""

    def __init__(self, given: str, device: str | None, seal: Seal | None) -> None:
        self.subject = Loaded(given, device, seal)
        self.stack, self.dtype = contextlib.ExitStack(), ""
        self.earlier: Earlier = {}

    def answer(self, request: Header, payload: bytes) -> tuple[Header, bytes]:
        """The answer to a request."""
        try:
            if request["do"] == "hello":
                return self.subject.description(request["names"]), b""
            self.enter(request["dtype"])
            function = self.subject.functions(request["form"][0])[request["variant"]]
            reader = Reader(payload)
            return (self.again if request["do"] == "again" else self.call)(request, function, reader)
        except BrokenResultError as error:
            return {"broken": str(error)}, b""
        except NotImplementedError as error:
            return {"not_offered": one_line(error).partition(": ")[2]}, b""
        except BaseException as error:  # of anybody's code, Ctrl-C of a terminal too, which is meant for the judge
            return {"broken": f"it raised {one_line(error)}"}, b""

    def enter(self, dtype: str) -> None:
        """Enter the settings of a dtype, once for this process's life."""
        if self.dtype != dtype:
            self.dtype = dtype
            self.stack.close()
            self.stack.enter_context(self.subject.settings(dtype))

    def call(self, request: Header, function: Any, reader: Reader) -> tuple[Header, bytes]:
        """Make one call."""
        asked, layout, only = asked_of(request, reader), request["layout"], request["only"]
        change = self.subject.layouts[layout] if layout is not None else None

        def changed(number: int, array: Any) -> Any:
            return change(array) if change is not None and only in (None, number) else array

        found = answer(
            self.subject.backend, function, asked, changed if change else unchanged, self.earlier, request["copied"]
        )
        parts: list[bytes] = []
        return {**found._asdict(), "results": described(found.results, parts)}, b"".join(parts)

    def again(self, request: Header, function: Any, reader: Reader) -> tuple[Header, bytes]:
        """Call it again and again."""
        groups = [([asked_of(each, reader) for each in inputs], calls) for inputs, calls in request["groups"]]
        try:
            found = called_again(
                self.subject.backend, function, groups, changing=request["changing"], threads=request["threads"]
            )
        except (BrokenResultError, NotImplementedError):
            raise
        except Exception as error:  # of anybody's code
            return {"broken": f"it raised {type(error).__name__} when it was called again"}, b""
        parts: list[bytes] = []
        return coded_again(found, parts), b"".join(parts)


def described(values: Values, parts: list[bytes]) -> list[Any]:
    """Name, dtype and shape of each array, whose bits are added to `parts`."""
    parts += [array.tobytes() for array in values.values()]
    return [[name, name_of(array.dtype), list(array.shape)] for name, array in values.items()]


def coded_again(found: Again, parts: list[bytes]) -> Header:
    """What was seen, as JSON has it."""

    def coded(seen: Any) -> Any:
        return [[each.number, each.which, described(each.values, parts)] for each in seen]

    repeated = [[coded(each.seen), *each[1:]] for each in found.repeated]
    changed = None if found.changed is None else [described(each, parts) for each in found.changed]
    threads = None if found.threads is None else [coded(found.threads.seen), found.threads.errors]
    return {"repeated": repeated, "changed": changed, "threads": threads}


def main(judge: int) -> None:
    """Answer what is asked, up to the end of the requests or of the judge's process."""
    arguments = [*sys.argv[1:]]
    seal = Seal() if arguments[0] == "--sealed" else None
    given, device = (*arguments[bool(seal) :], None)[:2]
    requests, answers = private_pipes()
    restrain()
    threading.Thread(target=watch, args=(judge,), daemon=True).start()
    if hasattr(os, "register_at_fork"):  # a copy of this process does not answer
        for pipe in (requests.fileno(), answers.fileno()):
            os.register_at_fork(after_in_child=partial(os.close, pipe))
    worker, fault = None, dict[str, Any]()
    try:
        worker = Worker(str(given), device, seal)
    except SubjectError as error:
        fault = {"fault": str(error), "missing": isinstance(error, MissingLibraryError)}
    except BaseException as error:
        fault = {"fault": f"{given}: does not load: {one_line(error)}"}
    known: list[str] = []
    while True:
        try:
            request, payload = read(requests)
        except (EOFError, OSError):
            os._exit(0)  # none of the subject's exit handlers runs
        found, bits = worker.answer(request, payload) if worker else ({**fault}, b"")
        now = [*environment(), *[JUDGE] * (JUDGE in sys.modules)]
        if now != known:
            known = now
            found |= {"noticed": now}
        try:
            message = pack({"id": request["id"], **found}, bits)
        except (TypeError, ValueError) as error:  # something that it declares, which JSON does not have
            message = pack({"id": request["id"], "fault": f"{plain(str(given))}: {one_line(error)}"})
        answers.write(message)
        answers.flush()


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes under numbers of their own; what is printed to standard output goes to standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    return requests, answers


def restrain() -> None:
    """No core file, and the first to go where memory is short."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def watch(judge: int) -> None:
    """End this process where the judge is gone while a call goes on, or went before it began."""
    while os.getppid() == judge:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main(os.getppid())
