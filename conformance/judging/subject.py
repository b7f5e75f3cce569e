"""What is judged: something that has some of the formulas by name, in this process or in one of its own."""

import copy
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ... import backends, reference
from ...names import MANY
from ...worker.environment import environment, in_words
from ...worker.foreign import NAME as OTHER
from ...worker.loading import SubjectError
from ...worker.subject import Loaded
from ...worker.text import plain
from ..arithmetic.rounding import HALF, MODELS, ROUNDINGS, TRUNCATING, numerics
from .loading import checked_name

HERE = "the judge's own process"
UNSEEN = "its arrays do not show their memory, so that it is not judged whether a result shares any with an argument"

Own = TypeVar("Own", bound="Described")


class Described:
    """What a subject has, and says about itself.

    Attributes
    ----------
    name : str
    dtypes : tuple of str
    usual_dtypes : tuple of str
        In which it is judged if nothing is asked for: half precision where it declares it.
    subnormals, precision, rounding : str
    threads : bool
        Whether it can be called from several threads. One whose processes wait for one another cannot.
    layouts : mapping
        The memory layouts that its library has, by name.
    device : str or None
    library : str
        The name of the backend whose arrays it takes, or 'another library'.
    near : dict of str
        Names of its own that are nearly those of functions which it lacks, with these.
    places : dict of str
        The file and line of each function that is written in Python.
    shows_memory : bool
        Whether it can be seen that two of its arrays share memory.
    versions : dict of str
    judged_in : str
        The process in which it is called, in words.
    """

    judged_in = HERE
    layouts: Mapping[str, Any]

    def describe(self, name: str, found: Mapping[str, Any], names: Iterable[str]) -> None:
        """Take on what it says; SubjectError for what makes no sense."""
        self.name = name
        self.offered = {str(name): [*map(plain, suffixes)] for name, suffixes in found["functions"].items()}
        self.dtypes = self.some_of(found, "dtypes", MODELS)
        self.subnormals = self.one_of(found, "subnormals", ("gradual", "flush"))
        self.precision = self.numerics_of(found)
        self.rounding = self.one_of(found, "rounding", ROUNDINGS)
        self.library = self.one_of(found, "backend", (*backends.NAMES, OTHER))
        self.shows_memory = bool(found["shows_memory"])
        self.versions = {plain(key, 60): plain(str(value), 60) for key, value in found["versions"].items()}
        self.usual_dtypes = self.dtypes if found["declares_dtypes"] else tuple(d for d in self.dtypes if d not in HALF)
        if found["is_class"]:
            raise SubjectError(f"{name}: got a class, whose functions take self; wanted an instance of it")
        self.threads = found["threads"]
        if not isinstance(self.threads, bool):
            raise SubjectError(f"{name}: threads: got {plain(repr(self.threads), 60)}; wanted True or False")
        near, self.places = (self.texts(found[key]) for key in ("near", "places"))
        self.near = {own: meant for own, meant in near.items() if own not in reference.FORMULAS}
        device = found["device"]
        self.device = None if device is None else plain(str(device))
        asked = tuple(names)
        if not any(self.offered.get(each) for each in asked):
            meant = "".join(f"; {name}: did you mean {formula}?" for name, formula in [*self.near.items()][:3])
            wanted = f"; wanted a function named {' or '.join(asked)}{meant}"
            if len(asked) >= MANY:
                wanted = f"{meant or '; wanted a function with the name of one'} (`gaugeblock spec` shows all)"
            raise SubjectError(f"{self.name}: it has none of the formulas{wanted}")

    def texts(self, found: Mapping[str, Any]) -> dict[str, str]:
        """Names and what is said of them, as text that can be printed."""
        return {plain(str(key), 60): plain(str(value)) for key, value in found.items()}

    def some_of(self, found: Mapping[str, Any], key: str, known: Iterable[str]) -> tuple[str, ...]:
        """The names that it says under a key, or the single one; SubjectError for one that is not known."""
        value, wanted = found[key], f"wanted some of {', '.join(known)}"
        if not isinstance(value, str | list):
            raise SubjectError(f"{self.name}: {key}: got {type(value).__name__}; {wanted}")
        names = [value] if isinstance(value, str) else value
        if not names:
            raise SubjectError(f"{self.name}: {key}: got none; {wanted}")
        for each in names:
            if not isinstance(each, str) or each not in known:
                raise SubjectError(f"{self.name}: {key}: got {plain(repr(each), 60)}; {wanted}")
        return tuple(names)

    def one_of(self, found: Mapping[str, Any], key: str, known: Collection[str]) -> str:
        """The name that it says under a key; SubjectError for one that is not known."""
        value = found[key]
        if not isinstance(value, str) or value not in known:
            wanted = " or ".join(map(repr, known)) if len(known) == 2 else f"one of {', '.join(known)}"
            raise SubjectError(f"{self.name}: {key}: got {plain(repr(value), 60)}; wanted {wanted}")
        return value

    def numerics_of(self, found: Mapping[str, Any]) -> str:
        """The class of products that it says, and the unit that sums them; SubjectError for one that there is not."""
        value = found["precision"]
        try:
            numerics(f"{value}{TRUNCATING}")  # which `rounding` says, not this
        except ValueError as error:
            raise SubjectError(f"{self.name}: precision: got {plain(repr(value), 60)}; {error}") from None
        return str(value)

    @property
    def numerics(self) -> str:
        """What it declares of its products and sums: a class, and whether they are cut."""
        return self.precision + (TRUNCATING if self.rounding == "truncates" else "")

    def declaring(self: Own, precision: str, rounding: str = "nearest") -> Own:
        """The same subject, as if it declared this precision and rounding."""
        other = copy.copy(self)
        other.precision, other.rounding = precision, rounding
        return other


