"""Somebody's code by its name: a backend, a file, or an object of a package."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from .. import backends
from ..names import did_you_mean
from .places import place
from .text import one_line

ADDED: list[str] = []  # what was put on Python's path here, for the code that was loaded and for no other


class SubjectError(ValueError):
    """Code that could not be loaded, or says something about itself that makes no sense."""


class MissingLibraryError(SubjectError):
    """A backend whose library is not installed."""


def split(given: str) -> tuple[str, str]:
    """The file or module that a string names, and the object in it, if it names one."""
    if given.endswith(".py"):
        return given, ""
    module, _, attribute = given.rpartition(":") if ".py:" in given else given.partition(":")
    return module, attribute


def load(given: str) -> Any:
    """The backend, file or importable object that a string names; SubjectError if there is none."""
    if given in backends.NAMES:
        try:
            return backends.load(given)
        except ImportError as error:
            raise MissingLibraryError(str(error)) from None
    module, attribute = split(given)
    if module.endswith(".py"):
        found = load_file(Path(module))
    else:
        search("")  # as `python -m` does, so that a package in this folder is found
        found = attempt(given, lambda: importlib.import_module(module))
    for name in filter(None, attribute.split(".")):
        inner = f"{module}.{name}"
        if not hasattr(found, name) and found is sys.modules.get(module) and has_module(inner):
            attempt(given, partial(importlib.import_module, inner))
        if not hasattr(found, name):
            raise SubjectError(f"{given}: {module} has no {attribute!r}{did_you_mean(name, dir(found))}")
        found = getattr(found, name)
    return found


def has_module(name: str) -> bool:
    """Whether a package has a module of that name, which nobody imported so far."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def load_file(path: Path) -> ModuleType:
    """The module in a file, loaded as Python does: it finds the modules beside it, and is found by its name."""
    folder, path = str(path.resolve().parent), path.resolve()
    there = getattr(sys.modules.get(path.stem), "__file__", None)
    is_free = path.stem not in sys.modules or there == str(path)
    spec = importlib.util.spec_from_file_location(path.stem if is_free else str(path), path)
    assert spec is not None
    assert spec.loader is not None
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    sys.modules[spec.name] = module
    search(folder)
    try:
        attempt(str(path), lambda: loader.exec_module(module))
    except SubjectError:
        sys.modules.pop(spec.name, None)
        raise
    return module


def search(folder: str) -> None:
    """Let Python look for modules in a folder first."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
        ADDED.append(folder)


def attempt(what: str, action: Callable[[], Any]) -> Any:
    """Run somebody's code; whatever it raises becomes one line."""
    try:
        return action()
    except (Exception, SystemExit) as error:
        wrong = f"{one_line(error)}{advice(what, error) or raised_in(error)}"
        raise SubjectError(f"{what}: does not import: {wrong}") from error


def raised_in(error: BaseException) -> str:
    """The line of somebody's code, in brackets, on which its import raised."""
    lines = (place(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__))
    found = next(filter(None, lines), "")
    return f" ({found})" if found else ""


def advice(what: str, error: BaseException) -> str:
    """How a file is named whose imports are relative to its package; nothing for another error."""
    if "attempted relative import" not in str(error) or not what.endswith(".py"):
        return ""
    folder, own = Path(what).parent, Path.cwd()
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    if folder == Path(what).parent:  # a package may lack that file
        folder = own
    try:
        package = Path(what).relative_to(folder).parent.parts
    except ValueError:
        return ""
    where = "" if folder == own else f", in the folder {folder}"
    return f"; name it in its package: {'.'.join(package)}:{Path(what).stem}{where}" if package else ""
