"""What one thread does at a time: the exact arithmetic has one precision for all, and what is known is found once."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LOCK = threading.RLock()


def alone(function: Callable[P, R]) -> Callable[P, R]:
    """The function, run by one thread at a time."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        with LOCK:
            return function(*arguments, **options)

    return run
