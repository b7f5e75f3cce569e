"""Cases of the gradient of log-softmax, in the shapes of log-softmax's."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from . import Case, filled_rows, finfo, integers, seeded
from . import case as any_case
from .few_terms import NAME, NOTE, Few
from .softmax_vjp import less_its_sum, open_elements, scale

Array = Any


def exp_of_log_softmax(x: Array, g: Array, /, *, axis: int = -1, xp: Any = None) -> Array:
    """gx_i = g_i - exp(log_softmax(x)_i) sum_j g_j."""
    xp = xp or array_namespace(x, g)
    return g - xp.exp(reference.log_softmax(x, axis=axis, xp=xp)) * xp.sum(g, axis=axis, keepdims=True)


def through_maximum(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = g_i - e_i (sum_j g_j / S), less the sum of all these, which is 0, at the largest logit."""
    xp = array_namespace(x, g)
    m = xp.max(x, axis=axis, keepdims=True)
    e = xp.exp(x - m)
    slope = xp.sum(g, axis=axis, keepdims=True) / xp.sum(e, axis=axis, keepdims=True)
    return less_its_sum(g - e * slope, x == m, axis)


DETAILS = {
    "log_softmax_vjp": {
        "scale": scale,
        "forms": {"exp_of_log_softmax": exp_of_log_softmax, "through_maximum": through_maximum},
        "open": open_elements,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(12)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    # Past this, exp of a logit overflows; at this distance from the maximum and a little more, softmax is 0.
    overflow, vanish = float(np.log(info.max)), float(-np.log(info.smallest_subnormal))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(*shape: int) -> Any:
        return array(rng.normal(size=shape))

    rows = partial(filled_rows, dtype)

    def case(requirement: str, name: str, note: str, x: Any, g: Any, axis: int = -1, exact: bool = False) -> Case:
        return any_case("log_softmax_vjp", f"log_softmax_vjp.{requirement}", name, note, x, g, axis=axis, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        x, g = random.normal(size=(2, 4, 10))
        yield case("value", name, "any mistake", array(3 * x), array(g))
    x, g = normal(4, 10), normal(4, 10)
    yield case("value", "one_row", "a batch axis taken for granted", x[0], g[0])
    one_hot = rows([-1], [0, 0, -1], [0, 0, 0, 0, 1], [0, -1000], rest=0)
    yield case("value", "one_hot_g", "p - y in place of the product; the sum of g taken for 1", x, one_hot)
    many, many_g = normal(2, 4096), array(np.zeros((2, 4096)))
    many[:, 1400], many_g[:, [3, 1400, 4000]] = [9, 1.2 * overflow], [[-1, 0, 0.5], [0.25, -1, -3]]
    yield case("value", "many_classes", "classes beyond 1024 left out of the maximum or a sum", many, many_g)

    few = Few(12, dtype)
    yield case("few", NAME, NOTE, few.rows(-inf), few.rows(0))

    block, block_g = array(2 * normal(3, 4, 5)), normal(3, 4, 5)
    yield case("axis", "first_from_the_end", "the wrong axis, or the axis ignored", block, block_g, axis=-3)
    yield case("axis", "last_by_number", "the last axis only found as -1", block, block_g, axis=2)
    note = "another default, such as the whole array"
    yield any_case("log_softmax_vjp", "log_softmax_vjp.axis", "default", note, block, block_g)

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = array(2.0 ** (info.nmant - 8))
    yield case("shift", "up", "the offset is rounded in: no shift, or too late", grid + offset, g)
    yield case("shift", "down", "the maximum is taken with 0, so nothing is subtracted", grid - offset, g)
    apart = array(grid + array([[0], [2 * vanish], [-2 * vanish], [8192]]))
    yield case("shift", "rows_apart", "one shift for all rows: rows far below become 0 / 0", apart, g)

    large = 0.9 * float(info.max)
    largest = rows([large, 0, -large], [-large, 0, 1], rest=0)
    yield case("spread", "largest", "0 times a difference that overflows is NaN", largest, g)

    whole = integers(rng, min(8, info.nmant - 3), (4, 10), dtype)  # so few bits that the sum of a row is exact too
    balanced = np.where(np.arange(10) == 9, whole - np.sum(whole, axis=-1, keepdims=True), whole)
    yield case("exact", "sum_0", "the sum of g is not exact", x, balanced, exact=True)
    alone = rows([3.3], [-inf, -2e4 / 7], [-inf, -inf, 1e4 / 3], [0.1], rest=-inf)
    yield case(
        "exact", "one_unmasked", "an epsilon in the denominator; a masked class cut off", alone, whole, exact=True
    )

    missing = x.copy()
    missing[1, 3], missing[3, :2] = nan, [nan, -inf]
    missing_g, masked = g.copy(), x.copy()
    missing_g[0, 3], missing_g[2, :2], masked[0, 5], masked[2, 1] = nan, [nan, 0], -inf, -inf
    yield case("nan", "in_g", "NaN lost, or kept to its own class", masked, missing_g)
    masked = x.copy()
    masked[0, :4], masked[1, 9], masked[2, 1:], masked[3, ::2] = -inf, -inf, -inf, -inf
    yield case("infinity", "masked", "a masked class gets 0, or makes NaN", masked, g)
    infinite = x.copy()
    infinite[0, 2], infinite[1], infinite[2, :2] = inf, -inf, [inf, -inf]
    yield case("infinity", "no_answer", "NaN replaced by 0 or g", infinite, g)

    yield case("batch", "nan_in_a_row", "NaN reaches another row", missing, g)
    yield case("batch", "many_rows", "the last rows of a batch left out", normal(1100, 5), normal(1100, 5))
    yield case("empty", "no_rows", "a batch of 0 rows fails", normal(0, 5), normal(0, 5))
    yield case("layout", "three_axes", "leading axes joined as if contiguous", block, block_g, axis=1)
