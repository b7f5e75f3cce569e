"""Cases of the gradients of products of matrices."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, integers, seeded
from . import case as any_case
from .few_terms import LENGTH, NAME, NOTE, Few
from .matmul import BATCHES, name_of


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """One matrix for several axes of a batch, each of length 1 or missing; NaN there."""
    rng = np.random.default_rng(29)
    for one in ((1, 1), (1,), ()):
        for name, batches in (("a", (one, (2, 5))), ("b", ((2, 5), one))):
            shapes = (*batches[0], 3, 4), (*batches[1], 4, 2), (2, 5, 3, 2)
            arrays = [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]
            note = "gradients summed over one axis of the batch alone"
            yield any_case("matmul_vjp", "matmul_vjp.broadcast", f"one_{name}_of_{len(one)}", note, *arrays)
            if not one:
                arrays[2] = arrays[2].copy()
                arrays[2][1, 3, 0, 1] = np.nan
                note = "NaN lost where a batch is broadcast"
                yield any_case("matmul_vjp", "matmul_vjp.nan", f"one_{name}_of_none", note, *arrays)


DETAILS = {"matmul_vjp": {"made": made}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "matmul_vjp")
    rng = np.random.default_rng(22)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, batch: tuple[int, ...], n: int, k: int, m: int) -> list[Any]:
        """Normal a, b and g."""
        return [array(generator.normal(size=(*batch, *shape))) for shape in ((n, k), (k, m), (n, m))]

    normal = partial(drawn, rng)
    for name, random in seeded(dtype, seed, 2):
        yield case("matmul_vjp.value", name, "any mistake, a lower precision first", *drawn(random, (2,), 4, 3, 5))
    yield case("matmul_vjp.value", "square", "a matrix or its gradient transposed", *normal((), 3, 3, 3))
    a, b, g = normal((2,), 4, 3, 5)
    apart = a * a.dtype.type(4096), b, g / b.dtype.type(4096)
    yield case("matmul_vjp.value", "scales_apart", "gradients clipped, or in a lower precision", *apart)

    sizes = {"wide_a": (bits - 4, 1, 1), "wide_b": (1, bits - 4, 1), "wide_g": (1, 1, bits - 4)}
    for name, widths in sizes.items():
        whole = [integers(rng, w, s, dtype) for w, s in zip(widths, ((4, 3), (3, 5), (4, 5)), strict=True)]
        yield case("matmul_vjp.exact", name, "factors rounded to fewer bits", *whole, exact=True)
    half = max((bits - 13) // 2, 1)
    long = [integers(rng, half, shape, dtype) for shape in ((4099, 3), (3, 2), (4099, 2))]
    yield case("matmul_vjp.exact", "many_rows", "rows left out of a long sum", *long, exact=True)

    few = Few(22, dtype)
    few_rows = few.normal(LENGTH, 2), few.normal(2, 3), few.rows(0).T.copy()
    yield case("matmul_vjp.few", NAME, NOTE, *few_rows)

    a, b = array(rng.normal(size=(2, 1, 4, 3))), array(rng.normal(size=(3, 3, 5)))
    g = array(rng.normal(size=(2, 3, 4, 5)))
    yield case("matmul_vjp.broadcast", "both_ways", "gradients not summed over a batch, or the mean", a, b, g)
    yield case("matmul_vjp.broadcast", "one_matrix", "a matrix without a batch is refused", a[0, 0], b, g[0])
    for batch_of_a, batch_of_b in BATCHES:
        a, b, _ = normal((), 2, 3, 2)
        a, b = (array(rng.normal(size=(*batch, *each.shape))) for batch, each in ((batch_of_a, a), (batch_of_b, b)))
        g = array(rng.normal(size=(*np.broadcast_shapes(batch_of_a, batch_of_b), 2, 2)))
        yield case(
            "matmul_vjp.broadcast", name_of(batch_of_a, batch_of_b), "gradients not summed over a batch", a, b, g
        )
    a, b, g = normal((2,), 4, 3, 5)
    g[1, 2, 3] = nan
    yield case("matmul_vjp.broadcast", "nan_in_a_matrix", "matrices of a batch mixed", a, b, g)

    for name, place in (("a", (1, 2, 1)), ("b", (0, 2, 4)), ("g", (1, 1, 3))):
        arguments = dict(zip("abg", normal((2,), 4, 3, 5), strict=True))
        arguments[name][place] = nan
        yield case("matmul_vjp.nan", f"in_{name}", "NaN lost, or spread to other elements", *arguments.values())
    a, b, g = normal((), 4, 3, 5)
    g[1, 2], g[3, 4], a[1, 0], b[2, 4] = nan, nan, 0, 0
    yield case("matmul_vjp.nan", "times_zero", "a factor of 0 hides NaN", a, b, g)
    a, b, g = normal((), 4, 3, 5)
    a[1, 1], b[2, 0], g[1, 0], g[3, 0] = nan, nan, 0, 0
    yield case("matmul_vjp.nan", "zero_times", "a gradient of 0 hides NaN", a, b, g)
    a, b, g = normal((), 4, 3, 5)
    a[0, 0], a[1, 1], g[1, 2], b[1, 1], g[3, 1], g[2, 0] = inf, -inf, 0, -inf, inf, -1
    yield case("matmul_vjp.infinity", "in_all", "infinity replaced, or times 0", a, b, g)
    one = array([[-inf], [1]]), array([[2.0]]), array([[3], [inf]])
    yield case("matmul_vjp.infinity", "one_term", "infinity becomes NaN", *one)
    root = np.sqrt(float(info.smallest_normal))
    a, b, g = (array(each * root / 4) for each in normal((), 4, 3, 5))
    g[3] = 1
    yield case("matmul_vjp.subnormal", "products", "subnormal products flushed to 0", a, b, g)
    a, b, g = normal((), 4, 3, 5)
    tiny = array(g * float(info.smallest_normal) / 8)
    a[3], tiny[3] = [1, 0, 0], 1
    yield case("matmul_vjp.subnormal", "inputs", "subnormal inputs flushed to 0", a, b, tiny)
    yield case("matmul_vjp.empty", "no_matrices", "a batch of 0 fails", *normal((0,), 4, 3, 5))
    a, b, g = normal((0,), 4, 3, 5)
    of_none = a, array(rng.normal(size=(3, 5))), g
    yield case("matmul_vjp.empty", "broadcast", "a sum of no matrices is not 0", *of_none, exact=True)
    yield case("matmul_vjp.layout", "three_axes", "memory order taken for granted", *normal((2,), 4, 3, 5))
