"""NaN and infinities that come of how anybody's formula is written, and not of what it means: nobody is judged there.

A formula that multiplies what it leaves out by 0, such as what is padded or masked, makes NaN of an infinite number
there; code that skips it does not. And a declared form may give NaN where the formula gives infinity.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from ..arithmetic.device_arrays import called
from ..arithmetic.running import Expected
from ..arithmetic.specials import same
from ..cases.draw import of_parts, unpack, wide, within
from ..formulas import Case

SCALES = 1.0, 10.0  # of random numbers
INSTEAD = None, 0.0, 100.0, -100.0  # of a special number: a random one, and those that a maximum or a limit may choose
MOST_APART = 200  # special numbers that are replaced one by one; of more, or in a library's function, all together

Place = tuple[int, int]  # an array's number, and the place in it


def accidents(call: Case, expected: dict[str, Expected]) -> dict[str, Any]:
    """The special elements of each result that another right way to compute the formula may have otherwise, as masks.

    Those where a declared form has something else; and those that are not the same without the special numbers on
    which they do not depend.
    """
    special = {name: ~np.isfinite(each.value) for name, each in expected.items()}
    places = places_of_specials(call) if not call.formula.is_own and not call.steps else []
    if not places or not any(map(np.any, special.values())):
        return dict.fromkeys(expected, False)
    others = [results(form, call, call.arguments) for form in call.formula.forms.values()]
    apart = len(places) <= MOST_APART and not call.formula.library
    with suppress(Exception):  # anybody's formula may refuse numbers
        others.append(without_unseen(call, [[place] for place in places] if apart else [places]))
    masks = dict.fromkeys(expected, False)
    for name, each in expected.items():
        for other in others:
            masks[name] |= special[name] & ~same(np.asarray(other[name], each.dtype), each.value.astype(each.dtype))
    return masks


def places_of_specials(call: Case) -> list[Place]:
    """Where the arguments are infinite or NaN; nowhere if their arrays are not all NumPy's."""
    arrays = [*unpack(call.arguments)]
    if not all(isinstance(each, np.ndarray | np.generic) for each in arrays if is_floating(each)):
        return []
    every = ((n, each.astype(np.float64)) for n, each in enumerate(arrays) if is_floating(each))
    return [(n, int(place)) for n, each in every for place in np.flatnonzero(~np.isfinite(each))]


def is_floating(value: Any) -> bool:
    """Whether an argument is an array of floating-point numbers: the kind of bfloat16 is V."""
    return getattr(value, "dtype", np.dtype(int)).kind not in "iubO"


def without_unseen(call: Case, sets: list[list[Place]]) -> dict[str, np.ndarray]:
    """The results with 1 for the sets of special numbers on which an element does not depend; else as they are."""
    unseen = [independent(call, places) for places in sets]
    usual = results(call.formula.function, call, call.arguments)
    found = {name: np.array(value) for name, value in usual.items()}
    for name, value in found.items():
        patterns = np.stack([np.broadcast_to(each[name], value.shape) for each in unseen], axis=-1)
        for pattern in np.unique(patterns.reshape(-1, len(sets)), axis=0):
            places = [place for places, is_in in zip(sets, pattern, strict=True) if is_in for place in places]
            if places:
                here = np.all(patterns == pattern, axis=-1)
                value[here] = results(call.formula.function, call, with_ones(call, places))[name][here]
    return found


def independent(call: Case, places: list[Place]) -> dict[str, Any]:
    """Where a result is the same whatever finite numbers stand in some places, beside any numbers in all others."""
    found: dict[str, Any] = {}
    for scale in SCALES:
        first, *others = (results(call.formula.function, call, drawn(call, places, scale, each)) for each in INSTEAD)
        for name, value in first.items():
            unmoved = np.logical_and.reduce([value == other[name] for other in others])
            found[name] = found.get(name, True) & unmoved & np.isfinite(value)
    return found


def drawn(call: Case, places: list[Place], scale: float, instead: float | None) -> tuple[Any, ...]:
    """Random arguments within their domains, with another number in some places unless it is None."""
    rng = np.random.default_rng(0)
    parts = [scale * rng.normal(size=np.shape(each)) if is_floating(each) else each for each in unpack(call.arguments)]
    if instead is not None:
        for number, place in places:
            parts[number].reshape(-1)[place] = scale * instead
    domains = [*unpack(call.formula.domain)] or [""] * len(parts)  # of what is not declared
    return packed(call, [within(each, domain) for each, domain in zip(parts, domains, strict=False)])


def with_ones(call: Case, places: list[Place]) -> tuple[Any, ...]:
    """The arguments with 1 in some places."""
    parts = [np.array(each) if is_floating(each) else each for each in unpack(call.arguments)]
    for number, place in places:
        parts[number].reshape(-1)[place] = 1
    return packed(call, parts)


def packed(call: Case, parts: Iterable[Any]) -> tuple[Any, ...]:
    """Arguments like those of a call, made of other arrays."""
    rest = iter(parts)
    return tuple(of_parts(lambda _: next(rest), value) for value in call.arguments)


def results(form: Callable[..., Any], call: Case, arguments: tuple[Any, ...]) -> dict[str, np.ndarray]:
    """What a form of the called formula gives in float64, by name, but for counts."""
    found = call.formula.named(called(form, tuple(map(wide, arguments)), dict(call.options)))
    return {name: np.asarray(each, np.float64) for name, each in found.items() if name not in call.formula.counts}
