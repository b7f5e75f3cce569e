"""PyTorch's operations along axes and of matrices, made of functions of the Array API standard.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import math
from typing import Any

import numpy as np

from ..arithmetic import correlated
from ..arithmetic.addends import begun_with
from .aten import Array, Namespace


def axes(dim: Any) -> Any:
    """The axes of a reduction; none means all."""
    if dim is None or dim == [] or dim == ():
        return None
    return tuple(dim) if isinstance(dim, list | tuple) else dim


def sum(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:  # noqa: A001
    return xp.sum(x, axis=axes(dim), keepdims=keepdim)


def mean(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    return xp.mean(x, axis=axes(dim), keepdims=keepdim)


def prod(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    return xp.prod(x, axis=axes(dim), keepdims=keepdim)


def amax(xp: Namespace, x: Array, dim: Any = (), keepdim: bool = False) -> Array:
    return correlated.largest(x, axes(dim), keepdim)


def amin(xp: Namespace, x: Array, dim: Any = (), keepdim: bool = False) -> Array:
    return -correlated.largest(-x, axes(dim), keepdim)


def max(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False) -> Any:  # noqa: A001
    if not isinstance(dim, int):
        return correlated.largest(x) if dim is None else xp.maximum(x, dim)
    return correlated.largest(x, dim, keepdim), xp.argmax(x, axis=dim, keepdims=keepdim)


def min(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False) -> Any:  # noqa: A001
    if not isinstance(dim, int):
        return -correlated.largest(-x) if dim is None else xp.minimum(x, dim)
    return -correlated.largest(-x, dim, keepdim), xp.argmin(x, axis=dim, keepdims=keepdim)


def argmax(xp: Namespace, x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    return xp.argmax(x, axis=dim, keepdims=keepdim)


def argmin(xp: Namespace, x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    return xp.argmin(x, axis=dim, keepdims=keepdim)


def any(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False) -> Array:  # noqa: A001
    return xp.any(x, axis=axes(dim), keepdims=keepdim)


def all(xp: Namespace, x: Array, dim: Any = None, keepdim: bool = False) -> Array:  # noqa: A001
    return xp.all(x, axis=axes(dim), keepdims=keepdim)


def var(xp: Namespace, x: Array, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Array:
    return correlated.var(x, axes(dim), 1 if correction is None else correction, keepdim)


def std(xp: Namespace, x: Array, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Array:
    return xp.std(x, axis=axes(dim), correction=1 if correction is None else correction, keepdims=keepdim)


def var_mean(xp: Namespace, x: Array, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Any:
    return var(xp, x, dim, correction=correction, keepdim=keepdim), mean(xp, x, dim, keepdim)


def std_mean(xp: Namespace, x: Array, dim: Any = None, *, correction: Any = 1, keepdim: bool = False) -> Any:
    return std(xp, x, dim, correction=correction, keepdim=keepdim), mean(xp, x, dim, keepdim)


def logsumexp(xp: Namespace, x: Array, dim: Any, keepdim: bool = False) -> Array:
    y = correlated.logsumexp(x, axes(dim))
    return y if keepdim else xp.squeeze(y, axis=axes(dim))


def linalg_vector_norm(
    xp: Namespace, x: Array, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None  # noqa: A002
) -> Array:  # fmt: skip
    if ord in (1, 2, math.inf):
        return xp.linalg.vector_norm(x, axis=axes(dim), keepdims=keepdim, ord=ord)
    if ord == 0:
        return xp.sum(xp.where(x == 0, xp.zeros_like(x), xp.ones_like(x)), axis=axes(dim), keepdims=keepdim)
    return xp.pow(xp.sum(xp.pow(xp.abs(x), ord), axis=axes(dim), keepdims=keepdim), 1 / ord)


def norm(xp: Namespace, x: Array, p: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Array:
    return linalg_vector_norm(xp, x, 2 if p is None else p, dim, keepdim)


def cumsum(xp: Namespace, x: Array, dim: int, *, dtype: Any = None) -> Array:
    return xp.cumulative_sum(x, axis=dim)


def cumprod(xp: Namespace, x: Array, dim: int, *, dtype: Any = None) -> Array:
    return xp.cumulative_prod(x, axis=dim)


def sort(xp: Namespace, x: Array, dim: int = -1, descending: bool = False, **_: Any) -> Any:
    return xp.sort(x, axis=dim, descending=descending), xp.argsort(x, axis=dim, descending=descending)


def topk(xp: Namespace, x: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:  # noqa: A002
    cut = (slice(None),) * (dim % x.ndim) + (slice(0, k),)
    return tuple(each[cut] for each in sort(xp, x, dim, largest))


def tril(xp: Namespace, x: Array, diagonal: int = 0) -> Array:
    return xp.tril(x, k=diagonal)


def triu(xp: Namespace, x: Array, diagonal: int = 0) -> Array:
    return xp.triu(x, k=diagonal)


def mm(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.matmul(a, b)


bmm = mv = matmul = mm


def dot(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.vecdot(a, b)


def addmm(xp: Namespace, x: Array, a: Array, b: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    product, addend = xp.matmul(a, b), x if beta == 1 else x * beta
    y = addend + (product if alpha == 1 else product * alpha)
    return begun_with(y, addend, np.matmul, a, b, a.shape[-1])


baddbmm = addmv = addmm


def addr(xp: Namespace, x: Array, a: Array, b: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    product = xp.linalg.outer(a, b)
    return (x if beta == 1 else x * beta) + (product if alpha == 1 else product * alpha)


def addbmm(xp: Namespace, x: Array, a: Array, b: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """The sum of a stack of products is one product: rows of all of a by columns of all of b."""
    rows = xp.reshape(xp.moveaxis(a, 0, 1), (a.shape[1], -1))
    return addmm(xp, x, rows, xp.reshape(b, (-1, b.shape[2])), beta=beta, alpha=alpha)


def linear(xp: Namespace, x: Array, w: Array, b: Array = None) -> Array:
    turned = xp.matrix_transpose(w)
    y = xp.matmul(x, turned)
    return y if b is None else begun_with(y + b, b, np.matmul, x, turned, x.shape[-1])


def _trilinear(
    xp: Namespace, a: Array, b: Array, c: Array, of_a: Any, of_b: Any, of_c: Any, summed: Any, *_: Any
) -> Array:
    """The sum of products of three, each with more axes of length 1."""
    for name, places in enumerate((of_a, of_b, of_c)):
        for place in sorted(places):
            a, b, c = (xp.expand_dims(each, axis=place) if name == i else each for i, each in enumerate((a, b, c)))
    return xp.sum(a * b * c, axis=tuple(summed))
