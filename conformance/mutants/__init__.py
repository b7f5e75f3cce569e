"""Mutants: wrong implementations, kept to test the suite and to name a mistake when a subject makes it.

There is a module for each formula. A mutant is a function on NumPy arrays whose name is the formula's function, two
underscores and what is wrong: ``softmax__base_2``. `breaks` ties it to the requirement that it breaks.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np


class Mutant(NamedTuple):
    """A wrong implementation of `function`."""

    name: str
    function: str  # the name that it goes by in a subject
    requirement: str  # the label that it breaks
    words: str  # what is wrong, as a diagnosis says it
    source: str  # where it happened to somebody, or who publishes it
    call: Callable[..., Any]
    half: bool = False  # whether it is wrong in float16 and bfloat16 only

    def in_dtype(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        """The mutant on arrays of `dtype`: in half precision, unless it is about that, computed in float32."""
        return self.call if self.half or dtype.itemsize >= 4 else in_float32(self.call)


def breaks(
    requirement: str, words: str, source: str = "", half: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as a mutant that breaks `requirement`; `words` complete 'most likely: ...'."""

    def mark(call: Callable[..., Any]) -> Callable[..., Any]:
        name = call.__name__
        call.mutant = Mutant(name, name.partition("__")[0], requirement, words, source, call, half)  # type: ignore[attr-defined]
        return call

    return mark


@cache
def in_float32(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays of half precision, by way of float32; a state has its own dtype, and keeps it."""

    def cast(value: Any, to: Any, when: Any) -> Any:
        return value.astype(to) if isinstance(value, np.ndarray | np.generic) and when(value.dtype) else value

    def called(*arguments: Any, **options: Any) -> Any:
        half = next(each.dtype for each in arguments if getattr(each, "dtype", np.dtype(int)).kind not in "biu")
        result = call(*(cast(value, np.float32, lambda dtype: dtype == half) for value in arguments), **options)
        if isinstance(result, tuple):
            return tuple(cast(value, half, lambda dtype: dtype == np.float32) for value in result)
        return cast(result, half, lambda dtype: dtype == np.float32)

    return called


def mutants(formula: str | Callable[..., Any]) -> list[Mutant]:
    """The mutants of a formula, in the order of their module; none of a formula that is not gaugeblock's own."""
    if not isinstance(formula, str):
        return []
    module = importlib.import_module(f"{__name__}.{formula}")
    return [value.mutant for value in vars(module).values() if hasattr(value, "mutant")]
