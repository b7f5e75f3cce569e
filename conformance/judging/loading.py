"""Names of subjects, and the formulas that somebody's code declares."""

import inspect
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from ... import backends, spec
from ...names import did_you_mean
from ...reference.declaration import declaration_of
from ...worker.loading import SubjectError as SubjectError
from ...worker.loading import attempt, load, split
from ...worker.text import plain


def checked_name(given: str) -> str:
    """A subject's name, if it is a backend's, an existing file's or an importable object's; SubjectError if not."""
    module, _ = split(given)
    if given in backends.NAMES:
        return given
    if not given.isprintable():
        raise SubjectError(f"subject: got {plain(ascii(given), 60)}; wanted a name of printable characters")
    if module.endswith(".py"):
        path = Path(module)
        if not path.is_file():
            raise SubjectError(f"{path}: there is no such file{did_you_mean(str(path), beside(path))}")
    elif ":" not in given:
        names = ", ".join(backends.NAMES)
        meant = did_you_mean(given, [*backends.NAMES, *beside(Path(f"{given}.py"))])
        what = f"subject: got {given!r}; wanted a backend ({names}), a file.py or package.module:object{meant}"
        raise SubjectError(what)
    return given


def beside(path: Path) -> list[str]:
    """The files of Python in the same folder."""
    return [str(each) for each in path.parent.glob("*.py")]


def registry() -> dict[str, EntryPoint]:
    """The formulas that installed packages register, as entry points of the group ``gaugeblock.formulas``."""
    return {entry.name: entry for entry in entry_points(group="gaugeblock.formulas")}


def is_elsewhere(given: str) -> bool:
    """Whether a string names a formula that is not gaugeblock's own."""
    return given.endswith(".py") or ":" in given or (given not in spec.formulas() and given in registry())


def load_formulas(given: str) -> list[Callable[..., Any]]:
    """Return the formulas that a string names.

    Parameters
    ----------
    given : str
        The name of an entry point of the group ``gaugeblock.formulas``; a file of Python, of which all declared
        functions are meant; or a function in a file or an importable package, after a colon.

    Raises
    ------
    SubjectError
        There is no such code, it does not load, or it declares no formula.
    """
    registered = registry()
    found = attempt(given, registered[given].load) if given in registered else load(checked_name(given))
    if not isinstance(found, ModuleType):
        if not callable(found):
            raise SubjectError(f"{given}: got {type(found).__name__}; wanted a function")
        if not hasattr(found, "__name__"):  # a module, whose formula has the name that it was asked for by
            found.__name__ = given.rpartition(":")[2]
        return [found]
    own = [value for value in vars(found).values() if is_declared_in(found, value)]
    if not own:
        raise SubjectError(f"{given}: it declares no formula; wanted a function under @gaugeblock.formula(...)")
    if any(value.__name__ == "<lambda>" for value in own if inspect.isfunction(value)):
        raise SubjectError(
            f"{given}: got a lambda under @gaugeblock.formula(...); wanted a function with a name, by def"
        )
    return own


def is_declared_in(module: ModuleType, value: Any) -> bool:
    """Whether a value is a function that was declared to be a formula in a module."""
    return declaration_of(value) is not None and getattr(value, "__module__", None) == module.__name__
