"""Ways to judge a kernel on its user's arrays: random orders, chosen signs, few terms, and roundings that lean.

docs/tolerance.md says why each is sharp where the bound of a long sum is not.
"""

import contextlib
from collections.abc import Iterator

import numpy as np

from ...reference.declaration import BATCH
from ..arithmetic.orders import lean_limit, order_bound
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected
from ..cases.behaviour import NEUTRAL, behaviour
from ..cases.draw import Arrays, neutral
from ..cases.sums import Products, factors_along, mapped, products_along, reordered, terms_of, thinned, without
from ..formulas import Formula
from ..formulas.axes import result_axes
from . import tolerance
from .gauge import Gauge

FEW = 1, 8, 32  # terms that are not 0
PLACES = 256  # of the few terms, that all calls together touch
ROWS = 512  # of which the leans are averaged
MOST_CALLS = 64  # for them
MOST_FEW = 16  # calls for each number of terms
# A single product, however it is split: bfloat16 times nine is off by 1 + 2^-7 roundings, a truncation by up to 2.
ONE_ROUNDING = 1.25
FACTORS = {"float32": (11, 8), "float64": (24,)}  # bits of coarse factors


def along(gauge: Gauge, letter: str, rng: np.random.Generator, calls: int) -> Iterator[tuple[str, float]]:
    """Yield each way of judging what is summed along a letter, and its ratio."""
    moves = not any(varies(gauge.arrays[number], gauge.leaves[number].axes, letter) for number in gauge.fixed)
    if moves:
        with contextlib.suppress(tolerance.EmptyToleranceError):  # a long sum may have a bound that judges nothing
            yield "order", in_random_orders(gauge, letter, gauge.arrays, rng, calls)
    factor = factor_of(gauge, letter)
    if factor is not None and moves:
        yield "signs", in_random_orders(gauge, letter, with_signs(gauge, rng, [factor]), rng, calls)
        for bits in FACTORS.get(gauge.dtype.name, ()):
            arrays = coherent(gauge, letter, factor, bits)
            yield f"factors of {bits} bits", in_random_orders(gauge, letter, arrays, rng, min(calls, 4))
    length = gauge.sizes[letter]
    if factor is not None and added(gauge, letter):
        yield f"0 of {length} terms", worst_of(gauge, letter, without(gauge.arrays, [factor]))
    if may_be_few(gauge, letter, factor) and not gauge.fixed & {*thinned(gauge.formula, letter, factor)}:
        for active in (each for each in FEW if each < length):
            found = few(gauge, letter, active, rng)
            if found is not None:
                yield f"{active} of {length} terms", found
    if factor is not None and gauge.dtype.itemsize >= 4:
        yield from leans(gauge, letter, factor, rng)


def varies(array: np.ndarray, axes: tuple[str, ...], letter: str) -> bool:
    """Whether an array changes in another order along a letter."""
    return letter in axes and bool(np.any(array != np.take(array, [0], axis=axes.index(letter))))


def sums_along(gauge: Gauge, letter: str) -> dict[str, Products]:
    """The results that are sums of products along a letter, none where a product may be rounded to half precision."""
    rounded = gauge.dtype.itemsize < 4 and gauge.formula.half != "once"
    return {} if rounded else products_along(gauge.formula, letter)


def alone_along(gauge: Gauge, letter: str) -> dict[str, Products]:
    """Those whose terms stand along this letter alone, so that an order of it is one of all terms."""
    found = sums_along(gauge, letter)
    return {name: each for name, each in found.items() if all(gauge.sizes[other] == 1 for other in each.others)}


def factor_of(gauge: Gauge, letter: str) -> int | None:
    """The argument with most rows that is a factor of the products of every sum; None if there is none."""
    shared = factors_along(gauge.formula, letter) if sums_along(gauge, letter) else []
    shared = [number for number in shared if number not in gauge.fixed]
    return max(shared, key=lambda number: gauge.arrays[number].size, default=None)


def in_random_orders(gauge: Gauge, letter: str, arrays: Arrays, rng: np.random.Generator, calls: int) -> float:
    """The largest ratio over all results: of the mean |error| of a sum of products, or of each call."""
    wanted, length = gauge.expected(arrays, letter), gauge.sizes[letter]
    model = MODELS[gauge.dtype.name]
    total, worst = dict.fromkeys(alone_along(gauge, letter), np.zeros(())), 0.0
    for _ in range(calls):
        order = rng.permutation(length)
        moved = reordered(arrays, gauge.leaves, letter, order)
        found = gauge.errors(moved, permuted(gauge.formula, wanted, letter, order))
        for name, (ratio, error, _) in found.items():
            if name in total:
                total[name] = total[name] + error / calls
            else:
                worst = max(worst, float(np.max(ratio, initial=0.0)))
    for name, error in total.items():
        terms = terms_of(gauge.formula, arrays, letter, name, length)
        limit = np.fmin(order_bound(terms, calls, model, wanted[name].value), wanted[name].bound)
        with np.errstate(invalid="ignore"):  # 0 / 0
            worst = max(worst, float(np.max(np.where(error > 0, error / limit, 0.0), initial=0.0)))
    return worst


