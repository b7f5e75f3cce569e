"""Cases of the gradient of ReLU."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, every_number, finfo, powers, seeded
from . import case as any_case


def open_elements(x: Any, g: Any) -> Any:
    """Where x is NaN, and where an infinite or NaN g meets an x that is not above 0."""
    return np.isnan(x) | (x <= 0) & ~np.isfinite(g)


DETAILS = {"relu_vjp": {"open": open_elements}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "relu_vjp")
    rng = np.random.default_rng(10)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(*shape: int) -> Any:
        return array(rng.normal(size=shape))

    for name, random in seeded(dtype, seed, 2):
        x, g = (array(random.normal(size=(4, 10))) for _ in range(2))
        yield case("relu_vjp.value", name, "any mistake", x, g)
    magnitudes = powers(2, np.linspace(info.minexp + 1, info.maxexp - 1, 32))
    scales = array(np.concatenate([magnitudes, -magnitudes, [1, -1, info.max, -info.max]]))
    yield case("relu_vjp.value", "any_x", "a cap, a leak, a threshold", scales, normal(68))
    one = array(np.where(np.arange(68) % 2, -1, 1))
    yield case("relu_vjp.value", "any_g", "gradients clipped, or in a lower precision", one, scales)
    yield case("relu_vjp.value", "no_axes", "arrays without axes fail", array(1.5783), array(-0.7))
    long = normal(4099)
    long[:2], long[-2:] = [-1.5, 2.5], [2.5, -1.5]
    yield case("relu_vjp.value", "long", "elements beyond 4096, or the last n % 8, left out", long, normal(4099))
    if dtype.itemsize == 2:
        every = every_number(dtype)
        larger = every[np.abs(every) >= info.smallest_normal]  # where others count as 0, they have no gradient
        yield case("relu_vjp.value", "every_x", "any mistake at all", larger, array(np.full(larger.shape, 1.5)))
        yield case("relu_vjp.value", "every_g", "any mistake at all", array(np.full(every.shape, 1.5)), every)
    zeros = array([[0.0, -0.0, 1, -1, 0]]), array([[2.0, 3, 5, 7, -11]])
    yield case("relu_vjp.at_zero", "both_zeros", "a derivative of 1 or 1/2 at 0", *zeros)
    yield case("relu_vjp.nan", "in_g", "NaN lost", array([[1, -1, 0, 3, 2]]), array([[nan, 2, -5, -nan, 1]]))
    infinite = array([[inf, -inf, 1, 2, 0]]), array([[2, 3, inf, -inf, 7]])
    yield case("relu_vjp.infinity", "both", "infinity replaced, or divided by itself", *infinite)
    least = float(info.smallest_subnormal)
    tiny = array([[1, 1, 2, least, -least]]), array([[least, -info.smallest_normal / 2, 1, 3 * least, least]])
    yield case("relu_vjp.subnormal", "x_and_g", "subnormal numbers flushed to 0", *tiny)
    yield case("relu_vjp.empty", "no_elements", "empty arrays fail", *(array(np.zeros((0, 3))) for _ in range(2)))
    yield case("relu_vjp.layout", "three_axes", "memory order taken for granted", normal(3, 4, 5), normal(3, 4, 5))
