"""The gauge for neural-network arithmetic.

The formulas are here on the backend that the environment variable ``GAUGEBLOCK_BACKEND`` names
(``numpy`` if it names none), as in ``import gaugeblock as gb; gb.softmax(x)``. ``gaugeblock.backends``
has the others, ``gaugeblock.conformance`` judges an implementation, ``gaugeblock.spec`` holds the pages.

Importing this module imports nothing but itself. The first use of a name imports what the name needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import backends as backends
    from . import conformance as conformance
    from . import reference as reference
    from . import spec as spec
    from .backends._formulas import *  # noqa: F403
    from .reference import FORMULAS as FORMULAS
    from .reference import AdamState as AdamState
    from .reference import SGDState as SGDState
    from .reference.declaration import formula as formula

    backend: backends.Backend

__version__ = "0.21.0"

# Where each name is that is neither a formula nor the backend.
PLACES = dict.fromkeys(("FORMULAS", "AdamState", "SGDState"), "reference") | {"formula": "reference.declaration"}
PACKAGES = ("backends", "conformance", "reference", "spec")


def _named(name: str) -> Any:
    """Import what a name needs, at its first use."""
    if name in PACKAGES:
        return import_module(f".{name}", __name__)
    if name in PLACES:
        globals()[name] = getattr(import_module(f".{PLACES[name]}", __name__), name)
        return globals()[name]
    # Python asks modules for names with underscores on its own account.
    if name.startswith("_") or name not in ("backend", *_named("FORMULAS")):
        from .names import did_you_mean

        near = "" if name.startswith("_") else did_you_mean(name, __dir__())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{near}")
    import os

    try:
        backend = _named("backends").load(os.environ.get("GAUGEBLOCK_BACKEND") or "numpy")
    except ValueError as error:
        raise ValueError(f"GAUGEBLOCK_BACKEND: {str(error).removeprefix('backend: ')}") from None
    globals().update({formula: getattr(backend, formula) for formula in _named("FORMULAS")}, backend=backend)
    return globals()[name]


if not TYPE_CHECKING:  # for which a name that there is not is an error
    __getattr__ = _named


def __dir__() -> list[str]:
    """The names that there are, used or not."""
    return sorted({*globals(), *PACKAGES, *PLACES, "backend", *_named("FORMULAS")})
