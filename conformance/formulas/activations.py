"""Cases that functions of one number, gates, and the gradients of both share."""

import operator
from collections.abc import Iterator
from functools import partial, reduce
from typing import Any

import numpy as np

from . import Case, declared, finfo, powers, seeded
from . import case as any_case


def is_infinite(x: Any, *others: Any) -> Any:
    """Of a gradient: where x is infinite, so that infinity is multiplied by what tends to 0.

    And where infinities of both signs may be added up: where another argument is infinite and x is not above 0, or
    where a product of all arguments comes near the largest number.
    """
    limit, size = float(finfo(x.dtype).max) / 8, np.maximum(np.abs(x.astype(np.float64)), 1)
    for each in others:
        size = size * np.where(np.isinf(each), 1, np.maximum(np.abs(each.astype(np.float64)), 1))
    return np.isinf(x) | (size > limit) | (x <= 0) & reduce(operator.or_, map(np.isinf, others))


def is_negative_infinity(x: Any, *others: Any) -> Any:
    """Where the first argument is -infinity, which is multiplied by what tends to 0."""
    return np.isneginf(x)


def cases_of(name: str, dtype: np.dtype[Any], seed: int, largest: float = 1e4) -> Iterator[Case]:
    """The cases of a function whose arguments all have the same shape, the first up to a largest number."""
    case = partial(any_case, name)
    rng = np.random.default_rng([23, len(name)])
    info, count = finfo(dtype), len(declared(name).arguments)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    coarse = dtype.itemsize == 2 and "g" in declared(name).arguments  # where 1 less what is near 1 says little
    size = 0.5 if coarse else 1.0

    def beside(first: Any) -> list[Any]:
        """The first argument with normal numbers for the others."""
        return [array(first), *(array(rng.normal(size=np.shape(first))) for _ in range(count - 1))]

    def each(values: Any) -> list[Any]:
        """The same special values in each argument, at other places, among normal numbers."""
        found = [array(rng.normal(size=(count + 1, len(values)))) for _ in range(count)]
        for number, one in enumerate(found):
            one[number] = values
        return found

    for label, random in seeded(dtype, seed, 2):
        drawn = (array(size * random.normal(size=(4, 5))) for _ in range(count))
        yield case(f"{name}.value", label, "any mistake", *drawn)
    tail = min(18.0, largest) if not coarse else min(2.5, largest / 8)
    yield case(f"{name}.value", "tails", "a cap, or another function far from 0", *beside(np.linspace(-tail, tail, 45)))
    magnitudes = powers(2, np.linspace(info.minexp + 2, 1 if coarse else 2 if largest < 30 else 4, 20))
    far = [number for number in (30.0, 100.0, 500.0, 1e3, 1e4) if number <= largest and not coarse]
    scales = np.concatenate([magnitudes, -magnitudes, [0.0, -0.0], far, np.negative(far)])
    yield case(f"{name}.value", "magnitudes", "a leak, a threshold, a power that overflows", *beside(scales))
    yield case(f"{name}.value", "no_axes", "arrays without axes fail", *beside(1.25))
    long = size * rng.normal(size=131)
    yield case(f"{name}.value", "long", "elements beyond 128, or the last n % 8, left out", *beside(long))
    yield case(f"{name}.nan", "in_each", "NaN replaced", *each([np.nan, -np.nan, np.nan]))
    infinite = each([np.inf, 1, -1 if count == 1 else -np.inf])
    infinite[0] = np.abs(infinite[0] * array(0.125)) if "g" in declared(name).arguments else infinite[0]
    yield case(f"{name}.infinity", "in_each", "infinity replaced", *infinite)
    least = float(info.smallest_subnormal)
    tiny = [8 * least, -8 * least, info.smallest_normal * 0.3, -info.smallest_normal * 0.2]
    yield case(f"{name}.subnormal", "in_each", "subnormal numbers flushed to 0", *each(tiny))
    yield case(f"{name}.empty", "no_elements", "empty arrays fail", *beside(np.zeros((0, 3))))
    yield case(f"{name}.layout", "three_axes", "memory order taken for granted", *beside(rng.normal(size=(2, 3, 5))))
