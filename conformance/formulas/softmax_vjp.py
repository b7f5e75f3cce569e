"""Cases of the gradient of softmax, in the shapes of softmax's."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from . import Case, filled_rows, finfo, integers, seeded
from . import case as any_case
from .few_terms import LENGTH, NAME, NOTE, Few

Array = Any


def scale(call: Any, name: str) -> Any:
    """The gradient that comes in is a term of the one that goes out."""
    return np.abs(call.arguments[1].astype(np.float64))


def distributed(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = g_i p_i - p_i sum_j g_j p_j."""
    p, xp = reference.softmax(x, axis=axis), array_namespace(x, g)
    return g * p - p * xp.sum(g * p, axis=axis, keepdims=True)


def through_quotient(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = e_i (g_i / S - sum_j g_j e_j / S^2)."""
    xp = array_namespace(x, g)
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    total = xp.sum(e, axis=axis, keepdims=True)
    return e * (g / total - xp.sum(g * e / total / total, axis=axis, keepdims=True))


def through_maximum(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """The same, less the sum of all these, which is 0, at the largest logit."""
    largest = x == array_namespace(x, g).max(x, axis=axis, keepdims=True)
    return less_its_sum(through_quotient(x, g, axis=axis), largest, axis)


def less_its_sum(gz: Array, largest: Array, axis: int) -> Array:
    """The gradient towards ``z = x - max(x)`` taken on to x: the maximum's share falls to the largest logit."""
    xp = array_namespace(gz)
    return gz - xp.where(largest, xp.sum(gz, axis=axis, keepdims=True), xp.zeros_like(gz))


def open_elements(x: Any, g: Any, *, axis: int = -1) -> Any:
    """The rows in which g is infinite, but for those in which NaN decides."""
    spoilt = np.any(np.isnan(x) | np.isnan(g), axis=axis, keepdims=True)
    return np.broadcast_to(np.any(np.isinf(g), axis=axis, keepdims=True) & ~spoilt, x.shape)


DETAILS = {
    "softmax_vjp": {
        "scale": scale,
        "forms": {each.__name__: each for each in (distributed, through_quotient, through_maximum)},
        "open": open_elements,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(11)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    # Past this, exp of a logit overflows; at twice the logarithm of the smallest normal, it is 0.
    overflow, vanish = float(np.log(info.max)), float(-np.log(info.smallest_normal))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    rows = partial(filled_rows, dtype)

    def case(requirement: str, name: str, note: str, x: Any, g: Any, axis: int = -1, exact: bool = False) -> Case:
        return any_case("softmax_vjp", f"softmax_vjp.{requirement}", name, note, x, g, axis=axis, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        yield case(
            "value", name, "any mistake", array(3 * random.normal(size=(4, 10))), array(random.normal(size=(4, 10)))
        )
    x, g = array(rng.normal(size=(4, 10))), array(rng.normal(size=(4, 10)))
    yield case("value", "one_row", "a batch axis taken for granted", x[0], g[0])
    note = "a sum in other weights than p, so that it does not cancel"
    yield case("value", "constant_g", note, x, array(np.repeat([[1], [-3], [1 / 3], [1000]], 10, axis=1)))
    one_hot = rows([1], [0, 0, -1], [0, 0, 0, 0, 1], [0, 1000], rest=0)
    yield case("value", "one_hot_g", "the diagonal alone, or all but the diagonal", x, one_hot)
    many, many_g = array(rng.normal(size=(2, 4096))), array(rng.normal(size=(2, 4096)))
    many[:, 1400] = [9, 1.2 * overflow]
    yield case("value", "many_classes", "classes beyond 1024 left out of the maximum or a sum", many, many_g)

    few = Few(11, dtype)
    yield case("few", NAME, NOTE, few.rows(-inf), few.normal(3, LENGTH))

    block, block_g = array(2 * rng.normal(size=(3, 4, 5))), array(rng.normal(size=(3, 4, 5)))
    yield case("axis", "first_from_the_end", "the wrong axis, or the axis ignored", block, block_g, axis=-3)
    yield case("axis", "last_by_number", "the last axis only found as -1", block, block_g, axis=2)
    note = "another default, such as the whole array"
    yield any_case("softmax_vjp", "softmax_vjp.axis", "default", note, block, block_g)

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = array(2.0 ** (info.nmant - 8))
    yield case("shift", "up", "the offset is rounded in: no shift, or too late", grid + offset, g)
    yield case("shift", "down", "the maximum is taken with 0, so nothing is subtracted", grid - offset, g)
    apart = array(grid + array([[0], [2 * vanish], [-2 * vanish], [8192]]))
    yield case("shift", "rows_apart", "one shift for all rows: rows far below become 0 / 0", apart, g)

    below = rows([0, -vanish - 1, -vanish - 5, -vanish - 9], [-vanish - 3, 0, 0, -3 * vanish], rest=-2 * vanish)
    yield case("spread", "subnormal", "subnormal probabilities flushed to 0", below, array(100 * g))
    edge = 0.99 * float(np.exp(-0.05 * vanish))  # times p, just below the smallest normal
    note = "gradients below an epsilon cut off to 0"
    small = rows([-edge], [edge, -edge], [-edge, edge, 0], [edge, 0], rest=edge)
    yield case("spread", "small_g", note, rows([0], [0], [0], [0], rest=-0.95 * vanish), small)
    large = 0.9 * float(info.max)
    largest = rows([large, 0, -large], [-large, 0, 1], rest=0)
    yield case("spread", "largest", "x - max overflows, to NaN", largest, g)

    whole = integers(rng, 8, (4, 10), dtype)
    equal = rows([0.3] * 8, [-inf, 7.7, 7.7], [-2e4 / 7] * 4, [-inf, 1e4 / 3, -inf, 1e4 / 3], rest=-inf)
    yield case("exact", "equal_logits", "an epsilon in the denominator; a masked class", equal, whole, exact=True)
    alone = rows([3.3], [-inf, -2e4 / 7], [-inf, -inf, 1e4 / 3], [0.1], rest=-inf)
    yield case("exact", "one_unmasked", "a sure class gets a gradient", alone, g, exact=True)

    missing = x.copy()
    missing[1, 3], missing[3, :2] = nan, [nan, -inf]
    missing_g, masked = g.copy(), x.copy()
    missing_g[0, 3], missing_g[2, :2], masked[0, 5], masked[2, 1] = nan, [nan, 0], -inf, -inf
    yield case("nan", "in_g", "NaN lost, or kept to its own class", masked, missing_g)
    masked = x.copy()
    masked[0, :4], masked[1, 9], masked[2, 1:], masked[3, ::2] = -inf, -inf, -inf, -inf
    yield case("infinity", "masked", "a masked class gets a gradient, or makes NaN", masked, g)
    infinite = x.copy()
    infinite[0, 2], infinite[1], infinite[2, :2] = inf, -inf, [inf, -inf]
    yield case("infinity", "no_answer", "NaN replaced by 0", infinite, g)

    yield case("batch", "nan_in_a_row", "NaN reaches another row", missing, g)
    note = "the last rows of a batch left out"
    yield case("batch", "many_rows", note, array(rng.normal(size=(1100, 5))), array(rng.normal(size=(1100, 5))))
    yield case("empty", "no_rows", "a batch of 0 rows fails", array(np.zeros((0, 5))), array(np.zeros((0, 5))))
    yield case("layout", "three_axes", "leading axes joined as if contiguous", block, block_g, axis=1)
