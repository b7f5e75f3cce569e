"""What a declaration may say: a check for each part, and one line that names the formula where it does not fit."""

import inspect
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .signature import AXIS, BATCH, Axes, axes_in, is_axes, is_fixed, leaves, letter_of, letters

# What an argument may be. A range, such as "[0, 1)", is that of a hyper-parameter.
DOMAINS = ("real", "logit", "weight", "probability", "nonnegative", "index", "mask", "count")
NUMBERS = ("count",)  # of which an argument is a Python number, as one of a range is
LIBRARIES = ("torch", "jax")
RANGE = re.compile(r"[\[(]\s*([^,\s]+)\s*,\s*([^,\s]+)\s*[\])]")


def signature_of(function: Any) -> inspect.Signature:
    """The parameters of a function, or of a module of PyTorch, whose call is its `forward`."""
    return inspect.signature(getattr(function, "forward", function))


def refuse_signature(signature: Any) -> None:
    """Raise TypeError for what is no signature, such as the function itself."""
    if not isinstance(signature, str):
        wanted = "a signature, such as @formula('(..., n) -> (..., n)') above a function"
        raise TypeError(f"formula: got {type(signature).__name__}; wanted {wanted}")


def refuse_function(declaration: Any) -> None:
    """Raise TypeError for a declaration of what is no function, or has no parameters that Python knows."""
    function = declaration.function
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise no_function(function)
    try:
        _ = declaration.python_signature
    except (TypeError, ValueError):
        raise no_function(function) from None


def no_function(function: Any) -> TypeError:
    """The error of what cannot be a formula."""
    got = f"{getattr(function, '__name__', function)!r:.40} ({type(function).__name__})"
    wanted = "a function that is defined in Python, with parameters of its own, and without async and yield"
    return TypeError(f"formula: got {got}; wanted {wanted}")


def refuse_misfit(declaration: Any) -> None:
    """Raise ValueError for the first part of a declaration that does not fit its function or the other parts."""
    for part, check in CHECKS.items():
        for words in check(declaration):
            raise ValueError(f"{declaration.name}: {part}: got {words}")


