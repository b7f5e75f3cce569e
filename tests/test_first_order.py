"""Errors that are followed through a whole function: no perturbed input and no rounding leaves the bound."""

import numpy as np
import pytest

from gaugeblock.conformance.arithmetic import correlated, first_order, namespace
from gaugeblock.conformance.arithmetic.bounded import Bounded
from gaugeblock.conformance.arithmetic.exact import Exact, lift
from gaugeblock.conformance.arithmetic.rounding import MODELS

XP, FLOAT32 = namespace.BOUNDED, np.dtype("float32")


def norm(xp, x):
    m = xp.mean(x, axis=-1, keepdims=True)
    v = correlated.var(x, -1, keepdims=True) if xp is XP else xp.var(x, axis=-1, keepdims=True)
    return (x - m) / xp.sqrt(v + 1e-3)


def softmax(xp, x):
    if xp is XP:
        return correlated.softmax(x, -1)
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


# Each of x (4, 6) and w (6, 6), so that several can be made one after another.
STEPS = {
    "product": lambda xp, x, w: xp.matmul(x, w),
    "product of computed": lambda xp, x, w: xp.matmul(xp.matmul(x, xp.matrix_transpose(x)), x) / 6.0,
    "exp": lambda xp, x, w: xp.exp(0.5 * x),
    "expm1": lambda xp, x, w: xp.expm1(0.5 * x),
    "log": lambda xp, x, w: xp.log(x * x + 0.5),
    "log1p": lambda xp, x, w: xp.log1p(x * x),
    "sqrt": lambda xp, x, w: xp.sqrt(xp.abs(x) + 0.125),
    "quotient": lambda xp, x, w: x / (1.0 + xp.sum(x * x, axis=-1, keepdims=True)),
    "reciprocal": lambda xp, x, w: 1.0 / (1.5 + x * x) - x,
    "tanh": lambda xp, x, w: xp.tanh(x),
    "erf": lambda xp, x, w: 0.5 * x * (1.0 + xp.erf(x * 0.75)),
    "sigmoid": lambda xp, x, w: x * xp.sigmoid(x),
    "sin and cos": lambda xp, x, w: xp.sin(x) + 0.5 * xp.cos(x),
    "cube": lambda xp, x, w: x + 0.25 * xp.pow(x, 3.0),
    "relu": lambda xp, x, w: xp.maximum(x, 0.0) - 0.125,
    "clip": lambda xp, x, w: xp.clip(x, -0.7, 0.1) + xp.minimum(x, xp.flip(x, axis=0)),
    "where": lambda xp, x, w: xp.where(x > 0, x, x * 0.1),
    "absolute": lambda xp, x, w: xp.abs(x) - 1.0,
    "largest": lambda xp, x, w: x - 0.5 * xp.max(x, axis=-1, keepdims=True),
    "moves": lambda xp, x, w: xp.concat([x[:, 3:], xp.roll(x[:, :3], 1, axis=0) * 2.0], axis=1) + x[:1],
    "running sum": lambda xp, x, w: xp.cumulative_sum(x, axis=1) - xp.sum(x),
    "softmax": lambda xp, x, w: softmax(xp, x) - 0.125,
    "norm": lambda xp, x, w: norm(xp, x),
    "half": lambda xp, x, w: xp.exp2(x) + xp.softplus(x) - xp.atan(x) if xp is XP else None,
}


def followed(x, e, tape):
    return first_order.made(Bounded(x, e, MODELS["float32"], FLOAT32), tape, e * first_order.bounded.INFLATION, ())
