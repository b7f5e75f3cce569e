"""Cases of the gradients of the dense layer."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, integers, seeded
from . import case as any_case
from .few_terms import LENGTH, NAME, NOTE, Few


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "dense_vjp")
    rng = np.random.default_rng(11)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, batch: tuple[int, ...], n: int, m: int) -> list[Any]:
        """Normal x, w, b and g."""
        return [array(generator.normal(size=shape)) for shape in ((*batch, n), (n, m), (m,), (*batch, m))]

    def whole(lengths: tuple[int, int, int], x_bits: int, w_bits: int, g_bits: int) -> list[Any]:
        """Integer x, w, b and g, for a batch of one axis."""
        rows, n, m = lengths
        x, w, g = integers(rng, x_bits, (rows, n), dtype), integers(rng, w_bits, (n, m), dtype), g_bits
        return [x, w, integers(rng, 3, m, dtype), integers(rng, g, (rows, m), dtype)]

    normal = partial(drawn, rng)
    for name, random in seeded(dtype, seed, 3):
        yield case("dense_vjp.value", name, "any mistake, a lower precision first", *drawn(random, (4,), 3, 5))
    yield case("dense_vjp.value", "square", "weights or their gradient transposed", *normal((3,), 3, 3))
    yield case("dense_vjp.value", "one_row", "a batch axis taken for granted", *normal((), 3, 5))
    yield case("dense_vjp.value", "odd_lengths", "the last n % 8 terms left out", *normal((33,), 3, 33))
    far = 2.0 ** (bits // 2)
    x, w, b, g = normal((4,), 3, 5)
    x[:3], g[:3] = [[0.3, 1, 1], [1.1, 1, -1], [1.1, 1, 1]], [[1] * 5, [far] * 5, [-far] * 5]
    w[:, :3], g[3, :3] = [[0.3, 1.1, 1.1], [1, 1.3, 1.3], [-0.7, 1, 1]], [1, far, -far]
    yield case("dense_vjp.value", "cancelling", "terms lost beside larger ones", x, w, b, g)
    x, w, b, g = normal((4,), 3, 5)
    apart = x / 4096, w / 4096, b, g * 4096
    yield case("dense_vjp.value", "scales_apart", "factors added to each other, as Winograd's products do", *apart)

    yield case(
        "dense_vjp.exact", "wide_x", "inputs rounded to fewer bits", *whole((4, 3, 5), bits - 4, 1, 1), exact=True
    )
    yield case(
        "dense_vjp.exact", "wide_w", "weights rounded to fewer bits", *whole((4, 3, 5), 1, bits - 4, 1), exact=True
    )
    yield case(
        "dense_vjp.exact", "wide_g", "gradients rounded to fewer bits", *whole((4, 3, 5), 1, 1, bits - 4), exact=True
    )
    half = max((bits - 13) // 2, 1)
    long = whole((4099, 3, 2), half, half, half)
    yield case("dense_vjp.exact", "many_rows", "rows left out of a long sum", *long, exact=True)
    broad = whole((2, 3, 1100), 4, half, half)
    yield case("dense_vjp.exact", "many_neurons", "neurons beyond 1024 left out", *broad, exact=True)

    few = Few(11, dtype)
    few_rows = few.normal(LENGTH, 2), few.normal(2, 3), few.normal(3), few.rows(0).T.copy()
    yield case("dense_vjp.few", NAME, NOTE, *few_rows)

    yield case("dense_vjp.batch", "two_axes", "one batch axis taken for granted", *normal((2, 4), 3, 5))
    x, w, b, g = normal((4,), 3, 5)
    g[1] = nan
    yield case("dense_vjp.batch", "nan_in_a_row", "rows mixed", x, w, b, g)
    for name, index in (("x", (2, 1)), ("w", (2, 4)), ("b", 0), ("g", (1, 3))):
        arguments = dict(zip("xwbg", normal((4,), 3, 5), strict=True))
        arguments[name][index] = nan
        yield case("dense_vjp.nan", f"in_{name}", "NaN lost, or spread to other results", *arguments.values())
    x, w, b, g = normal((4,), 3, 5)
    x[2, 1], w[1, 3], g[2, 0], g[0, 3] = nan, nan, 0, 0
    yield case("dense_vjp.nan", "times_zero", "a gradient of 0 hides NaN", x, w, b, g)
    x, w, b, g = normal((4,), 3, 5)
    g[1, 2], g[3, 4], x[1, 0], w[2, 4] = nan, nan, 0, 0
    yield case("dense_vjp.nan", "zero_times", "an input or weight of 0 hides NaN", x, w, b, g)
    x, w, b, g = normal((4,), 3, 5)
    g[0, 0], g[1, 1], g[2, 1], g[3, 2], w[1, 2], x[3, 0], b[0] = inf, -inf, inf, inf, 0, 0, inf
    yield case("dense_vjp.infinity", "in_g", "infinity replaced, or times 0", x, w, b, g)
    x, w, b, g = normal((), 3, 5)
    x[0], g[1], w[2, 3] = inf, -inf, inf
    yield case("dense_vjp.infinity", "one_row", "infinity becomes NaN", x, w, b, g)
    x, w, b, g = normal((4,), 3, 1)
    w[0], g[1] = -inf, inf
    yield case("dense_vjp.infinity", "one_neuron", "infinity becomes NaN", x, w, b, g)
    huge = float(info.max) / 2
    x, w, b, g = normal((4,), 3, 5)
    x, w, g = np.where(x > 0, x, -x) * 1e-3, np.where(w > 0, w, -w) * 1e-3, np.full_like(g, 1e-3)
    x[:, 0], w[1], g[:, 0], g[0] = huge, huge, 3, 4
    yield case("dense_vjp.infinity", "overflow", "saturation", array(x), array(w), b, array(g))
    root = np.sqrt(float(info.smallest_normal))
    x, w, b, g = normal((4,), 3, 5)
    x, w, g = x * root / 4, w * root / 4, g * root / 4
    x[3], g[3] = [1, 0, 0], 1
    yield case("dense_vjp.subnormal", "products", "subnormal products flushed to 0", array(x), array(w), b, array(g))
    x, w, b, g = normal((4,), 3, 5)
    g = array(g * float(info.smallest_normal) / 8)
    x[3], g[3] = [1, 0, 0], 1
    yield case("dense_vjp.subnormal", "inputs", "subnormal inputs flushed to 0", x, w, b, g)
    yield case("dense_vjp.empty", "no_rows", "a batch of 0 fails", *normal((0,), 3, 5), exact=True)
    yield case("dense_vjp.layout", "two_axes", "memory order taken for granted", *normal((4,), 3, 5))
