"""A program in any language as a subject: it reads requests and writes answers, one line of JSON each.

``docs/any_language.md`` describes them for those who write such a program; ``request.schema.json`` and
``answer.schema.json`` beside this module are their schemas.
"""

import contextlib
import json
import math
import os
import shlex
import signal
import subprocess
import threading
from binascii import unhexlify
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from ... import reference
from ..formulas import Case, call
from ..judging.judge import BrokenResultError
from ..judging.loading import SubjectError

TIMEOUT = 10.0  # seconds for an answer
GIVE_UP = 3  # time-outs of a function in a row, after which it is not asked again
LONGEST = 2**26  # bytes of an answer
SHOWN = 300  # characters of what a program says on its standard error
GRACE = 1.0  # seconds for a program that has closed its output to end by itself

# By the bytes of an element: what an answer in another width than the request's is taken for.
FLOATS: dict[int, np.dtype[Any]] = {2: np.dtype("float16"), 4: np.dtype("float32"), 8: np.dtype("float64")}


class Child:
    """A running program. Two threads talk to it, so that nothing it does or leaves undone stops the caller."""

    def __init__(self, command: Sequence[str] | str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        self.requests: SimpleQueue[bytes | None] = SimpleQueue()
        self.answers: SimpleQueue[bytes] = SimpleQueue()
        self.complaint = b""  # the end of its standard error
        self.threads = [threading.Thread(target=each, daemon=True) for each in (self.talk, self.listen)]
        for thread in self.threads:
            thread.start()

    def talk(self) -> None:
        """Put each request to the program, and its answer in the queue: an empty one at the end of its output."""
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
                self.answers.put(stdout.readline(LONGEST))
        self.answers.put(b"")

    def listen(self) -> None:
        """Read its standard error, so that it never fills up, and keep the end."""
        stderr = self.process.stderr
        assert stderr is not None
        with stderr:
            for part in iter(partial(os.read, stderr.fileno(), 2**16), b""):
                self.complaint = (self.complaint + part)[-4 * SHOWN :]

    def ask(self, request: bytes, timeout: float) -> bytes:
        """The line that it answers, empty if it closed a pipe or died; queue.Empty if there is none in time."""
        self.requests.put(request)
        return self.answers.get(timeout=timeout)

    def end(self) -> None:
        """Kill it, and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()
        self.requests.put(None)
        for thread in self.threads:
            thread.join(GRACE)  # at once, unless something it started has escaped with the pipes

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
        complaint = plain(self.complaint.decode("utf-8", "replace"))[-SHOWN:]
        return f"{how} and did not answer{complaint and ': '}{complaint}"


def plain(text: str) -> str:
    """Somebody's text in one line, without what a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class Program:
    """A program as a subject, with the functions that it offers; a context manager that ends it.

    Parameters
    ----------
    command : sequence of str, or str
        The program and its arguments; a string is split as a shell does.
    timeout : float
        Seconds for each answer, from the start of the request; the first one includes the program's start.

    Raises
    ------
    SubjectError
        It cannot be started, does not say what it offers, or the timeout is no positive number.
    """

    backend = "numpy"
    layouts: dict[str, Any] = {}  # noqa: RUF012  a pipe has none
    threads = False  # it answers one request after another

    def __init__(self, command: Sequence[str] | str, timeout: float = TIMEOUT) -> None:
        self.__name__ = command if isinstance(command, str) else shlex.join(command)
        if not 0 < timeout <= threading.TIMEOUT_MAX:
            raise SubjectError(f"timeout: got {timeout:g}; wanted a positive number of seconds")
        try:
            # Windows has rules of its own, and takes the string as it is.
            self.command = shlex.split(command) if isinstance(command, str) and os.name == "posix" else command
        except ValueError as error:
            raise SubjectError(f"{self.__name__}: {error}; wanted a command") from None
        if not self.command:
            raise SubjectError("the program: got an empty command; wanted a program and its arguments")
        self.timeout, self.asked = timeout, 0
        self.child: Child | None = None
        self.silent: Counter[str] = Counter()  # time-outs in a row, by function
        self.broken: dict[str, str] = {}  # what went wrong, by request: none is put to it twice
        try:
            self.child = Child(self.command)
            self.offer(self.exchange("offers", {}))
        except OSError as error:
            raise SubjectError(f"{self.__name__}: cannot be started: {error.strerror or error}") from None
        except BrokenResultError as error:
            raise SubjectError(f"{self.__name__}: asked what it offers, {error}") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, and all that it started."""
        child, self.child = self.child, None
        if child is not None:
            child.end()

    def offer(self, answer: dict[str, Any]) -> None:
        """Take on the functions that the program offers, and what it says about itself."""
        singles = {"functions": False, "dtypes": False, "subnormals": True, "precision": True, "rounding": True}
        for key, single in singles.items():
            value = answer.get(key)
            if value is None and key != "functions":
                continue
            values = [value] if single else value
            if not isinstance(values, list) or not values or not all(isinstance(each, str) for each in values):
                wanted = "a string" if single else "a list of names"
                raise SubjectError(f"{self.__name__}: {key}: got {json.dumps(value)[:60]}; wanted {wanted}")
            setattr(self, key, value)
        for name in answer["functions"]:
            if name not in reference.FORMULAS:
                wanted = ", ".join(reference.FORMULAS)
                raise SubjectError(f"{self.__name__}: functions: got {name!r}; wanted some of {wanted}")
            setattr(self, name, partial(self.call, name))

    def call(self, function: str, *arguments: Any, **options: Any) -> Any:
        """The results of a function of the program, as a function in Python would return them.

        Raises
        ------
        NotImplementedError
            The program says that it does not offer this.
        BrokenResultError
            It hangs, dies, or answers what is no answer; the message says so.
        """
        asked = call(function, arguments, options)
        if asked.formula.donation in options:
            raise NotImplementedError("a pipe has no memory to give away")
        request = request_of(asked)
        answer = self.exchange(function, request)
        if "not_offered" in answer:
            raise NotImplementedError(plain(str(answer["not_offered"]))[:SHOWN] or "the program does not offer this")
        dtype = np.dtype(request["dtype"])
        formula = asked.formula
        return formula.returned({name: result_of(answer, name, dtype, formula.counts) for name in formula.names})

    def exchange(self, function: str, request: dict[str, Any]) -> dict[str, Any]:
        """Put a request to the program, started anew where it is not running, and return its answer."""
        body = json.dumps({"function": function, **request})
        if body in self.broken:
            raise BrokenResultError(self.broken[body])
        if self.silent[function] >= GIVE_UP:
            raise BrokenResultError(f"not asked, since {function} gave no answer {GIVE_UP} times in a row")
        self.asked += 1
        try:
            if self.child is None:
                self.child = Child(self.command)
            line = self.child.ask(f'{{"id": {self.asked}, {body[1:]}\n'.encode(), self.timeout)
            self.silent[function] = 0
            return self.answer_in(line)
        except Empty:
            self.silent[function] += 1
            wrong = f"no answer within {self.timeout:g} s (an answer is one line, flushed)"
        except OSError as error:
            wrong = f"it cannot be started again: {error.strerror or error}"
        except BrokenResultError as error:
            wrong = str(error)
        self.close()
        self.broken[body] = wrong
        raise BrokenResultError(wrong)

    def answer_in(self, line: bytes) -> dict[str, Any]:
        """The answer in a line; BrokenResultError if there is none."""
        assert self.child is not None
        if not line:
            raise BrokenResultError(self.child.how_it_ended())
        got = repr(line[:60].decode("utf-8", "replace"))
        if not line.endswith(b"\n") and len(line) == LONGEST:
            raise BrokenResultError(f"it answered more than {LONGEST} bytes without an end of line: {got} ...")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise BrokenResultError(f"it answered {got}, which is not one line of JSON") from None
        if not isinstance(answer, dict):
            raise BrokenResultError(f"it answered {got}; wanted an object")
        if answer.get("id") != self.asked:
            raise BrokenResultError(f"it answered with id {json.dumps(answer.get('id'))[:60]}, not {self.asked}")
        return answer


def request_of(asked: Case) -> dict[str, Any]:
    """The arguments as a request has them: flat, by name, none left out."""
    formula = asked.formula
    named = {**formula.parameters, **dict(zip(formula.parameters, asked.arguments, strict=False)), **asked.options}
    given: dict[str, Any] = {}
    for name, value in named.items():
        if hasattr(value, "_asdict"):
            given |= value._asdict()
        elif name != formula.donation:
            given[name] = value
    dtype = next(v.dtype for v in given.values() if isinstance(v, np.ndarray) and v.dtype.kind not in "biu")
    given |= {name: value for name, value in formula.defaults(dtype).items() if given[name] is None}
    if asked.steps:
        given["checkpoints"] = asked.steps
    request: dict[str, Any] = {"dtype": dtype.name}
    for name, value in given.items():
        request |= fields(name, value, name in formula.hyper_parameters)
    return request


def fields(name: str, value: Any, is_real: bool) -> dict[str, Any]:
    """An argument as keys and values: an array as its shape and its bits, or integers; a float with its bits too."""
    if isinstance(value, np.ndarray):
        integral = value.dtype.kind in "biu"
        return {
            f"{name}.shape": list(value.shape),
            name: value.ravel().astype(int).tolist() if integral else hexadecimal(value),
        }
    if is_real or (isinstance(value, tuple) and any(isinstance(each, float) for each in value)):
        numbers = np.asarray(value, np.float64)
        return {name: numbers.tolist(), f"{name}.bits": hexadecimal(numbers)}
    return {name: value}


def hexadecimal(array: np.ndarray) -> str:
    """The bits of each element, in C order, the most significant digit first."""
    size = array.dtype.itemsize
    return np.ravel(array).view(f"u{size}").astype(f">u{size}").tobytes().hex()


def result_of(answer: dict[str, Any], name: str, dtype: np.dtype[Any], counts: Collection[str] = ()) -> Any:
    """A result of an answer: an array, or a count as it came, which the judge looks at."""
    if name not in answer:
        raise BrokenResultError(f"the answer has no {name!r}")
    if name in counts:
        return answer[name]
    shape, digits = answer.get(f"{name}.shape"), answer[name]
    if not isinstance(shape, list) or not all(type(length) is int and 0 <= length < 2**31 for length in shape):
        raise BrokenResultError(f"{name}.shape: got {json.dumps(shape)[:60]}; wanted a list of lengths")
    try:
        data = unhexlify(digits)
    except (TypeError, ValueError):
        raise BrokenResultError(f"{name}: got {json.dumps(digits)[:60]}; wanted the bits in hexadecimal") from None
    count = math.prod(shape)
    width = len(data) // count if count else dtype.itemsize
    if len(data) != count * width or width not in FLOATS or len(shape) > 32:
        each = 2 * dtype.itemsize
        raise BrokenResultError(
            f"{name}: got {len(digits)} digits for the shape {json.dumps(shape)[:60]}; wanted {each} for each element"
        )
    bits = np.frombuffer(data, f">u{width}").astype(f"u{width}")
    return bits.view(dtype if width == dtype.itemsize else FLOATS[width]).reshape(shape)
