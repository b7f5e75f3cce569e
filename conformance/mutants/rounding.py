"""Arithmetic that is too coarse: arrays rounded to fewer bits, and handed back in their own dtype.

NaN and infinities stay, and what is too large for the format becomes infinite.
"""

import numpy as np


def to_bfloat16(a):
    """Round to nearest even to the 8 significant bits of bfloat16, through float32."""
    return kept_bits(a, 16)


def to_tf32(a):
    """Round to nearest even to the 11 significant bits of TF32, through float32."""
    return kept_bits(a, 13)


def coarse_if_long(terms, axis):
    """Terms in bfloat16 where there are more than 2000, as where a kernel is chosen by the length."""
    return to_bfloat16(terms) if terms.shape[axis] > 2000 else terms


def three_products_if_long(a, b):
    """The product of two matrices: where it sums more than 2000 terms, three products of bfloat16 parts."""
    if a.shape[-1] <= 2000:
        return a @ b
    p, q = to_bfloat16(a), to_bfloat16(b)
    return p @ q + (p @ to_bfloat16(b - q) + to_bfloat16(a - p) @ q)


def to_float16(a):
    """Round to float16."""
    with np.errstate(over="ignore"):
        return a.astype(np.float16).astype(a.dtype)


def to_float32(a):
    """Round to float32."""
    with np.errstate(over="ignore"):
        return a.astype(np.float32).astype(a.dtype)


def flush(a):
    """Subnormal numbers of a's own dtype become 0."""
    return np.where(np.abs(a) < np.finfo(a.dtype).smallest_normal, a.dtype.type(0), a)


def kept_bits(a, dropped):
    """A float32 without its last `dropped` bits, rounded to nearest even."""
    a = np.asarray(a)
    with np.errstate(over="ignore"):
        single = a.astype(np.float32)
    bits = single.view(np.uint32)
    half = np.uint32(2 ** (dropped - 1) - 1) + ((bits >> np.uint32(dropped)) & np.uint32(1))
    rounded = ((bits + half) & np.uint32(2**32 - 2**dropped)).view(np.float32)
    return np.where(np.isfinite(single), rounded, single).astype(a.dtype)


def fused(a, b, c):
    """Compute a b + c with one rounding; float64 by error-free transformations, but for huge numbers with two."""
    b, c = np.asarray(b, a.dtype), np.asarray(c, a.dtype)
    if a.dtype == np.float32:
        return (a.astype(np.float64) * b.astype(np.float64) + c.astype(np.float64)).astype(np.float32)
    product = a * b
    total = product + c
    part = total - product
    rest = (product - (total - part)) + (c - part) + error_of_product(a, b, product)
    return np.where(np.isfinite(rest), total + rest, total)


def error_of_product(a, b, product):
    """What float64 a b is off by, exactly (Dekker 1971)."""
    (a_high, a_low), (b_high, b_low) = halves(a), halves(b)
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def halves(a):
    """A float64 as the sum of two of 26 bits."""
    scaled = a * 134217729.0
    high = scaled - (scaled - a)
    return high, a - high


def sum_in_half(terms, axis):
    """Terms added one after another in their own half precision."""
    terms = np.moveaxis(terms, axis, 0)
    total = np.zeros(terms.shape[1:], terms.dtype)
    for term in terms:
        total = total + term
    return total
