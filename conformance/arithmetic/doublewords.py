"""Numbers of twice float64's precision: unevaluated sums of two floats, and what rounding costs them.

`two_sum` and `two_product` are exact (Knuth; Dekker 1971, doi:10.1007/BF01397083). docs/twofold.md derives the errors
that this module states; tests hold them against Arb.
"""

import math
from functools import lru_cache
from typing import Any

import flint
import numpy as np
from flint import arb

Number = Any
Pair = tuple[Any, Any]

EXP = 2.0**-90  # relative error of `exp`
LOG = 2.0**-88  # absolute error of `log`
SLICES = 4  # of each factor of a product of matrices

TABLE_BITS = 12  # exp(j ln 2 / 2^12) is in a table
# exp is scaled by normal powers of two alone; what is smaller than 2^LEAST is left to Arb.
LEAST = -900


def two_sum(a: Number, b: Number) -> Pair:
    """a + b, rounded, and the error."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def fast_two_sum(a: Number, b: Number) -> Pair:
    """`two_sum` where a is 0 or no smaller than b."""
    s = a + b
    return s, b - (s - a)


def split(a: Number) -> Pair:
    """a as a sum of two numbers of at most 26 bits."""
    c = 134217729.0 * a
    high = c - (c - a)
    return high, a - high


def two_product(a: Number, b: Number) -> Pair:
    """a b, rounded, and the error, where nothing overflows or is subnormal."""
    p = a * b
    (ah, al), (bh, bl) = split(a), split(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def two_square(a: Number) -> Pair:
    p = a * a
    ah, al = split(a)
    return p, ((ah * ah - p) + 2 * ah * al) + al * al


@lru_cache
def table() -> tuple[Any, ...]:
    """ln 2 / 2^12 in pieces of 30 bits, 30 bits and the rest; its inverse; and exp of its multiples, as pairs."""
    with flint.ctx.workprec(300):
        step = arb(2).log() / 2**TABLE_BITS
        pieces: list[float] = []
        rest = step
        for _ in range(2):
            fraction, exponent = math.frexp(float(rest))
            pieces.append(math.ldexp(math.trunc(math.ldexp(fraction, 30)), exponent - 30))
            rest = rest - arb(pieces[-1])
        powers = [(step * j).exp() for j in range(2**TABLE_BITS)]
        high = np.array([float(each) for each in powers])
        low = np.array([float(each - arb(float(h))) for each, h in zip(powers, high, strict=True)])
        return *pieces, float(rest), float(1 / step), high, low


def exp(h: Number, low: Number) -> Pair:
    """e^(h + low) for h of at most 709, where the result is at least 2^LEAST; relatively off by at most EXP."""
    first, second, third, inverse, table_high, table_low = table()
    n = np.rint(h * inverse)
    r, s = two_sum(h - n * first, -n * second)  # the first difference and both products are exact
    s = s + (low - n * third)
    q, q_low = two_square(r)
    p, e = fast_two_sum(r, 0.5 * q)
    cubic = r * q * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720))))
    e = cubic + (s + (s * (p + (cubic + 0.5 * s)) + (e + 0.5 * q_low)))
    whole = n.astype(np.int64)
    j, k = whole & (2**TABLE_BITS - 1), whole >> TABLE_BITS
    t, t_low = table_high[j], table_low[j]
    m, m_low = two_product(t, p)
    a, b = fast_two_sum(t, m)
    a, b = fast_two_sum(a, b + (t * e + (m_low + (t_low + t_low * p))))
    scale = ((np.maximum(k, LEAST) + 1023) << 52).view(np.float64)
    return a * scale, b * scale


def log(h: Number, low: Number) -> Pair:
    """ln(h + low), off by at most LOG: Newton's correction of the library's, whose own error is a few ulp."""
    y = np.log(h)
    e, e_low = exp(-y, 0.0)
    p, rest = two_product(h, e)
    t = (p - 1) + (rest + (h * e_low + low * e))
    return two_sum(y, t - 0.5 * t * t)


def matmul(a: Number, b: Number) -> tuple[Any, Any, Any]:
    """The product of two matrices as a pair, and the largest error of each element.

    Each row of a and column of b is cut into SLICES numbers of so few bits that sums of their products are exact in
    float64 (Ozaki, Ogita, Oishi and Rump 2012, doi:10.1007/s11075-011-9478-1). Products that are below the last bits
    that count are left out.
    """
    n = a.shape[-1]
    bits = (53 - max(n - 1, 0).bit_length()) // 2
    (rows, a_top), (columns, b_top) = slices(a, -1, bits), slices(b, -2, bits)
    high = low = size = np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]))
    for i in range(SLICES):
        for j in range(SLICES - i):
            product = np.matmul(rows[i], columns[j])
            high, rest = two_sum(high, product)
            low, size = low + rest, size + np.abs(product)
    left_out = 6 * terms(a, b) * np.ldexp(1.0, a_top + b_top - SLICES * bits)
    apart = (np.abs(a_top) < 400) & (np.abs(b_top) < 400)  # no slice or product overflows or is subnormal
    error = left_out + size * (2 * SLICES**4 * 2.0**-106)
    high, low = fast_two_sum(high, low)
    return high, low, np.where(apart, error, np.inf)


def terms(a: Number, b: Number) -> Any:
    """How many products of each element of a product of two matrices are other than 0."""
    return np.matmul((a != 0).astype(np.float64), (b != 0).astype(np.float64))


def slices(a: Number, axis: int, bits: int) -> tuple[list[Any], Any]:
    """Numbers of at most `bits` bits that add up to a but for its last bits, and the exponents of the largest."""
    _, top = np.frexp(np.max(np.abs(a), axis=axis, keepdims=True, initial=0.0))
    found = []
    for i in range(1, SLICES + 1):
        sigma = np.ldexp(1.5, top - bits * i + 52)
        each = (a + sigma) - sigma
        found.append(each)
        a = a - each
    return found, top
