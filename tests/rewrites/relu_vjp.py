"""The gradient of ReLU, rightly, in other ways."""

import numpy as np


def relu_vjp__where(x, g):
    return np.where(x > 0, g, g.dtype.type(0))


def relu_vjp__where_not_greater(x, g):
    return np.where(x <= 0, np.zeros_like(g), g)


def relu_vjp__assigned(x, g):
    gx = np.array(g)
    gx[x <= 0] = 0
    return gx


def relu_vjp__from_the_result(x, g):
    return np.where(np.maximum(x, 0) == 0, g.dtype.type(0), g)


def relu_vjp__where_argument(x, g):
    return np.multiply(g, 1, out=np.zeros_like(g, order="C"), where=x > 0)


def relu_vjp__selected(x, g):
    return np.select([x > 0], [g], default=0).astype(g.dtype)


def relu_vjp__bits(x, g):
    kept = -(x > 0).astype(f"i{g.dtype.itemsize}")
    return (np.array(g).view(kept.dtype) & kept).view(g.dtype)


def relu_vjp__one_element_at_a_time(x, g):
    pairs = zip(np.ravel(x).tolist(), np.ravel(g).tolist(), strict=True)
    return np.array([g_i if x_i > 0 else 0.0 for x_i, g_i in pairs], g.dtype).reshape(g.shape)
