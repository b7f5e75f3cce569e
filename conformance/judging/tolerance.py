"""Which elements of a result are judged, and whether the tolerance of the others judges anything."""

from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import steps
from ..arithmetic.device_arrays import Elsewhere, asarray, called, to_numpy, wrapped
from ..arithmetic.rounding import HALF, MODELS, finfo
from ..arithmetic.running import Expected, enclosed
from ..cases.draw import of_parts, unpack, wide
from ..formulas import Case
from . import oracle
from .accidents import accidents

# A bound that is no more than this many smallest subnormals judges, however small the results are.
UNDERFLOWS = 1000
RESOLVED = 1e-3
LARGEST_RUN_AGAIN = 20_000_000  # elements, where a bound is explained
INFINITE = (
    "because a number on the way may overflow, be where a function is not defined, or be chosen by a comparison that "
    "rounding errors may turn"
)
IN_HALF = "; judge it in float32, or give the function of its library in the place of the name"
LAYERS = "; judge a deep model layer by layer, each on the output of the one before"


class EmptyToleranceError(ValueError):
    """A tolerance that would let everything pass."""


class Extent(NamedTuple):
    """What tells whether the tolerance of a result judges anything: of all elements, or of a block's."""

    dtype: np.dtype[Any]
    worst: float  # the largest bound of those that are judged
    least: float
    largest: float  # the largest term
    nothing: bool  # whether no element is judged
    unbounded: bool  # whether an element is not judged since its bound is infinite, and not since the formula says so
    left: bool  # whether the formula itself leaves an element to be judged
    exists: bool  # whether there is an element
    zeros: bool  # whether 0 is within the bound of every element that is judged, and not all are 0, if that is asked

    def joined(self, other: "Extent") -> "Extent":
        """That of two blocks together."""
        worst, largest = max(self.worst, other.worst), max(self.largest, other.largest)
        nothing, left, exists = self.nothing and other.nothing, self.left or other.left, self.exists or other.exists
        unbounded = self.unbounded or other.unbounded
        zeros = (self.zeros or not self.exists) and (other.zeros or not other.exists)
        return Extent(self.dtype, worst, min(self.least, other.least), largest, nothing, unbounded, left, exists, zeros)


def judgeable(
    call: Case, dtype: np.dtype[Any], expected: dict[str, Expected], plain: dict[str, np.ndarray] | None = None
) -> dict[str, Expected]:
    """`expected` with an infinite bound for each element that nobody judges.

    These are what the formula leaves open, and what a `plain` run of the reference in float64, or the exact one, has
    otherwise, since something overflows on its way to the result.

    Raises
    ------
    EmptyToleranceError
        A bound of another element is so wide that it judges nothing; or one is infinite, with a `plain` run all of a
        result; or there is no other element.
    """
    found, extents = with_open_elements(call, dtype, expected, plain)
    refuse_empty(call, dtype, extents)
    return found


def with_open_elements(
    call: Case, dtype: np.dtype[Any], expected: dict[str, Expected], plain: dict[str, np.ndarray] | None = None
) -> tuple[dict[str, Expected], dict[str, Extent]]:
    """What `judgeable` gives, and the extents that it refuses by."""
    masks = of_page = open_elements(call, expected)
    if plain is not None:
        others = differing(call, dtype, expected, plain)
        masks = {name: of_page[name] | others[name] for name in expected}
    extents = {}
    for name, each in expected.items():
        of_numbers = each.dtype.kind not in "biu"
        infinite = np.isinf(each.bound) & ~masks[name] if of_numbers and plain is not None else np.False_
        mask = masks[name] | infinite
        bound = np.where(mask, 0.0, each.bound)
        least, exists = float(np.min(bound, initial=np.inf)), bool(bound.size)
        nothing, left = exists and bool(np.all(mask)), bool(np.any(~of_page[name]))
        largest = largest_term(call, name, opened(each, mask, bound=0.0)) if of_numbers else 0.0
        is_asked = of_numbers and not nothing and call.formula.signature is None  # a page's own cases are known
        zeros = is_asked and admits_zeros(each, mask)
        worst, unbounded = float(np.max(bound, initial=0.0)), bool(np.any(infinite))
        extents[name] = Extent(each.dtype, worst, least, largest, nothing, unbounded, left, exists, zeros)
    return {name: opened(each, masks[name]) for name, each in expected.items()}, extents


def admits_zeros(expected: Expected, mask: np.ndarray) -> bool:
    """Whether 0 is within the bound of every element that is judged, and not all of them are 0."""
    size = np.abs(np.where(mask, 0.0, asarray(expected.value, np.float64)))
    return bool(np.all(size <= expected.bound)) and bool(np.any(size > 0))


