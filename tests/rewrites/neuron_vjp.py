"""The gradients of the neuron, rightly, in other ways: any order of summation, wider, fused."""

import math

import numpy as np


def terms(x, g):
    """The products of gw apart, a row of them for each row of the batch; without axes, one of one."""
    return (g[..., None] * np.atleast_1d(x)).reshape(math.prod(g.shape), x.shape[-1] if x.ndim else 1)


def over_the_batch(x, g, total):
    """Sum gw and gb by `total`, which sums the first axis."""
    return total(terms(x, g)).reshape(x.shape[-1:]), total(g.reshape(-1))


def outer(w, g):
    return g[..., None] * w if w.ndim else g * w


def neuron_vjp__sum_of_products(x, w, b, g):
    return outer(w, g), *over_the_batch(x, g, lambda p: np.sum(p, axis=0))


def neuron_vjp__einsum(x, w, b, g):
    if x.ndim == 0:
        return w * g, x * g, g.copy()
    axes = "rstu"[: g.ndim]
    gw, gb = np.einsum(f"{axes}i,{axes}->i", x, g), np.array(np.einsum(f"{axes}->", g))
    return np.einsum(f"{axes},i->{axes}i", g, w), gw, gb


def neuron_vjp__vecdot(x, w, b, g):
    rows = x.reshape(g.size, x.shape[-1] if x.ndim else 1)
    gw = np.vecdot(rows.T, g.reshape(-1)).reshape(w.shape)
    return outer(w, g), gw, np.vecdot(g.reshape(-1), np.ones(g.size, g.dtype))


def neuron_vjp__matrix_of_one_column(x, w, b, g):
    if x.ndim == 0:
        return g * w, g * x, g + 0
    gw = x.reshape(g.size, w.size).T @ g.reshape(g.size, 1)
    return np.matmul(g[..., None], w[None]), gw[:, 0].copy(), np.sum(g, keepdims=True).reshape(())


def neuron_vjp__one_by_one(x, w, b, g):
    def total(p):
        result = np.zeros(p.shape[1:], p.dtype)
        for term in p:
            result = result + term
        return result

    return outer(w, g), *over_the_batch(x, g, total)


def neuron_vjp__reversed(x, w, b, g):
    return outer(w, g), *over_the_batch(x, g, lambda p: np.sum(p[::-1], axis=0))


def neuron_vjp__blocked(x, w, b, g):
    def total(p):
        parts = [np.sum(p[i : i + 8], axis=0) for i in range(0, len(p), 8)]
        return sum(parts, np.zeros(p.shape[1:], p.dtype))

    return outer(w, g), *over_the_batch(x, g, total)


def neuron_vjp__wider(x, w, b, g):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    gx, gw, gb = neuron_vjp__sum_of_products(x.astype(wide), w.astype(wide), b, g.astype(wide))
    return gx.astype(x.dtype), gw.astype(x.dtype), gb.astype(x.dtype)


def neuron_vjp__fused(x, w, b, g):
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    gw = np.zeros(w.shape or (1,), x.dtype)
    for row in np.ndindex(g.shape):
        gw = (x[row].astype(wide) * g[row] + gw).astype(x.dtype)
    return outer(w, g), gw.reshape(w.shape), np.sum(g)


def neuron_vjp__exactly_rounded_gb(x, w, b, g):
    numbers = g.reshape(-1).tolist()
    gb = math.fsum(numbers) if all(abs(n) < 1e30 for n in numbers) else sum(numbers)
    return outer(w, g), over_the_batch(x, g, lambda p: np.sum(p, axis=0))[0], np.array(gb, g.dtype)


def neuron_vjp__reshaped(x, w, b, g):
    if x.ndim == 0:
        return g * w, g * x, g.copy()
    return g[..., None] * w, (g[..., None] * x).reshape(-1, x.shape[-1]).sum(axis=0), g.sum()
