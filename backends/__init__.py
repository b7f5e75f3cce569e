"""Where the formulas run: a module for each library, all with the same names.

A backend has

- the formulas, by their names in ``gaugeblock.reference``: native kernels (`native`), and the reference bound to the
  library for all others (`bind_all`);
- ``name``; ``dtypes``: those that it is judged in; ``subnormals``: 'gradual', or 'flush' where they count as 0;
- ``asarray(array, device=None)``: a NumPy array as one of the library's, and ``to_numpy(array)`` back;
- ``shares_memory(a, b)``: whether two of the library's arrays do;
- ``computed(results)``, where arrays are computed late: a dictionary of results, computed now;
- ``variants``, where there are any: by name, the formulas in another way of running them, such as under jit;
- ``layouts``: by name, functions that return an array's equal in another memory layout;
- ``forget()``, where there is any: frees what the library has compiled, once another formula is judged;
- ``settings(dtype)``: a context manager: the library's global settings under which that dtype is judged;
- ``full_precision()``, where global flags of the library make products less precise: a context manager that sets them
  for the backend's own formulas; what somebody else's subject is judged under is up to that;
- ``versions()``: names and versions of what computes, for a report.

Importing a backend imports its library and no other, and changes no setting of it.
"""

import functools
import importlib
import inspect
import pkgutil
import re
import types
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from .. import reference
from ..names import no_attribute, wanted
from . import _formulas

F = TypeVar("F", bound=Callable[..., Any])

NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
NAMESPACE = re.compile(r"^xp : namespace.*\n    .*\n", re.M)
REFERENCES = "\n\nReferences\n----------\n"
NOTES = "\n\nNotes\n-----\n"


class Backend(_formulas.Formulas, Protocol):
    """What a type checker knows of a backend: the formulas, and the names above that every backend has."""

    name: str
    subnormals: str
    layouts: dict[str, Any]

    @property
    def dtypes(self) -> tuple[str, ...]: ...
    def asarray(self, array: Any, device: str | None = None) -> Any: ...
    def to_numpy(self, array: Any) -> Any: ...
    def shares_memory(self, a: Any, b: Any) -> bool: ...
    def settings(self, dtype: str) -> AbstractContextManager[Any]: ...
    def versions(self) -> dict[str, str]: ...


def bind(function: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    """Return `function` with its namespace given, which saves asking the arrays for it.

    Each has code of its own, by which PyTorch's compiler tells functions apart.
    """

    def bound(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, xp=xp, **options)

    bound.__code__ = bound.__code__.replace(co_name=function.__name__)
    functools.update_wrapper(bound, function).__doc__ = documentation(function)
    signature = inspect.signature(function)
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "xp"]
    bound.__signature__ = signature.replace(parameters=given)  # type: ignore[attr-defined]
    return bound


def bind_all(names: dict[str, Any], xp: Any, wrap: Callable[[F], F] = lambda function: function) -> None:
    """Add to a backend's names every formula of the reference that it does not define, bound to its namespace.

    `wrap` is given each bound function, and returns what is added.
    """
    for name in reference.FORMULAS:
        if name not in names:
            names[name] = wrap(cast(F, bind(getattr(reference, name), xp)))
    names["__getattr__"] = functools.partial(no_attribute, names)


def native(typed: F) -> Callable[[Callable[..., Any]], F]:
    """Make a function a backend's own kernel for a formula: it gets the reference's declaration and docstring.

    Its own docstring, which says what differs, becomes a note. `typed` is the formula's signature in `_formulas`.
    """

    def declare(function: Any) -> F:
        formula = getattr(reference, typed.__name__)
        function.__doc__ = documentation(formula, function.__doc__)
        function.__formula__ = formula.__formula__
        return cast(F, function)

    return declare


def documentation(formula: Callable[..., Any], note: str | None = None) -> str | None:
    """The docstring of a formula on a backend: the reference's less the namespace, and a note."""
    text = inspect.getdoc(formula)
    if text is None or note is None:  # `python -OO` leaves none
        return text and NAMESPACE.sub("", text)
    body, references, sources = NAMESPACE.sub("", text).partition(REFERENCES)
    return body + ("\n\n" if NOTES in body else NOTES) + inspect.cleandoc(note) + references + sources


def how_to_add(extra: str) -> str:
    """The end of a message about a library that is missing: no package index has gaugeblock, so what a clone takes."""
    return f"`pip install '.[{extra}]'` in a clone of gaugeblock adds it"


def load(name: str, device: str | None = None) -> Backend:
    """Return a backend by its name: a module, or a namespace, with all formulas for one array library.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    device : str, optional
        The device that its `asarray` puts arrays on ('cpu', 'cuda', 'cuda:1', 'gpu'); by default the library's choice.

    Returns
    -------
    module, or a namespace with the same names

    Raises
    ------
    ValueError
        An unknown name or device.
    ImportError
        The library is not installed; the message says how to install it.

    Examples
    --------
    >>> import numpy as np
    >>> load("numpy").relu(np.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if name not in NAMES:
        raise ValueError(f"backend: got {name!r}{wanted(str(name), NAMES)}")
    try:
        backend: Any = importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise ImportError(f"backend {name}: {error.name} is not installed; {how_to_add(name)}") from error
    if device is None:
        return cast(Backend, backend)
    bound: Any = types.SimpleNamespace(**vars(backend))
    bound.asarray = functools.partial(backend.asarray, device=device)
    bound.asarray(0.0)  # raises ValueError for a device that there is not
    return cast(Backend, bound)


if not TYPE_CHECKING:  # for which a name that there is not is an error

    def __getattr__(name: str) -> Any:
        """Raise AttributeError for a backend that is not imported, or that there is not."""
        if name in NAMES:
            raise AttributeError(f"{__name__}.{name} is not imported; write `import {__name__}.{name}`")
        return no_attribute(globals() | dict.fromkeys(NAMES), name)
