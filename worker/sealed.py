"""A subject that is judged sealed cannot import gaugeblock's own formulas and judge, and hand its work to them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import gaugeblock

FORBIDDEN = tuple(
    f"{gaugeblock.__name__}.{part}" for part in ("backends", "conformance", "reference", "spec", "worker")
)


def is_forbidden(name: str) -> bool:
    """Whether a module is one of the package's own formulas or of the judge."""
    return name in FORBIDDEN or name.startswith(tuple(f"{each}." for each in FORBIDDEN))


class Seal:
    """A finder that refuses these modules from now on, and keeps what the worker has loaded of them out of sight."""

    def __init__(self) -> None:
        for state in gaugeblock.reference.STATES.values():
            getattr(gaugeblock, state.__name__)  # loaded, so that it stays
        self.modules: dict[str, ModuleType] = {}
        self.names: dict[str, Any] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse a module."""
        if is_forbidden(name):
            raise ImportError(f"{name} is not there for a subject that is judged sealed")

    def close(self) -> None:
        """Refuse them, and take away what is loaded."""
        self.modules = {name: sys.modules.pop(name) for name in [*sys.modules] if is_forbidden(name)}
        own = vars(gaugeblock)
        self.names = {name: own[name] for name in [*own] if f"{gaugeblock.__name__}.{name}" in FORBIDDEN}
        self.names |= {"__getattr__": own["__getattr__"]}
        for name in self.names:
            delattr(gaugeblock, name)
        sys.meta_path.insert(0, self)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """A library's adapter is loaded meanwhile."""
        sys.meta_path.remove(self)
        sys.modules.update(self.modules)
        for name, value in self.names.items():
            setattr(gaugeblock, name, value)
        try:
            yield
        finally:
            self.close()
