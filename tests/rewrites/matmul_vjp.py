"""The gradients of products of matrices, rightly, in other ways."""

import numpy as np


def unbroadcast(gradient, shape):
    own = (1,) * (gradient.ndim - len(shape)) + shape
    axes = tuple(place for place, size in enumerate(own) if size == 1 != gradient.shape[place])
    return np.sum(gradient, axis=axes, keepdims=True).reshape(shape)


def matmul_vjp__einsum(a, b, g):
    ga, gb = np.einsum("...ij,...lj->...il", g, b), np.einsum("...il,...ij->...lj", a, g)
    return unbroadcast(ga, a.shape), unbroadcast(gb, b.shape)


def matmul_vjp__backwards(a, b, g):
    ga = g[..., ::-1] @ np.matrix_transpose(b)[..., ::-1, :]
    gb = np.matrix_transpose(a)[..., ::-1] @ g[..., ::-1, :]
    return unbroadcast(ga, a.shape), unbroadcast(gb, b.shape)


def matmul_vjp__wider(a, b, g):
    wide = np.float64 if a.dtype == np.float32 else np.longdouble
    return tuple(each.astype(a.dtype) for each in matmul_vjp__einsum(*(each.astype(wide) for each in (a, b, g))))
