"""Cases of the neuron."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, every_number, finfo, integers, seeded
from . import case as any_case
from .dense import bias_as_term
from .few_terms import LENGTH, NAME, NOTE, Few


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """No inputs, in a batch of two axes."""
    nothing = np.zeros((2, 3, 0), dtype), np.zeros(0, dtype), np.asarray(2, dtype)
    yield any_case("neuron", "neuron.empty", "no_inputs_in_two_axes", "a sum of no terms has another shape", *nothing)


DETAILS: dict[str, dict[str, Any]] = {"neuron": {"forms": {"bias_as_term": bias_as_term}, "made": made}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    case = partial(any_case, "neuron")
    rng = np.random.default_rng(3)
    info = finfo(dtype)
    bits, inf, nan = info.nmant + 1, np.inf, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(*shape: int) -> Any:
        return array(rng.normal(size=shape))

    for name, random in seeded(dtype, seed, 3):
        x, w, b = (array(random.normal(size=shape)) for shape in ((4, 3), 3, ()))
        yield case("neuron.value", name, "any mistake, a lower precision first", x, w, b)
    cancelling = array([[1, 2.0 ** (bits // 2), -(2.0 ** (bits // 2))], [1, -1, 1]]), array([0.3, 1.1, 1.1]), array(0.7)
    yield case("neuron.value", "cancelling", "terms lost beside larger ones", *cancelling)
    if dtype.itemsize == 2:
        every = every_number(dtype)[:, None]
        yield case("neuron.value", "every_number", "any mistake at all", every, array([0.7]), array(0.3))
    source = array(0.67378), array(0.54623), array(0.64272)
    for name, (x, w, b) in {"random": (normal(), normal(), normal()), "source": source}.items():
        yield case("neuron.scalar", name, "inputs without axes fail", x, w, b)

    wide = integers(rng, bits - 4, (5, 3), dtype), array([1, -2, 3]), array(1)
    yield case("neuron.exact", "wide", "inputs rounded to fewer bits", *wide, exact=True)
    whole = integers(rng, bits, (5, 3), dtype), array([0, 1, 0]), array(0)
    yield case("neuron.exact", "all_bits", "the last bits of an input lost", *whole, exact=True)
    half = max((bits - 13) // 2, 1)
    long = integers(rng, half, (2, 4099), dtype), integers(rng, half, 4099, dtype), array(5)
    yield case("neuron.exact", "long", "terms left out of a long sum", *long, exact=True)

    few = Few(3, dtype)
    yield case("neuron.few", NAME, NOTE, few.rows(0), few.normal(LENGTH), few.normal())

    rows = normal(4, 7)
    rows[1, 3] = nan
    yield case("neuron.batch", "nan_in_a_row", "rows mixed", rows, normal(7), normal())
    many = integers(rng, 5, (1100, 3), dtype), integers(rng, 5, 3, dtype), array(3)
    yield case("neuron.batch", "many_rows", "the last rows of a batch left out", *many, exact=True)
    yield case("neuron.batch", "two_axes", "one batch axis taken for granted", normal(2, 3, 7), normal(7), normal())
    zero = array([[nan, 1.0], [0.0, 1.0]]), array([0.0, 1.0]), array(1.0)
    yield case("neuron.nan", "times_zero", "a weight of 0 hides NaN", *zero)
    zero = array([[0, 1], [1, 0]]), array([nan, 2]), array(1)
    yield case("neuron.nan", "zero_times", "an input of 0 hides NaN", *zero)
    rows = array([[1, 1], [0, 1], [-1, 2], [2, 0]])
    yield case("neuron.infinity", "in_w", "infinity replaced", rows, array([inf, 1]), array(0.5))
    yield case("neuron.infinity", "in_b", "infinity replaced", array([[1, 1], [0, 1]]), array([2, 1]), array(inf))
    single = array([[inf], [-inf], [2]]), array([1]), array(0.5)
    yield case("neuron.infinity", "one_term", "infinity becomes NaN", *single)
    huge = float(info.max) / 2
    over = array([[huge, huge], [-huge, -huge]]), array([3, 3]), array(0)
    yield case("neuron.infinity", "overflow", "saturation", *over)
    root = np.sqrt(float(info.smallest_normal))
    small = array([[root, root / 8, 0], [root / 64, root / 4, 0], [0, 0, 1]]), array([root / 4, root / 2, 1]), array(0)
    yield case("neuron.subnormal", "products", "subnormal products flushed to 0", *small)
    tiny = array([[info.smallest_normal / 8], [1.0]]), array([1.5]), array(0)
    yield case("neuron.subnormal", "inputs", "subnormal inputs flushed to 0", *tiny)
    no_terms = array(np.zeros((3, 0))), array(np.zeros(0)), array(0.7)
    yield case("neuron.empty", "no_terms", "a sum of no terms is not b", *no_terms, exact=True)
    yield case("neuron.empty", "no_rows", "a batch of 0 fails", array(np.zeros((0, 7))), normal(7), normal())
    yield case("neuron.layout", "two_axes", "memory order taken for granted", normal(4, 6), normal(6), normal())
