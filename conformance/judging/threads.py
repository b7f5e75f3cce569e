"""Several waits at once: where what is waited for is another process, threads cost nothing."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SEATS = threading.BoundedSemaphore(max(CORES, 2))  # how many dtypes of subjects are judged at a time
SWITCH = 2e-4  # seconds after which a thread that computes lets another go on: that which has an answer


def at_once(function: Callable[[T], R], values: Iterable[T]) -> Iterator[tuple[int, R]]:
    """Yield the results of a function of some values as they come, each with the number of its value.

    Each is found by a thread of its own. What it raises is raised here. The threads end with this process, so that a
    signal ends it at once.
    """
    found: SimpleQueue[tuple[int, R | BaseException]] = SimpleQueue()

    def work(number: int, value: T) -> None:
        try:
            found.put((number, function(value)))
        except BaseException as error:
            found.put((number, error))

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(values)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            number, result = found.get()
            if isinstance(result, BaseException):
                raise result
            yield number, result
    finally:
        sys.setswitchinterval(interval)
