"""Everything that computes a formula, on one input, and the floor that none can go below."""

import importlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from ... import backends
from ..formulas.axes import result_axes
from . import floors, naive
from .contender import Contender, Kept, copied, finished, label, mapped, missing
from .optimizers import OPTIMIZERS
from .peers import peers
from .work import Work, inputs, letters_of


def contenders(work: Work, names: list[str]) -> Iterator[Contender | str]:
    """Yield what can be measured here of the backends `names` and of all else, or why something cannot.

    Some of those of a formula with a state write over what they are given.
    """
    arguments, formula = inputs(work), work.declared

    @cache
    def library(name: str) -> tuple[Any, ...]:
        """The arrays that the contenders of a library share."""
        return tuple(mapped(lambda array: backends.load(name).asarray(array), each) for each in arguments)

    def contender(name: str, backend: Any, function: Callable[..., Any]) -> Contender:
        given = library(backend.name)
        return Contender(name, partial(finished(backend.name, function), *given), backend, lambda: given)

    yield Contender("floor", floor(work, arguments))
    if hasattr(naive, work.formula):
        yield contender("naive", backends.load("numpy"), getattr(naive, work.formula))
    for name in names:
        backend = backends.load(name)
        for variant, namespace in getattr(backend, "variants", {"": backend}).items():
            function = getattr(namespace, formula.name)
            yield contender(label(f"gaugeblock.{name}", variant), backend, function)
            if formula.donation:
                step = finished(name, partial(function, **{formula.donation: True}))
                own = Kept(step, *(copied(library(name)) if name == "jax" else library(name)))
                yield own.contender(label(f"gaugeblock.{name}", variant, "donated"), backend)
    for name, peer in peers(names).items():
        if work.formula in peer.functions:
            try:
                function = peer.function(work.formula)
                if peer.backend == "jax" and peer.module != "keras":
                    function = importlib.import_module("jax").jit(function)
                yield contender(name, backends.load(peer.backend), function)
            except ImportError as error:
                yield missing(name, error)
    if work.formula in OPTIMIZERS:
        yield from OPTIMIZERS[work.formula](library)


def floor(work: Work, arguments: tuple[Any, ...]) -> floors.Floor:
    """What the formula cannot do without."""
    letters = set(letters_of(work.declared))
    reads = letters and not any(letters & set(axes) for axes in result_axes(work.declared).values())
    return getattr(floors, work.formula, floors.read if reads else floors.copy)(*arguments)
