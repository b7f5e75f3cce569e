"""Cases of the dense layer."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from . import Case, finfo, integers, seeded
from . import case as any_case
from .beside import lean
from .few_terms import LENGTH, NAME, NOTE, Few
from .matmul import beside_diagonals

Array = Any


def bias_as_term(x: Array, w: Array, b: Array) -> Array:
    """Neuron and dense: the bias is one more term of the sum, a weight whose input is 1."""
    if x.ndim == 0:
        return reference.neuron(x, w, b)
    xp = array_namespace(x, w, b)
    one = xp.ones_like(xp.reshape(xp.sum(x, axis=-1), (*x.shape[:-1], 1)))
    return xp.matmul(xp.concat([x, one], axis=-1), xp.concat([w, xp.reshape(b, (1, *b.shape))], axis=0))


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """NaN beside weights that are a diagonal; no inputs, in a batch of two axes."""
    nothing = np.zeros((2, 3, 0), dtype), np.zeros((0, 4), dtype), np.arange(4).astype(dtype)
    yield any_case("dense", "dense.empty", "no_inputs_in_two_axes", "a sum of no terms has another shape", *nothing)
    for name, x, w in beside_diagonals(dtype):
        note = "a product by a diagonal is one of elements"
        yield any_case("dense", "dense.nan", f"beside_{name}", note, x, w, np.zeros(4, dtype))


DETAILS: dict[str, dict[str, Any]] = {"dense": {"forms": {"bias_as_term": bias_as_term}, "made": made}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "dense")
    rng = np.random.default_rng(4)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(*shape: int) -> Any:
        return array(rng.normal(size=shape))

    for name, random in seeded(dtype, seed, 3):
        x, w, b = (array(random.normal(size=shape)) for shape in ((4, 3), (3, 5), 5))
        yield case("dense.value", name, "any mistake, a lower precision first", x, w, b)
    yield case("dense.value", "square", "weights transposed, bias along rows", normal(3, 3), normal(3, 3), normal(3))
    yield case("dense.value", "one_row", "a batch axis taken for granted", normal(3), normal(3, 5), normal(5))
    far = array([[1, 2.0 ** (bits // 2), -(2.0 ** (bits // 2))], [1, -1, 1]])
    cancelling = far, array([[0.3, -0.4], [1.1, 1.3], [1.1, 1.3]]), array([0.7, 100])
    yield case("dense.value", "cancelling", "terms lost beside larger ones", *cancelling)
    apart = array(4096 * rng.normal(size=(4, 8))), array(rng.normal(size=(8, 3)) / 4096), normal(3)
    yield case(
        "dense.value", "scales_apart", "inputs and weights added to each other, as Winograd's products do", *apart
    )
    almost = np.full((2, 33), 63 / 64 * float(info.eps))
    almost[0, 0] = almost[1, -1] = 1
    ones = array(np.ones((33, 1)))
    yield case("dense.value", "almost_an_ulp", "sums cut, not rounded", array(almost), ones, array([0]))
    source = array([[0.34, 0.45, 0.69]]), array([[0.24], [0.53], [0.78]]), array([0.72])
    yield case("dense.value", "source", "the sum has n terms, not n + 1", *source)

    wide = integers(rng, bits - 4, (5, 3), dtype), array([[1, 3, 0], [-2, 1, 0], [3, -2, 1]]), array([1, -1, 2])
    yield case("dense.exact", "wide_inputs", "inputs rounded to fewer bits", *wide, exact=True)
    wide = array([[1, -2, 3], [0, 1, 0]]), integers(rng, bits - 4, (3, 5), dtype), integers(rng, bits - 4, 5, dtype)
    yield case("dense.exact", "wide_weights", "weights or bias rounded to fewer bits", *wide, exact=True)
    whole = integers(rng, bits, (5, 3), dtype), array(np.eye(3)), array([0, 0, 0])
    yield case("dense.exact", "all_bits_of_inputs", "the last bits lost, as in three TF32 products", *whole, exact=True)
    whole = array(np.eye(3)), integers(rng, bits, (3, 5), dtype), array(np.zeros(5))
    yield case("dense.exact", "all_bits_of_weights", "the last bits of a weight lost", *whole, exact=True)
    half = max((bits - 13) // 2, 1)
    long = integers(rng, half, (2, 4099), dtype), integers(rng, half, (4099, 3), dtype), integers(rng, half, 3, dtype)
    yield case("dense.exact", "long", "terms left out of a long sum", *long, exact=True)
    broad = integers(rng, 5, (2, 3), dtype), integers(rng, 5, (3, 1100), dtype), integers(rng, 5, 1100, dtype)
    yield case("dense.exact", "broad", "neurons beyond 1024 left out", *broad, exact=True)

    few = Few(4, dtype)
    yield case("dense.few", NAME, NOTE, few.rows(0), few.normal(LENGTH, 3), few.normal(3))

    signs = np.random.default_rng([4, 512])  # of each row anew, so that the errors of rows are independent
    rows, weights = (array(signs.normal(size=shape)) for shape in ((512, 16), (16, 2)))
    note = "sums are cut, as on some units of matrix products"
    leaning = case("dense.lean", "random_signs", note, rows, weights, array(np.zeros(2)))
    yield leaning._replace(beside=lean)
    rows, weights = (array(signs.normal(size=shape)) for shape in ((512, 257), (257, 4)))
    given = rows, weights, array(np.zeros(4))
    yield leaning._replace(name="random_signs_of_257", arguments=given, beside=lean)

    rows = normal(4, 7)
    rows[1, 3] = nan
    yield case("dense.batch", "nan_in_a_row", "rows mixed", rows, normal(7, 5), normal(5))
    rows = integers(rng, 5, (65_538, 1), dtype), array([[3]]), array([-7])
    yield case("dense.batch", "more_than_16_bits_of_rows", "a row's number in 16 bits", *rows, exact=True)
    yield case("dense.batch", "two_axes", "one batch axis taken for granted", normal(2, 4, 7), normal(7, 5), normal(5))
    zero = array([[nan, 1.0], [0.0, 1.0]]), array([[0.0, 1.0], [1.0, 0.0]]), array([1.0, 2.0])
    yield case("dense.nan", "times_zero", "a weight of 0 hides NaN", *zero)
    zero = array([[0, 1], [1, 0], [1, 1]]), array([[nan, 1], [2, 3]]), array([1, 2])
    yield case("dense.nan", "zero_times", "an input of 0 hides NaN", *zero)
    weights = array([[inf, 1, -inf, 1], [1, -inf, inf, 2]]), array([0.5, -1, 0, inf])
    yield case("dense.infinity", "in_w_and_b", "infinity replaced", array([[1, 1], [0, 1], [-1, 2], [2, 0]]), *weights)
    single = array([[inf], [-inf], [2]]), array([[1, -2, 0]]), array([0.5, inf, 1])
    yield case("dense.infinity", "one_term", "infinity becomes NaN", *single)
    huge = float(info.max) / 2
    over = array([[huge, huge], [-huge, -huge]]), array([[3, 1e-3], [3, 1e-3]]), array([0, 0])
    yield case("dense.infinity", "overflow", "saturation", *over)
    root = np.sqrt(float(info.smallest_normal))
    inputs = array([[root, root / 8, 0], [root / 64, root / 4, 0], [0, 0, 1]])
    small = inputs, array([[root / 4, root / 16], [root / 2, root / 2], [1, 1]]), array([0, 0])
    yield case("dense.subnormal", "products", "subnormal products flushed to 0", *small)
    tiny = array([[info.smallest_normal / 8], [1.0]]), array([[1.5, 1]]), array([0, 0])
    yield case("dense.subnormal", "inputs", "subnormal inputs flushed to 0", *tiny)
    no_terms = array(np.zeros((3, 0))), array(np.zeros((0, 2))), array([0.7, -0.1])
    yield case("dense.empty", "no_terms", "a sum of no terms is not b", *no_terms, exact=True)
    yield case("dense.empty", "no_rows", "a batch of 0 fails", array(np.zeros((0, 7))), normal(7, 5), normal(5))
    yield case("dense.layout", "two_axes", "memory order taken for granted", normal(4, 6), normal(6, 5), normal(5))
