"""Mutants: wrong implementations, kept to test the suite and to name a mistake when a subject makes it.

There is a module for each formula. A mutant is a function on NumPy arrays whose name is the formula's function, two
underscores and what is wrong: ``softmax__base_2``. `breaks` ties it to the requirement that it breaks.
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    """A wrong implementation of `function`."""

    name: str
    function: str  # the name that it goes by in a subject
    requirement: str  # the label that it breaks
    words: str  # what is wrong, as a diagnosis says it
    source: str  # where it happened to somebody, or who publishes it
    call: Callable[..., Any]


def breaks(requirement: str, words: str, source: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as a mutant that breaks `requirement`; `words` complete 'most likely: ...'."""

    def mark(call: Callable[..., Any]) -> Callable[..., Any]:
        function, _, _ = call.__name__.partition("__")
        call.mutant = Mutant(call.__name__, function, requirement, words, source, call)  # type: ignore[attr-defined]
        return call

    return mark


def mutants(formula: str) -> list[Mutant]:
    """The mutants of a formula, in the order of their module."""
    module = importlib.import_module(f"{__name__}.{formula}")
    return [value.mutant for value in vars(module).values() if hasattr(value, "mutant")]