def of_signature(declaration: Any) -> Iterator[str]:
    """The signature beside the function's parameters."""
    signature, groups = declaration.signature, declaration.signature.arguments
    given = [each for each in declaration.python_signature.parameters.values() if each.name != "xp"]
    positional = [each for each in given if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    required = [each for each in positional if each.default is each.empty]
    for each in given:
        if each.kind is each.VAR_POSITIONAL:
            yield f"*{each.name}; wanted a parameter for each array"
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty:
            yield f"{each.name}, a keyword without a default; wanted one with a default, or an array before the *"
    if not len(required) <= len(groups) <= len(positional):
        yield f"{signature.text!r}; wanted {len(required)} groups before the arrow, one for each argument"
    if AXIS in declaration.parameters and letters(groups) <= {BATCH}:
        yield f"{signature.text!r} and a keyword {AXIS}; wanted a letter, such as (..., n), which it moves"
    elif AXIS in declaration.parameters and any(map(is_fixed, axes_in(groups))):
        yield f"{signature.text!r} and a keyword {AXIS}; wanted letters alone, of which it moves the last"
    before, after = ([group for group in side if not is_axes(group)] for side in (groups, signature.results))
    if len(before) > 1 or len(after) > 1 or not all(map(is_axes, (axes for group in before + after for axes in group))):
        yield f"{signature.text!r}; wanted at most one state, a tuple of arrays"
    elif before and [len(group) for group in before] != [len(group) for group in after]:
        yield f"{signature.text!r}; wanted the state among the results too, in the same number of parts"


def of_domain(declaration: Any) -> Iterator[str]:
    """What each argument is."""
    groups, domain = declaration.signature.arguments, declaration.domain
    if not isinstance(domain, tuple):
        yield f"{domain!r}; wanted a tuple such as ('real', 'index'), one for each argument"
    elif len(domain) != len(groups):
        yield f"{len(domain)}; wanted {len(groups)}, one for each argument"
    else:
        for group, kinds in zip(groups, domain, strict=True):
            each = (kinds,) if is_axes(group) else kinds
            if not isinstance(each, tuple) or len(each) != len(leaves(group)):
                yield f"{kinds!r} for a state; wanted a tuple of {len(leaves(group))}, one for each of its parts"
            else:
                for axes, kind in zip(leaves(group), each, strict=True):
                    yield from of_kind(kind, axes, groups)


def of_kind(kind: Any, axes: tuple[str, ...], groups: tuple[Axes, ...]) -> Iterator[str]:
    """What one array or number is."""
    if (is_range(kind) and ends(kind) is None) or not isinstance(kind, str):
        is_empty = isinstance(kind, str) and RANGE.fullmatch(kind)
        wanted = "a range with a number in it" if is_empty else f"{', '.join(DOMAINS)}, or a range"
        yield f"{kind!r}; wanted {wanted}, such as '[0, 1)'"
    elif (is_range(kind) or kind in NUMBERS) and axes:
        yield f"{kind!r} for an argument with axes; wanted it for one number, whose group is ()"
    elif kind == "index":
        own = {BATCH, *map(letter_of, axes)}
        others = [each for each in axes_in(groups) if letter_of(each) not in own]
        if not others or is_fixed(others[0]):
            yield "'index'; wanted an axis of another argument, from which it chooses: the first one, a letter"


def of_results(declaration: Any) -> Iterator[str]:
    """The names of the results."""
    groups, names = declaration.signature.results, declaration.results
    wanted = f"{len(groups)}, one for each group after the arrow"
    if not isinstance(names, tuple):
        yield f"{names!r}; wanted a tuple of names such as ('y',)"
    elif len(names) != len(groups):
        yield f"{len(names)} names; wanted {wanted}"
    else:
        for group, name in zip(groups, names, strict=True):
            if not is_axes(group) and (not isinstance(name, tuple) or len(name) != len(group)):
                yield f"{name!r} for a state; wanted a tuple of {len(group)} names, such as ('step', 'm')"
        flat = [part for name in names for part in (name if isinstance(name, tuple) else (name,))]
        if any(not isinstance(part, str) or not part.isidentifier() for part in flat) or len({*flat}) < len(flat):
            yield f"{names!r}; wanted names, each another one"


def of_options(declaration: Any) -> Iterator[str]:
    """The values of hyper-parameters."""
    options = declaration.options
    keywords = [name for name in declaration.parameters if name not in declaration.arguments and name != AXIS]
    for name in keywords:
        default = declaration.parameters[name]
        if isinstance(default, float) and math.isnan(default):
            yield f"nan, the default of {name}; wanted a number"
    if not isinstance(options, Mapping):
        yield f"{type(options).__name__}; wanted a dict such as {{'epsilon': (1e-6, 1.0)}}"
    else:
        for option, values in options.items():
            if option not in keywords:
                yield f"{option!r}; wanted one of {', '.join(keywords or declaration.parameters)}"
            elif not isinstance(values, tuple | list) or not values:
                yield f"{values!r} for {option}; wanted a tuple of its values, the default first"
            elif any(isinstance(value, float) and math.isnan(value) for value in values):
                yield f"nan, a value of {option}; wanted numbers"


def of_forms(declaration: Any) -> Iterator[str]:
    """The admitted forms."""
    forms = declaration.forms
    if not isinstance(forms, Mapping) or not all(map(callable, forms.values())):
        yield f"{forms!r}; wanted a dict of functions by name"


def of_names(declaration: Any) -> Iterator[str]:
    """A page's file and a version."""
    for name in (declaration.page, declaration.since):
        if name is not None and not isinstance(name, str):
            yield f"{name!r}; wanted a str"


def function_or_none(field: str) -> Any:
    """The check of a field that is a function, if it is there."""

    def check(declaration: Any) -> Iterator[str]:
        given = getattr(declaration, field)
        if given is not None and not callable(given):
            yield f"{given!r}; wanted a function"

    return check


def one_of(field: str, *wanted: Any) -> Any:
    """The check of a field that has one of a few values."""

    def check(declaration: Any) -> Iterator[str]:
        given = getattr(declaration, field)
        if given not in wanted:
            yield f"{given!r}; wanted {' or '.join(repr(each) for each in wanted if each is not None)}"

    return check


CHECKS = {
    "signature": of_signature,
    "domain": of_domain,
    "results": of_results,
    "options": of_options,
    "forms": of_forms,
    "definition": function_or_none("definition"),
    "open": function_or_none("open"),
    "cases": function_or_none("cases"),
    "half": one_of("half", "each", "once"),
    "library": one_of("library", None, *LIBRARIES),
    "page, since": of_names,
}


def is_range(domain: Any) -> bool:
    """Whether a domain is the range of a hyper-parameter."""
    return isinstance(domain, str) and domain not in DOMAINS


def ends(domain: str) -> tuple[float, float] | None:
    """Both ends of a range, or nothing if no number is in it."""
    found = RANGE.fullmatch(domain)
    try:
        low, high = map(float, found.groups() if found else ())
    except ValueError:
        return None
    closed = domain.startswith("[") and domain.endswith("]") and math.isfinite(low)
    return (low, high) if low < high or (low == high and closed) else None
