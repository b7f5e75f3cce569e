"""What is asked of a process: it is started anew where it hangs or dies, and given up where that does not help."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from queue import Empty
from typing import Any

from ...worker.calls import BrokenResultError
from ...worker.loading import SubjectError
from ...worker.text import plain
from .child import ENDING, STARTING, Child, EndedError, GoneError, Read

TIMEOUT = 10.0  # seconds for an answer
PATIENCE = 6  # times as long, for the start and where an answer did not come in time: the machine may be busy
GIVE_UP = 3  # answers of a function that did not come in a row, after which it is not asked again
MOST_DEATHS = 10  # of a function, in all


class Conversation:
    """What is asked of a process and answered, over all that are started for it.

    Parameters
    ----------
    command : sequence of str, or str
    pack : callable
        ``pack(header, payload)`` makes the bytes of a request.
    read : callable
        Takes the next answer off a file.
    number : callable
        The number of the request that an answer is to.
    timeout : float
        Seconds for an answer; SubjectError if it is no positive, finite number.
    environment : mapping, optional
        Variables that the process has beside those of this one.
    advice : str
        What is said where there is no answer in time.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        pack: Callable[[Mapping[str, Any], bytes], bytes],
        read: Read,
        number: Callable[[Any], Any],
        timeout: float = TIMEOUT,
        environment: Mapping[str, str] | None = None,
        advice: str = "",
    ) -> None:
        if not 0 < timeout <= threading.TIMEOUT_MAX / PATIENCE:
            raise SubjectError(f"timeout: got {timeout:g}; wanted a positive, finite number of seconds")
        self.advice = advice
        self.command, self.pack, self.read, self.number = command, pack, read, number
        self.timeout, self.environment, self.asked = timeout, environment, 0
        self.child: Child | None = None
        self.closed = False
        self.silent: Counter[str] = Counter()  # answers in a row that did not come, by function
        self.deaths: Counter[str] = Counter()  # how often a process was lost, by function
        self.patient: set[str] = set()  # the functions of which one did not come in the longer time either
        self.broken: dict[bytes, str] = {}  # what went wrong, by request: none is put to it twice

    def start(self) -> None:
        """Start the process, if none runs."""
        with STARTING:
            if self.closed or ENDING.is_set():
                raise EndedError("the process was ended")
            if self.child is None:
                self.child = Child(self.command, self.read, self.environment)

    def close(self) -> None:
        """End the process for good."""
        self.closed = True
        self.end()

    def end(self) -> None:
        """End the process; the next request starts another."""
        child, self.child = self.child, None
        if child is not None:
            child.end()

    def exchange(self, function: str, header: Mapping[str, Any], payload: bytes = b"", share: float = 1.0) -> Any:
        """Put a request to the process, started anew where it is not running, and return its answer.

        Parameters
        ----------
        function : str
            What the request is about: where its answers do not come, three times in a row, it is not asked again.
        header, payload
            The request.
        share : float
            Of the time-out that an answer may take.

        Raises
        ------
        BrokenResultError
            It hangs, dies, or answers what is no answer; the message says so.
        """
        if self.broken and (known := self.broken.get(self.key(header, payload))):
            raise BrokenResultError(known)
        if self.silent[function] >= GIVE_UP:
            raise BrokenResultError(f"not asked, since {function} gave no answer {GIVE_UP} times in a row")
        if self.deaths[function] >= MOST_DEATHS:
            raise BrokenResultError(f"not asked, since {function} ended its process {MOST_DEATHS} times")
        timeout = self.timeout * share
        try:
            try:
                found = self.once(header, payload, timeout * (1 if self.child else PATIENCE))
            except Empty:
                if function in self.patient:
                    raise
                self.end()
                found = self.once(header, payload, timeout * PATIENCE)
            self.silent[function] = 0
            return found
        except Empty:
            self.patient.add(function)
            self.silent[function] += 1
            wrong = f"no answer within {timeout:g} s{self.advice}"
        except OSError as error:
            wrong = f"it cannot be started again: {error.strerror or error}"
        except GoneError as error:
            self.silent[function] += 1
            self.deaths[function] += 1
            wrong = str(error)
        self.end()
        if not self.closed:
            self.broken[self.key(header, payload)] = wrong
        raise BrokenResultError(wrong)

    def key(self, header: Mapping[str, Any], payload: bytes) -> bytes:
        """What is the same for the same request."""
        return hashlib.sha256(self.pack(header, payload)).digest()

    def once(self, header: Mapping[str, Any], payload: bytes, timeout: float) -> Any:
        """One request, and its answer."""
        self.start()
        assert self.child is not None
        self.asked += 1
        answer = self.child.ask(self.pack({"id": self.asked, **header}, payload), timeout)
        number = self.number(answer)
        if type(number) is not int or number != self.asked:
            raise GoneError(f"it answered with id {plain(json.dumps(number), 60)}, not {self.asked}")
        return answer
