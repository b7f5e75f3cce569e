"""Where a subject's code is: the line of a function, and the line on which it raised."""

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .text import plain

OWN = str(Path(__file__).parent.parent) + os.sep


def place(file: str, line: int) -> str:
    """A line of a file in the words that an editor knows; nothing for code of gaugeblock's own or of no file."""
    if file.startswith((OWN, "<")):
        return ""
    folder = os.getcwd() + os.sep
    return plain(f"{file.removeprefix(folder)}:{line}")


def defined_at(function: Callable[..., Any]) -> str:
    """The line on which a function is defined, or nothing where Python does not know."""
    code = code_of(function)
    return place(code.co_filename, code.co_firstlineno) if code else ""


def raised_at(error: BaseException, function: Callable[..., Any]) -> str:
    """The line of the subject on which an error was raised, in brackets: the innermost one in the function's own file.

    An error of the call itself, such as a keyword that it does not take, is that of the function's first line.
    """
    code, found, trace = code_of(function), "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        here = place(file, trace.tb_lineno)
        if here and (not found or (code and file == code.co_filename)):
            found = here
        trace = trace.tb_next
    found = found or defined_at(function)
    return f" ({found})" if found else ""


def code_of(function: Callable[..., Any]) -> Any:
    """The code of a function written in Python, whatever wraps it."""
    try:
        function = inspect.unwrap(function)
    except ValueError:  # it wraps itself
        return None
    return getattr(getattr(function, "__func__", function), "__code__", None)
