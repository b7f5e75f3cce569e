"""The call that somebody asks about: its arrays where they can be computed with, and how accurate functions are."""

import math
from collections.abc import Callable, Mapping
from itertools import chain, repeat, zip_longest
from typing import Any

import numpy as np

from ... import backends
from ...names import did_you_mean
from ...reference.declaration import declaration_of
from ...reference.libraries import refuse_unfit
from ...reference.validation import NUMBERS, is_range
from ..arithmetic import functions, pairs
from ..arithmetic.device_arrays import Elsewhere, is_elsewhere
from ..arithmetic.rounding import MODELS
from ..formulas import Case, Formula, declared
from ..tracing import Traced, standard
from .blocks import converted

# The functions that an accuracy is assumed of.
KNOWN = ("exp", "log", "sqrt", "expm1", *functions.FUNCTIONS, "erfc", *pairs.SOURCES)


def call_of(formula: str | Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Case:
    """The call with its arrays as NumPy's, or where they are."""
    traced = standard(formula, arguments, options) if callable(formula) and not declaration_of(formula) else None
    if traced:
        return Case("", "", "", traced, traced.arrays, {})
    known = declared(formula)
    asked = Case("", "", "", known, *in_order(known, arguments, options))
    return with_arrays(asked._replace(arguments=converted(with_named_states(asked), converter(asked))))


def in_order(
    formula: Formula, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments and options: arrays that were given by keyword in their places, and without a last one that is None."""
    names, given, left = [*formula.arguments], [*arguments], dict(options)
    for name in names[len(given) :]:
        parameter = formula.python_signature.parameters[name]
        if name not in left or parameter.kind is parameter.POSITIONAL_ONLY:
            break
        given.append(left.pop(name))
    while 0 < len(given) <= len(names) and given[-1] is formula.parameters[names[len(given) - 1]] is None:
        given.pop()
    return tuple(given), left


def with_arrays(asked: Case) -> Case:
    """The call of one of gaugeblock's own formulas with arrays without axes for numbers in the place of arrays.

    Of anybody's formula such a number stays one, whose cast is an error too.
    """
    floating = [each.dtype for each in asked.arguments if hasattr(each, "dtype") and each.dtype.name in MODELS]
    if not asked.formula.is_own or not floating:
        return asked

    def made(value: Any, domain: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_array = isinstance(domain, str) and not is_range(domain) and domain not in NUMBERS
        return np.asarray(value, floating[0]) if is_number and is_array else value

    pairs = zip_longest(asked.arguments, asked.formula.domain[: len(asked.arguments)])
    return asked._replace(arguments=tuple(made(*pair) for pair in pairs))


def with_named_states(asked: Case) -> tuple[Any, ...]:
    """The arguments, in which a plain tuple that is the state of anybody's formula has the names of its parts."""
    formula = asked.formula
    if formula.is_own or not formula.state:
        return asked.arguments

    def with_names(state: Any) -> Any:
        is_plain = type(state) is tuple and len(state) == len(formula.state_names)
        return formula.state_of(dict(zip(formula.state_names, state, strict=True))) if is_plain else state

    named = zip(chain(formula.parameters, repeat("")), asked.arguments, strict=False)
    return tuple(with_names(value) if name == formula.state else value for name, value in named)


def converter(asked: Case) -> Callable[[Any], Any]:
    """How the arrays of a call are converted."""
    return where_it_is if asked.formula.is_own else on_the_host


def with_accuracy(asked: Case, accuracy: Mapping[str, float] | None) -> Case:
    """The call with the accuracies of functions; ValueError for what is no function, or no accuracy."""
    if not isinstance(accuracy, Mapping | None):
        raise TypeError(f"accuracy: got {accuracy!r}; wanted a dict such as {{'tanh': 10}}")
    for name, ulp in (accuracy or {}).items():
        if not isinstance(ulp, int | float) or not 0.5 <= ulp < math.inf:
            raise ValueError(f"accuracy: {name}: got {ulp!r}; wanted an error in ulp, 0.5 or more")
        own = isinstance(name, str) and isinstance(asked.formula, Traced) and asked.formula.has_operation(name)
        if name not in KNOWN and not own:
            meant = did_you_mean(str(name), KNOWN)
            raise ValueError(f"accuracy: got {name!r}; wanted a function such as {', '.join(KNOWN[:4])}{meant}")
    return asked._replace(accuracy=tuple(sorted((accuracy or {}).items())))


def where_it_is(array: Any) -> Any:
    """An array on a device that has float64 as it is; any other as NumPy's."""
    return Elsewhere(array) if is_elsewhere(array) else on_the_host(array)


def on_the_host(array: Any) -> np.ndarray:
    """An array of any library as NumPy's, in this machine's order of bytes."""
    refuse_unfit(array=array)
    found = np.asarray(backends.load("torch").to_numpy(array) if hasattr(array, "detach") else array)
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))
