"""Several equations of a jaxpr that are one function, whose bound uses what one of them by itself does not tell."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic import correlated
from ..arithmetic.bounded import Bounded
from . import lax

Equations = dict[int, Any]  # by the result that they define

SPREADING = "broadcast_in_dim", "reshape"


def source(atom: Any, defined: Equations, passed: tuple[str, ...] = SPREADING) -> Any:
    """The equation that made a number, before what only spreads it."""
    found = defined.get(id(atom))
    while found is not None and found.primitive.name in passed:
        found = defined.get(id(found.invars[0]))
    return found


def is_made_by(equation: Any, name: str) -> bool:
    return equation is not None and equation.primitive.name == name


def extreme_of(equation: Any, defined: Equations) -> tuple[Any, int] | None:
    """Where a number is compared with a maximum, or minimum, of it: what made that, and the number among its operands.

    Gradients ask so which number was chosen. It is the same number then, whatever its rounding errors are.
    """
    if equation.primitive.name != "eq":
        return None
    for number, other in (equation.invars, equation.invars[::-1]):
        found = source(other, defined)
        if found is not None and found.primitive.name in lax.EXTREMES:
            places = [place for place, each in enumerate(found.invars) if each is number]
            if places:
                return found, places[0]
    return None


def softmax_of(equation: Any, defined: Equations) -> tuple[Any, tuple[int, ...]] | None:
    """Where exp(x - max x) is divided by its sum: x, and along which axes."""
    if equation.primitive.name != "div":
        return None
    exponential: Any = defined.get(id(equation.invars[0]))
    total = source(equation.invars[1], defined)
    if not is_made_by(exponential, "exp") or not is_made_by(total, "reduce_sum"):
        return None
    shift: Any = defined.get(id(exponential.invars[0]))
    if total.invars[0] is not equation.invars[0] or not is_made_by(shift, "sub"):
        return None
    x, subtracted = shift.invars
    most: Any = source(subtracted, defined, (*SPREADING, "stop_gradient"))
    if is_made_by(most, "max") and getattr(most.invars[0], "val", None) == -np.inf:
        most = defined.get(id(most.invars[1]))
    if not is_made_by(most, "reduce_max") or most.invars[0] is not x or most.params["axes"] != total.params["axes"]:
        return None
    return x, tuple(int(axis) for axis in most.params["axes"])


def logaddexp_of(equation: Any, defined: Equations) -> Any:
    """Where max(x, y) and log1p(exp(-abs(x - y))) are added: x and y."""
    if equation.primitive.name != "add":
        return None
    most, found = (source(each, defined, ()) for each in equation.invars)
    for name in ("log1p", "exp", "neg", "abs"):
        if not is_made_by(found, name):
            return None
        found = source(found.invars[0], defined, ())
    is_it = is_made_by(most, "max") and is_made_by(found, "sub") and found.invars == most.invars
    return most.invars if is_it else None


def with_softplus(found: Any, pattern: Any, read: Callable[[Any], Any], xp: Any) -> Any:
    """What the equations give; of x and 0 the softplus, whose bound is that of log1p(exp(x)) too."""
    if pattern is None or not isinstance(found, Bounded):
        return found
    x, y = map(read, pattern)
    return xp.softplus(x) if isinstance(y, float) and y == 0 else found


def narrowed(found: Any, pattern: tuple[Any, tuple[int, ...]] | None, read: Callable[[Any], Any]) -> Any:
    """What the equations give, with the bound of the function that they are, if they are it."""
    if pattern is None or not isinstance(found, Bounded):
        return found
    whole = correlated.softmax(read(pattern[0]), pattern[1])
    if whole.shape != found.shape or not np.allclose(whole.value, found.value, rtol=1e-12, atol=0, equal_nan=True):
        return found
    return correlated.narrower(found, whole.error)
