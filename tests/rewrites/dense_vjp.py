"""The gradients of the dense layer, rightly, in other ways: any order of summation, wider, fused, blocked."""

import math

import numpy as np


def flat(x, g):
    """The rows of x and of g."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), g.reshape(math.prod(g.shape[:-1]), g.shape[-1])


def wider(dtype):
    return np.float64 if dtype == np.float32 else np.longdouble


def dense_vjp__einsum(x, w, b, g):
    rows, g_rows = flat(x, g)
    gw, gb = np.einsum("ri,rk->ik", rows, g_rows), np.einsum("rk->k", g_rows)
    return np.einsum("...k,ik->...i", g, w), gw, gb


def dense_vjp__tensordot(x, w, b, g):
    batch = list(range(x.ndim - 1))
    return np.tensordot(g, w, axes=(-1, 1)), np.tensordot(x, g, axes=(batch, batch)), np.sum(g, axis=tuple(batch)) + 0


def dense_vjp__bias_as_an_input(x, w, b, g):
    x, g_rows = flat(np.concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], axis=-1), g)
    both = x.T @ g_rows
    return g @ w.T, both[:-1].copy(), both[-1].copy()


def dense_vjp__row_by_row(x, w, b, g):
    gx, gw, gb = np.zeros_like(x, order="C"), np.zeros_like(w, order="C"), np.zeros_like(b)
    for row in np.ndindex(x.shape[:-1]):
        gx[row] = w @ g[row]
        gw += np.outer(x[row], g[row])
        gb += g[row]
    return gx, gw, gb


def dense_vjp__rows_reversed(x, w, b, g):
    rows, g_rows = flat(x, g)
    return (g[..., ::-1] @ w.T[::-1]), rows[::-1].T @ g_rows[::-1], np.sum(g_rows[::-1], axis=0)


def dense_vjp__shuffled(x, w, b, g):
    rows, g_rows = flat(x, g)
    order = np.random.default_rng(1).permutation(len(rows))
    return g @ w.T, np.einsum("ri,rk->ik", rows[order], g_rows[order]), np.sum(g_rows[order], axis=0)


def dense_vjp__blocked(x, w, b, g):
    rows, g_rows = flat(x, g)
    gw, gb = np.zeros_like(w, order="C"), np.zeros_like(b)
    for start in range(0, len(rows), 5):
        gw += rows[start : start + 5].T @ g_rows[start : start + 5]
        gb += np.ones(len(rows[start : start + 5]), b.dtype) @ g_rows[start : start + 5]
    return g[..., ::2] @ w.T[::2] + g[..., 1::2] @ w.T[1::2], gw, gb


def dense_vjp__wider(x, w, b, g):
    wide = wider(x.dtype)
    rows, g_rows = (each.astype(wide) for each in flat(x, g))
    results = g.astype(wide) @ w.T.astype(wide), rows.T @ g_rows, np.sum(g_rows, axis=0)
    return tuple(result.astype(x.dtype) for result in results)


def dense_vjp__fused(x, w, b, g):
    wide, (rows, g_rows) = wider(x.dtype), flat(x, g)
    gx, gw = np.zeros_like(x, order="C"), np.zeros_like(w, order="C")
    for k in range(w.shape[1]):
        gx = (g[..., k, None].astype(wide) * w[:, k] + gx).astype(x.dtype)
    for x_r, g_r in zip(rows, g_rows, strict=True):
        gw = (x_r[:, None].astype(wide) * g_r + gw).astype(x.dtype)
    return gx, gw, np.add.reduce(g_rows, axis=0)


def dense_vjp__kahan(x, w, b, g):
    rows, g_rows = flat(x, g)
    gw, gb, lost, lost_gb = np.zeros_like(w, order="C"), np.zeros_like(b), 0, 0
    for x_r, g_r in zip(rows, g_rows, strict=True):
        term, term_gb = x_r[:, None] * g_r - lost, g_r - lost_gb
        gw, lost = gw + term, ((gw + term) - gw - term if len(rows) > 1 else 0)
        gb, lost_gb = gb + term_gb, ((gb + term_gb) - gb - term_gb if len(rows) > 1 else 0)
    return g @ w.T, gw, gb


def dense_vjp__exactly_rounded_gb(x, w, b, g):
    rows, g_rows = flat(x, g)
    columns = [column.tolist() for column in g_rows.T]
    gb = [math.fsum(c) if all(abs(each) < 1e30 for each in c) else sum(c) for c in columns]
    return np.vecdot(g[..., None, :], w), rows.T @ g_rows, np.array(gb, b.dtype)


def dense_vjp__reshaped(x, w, b, g):
    rows, g_rows = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
    return g @ w.T, rows.T @ g_rows, g_rows.sum(axis=0)