def permuted(formula: Formula, wanted: dict[str, Expected], letter: str, order: np.ndarray) -> dict[str, Expected]:
    """What the results should be in another order, where they have the letter."""

    def moved(name: str, each: Expected) -> Expected:
        axes = result_axes(formula)[name]
        if letter not in axes:
            return each
        value, remainder, bound = (np.take(part, order, axis=axes.index(letter)) for part in each[:3])
        return each._replace(value=value, remainder=remainder, bound=bound)

    return {name: moved(name, each) for name, each in wanted.items()}


def with_signs(gauge: Gauge, rng: np.random.Generator, numbers: list[int]) -> Arrays:
    """The magnitudes of some arguments with random signs."""

    def signed(array: np.ndarray) -> np.ndarray:
        return np.asarray(np.abs(array) * rng.choice([-1, 1], size=array.shape), array.dtype)

    return mapped(gauge.arrays, numbers, signed)


def coherent(gauge: Gauge, letter: str, factor: int, bits: int) -> Arrays:
    """The magnitudes, signed so that what a factor of so many bits loses adds up instead of cancelling."""
    numbers = [number for number, leaf in enumerate(gauge.leaves) if letter in leaf.axes]
    arrays = mapped(gauge.arrays, numbers, np.abs)
    size = arrays[factor]
    fraction, exponent = np.frexp(size.astype(np.float64))
    rounded = np.ldexp(np.round(np.ldexp(fraction, bits)), exponent - bits)
    arrays[factor] = np.where(rounded >= size, size, -size).astype(size.dtype)
    return arrays


def may_be_few(gauge: Gauge, letter: str, factor: int | None) -> bool:
    """Whether all but a few terms may be neutral; or else may be 0, as the numbers of a row that has a mean."""
    if behaviour(gauge.formula)[letter] == NEUTRAL:
        return True
    zeros = thinned(gauge.formula, letter, factor)
    return letter != BATCH and bool(zeros) and all(gauge.leaves[number].domain == "real" for number in zeros)


def few(gauge: Gauge, letter: str, active: int, rng: np.random.Generator) -> float | None:
    """The largest ratio where all but a few terms are neutral; None where so few cancel to nothing."""
    factor = factor_of(gauge, letter)
    number, *others = thinned(gauge.formula, letter, factor)
    shape, place = gauge.arrays[number].shape, gauge.leaves[number].axes.index(letter)
    length = shape[place]
    size = np.abs(np.moveaxis(gauge.arrays[number], place, -1).reshape(-1, length).astype(np.float64))
    found, rows = [], len(size)
    for dealt in deals(size, active, rng):
        for leaf, labels in zip(gauge.leaves, gauge.arrays, strict=True):
            if leaf.domain == "index" and labels.size == rows:  # a class that is chosen is there
                dealt[:, 0] = labels.ravel()
        mask = np.zeros((rows, length), np.bool_)
        np.put_along_axis(mask, dealt, True, axis=1)
        mask = np.moveaxis(mask.reshape(*shape[:place], *shape[place + 1 :], length), -1, place)
        arrays = without(gauge.arrays, added(gauge, letter) - gauge.fixed)
        for each in (number, *others):
            nothing = 0 if number == factor else neutral(gauge.leaves[each], letter)
            arrays[each] = np.where(mask, arrays[each], nothing).astype(arrays[each].dtype)
        once = active == 1 and not added(gauge, letter) & gauge.fixed
        with contextlib.suppress(tolerance.EmptyToleranceError):
            found.append(worst_of(gauge, letter, arrays, once))
    return max(found, default=None)


