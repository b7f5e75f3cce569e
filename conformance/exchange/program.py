"""A program in any language as a subject: it reads requests and writes answers, one line of JSON each.

``docs/any_language.md`` describes them for those who write such a program; ``request.schema.json`` and
``answer.schema.json`` beside this module are their schemas.
"""

import json
import math
import os
import shlex
from binascii import unhexlify
from collections.abc import Collection, Mapping, Sequence
from errno import ENOENT
from functools import partial
from queue import Empty
from typing import Any, BinaryIO

import numpy as np

from ... import reference
from ...names import meant, wanted
from ...worker.adapters import variables_of
from ...worker.calls import BrokenResultError
from ...worker.loading import SubjectError
from ...worker.text import plain
from ..formulas import Case, Formula, call
from ..judging.conversation import PATIENCE, TIMEOUT, Conversation

LONGEST = 2**26  # bytes of an answer
SHOWN = 4000  # characters of a request that a report shows
RUNS = "what can be run: make it executable, or name first what runs it, as in 'python3 my_program.py'"
FLUSH = " (an answer is one line, flushed)"

# By the bytes of an element: what an answer in another width than the request's is taken for.
FLOATS: dict[int, np.dtype[Any]] = {2: np.dtype("float16"), 4: np.dtype("float32"), 8: np.dtype("float64")}


def pack(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """A request as a line."""
    return f"{json.dumps(header)}\n".encode()


def read(file: BinaryIO) -> dict[str, Any]:
    """The answer in the next line.

    Raises
    ------
    EOFError
        There is no more.
    ValueError
        It is no answer.
    """
    line = file.readline(LONGEST)
    if not line:
        raise EOFError
    got = repr(line[:60].decode("utf-8", "replace"))
    if not line.endswith(b"\n") and len(line) == LONGEST:
        raise ValueError(f"it answered more than {LONGEST} bytes without an end of line: {got} ...")
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"it answered {got}, which is not one line of JSON") from None
    if not isinstance(answer, dict):
        raise ValueError(f"it answered {got}; wanted an object")
    return answer


class Program:
    """A program as a subject, with the functions that it offers; a context manager that ends it.

    Parameters
    ----------
    command : sequence of str, or str
        The program and its arguments; a string is split as a shell does.
    timeout : float
        Seconds for each answer; six times as many for the start, and where an answer did not come in time once.

    Raises
    ------
    SubjectError
        It cannot be started, does not say what it offers, or the timeout is no positive number.
    """

    backend = "numpy"
    judged_in = "a process of its own"
    layouts: dict[str, Any] = {}  # noqa: RUF012  a pipe has none
    threads = False  # it answers one request after another

    def __init__(self, command: Sequence[str] | str, timeout: float = TIMEOUT) -> None:
        self.__name__ = command if isinstance(command, str) else shlex.join(command)
        try:
            # Windows has rules of its own, and takes the string as it is.
            self.command = shlex.split(command) if isinstance(command, str) and os.name == "posix" else command
        except ValueError as error:
            raise SubjectError(f"{self.__name__}: {error}; wanted a command") from None
        if not self.command:
            raise SubjectError("the program: got an empty command; wanted a program and its arguments")
        self.process = Conversation(self.command, pack, read, lambda answer: answer.get("id"), timeout, advice=FLUSH)
        try:
            self.offer(self.process.once({"function": "offers"}, b"", PATIENCE * timeout))
        except OSError as error:
            where = "a program of the PATH, or a path such as ./my_program" if error.errno == ENOENT else RUNS
            what = f"{self.__name__}: cannot be started: {error.strerror or error}; wanted {where}"
            raise SubjectError(what) from None
        except (BrokenResultError, Empty) as error:
            self.close()
            wrong = str(error) or f"no answer within {PATIENCE * timeout:g} s{FLUSH}"
            raise SubjectError(f"{self.__name__}: asked what it offers, {wrong}") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, and all that it started."""
        self.process.close()

    def offer(self, answer: dict[str, Any]) -> None:
        """Take on the functions that the program offers, and what it says about itself."""
        singles = {"functions": False, "dtypes": False, "subnormals": True, "precision": True, "rounding": True}
        for key, single in singles.items():
            value = answer.get(key)
            if value is None and key != "functions":
                continue
            values = [value] if single else value
            if not isinstance(values, list) or not values or not all(isinstance(each, str) for each in values):
                form = "a string" if single else "a list of names"
                raise SubjectError(f"{self.__name__}: {key}: got {json.dumps(value)[:60]}; wanted {form}")
            setattr(self, key, value)
        for name in answer["functions"]:
            if meant(name, reference.FORMULAS) not in reference.FORMULAS:
                other = wanted(name, reference.FORMULAS, "gaugeblock spec")
                raise SubjectError(f"{self.__name__}: functions: got {name!r}{other}")
            setattr(self, name, partial(self.call, name))

    def request(self, case: Case) -> str:
        """The line that the program is asked by on a case; nothing where that is longer than a page."""
        name = meant(case.function, vars(self))  # a step as the program calls it
        line = json.dumps({"id": 1, "function": name, **request_of(case)})
        return line if len(line) <= SHOWN else ""

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
        answer = self.process.exchange(function, {"function": function, **request})
        if isinstance(answer.get("not_offered"), str):
            raise NotImplementedError(plain(answer["not_offered"]) or "the program does not offer this")
        dtype = np.dtype(request["dtype"])
        formula = asked.formula
        other, shape = name_of_gradient(formula), ".shape"
        if other in answer:
            answer = {formula.names[0]: answer[other], formula.names[0] + shape: answer.get(other + shape)} | answer
        return formula.returned({name: result_of(answer, name, dtype, formula.counts) for name in formula.names})


def name_of_gradient(formula: Formula) -> str:
    """What the page of a gradient with one result calls it, such as gx: that of its variable; else nothing."""
    if "g" not in formula.parameters or len(formula.names) != 1:
        return ""
    (variable,) = variables_of(formula)
    return f"g{list(formula.parameters)[variable]}"


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
    if (
        is_real
        or isinstance(value, float)
        or (isinstance(value, tuple) and any(isinstance(each, float) for each in value))
    ):
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
        data = unhexlify(digits + "0" * (len(digits) % 2))
    except (TypeError, ValueError):
        raise BrokenResultError(f"{name}: got {json.dumps(digits)[:60]}; wanted the bits in hexadecimal") from None
    count = math.prod(shape)
    width = len(data) // count if count else dtype.itemsize
    if len(digits) != 2 * count * width or width not in FLOATS or len(shape) > 32:
        each = 2 * dtype.itemsize
        raise BrokenResultError(
            f"{name}: got {len(digits)} digits for the shape {json.dumps(shape)[:60]}; wanted {each} for each element"
        )
    bits = np.frombuffer(data, f">u{width}").astype(f"u{width}")
    try:
        return bits.view(dtype if width == dtype.itemsize else FLOATS[width]).reshape(shape)
    except ValueError:  # lengths beside a 0 that no array has
        raise BrokenResultError(f"{name}.shape: got {plain(json.dumps(shape), 60)}; wanted that of an array") from None
