"""Cases of products of matrices."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, integers, seeded
from . import case as any_case
from .beside import lean
from .few_terms import LENGTH, NAME, NOTE, Few

# Of a and b, where they differ: an axis that one lacks, or has of length 1.
BATCHES = (
    ((20,), ()),
    ((2, 3), ()),
    ((), (2, 3)),
    ((4, 3), (3,)),
    ((3,), (4, 3)),
    ((2, 1), (1, 3)),
    ((2, 2, 3), (3,)),
    ((1,), (20,)),
)
# The same of 3 x 3 matrices.
SQUARE_BATCHES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((), (3,)),
    ((3,), ()),
    ((2, 1, 2), (3, 1)),
    ((3, 1), (2, 1, 2)),
    ((1, 3), (2, 3)),
    ((2, 3), (1, 3)),
    ((2, 3), (2, 1)),
    ((2, 2), (2,)),
    ((2,), (2, 2)),
    ((1,), (2, 4)),
    ((2, 4), (1,)),
)


def name_of(*batches: tuple[int, ...]) -> str:
    """The shapes of batches as a word."""
    return "_by_".join("x".join(map(str, batch)) or "none" for batch in batches)


def beside_diagonals(dtype: np.dtype[Any]) -> Iterator[tuple[str, Any, Any]]:
    """NaN in a matrix beside the identity, and beside another diagonal: 0 times NaN is NaN."""
    a = np.arange(1.0, 13.0).reshape(3, 4)
    a[0, 1], a[2, 2] = np.nan, np.nan
    for name, factor in (("the_identity", 1.0), ("a_diagonal", 3.0)):
        yield name, np.asarray(a, dtype), np.asarray(factor * np.eye(4), dtype)


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """NaN where batches differ, and beside diagonals; other batches."""
    for name, a, b in beside_diagonals(dtype):
        yield any_case("matmul", "matmul.nan", f"beside_{name}", "a product by a diagonal is one of elements", a, b)
    rng = np.random.default_rng(30)
    for batch_of_a, batch_of_b in (((), (2, 3)), ((2, 3), ()), ((2, 1), (3,))):
        a, b = (np.asarray(rng.normal(size=(*batch, 4, 4)), dtype) for batch in (batch_of_a, batch_of_b))
        a[..., 1, 2], b[..., 0, 3] = np.nan, np.nan
        name, note = f"nan_{name_of(batch_of_a, batch_of_b)}", "NaN lost where a batch is broadcast"
        yield any_case("matmul", "matmul.nan", name, note, a, b)
    note = "batches that differ are taken for others, or rows for a batch of as many"
    for batches in SQUARE_BATCHES:
        a, b = (np.asarray(rng.normal(size=(*batch, 3, 3)), dtype) for batch in batches)
        yield any_case("matmul", "matmul.broadcast", f"square_{name_of(*batches)}", note, a, b)


DETAILS = {"matmul": {"made": made}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "matmul")
    rng = np.random.default_rng(21)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def pair(batch: tuple[int, ...] = (2,), n: int = 4, k: int = 3, m: int = 5) -> tuple[Any, Any]:
        """Normal a and b."""
        return array(rng.normal(size=(*batch, n, k))), array(rng.normal(size=(*batch, k, m)))

    for name, random in seeded(dtype, seed, 2):
        drawn = array(random.normal(size=(2, 4, 3))), array(random.normal(size=(2, 3, 5)))
        yield case("matmul.value", name, "any mistake, a lower precision first", *drawn)
    yield case("matmul.value", "square", "a matrix transposed", *pair((), 3, 3, 3))
    yield case("matmul.value", "odd_length", "the last k % 8 terms left out", *pair((), 4, 33, 5))
    a, b = pair((), 4, 8, 3)
    apart = a * a.dtype.type(4096), b / b.dtype.type(4096)
    yield case("matmul.value", "scales_apart", "factors added to each other, as Winograd's products do", *apart)
    far = array([[1, 2.0 ** (bits // 2), -(2.0 ** (bits // 2))], [1, -1, 1]])
    cancelling = far, array([[0.3, -0.4], [1.1, 1.3], [1.1, 1.3]])
    yield case("matmul.value", "cancelling", "terms lost beside larger ones", *cancelling)

    whole = integers(rng, bits, (3, 3), dtype), array(np.eye(3))
    yield case("matmul.exact", "all_bits_of_a", "a rounded to fewer bits", *whole, exact=True)
    whole = array(np.eye(3)), integers(rng, bits, (3, 3), dtype)
    yield case("matmul.exact", "all_bits_of_b", "b rounded to fewer bits", *whole, exact=True)
    half = max((bits - 13) // 2, 1)
    long = integers(rng, half, (2, 4099), dtype), integers(rng, half, (4099, 3), dtype)
    yield case("matmul.exact", "long", "terms left out of a long sum", *long, exact=True)
    broad = integers(rng, 5, (2, 3), dtype), integers(rng, 5, (3, 1100), dtype)
    yield case("matmul.exact", "broad", "columns beyond 1024 left out", *broad, exact=True)

    few = Few(21, dtype)
    yield case("matmul.few", NAME, NOTE, few.rows(0), few.normal(LENGTH, 3))
    signs = np.random.default_rng([21, 512])  # of each row anew, so that the errors of rows are independent
    rows, columns = (array(signs.normal(size=shape)) for shape in ((512, 16), (16, 2)))
    leaning = case("matmul.lean", "random_signs", "sums are cut, as on some units of matrix products", rows, columns)
    yield leaning._replace(beside=lean)
    rows, columns = (array(signs.normal(size=shape)) for shape in ((512, 257), (257, 4)))
    yield leaning._replace(name="random_signs_of_257", arguments=(rows, columns), beside=lean)

    a, b = array(rng.normal(size=(2, 1, 4, 3))), array(rng.normal(size=(3, 3, 5)))
    yield case("matmul.broadcast", "both_ways", "batches that differ are refused, or are taken for another", a, b)
    yield case("matmul.broadcast", "one_matrix", "a matrix without a batch is refused", a[0, 0], b)
    for batch_of_a, batch_of_b in BATCHES:
        given = pair(batch_of_a, 2, 3, 2)[0], pair(batch_of_b, 2, 3, 2)[1]
        note = "batches that differ are refused, or are taken for another"
        yield case("matmul.broadcast", name_of(batch_of_a, batch_of_b), note, *given)
    a, b = pair((2, 3))
    a[1, 1, 2] = nan
    yield case("matmul.broadcast", "nan_in_a_matrix", "matrices of a batch mixed", a, b)

    a, b = pair()
    a[0, 1, 2], b[1, 2, 4] = nan, nan
    yield case("matmul.nan", "in_both", "NaN lost, or spread to other rows and columns", a, b)
    zero = array([[nan, 1], [0, 1], [2, 0]]), array([[0, 1], [1, nan]])
    yield case("matmul.nan", "times_zero", "a factor of 0 hides NaN", *zero)
    infinite = array([[inf, 1, 2], [1, -inf, 2], [inf, inf, 2], [1, 0, inf], [inf, -inf, 1], [1, 2, 3]])
    columns = array([[1, -1, inf], [1, 2, 0], [0, 1, -inf]])
    yield case("matmul.infinity", "all_kinds", "infinity replaced, or times 0", infinite, columns)
    yield case("matmul.infinity", "one_term", "infinity becomes NaN", array([[inf], [-inf], [2]]), array([[1, -2, 0]]))
    huge = float(info.max) / 2
    over = array([[huge, huge], [-huge, -huge]]), array([[3, 1e-3], [3, 1e-3]])
    yield case("matmul.infinity", "overflow", "saturation", *over)
    root = np.sqrt(float(info.smallest_normal))
    inputs = array([[root, root / 8, 0], [root / 64, root / 4, 0], [0, 0, 1]])
    small = inputs, array([[root / 4, root / 16], [root / 2, root / 2], [1, 1]])
    yield case("matmul.subnormal", "products", "subnormal products flushed to 0", *small)
    tiny = array([[info.smallest_normal / 8], [1.0]]), array([[1.5, 1]])
    yield case("matmul.subnormal", "inputs", "subnormal inputs flushed to 0", *tiny)
    yield case("matmul.empty", "no_matrices", "a batch of 0 fails", *pair((0,)))
    yield case("matmul.layout", "three_axes", "memory order taken for granted", *pair())