class Subject(Described):
    """A subject in this process, with the backend whose arrays it takes.

    Parameters
    ----------
    given : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself.
    device : str, optional
        The device on which it is judged.
    functions : iterable of str
        The names of the functions of which it has to have one.

    Raises
    ------
    SubjectError
        It is not there, does not load, has no formula, or declares what there is not.
    """

    def __init__(self, given: Any, device: str | None = None, functions: Iterable[str] = reference.FORMULAS) -> None:
        self.loaded = Loaded(checked_name(given) if isinstance(given, str) else given, device)
        self.object, self.backend, self.layouts = self.loaded.object, self.loaded.backend, self.loaded.layouts
        self.judged_in = getattr(self.object, "judged_in", self.judged_in)
        names = tuple(functions)
        self.name = self.loaded.name
        self.describe(plain(self.loaded.name), self.loaded.description(names), names)

    def in_dtype(self, dtype: str) -> "Subject":
        """The subject itself, which is the same in all dtypes."""
        return self

    def settings(self, dtype: str) -> AbstractContextManager[None]:
        """The settings in which it is judged."""
        return self.loaded.settings(dtype)

    def functions(self, name: str) -> dict[str, Any]:
        """The subject's function of that name, and its variants, by the suffix that their cases get."""
        return self.loaded.functions(name)

    def notes(self) -> list[str]:
        """What was seen of it that fails no requirement."""
        return [] if self.shows_memory else [UNSEEN]

    def request(self, case: Any) -> str:
        """The line that a program is asked by, on a case; nothing of other subjects."""
        found = getattr(self.object, "request", None) if getattr(self.object, "command", None) else None
        return str(found(case)) if found else ""

    @property
    def command(self) -> list[str]:
        """The command of a program; nothing of other subjects."""
        command = getattr(self.object, "command", [])
        return [command] if isinstance(command, str) else [*map(str, command)]

    def close(self) -> None:
        """Nothing is to be ended."""


def refuse_strange_arithmetic() -> None:
    """Raise SubjectError where this process does not compute as IEEE 754's default does: no verdict would be right."""
    if found := environment():
        what = f"the process that judges {in_words(found)}, since a library was loaded that changes this"
        raise SubjectError(f"{what}; judge by a file or a name, which have a process of their own")
