"""A subject in a process of its own, which is asked for every call: what comes back is judged by its bits alone.

What only that process can see, such as whether an argument was changed, it says; that is evidence of mistakes, and a
subject that means to deceive can fake it.
"""

import copy
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from queue import Empty
from typing import Any

import numpy as np

from ... import reference
from ...reference.trajectory import name_after
from ...worker import messages
from ...worker.calls import Answer, BrokenResultError
from ...worker.environment import WORDS, in_words
from ...worker.loading import ADDED, MissingLibraryError, SubjectError
from ...worker.one_thread import VARIABLES
from ...worker.repeated_calls import Again, Repeated, Seen, Threads, together
from ...worker.text import plain
from ..formulas import Case
from .conversation import PATIENCE, TIMEOUT, Conversation
from .loading import checked_name
from .subject import UNSEEN, Described
from .threads import CORES

START = "import sys; sys.path[:] = {path!r}; from gaugeblock.worker.__main__ import main; main({judge})"
JUDGE = "gaugeblock.conformance"


class Isolated(Described):
    """A subject in another process, whose functions are `Remote`; a context manager that ends it.

    Parameters
    ----------
    given : str
        A backend's name, the path of a Python file, or ``package.module:object``.
    device : str, optional
    functions : iterable of str
        The names of the functions of which it has to have one.
    timeout : float
        Seconds for an answer.
    sealed : bool
        Whether it cannot import gaugeblock's own formulas and judge.

    Raises
    ------
    SubjectError
        It is not there, does not load or start, has no formula, or declares what there is not.
    """

    judged_in = "a process of its own"
    command: tuple[str, ...] = ()  # which a program has
    dtype: str
    process: Conversation

    def __init__(
        self,
        given: str,
        device: str | None = None,
        functions: Iterable[str] = reference.FORMULAS,
        timeout: float = TIMEOUT,
        sealed: bool = False,
    ) -> None:
        self.given, self.asked_device, self.names = checked_name(given), device, tuple(functions)
        self.timeout, self.sealed = timeout, sealed
        self.strange: list[str] = []  # what is unusual about its processes
        self.parts: dict[str, Conversation] = {}  # its processes, by dtype
        first = self.conversation()
        try:
            found, _ = first.once({"do": "hello", "names": [*reference.FORMULAS, *self.names]}, b"", PATIENCE * timeout)
            self.take_on(found)
        except BaseException as error:
            first.close()
            if isinstance(error, BrokenResultError):
                raise SubjectError(f"{given}: it does not start: {error}") from None
            if isinstance(error, OSError):
                raise SubjectError(f"{given}: it does not start: {error.strerror or error}") from None
            if isinstance(error, Empty):
                raise SubjectError(f"{given}: it does not start: no answer within {PATIENCE * timeout:g} s") from None
            raise
        self.spare: Conversation | None = first

    def take_on(self, found: dict[str, Any]) -> None:
        """What it says about itself; SubjectError for what it does not say."""
        if wrong := found.get("fault") or found.get("broken"):
            kind = MissingLibraryError if found.get("missing") is True else SubjectError
            raise kind(plain(str(wrong), 600))
        try:
            self.describe(plain(self.given), found, self.names)
            self.layouts: Mapping[str, Any] = dict.fromkeys(map(str, found["layouts"]))
        except (AttributeError, KeyError, TypeError) as error:
            raise SubjectError(f"{self.given}: it says of itself what makes no sense: {plain(str(error))}") from None
        self.note(found)

    def conversation(self) -> Conversation:
        """A new process, which is started when it is asked something."""
        path = [folder for folder in sys.path if folder not in ADDED]
        command = [
            sys.executable,
            "-P",
            "-c",
            START.format(path=path, judge=os.getpid()),
            *["--sealed"] * self.sealed,
            self.given,
        ]
        command += [self.asked_device] if self.asked_device else []
        share = str(max(CORES // 2, 1))  # since it has two processes
        variables = {name: share for name in VARIABLES if name not in os.environ}
        return Conversation(
            command, messages.pack, messages.read, lambda found: found[0].get("id"), self.timeout, variables
        )

    def in_dtype(self, dtype: str) -> "Isolated":
        """The subject in one dtype, with a process for that alone."""
        if dtype not in self.parts:
            self.parts[dtype], self.spare = self.spare or self.conversation(), None
        part = copy.copy(self)
        part.dtype, part.process = dtype, self.parts[dtype]
        return part

    def settings(self, dtype: str) -> AbstractContextManager[None]:
        """Its process enters them."""
        return nullcontext()

    def functions(self, name: str) -> dict[str, Any]:
        """Its function of that name, and its variants, by the suffix that their cases get."""
        return {suffix: Remote(self, name, suffix) for suffix in self.offered.get(name, ())}

    def request(self, case: Case) -> str:
        """Nothing: its requests are not for people."""
        return ""

    def note(self, header: Mapping[str, Any]) -> None:
        """Remember how its process computes, and that it has loaded the judge, where an answer says so."""
        found, known = header.get("noticed"), (*WORDS, JUDGE)
        new = [each for each in found if each in known] if isinstance(found, list) else []
        self.strange += [each for each in new if each not in self.strange]

    def notes(self) -> list[str]:
        """What was seen of it that fails no requirement."""
        flushes = self.subnormals == "gradual" and {"flush", "daz"} & set(self.strange)
        advice = "; declare subnormals = 'flush' if that is meant" if flushes else ""
        computes = in_words(self.strange)
        found = [f"its process {computes}{advice}"] if computes else []
        found += [] if self.shows_memory else [UNSEEN]
        return found + [f"its process has loaded {JUDGE}, which is the judge"] * (JUDGE in self.strange)

    def close(self) -> None:
        """End its processes."""
        for each in (*self.parts.values(), self.spare):
            if each is not None:
                each.close()

    def __enter__(self) -> "Isolated":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Remote:
    """A function of a subject in another process.

    Its methods raise NotImplementedError where the subject declines, and BrokenResultError where what comes back is no
    result.
    """

    def __init__(self, subject: Isolated, name: str, variant: str) -> None:
        self.subject, self.name, self.variant = subject, name, variant

    def answer(self, case: Case, layout: str | None = None, only: int | None = None, copied: bool = False) -> Answer:
        """What comes of a call."""
        return self.ask(self.subject.process, case, layout, only, copied)

    def fresh(self, case: Case) -> Answer:
        """What comes of a call that is the first one of a new process."""
        conversation = self.subject.conversation()
        try:
            return self.ask(conversation, case, None, None, False)
        finally:
            conversation.close()

    def ask(self, conversation: Conversation, case: Case, layout: str | None, only: int | None, copied: bool) -> Answer:
        header, payload = messages.request_of(case, layout=layout, only=only, copied=copied)
        share = 1 + max(case.steps, default=0) / 100
        return answer_of(case, *self.exchange(conversation, "call", header, payload, share))

    def again(self, groups: Sequence[tuple[Sequence[Case], int]], *, changing: bool, threads: bool) -> Again:
        """What is seen when it is called again and again."""
        parts, coded = [], []
        for cases, calls in groups:
            inputs = [messages.request_of(case) for case in cases]
            coded.append([[header for header, _ in inputs], calls])
            parts += [payload for _, payload in inputs]
        first = groups[0][0][0]
        header = {"form": messages.form_of(first.formula), "groups": coded, "changing": changing, "threads": threads}
        share = 1 + sum(calls for _, calls in groups) / 100
        return again_of(groups, *self.exchange(self.subject.process, "again", header, b"".join(parts), share))

    def exchange(
        self, conversation: Conversation, what: str, header: dict[str, Any], payload: bytes, share: float
    ) -> tuple[dict[str, Any], bytes]:
        """A request about this function, and its answer."""
        header |= {"do": what, "dtype": self.subject.dtype, "variant": self.variant}
        found, bits = conversation.exchange(self.name, header, payload, share)
        self.subject.note(found)
        if "not_offered" in found:
            raise NotImplementedError(plain(str(found["not_offered"])))
        if wrong := found.get("broken") or found.get("fault"):
            raise BrokenResultError(plain(str(wrong), 600))
        return found, bits


def answer_of(case: Case, header: dict[str, Any], bits: bytes) -> Answer:
    """What came of a call; BrokenResultError for what is no answer to it."""
    formula, reader = case.formula, messages.Reader(bits)
    try:
        names, counts = names_of(case), dict(header["counts"])
        if formula.counts and not counts:  # its state is hidden
            names = {name for name in names if name.partition(" ")[0] in formula.results}
        elif counts.keys() != set(formula.counts):
            raise ValueError(f"it has {', '.join(map(str, counts))}")
        results = arrays_of(header["results"], reader, names)
        shared, altered = tuple(map(str, header["shared"])), tuple(map(int, header["altered"]))
        return Answer(results, counts, shared, altered, int(header["arrays"]), int(header["lost"]))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise BrokenResultError(f"it answered what is no answer: {plain(str(error))}") from None


def names_of(case: Case) -> set[str]:
    """The names of the results that are arrays."""
    names = set(case.formula.names) - set(case.formula.counts)
    return {name_after(name, done) for name in names for done in case.steps} if case.steps else names


def arrays_of(described: Any, reader: messages.Reader, names: set[str]) -> dict[str, np.ndarray]:
    """The arrays of an answer by name; ValueError if they are not those that are wanted."""
    found = {str(name): reader.array(str(dtype), list(shape)) for name, dtype, shape in described}
    if found.keys() != names:
        raise ValueError(f"it has {', '.join(found)}")
    return found


def again_of(groups: Sequence[tuple[Sequence[Case], int]], header: dict[str, Any], bits: bytes) -> Again:
    """What was seen; BrokenResultError for what is no answer."""
    reader, names = messages.Reader(bits), names_of(groups[0][0][0])

    def seen(each: Any, count: int) -> list[Seen]:
        found = [Seen(int(number), int(which), arrays_of(arrays, reader, names)) for number, which, arrays in each]
        if not all(0 <= one.which < count for one in found):
            raise ValueError("it has an input that it was not given")
        return found

    try:
        pairs = zip(header["repeated"], groups, strict=True)
        repeated = [
            Repeated(seen(each, len(cases)), int(calls), int(kept), bool(lost))
            for (each, calls, kept, lost), (cases, _) in pairs
        ]
        changed = None if header["changed"] is None else [arrays_of(each, reader, names) for each in header["changed"]]
        threads, count = header["threads"], len(together([cases for cases, _ in groups]))
        at_once = None if threads is None else Threads(seen(threads[0], count), [plain(str(e), 60) for e in threads[1]])
        return Again(repeated, changed, at_once)
    except (IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise BrokenResultError(f"it answered what is no answer: {plain(str(error))}") from None
