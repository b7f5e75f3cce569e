"""The operations of a formula, each as it is done: on arrays of NumPy that hand every call over to somebody else.

The formula itself runs unchanged. An operation is known by the place in the source where it is called.
"""

import linecache
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .. import special

LIBRARIES = "numpy", "array_api_compat"  # whose own calls are no operations of the formula


class Operation(NamedTuple):
    """A function of the library that a formula calls at one place."""

    name: str  # as NumPy has it, such as 'sum' or 'add.reduce'
    text: str  # its source
    code: Any
    instruction: int


Calls = dict[Operation, dict[Any, tuple[Any, Any, Any]]]
Perform = Callable[[Operation, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def through(function: Callable[..., Any], perform: Perform) -> Callable[..., Any]:
    """A function whose operations are done by another one.

    Parameters
    ----------
    function : callable
        Of NumPy's arrays, by the operators or by a namespace.
    perform : callable
        Given the operation, the library's function, its arguments and its options; returns the result.
    """

    class Watched(np.ndarray):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
            name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            return done(name, getattr(ufunc, method), inputs, options)

        def __array_function__(self, called: Any, types: Any, inputs: Any, options: Any) -> Any:
            return done(called.__name__, called, inputs, options)

    def done(name: str, call: Any, inputs: Any, options: Any) -> Any:
        into = options.pop("out", None)
        result = perform(operation_of(name), call, plain(inputs), plain(options))
        if into is not None:  # as `x += y` has it
            (array,) = into if isinstance(into, tuple) else (into,)
            array.view(np.ndarray)[...] = result
            return array
        return seen(result)

    def seen(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(*map(seen, value)) if hasattr(value, "_fields") else type(value)(map(seen, value))
        return np.asarray(value).view(Watched) if isinstance(value, np.ndarray | np.generic) else value

    def run(*arguments: Any, **options: Any) -> Any:
        return plain(function(*seen(arguments), **options))

    return run


def watched(function: Callable[..., Any]) -> tuple[Callable[..., Any], Calls]:
    """A function, and what it will have called when it has run: one call for each rank of an operation's arguments."""
    seen: Calls = {}

    def watch(operation: Operation, called: Any, inputs: Any, options: Any) -> Any:
        seen.setdefault(operation, {}).setdefault(tuple(map(np.ndim, inputs)), (called, inputs, options))
        return called(*inputs, **options)

    return through(function, watch), seen


def plain(value: Any) -> Any:
    """A value with NumPy's own arrays in it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(*map(plain, value)) if hasattr(value, "_fields") else type(value)(map(plain, value))
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


def operation_of(name: str) -> Operation:
    """The operation that is being done."""
    frame: Any = sys._getframe(3)
    while is_library(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return Operation(name, source(frame.f_code, frame.f_lasti) or name, frame.f_code, frame.f_lasti)


def is_library(module: str) -> bool:
    """Whether a module only passes on what a formula calls."""
    return module == special.__name__ or module.partition(".")[0] in LIBRARIES


@lru_cache(maxsize=4096)
def source(code: Any, instruction: int) -> str:
    """The text of the expression to which an instruction belongs, in one line; nothing if it is unknown."""
    first, last, start, end = list(code.co_positions())[instruction // 2]
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first or 1, (last or 0) + 1)]
    if not lines or None in (start, end):
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return " ".join(b"".join(lines).decode().split())
