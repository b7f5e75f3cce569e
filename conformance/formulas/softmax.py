"""Cases of softmax."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, filled_rows, finfo, seeded
from . import case as any_case
from .beside import shares
from .few_terms import LENGTH, NAME, NOTE, Few


def scale(call: Any, name: str) -> float:
    """A tolerance of 1 would let every probability pass."""
    return 10.0


DETAILS = {"softmax": {"scale": scale}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(1)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    # Past this, exp of a logit overflows; at twice the logarithm of the smallest normal, it is 0.
    overflow, vanish = float(np.log(info.max)), float(-np.log(info.smallest_normal))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    rows = partial(filled_rows, dtype)

    def case(requirement: str, name: str, note: str, x: Any, axis: int = -1, exact: bool = False) -> Case:
        return any_case("softmax", requirement, name, note, x, axis=axis, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        yield case("softmax.value", name, "any mistake", array(3 * random.normal(size=(4, 10))))
    yield case("softmax.value", "one_row", "a batch axis taken for granted", array(3 * rng.normal(size=10)))
    many = array(rng.normal(size=(2, 4096)))
    many[:, 1400] = [9, 1.2 * overflow]
    yield case("softmax.value", "many_classes", "classes beyond 1024 left out of the maximum or the sum", many)

    block = array(2 * rng.normal(size=(3, 4, 5)))
    yield case("softmax.axis", "middle_from_the_end", "the wrong axis, or the axis ignored", block, axis=-2)
    yield case("softmax.axis", "last_by_number", "the last axis only found as -1", block, axis=2)
    yield any_case("softmax", "softmax.axis", "default", "another default, such as the whole array", block)

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = 2.0 ** (info.nmant - 8)
    yield case("softmax.shift", "up", "the offset is rounded in: no shift, or too late", grid + array(offset))
    yield case("softmax.shift", "down", "the maximum is taken with 0, so nothing is subtracted", grid - array(offset))
    yield case("softmax.shift", "overflow", "exp without the shift is infinite", array(grid + 10 * overflow))
    note = "no shift along other axes than the last"
    yield case("softmax.shift", "overflow_first_axis", note, array(grid + 10 * overflow), axis=0)
    yield case("softmax.shift", "underflow", "exp without the shift is 0 everywhere", array(grid - 10 * vanish))
    apart = array(grid + array([[0], [2 * vanish], [-2 * vanish], [8192]]))
    yield case("softmax.shift", "rows_apart", "one shift for all rows: rows far below become 0 / 0", apart)

    steps = array(np.linspace(0, -0.95 * vanish, 10))
    spread = np.stack([steps, steps[::-1], np.roll(steps, 4), steps / array(8)])
    yield case("softmax.spread", "tiny", "tiny probabilities cut off, or added to by an epsilon", spread)
    large = 0.9 * float(info.max)
    largest = rows([large, 0, -large], [-large, 0, 1], rest=0)
    yield case("softmax.spread", "largest", "x - max overflows, to NaN", largest)

    yield case("softmax.exact", "equal_64", "the sum is not of ones", array(np.full((2, 64), 0.3)), exact=True)
    yield case("softmax.exact", "equal_4096", "terms lost in a long sum", array(np.full((2, 4096), -7.7)), exact=True)
    large = array(np.repeat([[1000 / 3], [-5e4 / 7]], 64, axis=1))
    yield case("softmax.exact", "equal_64_large", "exp(0) is not 1: scaled before the shift", large, exact=True)
    yield case("softmax.exact", "one_class", "an epsilon in the denominator", array([[3.0], [-200.0]]), exact=True)

    scattered = np.full((2, LENGTH), -inf)
    for row, count in zip(scattered, (8, 1024), strict=True):
        row[Few(count, dtype).rng.permutation(LENGTH)[:count]] = 0.7
    note = "a class at some place is left out of a long sum, or its terms are coarse"
    yield case("softmax.exact", "scattered", note, array(scattered), exact=True)
    shared = case(
        "softmax.renormalised",
        "long_rows",
        "exp is coarse where rows are long",
        array(np.random.default_rng(7).normal(size=(2, 4099))),
    )
    yield shared._replace(beside=shares)
    yield case("softmax.few", NAME, NOTE, Few(1, dtype).rows(-inf))

    row = array(rng.normal(size=(4, 10)))
    row[1, 3], row[3, :2] = nan, [nan, -inf]
    yield case("softmax.nan", "in_a_row", "NaN lost", row)
    yield case("softmax.nan", "first_axis", "NaN lost along other axes than the last", row, axis=0)
    yield case("softmax.batch", "nan_in_a_row", "NaN reaches another row", row)
    masked = array(rng.normal(size=(4, 10)))
    masked[0, :4], masked[1, 9], masked[2, 1:], masked[3, ::2] = -inf, -inf, -inf, -inf
    yield case("softmax.infinity", "masked", "a masked class gets a probability, or makes NaN", masked)
    yield case("softmax.infinity", "masked_first_axis", "masked logits make NaN along other axes", masked, axis=0)
    infinite = array(rng.normal(size=(4, 10)))
    infinite[0, 2], infinite[1], infinite[2, :2] = inf, -inf, [inf, -inf]
    yield case("softmax.infinity", "no_answer", "NaN replaced by 0, 1 or 1/n", infinite)

    yield case("softmax.batch", "many_columns", "columns beyond 1024 left out", many, axis=0)
    yield case("softmax.batch", "many_rows", "the last rows of a batch left out", array(rng.normal(size=(1100, 5))))
    tiny = rows([0, -vanish - 1, -vanish - 5, -vanish - 9], [-vanish - 3, 0, 0, -3 * vanish], rest=-2 * vanish)
    yield case("softmax.subnormal", "results", "subnormal probabilities flushed to 0", tiny)
    yield case("softmax.subnormal", "logits", "subnormal logits", rows([0, float(info.smallest_subnormal), 1], rest=-1))
    yield case("softmax.empty", "no_rows", "a batch of 0 rows fails", array(np.zeros((0, 5))))
    yield case("softmax.layout", "three_axes", "leading axes joined as if contiguous", block, axis=1)
