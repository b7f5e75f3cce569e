"""MLX on the CPU, what mx.vjp makes of it, and its optimizer, whose state is its own."""

import mlx.core as mx
import numpy as np
from mlx import nn, optimizers

mx.set_default_device(mx.cpu)
dtypes = ("float16", "bfloat16", "float32", "float64")
relu, silu, gelu, gelu_tanh, matmul = nn.relu, nn.silu, nn.gelu, nn.gelu_approx, mx.matmul


def to_library(array):
    numbers = array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    return mx.array(numbers, getattr(mx, array.dtype.name))


def from_library(array):
    return np.from_dlpack(array) if array.dtype != mx.bfloat16 else np.array(array.astype(mx.float32), "bfloat16")


def dense(x, w, b):
    return mx.addmm(b, x, w)


def softmax(x, *, axis=-1):
    return mx.softmax(x, axis=axis)


def log_softmax(x, *, axis=-1):
    return nn.log_softmax(x, axis=axis)


def layer_norm(x, w, b, *, epsilon=1e-5):
    return mx.fast.layer_norm(x, w, b, epsilon)


def rms_norm(x, w, *, epsilon=1e-6):
    return mx.fast.rms_norm(x, w, epsilon)


def embedding(table, labels):
    return table[labels]


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    return nn.losses.cross_entropy(x, labels, axis=axis, reduction="none")


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    return nn.losses.cross_entropy(x, y.astype(x.dtype), axis=axis, reduction="none")


def vjp(function, inputs, g):
    return mx.vjp(lambda *values: function(*values), inputs, [g])[1]


def optimizer(theta, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    adam = optimizers.Adam(learning_rate, [beta1, beta2], epsilon, bias_correction=True)
    values = {"theta": theta}

    def step(grad):
        values.update(adam.apply_gradients({"theta": grad}, values))
        return values["theta"]

    return step
