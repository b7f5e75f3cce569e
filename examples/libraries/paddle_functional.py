"""Paddle's functional interface on the CPU, what paddle.grad makes of it, and its optimizer, whose state is its own.

Its rms_norm has no kernel for the CPU, and neither has softmax in half precision.
"""

import paddle
from paddle.nn import functional

to_library, dtypes = paddle.to_tensor, ("float32", "float64")
relu, silu, gelu, swiglu = functional.relu, functional.silu, functional.gelu, functional.swiglu
matmul, dense = paddle.matmul, functional.linear


def gelu_tanh(x):
    return functional.gelu(x, approximate=True)


def softmax(x, *, axis=-1):
    return functional.softmax(x, axis=axis)


def log_softmax(x, *, axis=-1):
    return functional.log_softmax(x, axis=axis)


def layer_norm(x, w, b, *, epsilon=1e-5):
    return functional.layer_norm(x, x.shape[-1:], w, b, epsilon)


def embedding(table, labels):
    return functional.embedding(labels.astype("int64"), table)


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    losses = functional.cross_entropy(x, y.astype(x.dtype), soft_label=True, axis=axis, reduction="none")
    return losses.squeeze(axis)


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    labels = labels.astype("int64").unsqueeze(axis)
    return functional.cross_entropy(x, labels, axis=axis, reduction="none").squeeze(axis)


def vjp(function, inputs, g):
    for each in inputs:
        each.stop_gradient = False
    return paddle.grad(function(*inputs), inputs, g)


def optimizer(theta, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    theta.stop_gradient = False
    adam = paddle.optimizer.Adam(learning_rate, beta1, beta2, epsilon, parameters=[theta])

    def step(grad):
        theta.grad = grad
        adam.step()
        return theta

    return step
