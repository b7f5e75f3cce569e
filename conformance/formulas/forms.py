"""Admitted forms: other right ways to write a formula, as its page lists them.

Each is a short function against the Array API standard, called as the formula is, and encloses the same
definition. The tolerance is the largest of the running bounds of the reference and of its forms.
"""

import inspect
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.arguments import rounded, wide
from ..arithmetic.rounding import isdtype
from . import Formula

Array = Any


# Not each rounded in half precision: what leaves the roundings of a whole row at one number, or what each term of a
# long sum loses by underflow. The bound would judge nothing there.
WHOLE_ROWS = "through_maximum", "through_quotient", "online"


def admitted(formula: Formula, dtype: np.dtype[Any]) -> dict[str, Callable[..., Any]]:
    """The admitted forms of a formula in a dtype, by name."""
    if dtype.itemsize >= 4 or formula.state:  # a step knows about half precision itself
        return dict(formula.forms)
    return {name: in_float32(form) for name, form in formula.forms.items()} | each_rounded(formula, dtype)


def each_rounded(formula: Formula, dtype: np.dtype[Any]) -> dict[str, Callable[..., Any]]:
    """Those of which operations are rounded to half precision by themselves: each, unless the formula says which."""
    if dtype.itemsize >= 4 or formula.state:
        return {}
    if formula.half == "once" or not takes_namespace(formula.function):
        return dict(formula.half_forms)
    native = {
        f"{name} + in_half": in_half(form) if takes_namespace(form) else form
        for name, form in formula.forms.items()
        if name not in WHOLE_ROWS
    }
    return {"in_half": in_half(formula.function)} | native


def takes_namespace(function: Callable[..., Any]) -> bool:
    """Whether a function can be given a namespace, in which casts to float32 are left out."""
    return "xp" in inspect.signature(function).parameters


def in_half(function: Callable[..., Array]) -> Callable[..., Array]:
    """Each operation rounded to the half precision of the inputs, where the reference rounds its result alone."""

    def form(*arguments: Array, **options: Any) -> Array:
        return function(*arguments, **options, xp=without_casts(array_namespace(real(arguments))))

    return form


def real(arguments: tuple[Array, ...]) -> Array:
    """The last argument that is an array of real numbers, neither an index nor a mask."""
    return next(each for each in reversed(arguments) if isdtype(each.dtype, "real floating"))


@lru_cache
def without_casts(xp: Any) -> Any:
    """A namespace in which what is floating point stays in its dtype."""

    def astype(x: Array, dtype: Any, /) -> Array:
        return x if isdtype(x.dtype, "real floating") else xp.astype(x, dtype)

    native = types.ModuleType(f"{xp.__name__}_without_casts")
    vars(native).update(vars(xp) | {"astype": astype})
    return native


def in_float32(form: Callable[..., Any]) -> Callable[..., Any]:
    """A form on arrays of half precision: computed in float32, its results rounded once."""

    def wrapped(*arguments: Array, **options: Any) -> Any:
        xp, dtype = array_namespace(real(arguments)), real(arguments).dtype
        result = form(*(wide(each, xp) if each.dtype == dtype else each for each in arguments), **options)
        results = [rounded(each, dtype, xp) for each in (result if isinstance(result, tuple) else (result,))]
        return tuple(results) if isinstance(result, tuple) else results[0]

    return wrapped