def differing(
    call: Case, dtype: np.dtype[Any], expected: dict[str, Expected], plain: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The elements of each result that another run has otherwise, as masks."""
    plain = plain | beyond_float64(call, dtype, expected)
    return {name: differs(each, plain[name]) for name, each in expected.items()}


def differs(expected: Expected, plain: np.ndarray) -> Any:
    """Where a value is another one in a plain run that is rounded once: a wider format overflows less."""
    with np.errstate(all="ignore"):
        apart = np.abs(plain - asarray(expected.value, np.float64) - expected.remainder) > expected.bound
        fits = np.isfinite(plain) & np.isfinite(plain.astype(expected.dtype).astype(np.float64))
    return np.where(np.isfinite(expected.value), apart & np.isfinite(plain), fits)


def beyond_float64(call: Case, dtype: np.dtype[Any], expected: dict[str, Expected]) -> dict[str, np.ndarray]:
    """The exact values of results in float64 that have special ones, which no wider format may have."""
    special = [name for name, e in expected.items() if oracle.is_float64(e) and not np.all(np.isfinite(e.value))]
    balls = enclosed(call, dtype) if special else {}
    return {name: np.array([float(b) for b in balls[name].flat]).reshape(balls[name].shape) for name in special}


def open_elements(call: Case, expected: dict[str, Expected]) -> dict[str, np.ndarray]:
    """The elements of each result that the formula leaves open, or that are special by accident, as masks."""
    with np.errstate(all="ignore"):
        masks = False if call.steps else call.formula.opened(call.arguments, call.options)
        by_accident = accidents(call, expected)
    masks = masks if isinstance(masks, tuple) else (masks,) * len(expected)
    pairs = zip(expected.items(), masks, strict=True)
    return {name: np.broadcast_to(mask | by_accident[name], each.value.shape) for (name, each), mask in pairs}


def opened(expected: Expected, mask: np.ndarray, bound: float = np.inf) -> Expected:
    """An expectation whose elements under a mask have another bound, infinite where any value will do."""
    value = np.where(mask, expected.value.dtype.type(0), expected.value)
    return expected._replace(value=value, bound=np.where(mask, bound, expected.bound))


def refuse_empty(call: Case, dtype: np.dtype[Any], extents: dict[str, Extent]) -> None:
    """Raise EmptyToleranceError for a bound that is infinite, or so wide that it judges nothing."""
    every = extents.values()
    infinite = any(each.unbounded for each in every)
    if extents and all(each.nothing for each in every) and any(each.left for each in every) and not infinite:
        what = "the formula itself overflows on the way to every element"
        raise EmptyToleranceError(f"cannot judge {call.function} ({dtype}): {what}")
    for name, each in extents.items():
        what = f"cannot judge {call.id if call.requirement else call.function} ({dtype}): "
        if each.dtype.kind in "biu":  # an integer that rounding errors may change has an infinite bound
            if each.exists and np.isinf(each.least):
                raise EmptyToleranceError(f"{what}rounding errors may change every element of {name}")
            continue
        is_infinite = np.isinf(each.worst) or (each.nothing and each.unbounded)
        if not is_infinite and each.worst <= UNDERFLOWS * float(finfo(each.dtype).smallest_subnormal):
            continue
        limit = 0.1 * each.largest
        if is_infinite or not each.worst < limit:
            step = step_in_words(call, dtype, is_infinite) + LAYERS * (call.formula.signature is None)
            step += IN_HALF * (call.formula.is_own and dtype.name in HALF)
            if is_infinite:
                raise EmptyToleranceError(f"{what}the derived tolerance is infinite, {INFINITE}{step}")
            raise EmptyToleranceError(
                f"{what}the derived tolerance is {each.worst:.3g}, and {limit:.3g} would already let anything pass; "
                f"the result cancels beyond what the arithmetic resolves{step}"
            )
        if each.zeros and resolved(call, name):
            step = step_in_words(call, dtype) + LAYERS
            raise EmptyToleranceError(
                f"{what}the derived tolerance is {each.worst:.3g}, so that zeros would pass, "
                f"which {dtype} tells from the result{step}"
            )


def resolved(call: Case, name: str) -> bool:
    """Whether the function itself, in its own format, is much nearer to its result in float64 than 0 is."""
    found = []
    for arguments in (call.arguments, tuple(map(wide, call.arguments))):
        with np.errstate(all="ignore"):
            result = call.formula.named(called(call.formula.function, arguments, call.options))[name]
        found.append(np.asarray(to_numpy(result), np.float64))
    off, size = np.max(np.abs(found[0] - found[1]), initial=0.0), np.max(np.abs(found[1]), initial=0.0)
    return bool(np.isfinite(size) and off < RESOLVED * size)


def step_in_words(call: Case, dtype: np.dtype[Any], is_infinite: bool = False) -> str:
    """Which step widens the bound most, or makes it infinite, where the call is not too large to be run again."""
    on_host = not any(isinstance(each, Elsewhere) for each in unpack(call.arguments))
    if call.steps or not on_host or sum(map(np.size, unpack(call.arguments))) > LARGEST_RUN_AGAIN:
        return ""
    step = steps.widest(lambda: oracle.bounded_run(call, dtype, MODELS[dtype.name]))
    if step is None or step.factor < (np.inf if is_infinite else 2):
        return ""
    wider = "infinite" if np.isinf(step.factor) else f"{step.factor:.3g} times as wide, relative to its result"
    return f"; the step that makes it so is {step.name} of {step.size} elements: it makes the bound {wider}"


def largest_term(call: Case, name: str, expected: Expected) -> float:
    """The scale of a result: by default the formula's value on the absolute values of its arrays."""
    terms = (call.formula.scale or on_absolute_values)(call, name)
    both = expected.value, asarray(terms)
    return max(float(np.max(np.abs(each), initial=0.0, where=np.isfinite(each))) for each in both)


def on_absolute_values(call: Case, name: str) -> Any:
    """A result of the formula where no terms cancel."""

    def absolute(value: Any) -> Any:
        return np.abs(value.astype(np.float64)) if getattr(value, "dtype", np.dtype(int)).name in MODELS else value

    arguments = tuple(of_parts(absolute, each) for each in call.arguments)
    with np.errstate(all="ignore"):
        found = call.formula.named(called(call.formula.function, arguments, call.options))
        return wrapped(found[name])
