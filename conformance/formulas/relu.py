"""Cases of ReLU."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, every_number, finfo, powers, seeded
from . import case as any_case


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "relu")
    rng = np.random.default_rng(2)
    info = finfo(dtype)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    for name, random in seeded(dtype, seed, 2):
        yield case("relu.value", name, "any mistake", array(random.normal(size=(4, 10))))
    magnitudes = powers(2, np.linspace(info.minexp + 1, info.maxexp - 1, 32))
    scales = array(np.concatenate([magnitudes, -magnitudes, [0.0, -0.0, info.max, -info.max]]))
    yield case("relu.value", "all_magnitudes", "a cap, a leak, an epsilon, a lower precision", scales)
    yield case("relu.value", "no_axes", "an array without axes fails", array(1.5783))
    yield case("relu.value", "three_axes", "the shape taken for granted", array(rng.normal(size=(3, 4, 5))))
    long = array(rng.normal(size=4099))
    long[:2], long[-2:] = [-1.5, 2.5], [2.5, -1.5]
    yield case("relu.value", "long", "elements beyond 4096, or the last n % 8, left out", long)
    if dtype.itemsize == 2:
        yield case("relu.value", "every_number", "any mistake at all", every_number(dtype))
    with_nan = array([1, np.nan, -1, -np.nan, 0])
    yield case("relu.nan", "among_others", "NaN replaced by 0", with_nan)
    yield case("relu.infinity", "both", "infinity replaced, or times 0", array([np.inf, -np.inf, 1, -1]))
    least = float(info.smallest_subnormal)
    tiny = array([least, -least, 3 * least, info.smallest_normal / 2, -info.smallest_normal / 2, 1])
    yield case("relu.subnormal", "both_signs", "subnormal numbers flushed to 0", tiny)
    yield case("relu.empty", "no_elements", "an empty array fails", array(np.zeros((0, 3))))
    block = array(rng.normal(size=(3, 4, 5)))
    yield case("relu.layout", "three_axes", "leading axes joined as if contiguous", block)
