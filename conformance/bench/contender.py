"""Something that computes a formula, and how it is called."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from ...backends import how_to_add


class Contender(NamedTuple):
    """Something that computes the formula.

    ``call()`` is one call, finished when it returns. ``arguments()`` is what the next call will be given, in the arrays
    of `backend`, and ``result(returned)`` what the formula's result is. The floor has no backend.
    """

    name: str
    call: Callable[[], Any]
    backend: Any = None
    arguments: Callable[[], tuple[Any, ...]] = tuple
    result: Callable[[Any], Any] = lambda returned: returned


class Kept:
    """A formula with a state where each step goes on from the one before, and may write over it."""

    def __init__(self, step: Callable[..., Any], theta: Any, grad: Any, state: Any) -> None:
        self.step, self.theta, self.grad, self.state = step, theta, grad, state

    def __call__(self) -> None:
        self.theta, self.state = self.step(self.theta, self.grad, self.state)

    def arguments(self) -> tuple[Any, ...]:
        return self.theta, self.grad, self.state

    def contender(self, name: str, backend: Any) -> Contender:
        return Contender(name, self, backend, self.arguments, lambda _: (self.theta, self.state))


def finished(backend: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, waiting for its result: JAX would return before that is there."""
    if backend != "jax":
        return function
    ready = importlib.import_module("jax").block_until_ready
    return lambda *arguments: ready(function(*arguments))


def label(*words: str) -> str:
    """What the tables call a contender: the library and what it is run as."""
    return ", ".join(filter(None, words))


def missing(name: str, error: ImportError) -> str:
    """Why a peer cannot be measured: itself, or the backend that it takes arrays of."""
    error = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    reason = f"{error.name} is not installed" if isinstance(error, ModuleNotFoundError) else str(error).splitlines()[0]
    return f"{name}: {reason}; {how_to_add('libraries')}"


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The function of each array of a list, of a state, or of the one that there is."""
    if isinstance(tree, tuple):
        return type(tree)(*(mapped(function, part) for part in tree))
    if isinstance(tree, list):
        return [function(each) for each in tree]
    return tree if isinstance(tree, int | float) else function(tree)


def leaves(tree: Any) -> list[Any]:
    """The arrays of a list, or the one that there is."""
    return tree if isinstance(tree, list) else [tree]


def copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with copies of what a step may write over: all but the gradient."""
    theta, grad, state = arguments
    return mapped(lambda array: array.copy(), theta), grad, mapped(lambda array: array.copy(), state)