def deals(size: np.ndarray, active: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the places of few terms in each row: dealt out like cards; at the ends; and where a row is smallest."""
    rows, length = size.shape
    times = min(MOST_FEW, -(-min(PLACES, length) // max(rows * active, 1)))
    packs = -(-times * rows * active // length)
    places = np.concatenate([rng.permutation(length) for _ in range(packs)])[: times * rows * active]
    yield from places.reshape(times, rows, active)
    last, first = active - active // 2, active // 2
    ends = [[0], [length - 1]] if active == 1 else [[*range(first), *range(length - last, length)]]
    yield from (np.tile(each, (rows, 1)) for each in ends)
    yield np.argpartition(np.where(size > 0, size, np.inf), active - 1, axis=1)[:, :active].copy()


def worst_of(gauge: Gauge, letter: str, arrays: Arrays, once: bool = False) -> float:
    """The largest ratio of a call; `once` if each product is alone, and rounded once."""
    wanted = gauge.expected(arrays, letter)
    if once:
        wanted = {name: rounded_once(gauge, letter, name, each) for name, each in wanted.items()}
    return max(float(np.max(ratio, initial=0.0)) for ratio, _, _ in gauge.errors(arrays, wanted).values())


def added(gauge: Gauge, letter: str) -> set[int]:
    """The arguments that are added to sums of products and are factors of none, such as a bias."""
    found = list(sums_along(gauge, letter).values())
    return {n for each in found for n in each.addends} - {n for each in found for n, d in enumerate(each.degrees) if d}


def rounded_once(gauge: Gauge, letter: str, name: str, wanted: Expected) -> Expected:
    """The expectation of a single product, that is rounded once."""
    products, model = alone_along(gauge, letter).get(name), MODELS[gauge.dtype.name]
    if products is None or products.roundings > 1 or model.accumulator:
        return wanted
    bound = ONE_ROUNDING * model.unit * np.abs(wanted.value) + model.smallest_normal
    return wanted._replace(bound=np.minimum(bound, wanted.bound))


def leans(gauge: Gauge, letter: str, factor: int, rng: np.random.Generator) -> Iterator[tuple[str, float]]:
    """Yield how far the errors of many rows of random signs lean towards 0, and down, as multiples of the limit."""
    axes = [axis for axis in gauge.leaves[factor].axes if axis != letter]
    names = [n for n in sums_along(gauge, letter) if {*axes} <= {*result_axes(gauge.formula)[n]}]
    rows = int(np.prod([gauge.sizes[axis] for axis in axes]))
    times = -(-ROWS // max(rows, 1))
    if not names or times > MOST_CALLS:
        return
    summed = [number for number, leaf in enumerate(gauge.leaves) if letter in leaf.axes]
    found: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {name: ([], []) for name in names}
    fixed = drawn_anew(gauge.arrays, [number for number in summed if number not in {factor, *gauge.fixed}], rng)
    lost = gauge.sizes[letter] * MODELS[gauge.dtype.name].smallest_normal  # at most, where numbers underflow
    for _ in range(times):
        arrays = without(drawn_anew(fixed, [factor], rng), added(gauge, letter) - gauge.fixed)
        wanted = gauge.values(arrays, letter)
        for name, (_, _, values) in gauge.errors(arrays, wanted).items():
            if name in found:
                own = result_axes(gauge.formula)[name]
                error = (values.astype(np.float64) - wanted[name].value) - wanted[name].remainder
                error = np.where(np.abs(error) > lost, error, 0)
                pair = np.stack([error * np.sign(wanted[name].value), error, np.abs(error)])
                pair = np.moveaxis(pair, [1 + own.index(axis) for axis in axes], range(1, 1 + len(axes)))
                to_zero, down, size = pair.reshape(3, rows, -1).sum(axis=2)
                for list_of, each in zip(found[name], (to_zero, down), strict=True):
                    list_of.append(each / np.where(size > 0, size, 1))
    limit = lean_limit(rows * times)
    for number, name in enumerate(("rounds to 0", "rounds down")):
        yield name, max(abs(float(np.mean(np.concatenate(each[number])))) for each in found.values()) / limit


def drawn_anew(arrays: Arrays, numbers: list[int], rng: np.random.Generator) -> Arrays:
    """Some of the arrays with random signs, and magnitudes of up to twice as much, so that roundings differ."""

    def drawn(array: np.ndarray) -> np.ndarray:
        factor = rng.uniform(1, 2, array.shape) * rng.choice([-1, 1], size=array.shape)
        return np.asarray(array * factor, array.dtype)

    return mapped(arrays, numbers, drawn)


def blunt(gauge: Gauge, letter: str, where: str) -> Iterator[str]:
    """Yield, in words, the results that are judged by derived bounds alone, which are not sharp in a long row."""
    if behaviour(gauge.formula)[letter] == NEUTRAL:
        return
    with contextlib.suppress(tolerance.EmptyToleranceError):
        for name, each in gauge.expected(gauge.arrays, letter).items():
            if name not in sums_along(gauge, letter):
                size, bound = np.abs(each.value), np.where(np.isfinite(each.bound), each.bound, 0)
                admitted = float(np.max(bound)) / (float(np.max(size[np.isfinite(size)], initial=0.0)) or 1.0)
                told = f"of all {gauge.sizes[letter]} terms only the order is judged, by the derived bound"
                yield f"{name}{where}: {told}, which admits errors of {admitted:.2g} of the largest result"
