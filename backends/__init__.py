"""Where the formulas run: a module for each library, all with the same names.

A backend has

- the formulas, bound to the library (`bind`), by their names in ``gaugeblock.reference``;
- ``name``; ``dtypes``: those that it is judged in; ``subnormals``: 'gradual', or 'flush' where they count as 0;
- ``asarray(array, device=None)``: a NumPy array as one of the library's, and ``to_numpy(array)`` back;
- ``shares_memory(a, b)``: whether two of the library's arrays do;
- ``computed(results)``, where arrays are computed late: a dictionary of results, computed now;
- ``variants``, where there are any: by name, the formulas in another way of running them, such as under jit;
- ``layouts``: by name, functions that return an array's equal in another memory layout;
- ``settings(dtype)``: a context manager: the library's global settings under which that dtype is judged;
- ``full_precision()``, where global flags of the library make products less precise: a context manager that sets them
  for the backend's own formulas; what somebody else's subject is judged under is up to that;
- ``versions()``: names and versions of what computes, for a report.

Importing a backend imports its library and no other, and changes no setting of it.
"""

import functools
import importlib
import pkgutil
import types
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))


def bind(function: F, xp: Any) -> F:
    """Return `function` with its namespace given, which saves asking the arrays for it.

    It is the same code with another default: by its code PyTorch's compiler tells functions apart, but not partials.
    """
    given: Any = function
    bound: Any = types.FunctionType(given.__code__, given.__globals__, argdefs=given.__defaults__)
    bound.__kwdefaults__ = {**given.__kwdefaults__, "xp": xp}
    return cast(F, functools.update_wrapper(bound, given))


def load(name: str, device: str | None = None) -> Any:
    """Return the backend `name`, whose `asarray` puts arrays on `device`.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    device : str, optional
        A device of the library ('cpu', 'cuda', 'cuda:1', 'gpu'); by default the library's own choice.

    Returns
    -------
    module, or a namespace with the same names

    Raises
    ------
    ValueError
        A name or a device that is unknown.
    ImportError
        A library that is missing; the message says which extra installs it.
    """
    if name not in NAMES:
        raise ValueError(f"backend: got {name!r}; wanted one of {', '.join(NAMES)}")
    try:
        backend = importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"backend {name}: {error.name} is not installed; `pip install 'gaugeblock[{name}]'` adds it"
        ) from error
    if device is None:
        return backend
    bound = types.SimpleNamespace(**vars(backend))
    bound.asarray = functools.partial(backend.asarray, device=device)
    bound.asarray(0.0)  # raises ValueError for a device that there is not
    return bound
