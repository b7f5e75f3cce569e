"""Right and wrong kernels for x @ w + b in float32: orders of summation, and units that compute with less."""

import ml_dtypes
import numpy as np

from gaugeblock.conformance.mutants.rounding import to_bfloat16, to_float16, to_tf32

f = np.float32


def by_terms(x, w, add):
    """One term after another, each added by a function of the sum and two factors."""
    s = np.zeros((len(x), w.shape[1]), f)
    for a, b in zip(np.ascontiguousarray(x.T), w, strict=True):
        s = add(s, a[:, None], b)
    return s


def fused(s, a, b):
    return (s + a.astype(np.float64) * b).astype(f)  # the product is exact there


def to_zero(exact):
    """Cut to float32, as an accumulator that truncates does."""
    y = exact.astype(f)
    return np.where(np.abs(y) > np.abs(exact), np.nextafter(y, f(0)), y)


def kahan(x, w):
    s = lost = np.zeros((len(x), w.shape[1]), f)
    for a, b in zip(np.ascontiguousarray(x.T), w, strict=True):
        term = a[:, None] * b - lost
        s, lost = s + term, (s + term) - s - term
    return s


def pairwise(x, w):
    p = x.T[:, :, None] * w[:, None, :]
    while len(p) > 1:
        p = np.concatenate([p[: len(p) // 2 * 2 : 2] + p[1::2], p[len(p) // 2 * 2 :]])
    return p[0]


def blocks(x, w, size):
    return ((x[:, i : i + size], w[i : i + size]) for i in range(0, x.shape[1], size))


def split_k(x, w):
    return sum((a @ b for a, b in blocks(x, w, 100)), np.zeros((), f))


def parts(a, count):
    """A matrix as the sum of so many of bfloat16."""
    found = []
    for _ in range(count):
        found.append(a.astype(ml_dtypes.bfloat16).astype(f))
        a = a - found[-1]
    return found


def bf16x9(x, w):
    a, b = parts(x, 3), parts(w, 3)
    pairs = sorted(((i, j) for i in range(3) for j in range(3)), key=sum, reverse=True)
    return sum((a[i] @ b[j] for i, j in pairs), np.zeros((), f))


def bf16x3(x, w):
    (a, c), (b, d) = parts(x, 2), parts(w, 2)
    return a @ b + (a @ d + c @ b)


def unit_that_truncates(x, w):
    """Blocks of 16 exact products, added to the sum and cut."""
    s = np.zeros((len(x), w.shape[1]), f)
    for a, b in blocks(x.astype(np.float64), w.astype(np.float64), 16):
        s = to_zero(s + a @ b)
    return s


def unit(x, w, kept, block):
    """Blocks of exact products, which with the sum so far are cut to the bits of the largest and added."""
    s = np.zeros((len(x), w.shape[1], 1))
    with np.errstate(invalid="ignore"):
        for a, b in blocks(x.astype(np.float64), w.astype(np.float64), block):
            terms = np.concatenate([s, a[:, None, :] * b.T], axis=2)
            _, exponent = np.frexp(np.max(np.abs(terms), axis=2, keepdims=True))
            last = np.ldexp(1.0, np.maximum(exponent - kept, -1000))
            added = np.sum(np.trunc(terms / last) * last, axis=2, keepdims=True)
            s = cut(np.where(np.isfinite(added), added, np.sum(terms, axis=2, keepdims=True)), 24)
    with np.errstate(over="ignore"):
        return s[..., 0].astype(f)


def cut(a, kept):
    """A number without the bits that a format of so many, with float32's exponents, does not keep."""
    _, exponent = np.frexp(a)
    last = np.ldexp(1.0, np.maximum(exponent - kept, -149))
    return np.where(np.isfinite(a), np.trunc(a / last) * last, a)


def sums_in_half(x, w):
    s = np.zeros((len(x), w.shape[1]), f)
    for a, b in blocks(x, w, 32):
        s = to_float16(s + a @ b)
    return s


def strassen(x, w, depth=2):
    if depth == 0:
        return x @ w
    n, k, m = (length // 2 for length in (*x.shape, w.shape[1]))
    a, b, c, d = x[:n, :k], x[:n, k:], x[n:, :k], x[n:, k:]
    e, g, h, i = w[:k, :m], w[:k, m:], w[k:, :m], w[k:, m:]
    pairs = (a + d, e + i), (c + d, e), (a, g - i), (d, h - e), (a + b, i), (c - a, e + g), (b - d, h + i)
    m1, m2, m3, m4, m5, m6, m7 = (strassen(p, q, depth - 1) for p, q in pairs)
    return np.block([[m1 + m4 - m5 + m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])


def split_k_in_half(x, w):
    """Parts of the sum are handed over in float16."""
    return sum((to_float16(a @ b) for a, b in blocks(x, w, 256)), np.zeros((), f))


RIGHT = {
    "blas": lambda x, w: x @ w,
    "einsum": lambda x, w: np.einsum("ij,jk->ik", x, w),
    "sequential": lambda x, w: by_terms(x, w, lambda s, a, b: s + a * b),
    "backwards": lambda x, w: by_terms(x[:, ::-1], w[::-1], lambda s, a, b: s + a * b),
    "fused": lambda x, w: by_terms(x, w, fused),
    "kahan": kahan,
    "pairwise": pairwise,
    "split_k": split_k,
    "bf16x9": bf16x9,
    "float64_inside": lambda x, w: (x.astype(np.float64) @ w).astype(f),
}
# Each with what has to see it.
WRONG = {
    "tf32": (lambda x, w: to_tf32(x) @ to_tf32(w), {"order", "signs", "factors of 11 bits", "1 of", "8 of", "32 of"}),
    "bf16": (lambda x, w: to_bfloat16(x) @ to_bfloat16(w), {"order", "signs", "factors of 8 bits", "1 of", "8 of"}),
    "float16_factors": (lambda x, w: to_float16(x) @ to_float16(w), {"factors of 11 bits", "1 of", "8 of", "32 of"}),
    "bf16x3": (bf16x3, {"1 of", "8 of"}),
    "unit_that_truncates": (unit_that_truncates, {"1 of", "rounds to 0"}),
    "truncates": (lambda x, w: to_zero(x.astype(np.float64) @ w), {"1 of", "rounds to 0"}),
    "rounds_down": (lambda x, w: np.floor((x.astype(np.float64) @ w) * 2.0**14).astype(f) / f(2**14), {"rounds down"}),
    "sums_in_half": (sums_in_half, {"order", "1 of", "8 of"}),
    "one_dropped": (lambda x, w: x[:, 1:] @ w[1:], {"order", "signs"}),
}
