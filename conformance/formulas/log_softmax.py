"""Cases of log-softmax, in the shapes of softmax's."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, filled_rows, finfo, seeded
from . import case as any_case
from .few_terms import NAME, NOTE, Few


def scale(call: Any, name: str) -> float:
    """Near 0, an error of 0.1 in the logarithm of a probability is 10 % of the probability."""
    return 1.0


DETAILS = {"log_softmax": {"scale": scale}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(6)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    # Past this, exp of a logit overflows; at this distance from the maximum and a little more, softmax is 0.
    overflow, vanish = float(np.log(info.max)), float(-np.log(info.smallest_subnormal))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    rows = partial(filled_rows, dtype)

    def case(requirement: str, name: str, note: str, x: Any, axis: int = -1, exact: bool = False) -> Case:
        return any_case("log_softmax", f"log_softmax.{requirement}", name, note, x, axis=axis, exact=exact)

    for name, random in seeded(dtype, seed, 3):
        yield case("value", name, "any mistake", array(3 * random.normal(size=(4, 10))))
    yield case("value", "one_row", "a batch axis taken for granted", array(3 * rng.normal(size=10)))
    many = array(rng.normal(size=(2, 4096)))
    many[:, 1400] = [9, 1.2 * overflow]
    yield case("value", "many_classes", "classes beyond 1024 left out of the maximum or the sum", many)

    yield case("few", NAME, NOTE, Few(6, dtype).rows(-inf))

    block = array(2 * rng.normal(size=(3, 4, 5)))
    yield case("axis", "middle_from_the_end", "the wrong axis, or the axis ignored", block, axis=-2)
    yield case("axis", "last_by_number", "the last axis only found as -1", block, axis=2)
    default = any_case("log_softmax", "log_softmax.axis", "default", "another default, such as the whole array", block)
    yield default

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = 2.0 ** (info.nmant - 8)
    yield case("shift", "up", "the maximum is added to the logarithm, or nothing is subtracted", grid + array(offset))
    yield case("shift", "down", "the maximum is taken with 0, so nothing is subtracted", grid - array(offset))
    apart = array(grid + array([[0], [2 * vanish], [-2 * vanish], [8192]]))
    yield case("shift", "rows_apart", "one shift for all rows: rows far below become -infinity", apart)

    large = 0.9 * float(info.max)
    largest = rows([large, 0, -large], [-large, 0, 1], rest=0)
    yield case("spread", "largest", "a difference that overflows becomes NaN, or the least float", largest)

    yield case("exact", "one_class", "an epsilon in the logarithm", array([[3.0], [-200.0]]), exact=True)
    alone = rows([3.3], [-inf, -2e4 / 7], [-inf, -inf, 1e4 / 3], [0.1], rest=-inf)
    yield case("exact", "one_unmasked", "an epsilon in the logarithm", alone, exact=True)

    row = array(rng.normal(size=(4, 10)))
    row[1, 3], row[3, :2] = nan, [nan, -inf]
    yield case("nan", "in_a_row", "NaN lost", row)
    masked = array(rng.normal(size=(4, 10)))
    masked[0, :4], masked[1, 9], masked[2, 1:], masked[3, ::2] = -inf, -inf, -inf, -inf
    yield case("infinity", "masked", "a masked class gets a probability, or makes NaN", masked)
    infinite = array(rng.normal(size=(4, 10)))
    infinite[0, 2], infinite[1], infinite[2, :2] = inf, -inf, [inf, -inf]
    yield case("infinity", "no_answer", "NaN replaced by 0, -infinity or -log(n)", infinite)

    yield case("batch", "nan_in_a_row", "NaN reaches another row", row)
    yield case("batch", "many_rows", "the last rows of a batch left out", array(rng.normal(size=(1100, 5))))
    yield case("empty", "no_rows", "a batch of 0 rows fails", array(np.zeros((0, 5))))
    yield case("layout", "three_axes", "leading axes joined as if contiguous", block, axis=1)
