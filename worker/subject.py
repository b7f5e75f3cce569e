"""A subject where it runs: the object, the library whose arrays it takes, and what it says about itself."""

import contextlib
import inspect
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any

from .. import backends
from ..names import STEP, meant, misspelt, nearest
from . import foreign
from .adapters import function_of
from .loading import SubjectError, load
from .places import defined_at
from .sealed import Seal


class Loaded:
    """A subject that is in this process.

    Parameters
    ----------
    given : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself.
    device : str, optional
        Where it is judged; by default where it says.
    seal : Seal, optional
        Closed before the subject is loaded, unless it is a backend of gaugeblock's own.

    Raises
    ------
    SubjectError
        It does not load, or its library is not there.
    """

    def __init__(self, given: Any, device: str | None = None, seal: Seal | None = None) -> None:
        if seal is not None and given not in backends.NAMES:
            seal.close()
        self.object = load(given) if isinstance(given, str) else given
        if isinstance(given, str) and inspect.isroutine(getattr(self.object, "__wrapped__", self.object)):
            raise SubjectError(f"{given}: it is a function; wanted the file.py or package.module:object that has it")
        self.name = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
        self.is_backend = hasattr(self.object, "to_numpy")
        declared = self.object.name if self.is_backend else getattr(self.object, "backend", "numpy")
        self.device = device or getattr(self.object, "device", None)
        try:
            with seal.opened() if seal is not None and seal.modules else contextlib.nullcontext():
                self.backend: Any = backends.load(declared, device=self.device)
        except (ImportError, TypeError, ValueError) as error:
            raise SubjectError(f"{self.name}: {error}") from None
        if hasattr(self.object, "to_library") or hasattr(self.object, "from_library"):
            self.backend = foreign.backend_of(self.object)
        self.layouts = getattr(self.object, "layouts", self.backend.layouts)
        self.found: dict[str, dict[str, Any]] = {}  # what was asked for before, by name
        self.latest = ""

    def functions(self, name: str) -> dict[str, Any]:
        """The subject's function of that name, and its variants, by the suffix that their cases get."""
        if name not in self.found:
            self.found[name] = self.find(name)
        if name != self.latest and hasattr(self.backend, "forget"):
            self.backend.forget()
        self.latest = name
        return self.found[name]

    def find(self, name: str) -> dict[str, Any]:
        """The function and its variants, as the subject has them now."""
        variants = {"": self.object} | {f"_{key}": value for key, value in getattr(self.object, "variants", {}).items()}
        found = {suffix: function_of(namespace, name) for suffix, namespace in variants.items()}
        return {suffix: function for suffix, function in found.items() if function is not None}

    def near(self, names: Collection[str], offered: Collection[str]) -> dict[str, str]:
        """Its callables that have nearly the name of a function which it lacks, each with that name."""
        if self.is_backend:
            return {}
        every = {*names, *(name.removesuffix(STEP) for name in names)}
        others = [each for each in dir(self.object) if not each.startswith("_") and each not in every]
        found = {each: misspelt(each, every) for each in others}
        if not any(found.values()) and not offered:  # nothing else is to be judged
            found = {each: nearest(each, tuple(every)) for each in others}
        missing = {each: name for each, name in found.items() if name and meant(name, names) not in offered}
        return {each: name for each, name in missing.items() if callable(getattr(self.object, each, None))}

    @contextlib.contextmanager
    def settings(self, dtype: str) -> Iterator[None]:
        """The settings in which it is judged; the precision of products is set for a backend's formulas alone."""
        own: AbstractContextManager[Any] = getattr(self.object, "full_precision", contextlib.nullcontext)()
        with self.backend.settings(dtype), own:
            yield

    def description(self, names: Collection[str]) -> dict[str, Any]:
        """What it has of some functions, and what it says about itself."""
        dtypes = getattr(self.object, "dtypes", self.backend.dtypes)
        offered = {name: found for name in names if (found := self.functions(name))}
        return {
            "functions": {name: list(found) for name, found in offered.items()},
            "near": self.near(names, offered),
            "places": {name: defined_at(next(iter(found.values()))) for name, found in offered.items()},
            "is_class": inspect.isclass(self.object) and any(map(takes_self, vars(self.object).values())),
            "dtypes": list(dtypes) if isinstance(dtypes, list | tuple) else dtypes,
            "declares_dtypes": hasattr(self.object, "dtypes") and not self.is_backend,
            "subnormals": getattr(self.object, "subnormals", self.backend.subnormals),
            "precision": getattr(self.object, "precision", "full"),
            "rounding": getattr(self.object, "rounding", "nearest"),
            "threads": getattr(self.object, "threads", True),
            "layouts": list(self.layouts),
            "device": self.device,
            "backend": self.backend.name,
            "shows_memory": getattr(self.backend, "shows_memory", lambda: True)(),
            "versions": self.backend.versions(),
        }


def takes_self(function: Any) -> bool:
    """Whether the first parameter of a function is the instance that it is called on; not so of Python's own names."""
    if getattr(function, "__name__", "__").startswith("__"):
        return False
    return inspect.isfunction(function) and next(iter(inspect.signature(function).parameters), "") == "self"
