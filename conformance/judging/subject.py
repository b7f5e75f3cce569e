"""What is judged: an object that has some of the formulas by name."""

import contextlib
import copy
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ... import backends, reference
from ...spec import did_you_mean
from ..arithmetic.rounding import HALF, MODELS, PRECISIONS


class SubjectError(ValueError):
    """A subject that could not be loaded, or says something about itself that makes no sense."""


class Subject:
    """A subject, with the backend whose arrays it takes.

    Parameters
    ----------
    given : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself.
    device : str, optional
        The device on which it is judged.

    Raises
    ------
    SubjectError
        It is not there, does not load, has no formula, or declares what there is not.
    """

    def __init__(self, given: Any, device: str | None = None) -> None:
        self.object = load(given) if isinstance(given, str) else given
        self.name = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
        is_backend = hasattr(self.object, "to_numpy")
        declared = self.object.name if is_backend else getattr(self.object, "backend", "numpy")
        self.device = device or getattr(self.object, "device", None)
        try:
            self.backend = backends.load(declared, device=self.device)
        except (ImportError, ValueError) as error:
            raise SubjectError(f"{self.name}: {error}") from None
        dtypes = getattr(self.object, "dtypes", self.backend.dtypes)
        self.dtypes = (dtypes,) if isinstance(dtypes, str) else tuple(dtypes)
        # Half precision is judged where a subject declares it, or where it is asked for.
        declared = hasattr(self.object, "dtypes") and not is_backend
        self.usual_dtypes = self.dtypes if declared else tuple(d for d in self.dtypes if d not in HALF)
        self.subnormals = getattr(self.object, "subnormals", self.backend.subnormals)
        for dtype in self.dtypes:
            if dtype not in MODELS:
                raise SubjectError(f"{self.name}: dtypes: got {dtype!r}; wanted some of {', '.join(MODELS)}")
        if self.subnormals not in ("gradual", "flush"):
            raise SubjectError(f"{self.name}: subnormals: got {self.subnormals!r}; wanted 'gradual' or 'flush'")
        self.layouts = getattr(self.object, "layouts", self.backend.layouts)
        self.precision = getattr(self.object, "precision", "full")
        if self.precision not in PRECISIONS:
            raise SubjectError(f"{self.name}: precision: got {self.precision!r}; wanted one of {', '.join(PRECISIONS)}")
        if not any(self.functions(name) for name in reference.FORMULAS):
            raise SubjectError(f"{self.name}: it has none of the formulas; wanted a function named softmax, dense, ...")

    @contextlib.contextmanager
    def settings(self, dtype: str) -> Iterator[None]:
        """The settings in which it is judged; the precision of products is set for a backend's formulas alone."""
        with self.backend.settings(dtype), getattr(self.object, "full_precision", contextlib.nullcontext)():
            yield

    def declaring(self, precision: str) -> "Subject":
        """The same subject, as if it declared this precision."""
        other = copy.copy(self)
        other.precision = precision
        return other

    def functions(self, name: str) -> dict[str, Any]:
        """The subject's function of that name, and its variants, by the suffix that their cases get."""
        variants = {"": self.object} | {f"_{key}": value for key, value in getattr(self.object, "variants", {}).items()}
        found = {suffix: getattr(namespace, name, None) for suffix, namespace in variants.items()}
        return {suffix: function for suffix, function in found.items() if callable(function)}


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
    """The module in a file."""
    if not path.is_file():
        raise SubjectError(f"{path}: there is no such file{did_you_mean(str(path), beside(path))}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    attempt(str(path), lambda: loader.exec_module(module))
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
