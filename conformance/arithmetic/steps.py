"""Which step of a run makes its bound too wide: the operation, its input's size, and how much wider it gets.

The run is made again and watched from outside: each function of the arithmetic that a formula calls is a step.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from .bounded import Bounded
from .first_order import following

HERE = str(Path(__file__).parent)


class Step(NamedTuple):
    """An operation and the relative width of its bound: the largest error over the largest value."""

    name: str
    size: int
    before: float
    after: float

    @property
    def factor(self) -> float:
        return self.after / self.before


def widest(run: Callable[[], Any]) -> Step | None:
    """The step that makes the bound infinite, or else the one that widens it most."""
    steps = [each for each in watched(run) if each.before < np.inf]
    return max(steps, key=lambda step: step.factor, default=None)


def watched(run: Callable[[], Any]) -> list[Step]:
    """The steps of a run."""
    steps: list[Step] = []

    def on_event(frame: FrameType, event: str, result: Any) -> None:
        if event == "return" and isinstance(result, Bounded) and is_step(frame):
            inputs = list(arrays_in(frame.f_locals.values()))
            if inputs:
                before = max(max(map(width, inputs)), result.model.unit)
                steps.append(Step(name_of(frame), max(each.value.size for each in inputs), before, width(result)))

    known = sys.getprofile()
    sys.setprofile(on_event)
    try:
        with following(False):
            run()
    finally:
        sys.setprofile(known)
    return steps


def is_step(frame: FrameType) -> bool:
    """Whether a function of this folder was called from outside of it."""
    caller = frame.f_back
    return (
        caller is not None
        and frame.f_code.co_filename.startswith(HERE)
        and not caller.f_code.co_filename.startswith(HERE)
    )


def name_of(frame: FrameType) -> str:
    """What an operation is called: by its own name, or by that of NumPy's function or of the function that it wraps."""
    given = frame.f_locals
    if frame.f_code.co_name.startswith("__array_"):  # ufunc__ and function__
        return str(given["name"])
    wrapped = (given.get(name) for name in frame.f_code.co_freevars)
    inner = next((each.__name__ for each in wrapped if callable(each) and hasattr(each, "__name__")), None)
    own = getattr(given.get("self"), "name", None) if frame.f_code.co_name == "__call__" else None
    return own or inner or frame.f_code.co_name.strip("_")


def arrays_in(values: Any) -> Iterator[Bounded]:
    """The arrays among some values, in lists too."""
    for value in values:
        if isinstance(value, Bounded):
            yield value
        elif isinstance(value, list | tuple):
            yield from arrays_in(value)


def width(x: Bounded) -> float:
    """The largest error over the largest value, where that is 0 over the smallest normal number."""
    largest = float(np.max(np.abs(x.value[np.isfinite(x.value)]), initial=x.model.smallest_normal))
    return float(np.max(x.error, initial=0.0)) / largest
