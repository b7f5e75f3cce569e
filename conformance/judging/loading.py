"""Somebody's code by its name: a backend, a file, or an object of a package; and the formulas that it declares."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from ... import backends, spec
from ...reference.declaration import declaration_of
from ...spec import did_you_mean


class SubjectError(ValueError):
    """Code that could not be loaded, or says something about itself that makes no sense."""


def load(given: str) -> Any:
    """The backend, file or importable object that a string names."""
    if given in backends.NAMES:
        try:
            return backends.load(given)
        except ImportError as error:
            raise SubjectError(str(error)) from None
    module, colon, attribute = given.rpartition(":") if ".py:" in given else given.partition(":")
    if module.endswith(".py"):
        found = load_file(Path(module))
    elif colon:
        if "" not in sys.path:
            sys.path.insert(0, "")  # as `python -m` does, so that a package in this folder is found
        found = attempt(given, lambda: importlib.import_module(module))
    else:
        names = ", ".join(backends.NAMES)
        meant = did_you_mean(given, backends.NAMES)
        what = f"subject: got {given!r}; wanted a backend ({names}), a file.py or package.module:object{meant}"
        raise SubjectError(what)
    for name in attribute.split(".") if colon else ():
        if not hasattr(found, name):
            raise SubjectError(f"{given}: {module} has no {attribute!r}")
        found = getattr(found, name)
    return found


def load_file(path: Path) -> Any:
    """The module in a file, loaded as Python does: it finds the modules beside it, and is found by its name."""
    if not path.is_file():
        raise SubjectError(f"{path}: there is no such file{did_you_mean(str(path), beside(path))}")
    folder, path = str(path.resolve().parent), path.resolve()
    there = getattr(sys.modules.get(path.stem), "__file__", None)
    is_free = path.stem not in sys.modules or there == str(path)
    found = importlib.util.spec_from_file_location(path.stem if is_free else str(path), path)
    assert found is not None
    assert found.loader is not None
    module, loader = importlib.util.module_from_spec(found), found.loader
    sys.modules[found.name] = module
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        attempt(str(path), lambda: loader.exec_module(module))
    except SubjectError:
        del sys.modules[found.name]
        raise
    return module


def beside(path: Path) -> list[str]:
    """The files of Python in the same folder."""
    return [str(each) for each in path.parent.glob("*.py")]


def attempt(what: str, action: Any) -> Any:
    """Run somebody's code; whatever it raises becomes one line."""
    try:
        return action()
    except (Exception, SystemExit) as error:
        raise SubjectError(f"{what}: does not import: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """An exception's name and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


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
    found = attempt(given, registered[given].load) if given in registered else load(given)
    if not isinstance(found, ModuleType):
        if not callable(found):
            raise SubjectError(f"{given}: got {type(found).__name__}; wanted a function")
        return [found]
    own = [value for value in vars(found).values() if is_declared_in(found, value)]
    if not own:
        raise SubjectError(f"{given}: it declares no formula; wanted a function under @gaugeblock.formula(...)")
    return own


def is_declared_in(module: ModuleType, value: Any) -> bool:
    """Whether a value is a function that was declared to be a formula in a module."""
    return declaration_of(value) is not None and getattr(value, "__module__", None) == module.__name__
