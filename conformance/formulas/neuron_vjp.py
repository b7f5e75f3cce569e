"""Cases of the gradients of the neuron."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, integers, seeded
from . import case as any_case
from .few_terms import LENGTH, NAME, NOTE, Few


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "neuron_vjp")
    rng = np.random.default_rng(12)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, batch: tuple[int, ...], n: int) -> list[Any]:
        """Normal x, w, b and g."""
        return [array(generator.normal(size=shape)) for shape in ((*batch, n), (n,), (), batch)]

    def whole(rows: int, n: int, x_bits: int, w_bits: int, g_bits: int) -> list[Any]:
        """Integer x, w, b and g, for a batch of one axis."""
        x, w = integers(rng, x_bits, (rows, n), dtype), integers(rng, w_bits, n, dtype)
        return [x, w, array(3), integers(rng, g_bits, rows, dtype)]

    normal = partial(drawn, rng)
    for name, random in seeded(dtype, seed, 3):
        yield case("neuron_vjp.value", name, "any mistake, a lower precision first", *drawn(random, (4,), 3))
    yield case("neuron_vjp.value", "square", "rows and inputs exchanged", *normal((3,), 3))
    yield case("neuron_vjp.value", "one_row", "a batch axis taken for granted", *normal((), 7))
    yield case("neuron_vjp.value", "one_input", "an axis of length 1 dropped", *normal((4,), 1))
    yield case("neuron_vjp.value", "odd_length", "the last n % 8 rows left out", *normal((33,), 3))
    far = 2.0 ** (bits // 2)
    cancelling = array([[0.3, 1, 1], [1.1, 1, -1], [1.1, 1, 1], [0.7, 0, 1]]), array([1, 2, 3]), array(0.7)
    yield case("neuron_vjp.value", "cancelling", "terms lost beside larger ones", *cancelling, array([1, far, -far, 1]))
    for name, values in (("drawn", rng.normal(size=4)), ("source", (0.67378, 0.54623, 0.64272, 1.0107588494))):
        yield case("neuron_vjp.scalar", name, "inputs without axes fail", *map(array, values))

    yield case("neuron_vjp.exact", "wide_x", "inputs rounded to fewer bits", *whole(4, 3, bits - 4, 1, 1), exact=True)
    yield case("neuron_vjp.exact", "wide_w", "weights rounded to fewer bits", *whole(4, 3, 1, bits - 1, 1), exact=True)
    yield case(
        "neuron_vjp.exact", "wide_g", "gradients rounded to fewer bits", *whole(4, 3, 1, 1, bits - 3), exact=True
    )
    half = max((bits - 13) // 2, 1)
    long = whole(4099, 2, half, half, half)
    yield case("neuron_vjp.exact", "many_rows", "rows left out of a long sum", *long, exact=True)

    few = Few(12, dtype, (3,))
    few_rows = few.normal(LENGTH, 2), few.normal(2), few.normal(), few.rows(0)[0]
    yield case("neuron_vjp.few", NAME, NOTE, *few_rows)

    yield case("neuron_vjp.batch", "two_axes", "one batch axis taken for granted", *normal((2, 4), 3))
    x, w, b, g = normal((4,), 3)
    g[1] = nan
    yield case("neuron_vjp.batch", "nan_in_a_row", "rows mixed", x, w, b, g)
    for name, index in (("x", (2, 1)), ("w", 2), ("b", ())):
        arguments = dict(zip("xwbg", normal((4,), 3), strict=True))
        arguments[name][index] = nan
        yield case("neuron_vjp.nan", f"in_{name}", "NaN lost, or spread to other results", *arguments.values())
    x, w, b, g = normal((4,), 3)
    x[2, 1], g[2], w[0] = nan, 0, nan
    yield case("neuron_vjp.nan", "times_zero", "a gradient of 0 hides NaN", x, w, b, g)
    x, w, b, g = normal((4,), 3)
    g[1], x[1, 0], w[2] = nan, 0, 0
    yield case("neuron_vjp.nan", "zero_times", "an input or weight of 0 hides NaN", x, w, b, g)
    x, w, b, g = normal((4,), 3)
    x[0, 0], x[1, 1], g[1], w[0], w[2] = inf, -inf, 0, inf, -inf
    yield case("neuron_vjp.infinity", "in_x_and_w", "infinity replaced, or times 0", x, w, array(inf), g)
    x, w, b, _ = normal((), 7)
    x[0] = -inf
    yield case("neuron_vjp.infinity", "one_row", "infinity becomes NaN", x, w, b, array(inf))
    huge = float(info.max) / 2
    over = array([[huge, 1, 2], [huge, 1, 2], [1, 1, 2], [1, 1, 3]]), array([huge, 1e-3, 1]), array(0.7)
    yield case("neuron_vjp.infinity", "overflow", "saturation", *over, array([3, 3, 1, 4]))
    root = np.sqrt(float(info.smallest_normal))
    x, w, b, g = normal((4,), 3)
    x, w, g = x * root / 4, w * root / 4, g * root / 4
    x[3], g[3] = [1, 0, 0], 1
    yield case("neuron_vjp.subnormal", "products", "subnormal products flushed to 0", array(x), array(w), b, array(g))
    x, w, b, g = normal((4,), 3)
    g = array(g * float(info.smallest_normal) / 8)
    x[3], g[3] = [1, 0, 0], 1
    yield case("neuron_vjp.subnormal", "inputs", "subnormal inputs flushed to 0", x, w, b, g)
    yield case("neuron_vjp.empty", "no_rows", "a batch of 0 fails", *normal((0,), 3), exact=True)
    yield case("neuron_vjp.layout", "two_axes", "memory order taken for granted", *normal((4,), 3))
