"""What everything is compared with: the formulas in plain NumPy, as the source writes them, with full temporaries."""

from typing import Any

import numpy as np

from ...reference import AdamState

Array = Any


def neuron(x: Array, w: Array, b: Array) -> Array:
    return np.sum(x * w, axis=-1) + b


def dense(x: Array, w: Array, b: Array) -> Array:
    return np.dot(x, w) + b


def relu(x: Array) -> Array:
    return np.maximum(0, x)


def softmax(x: Array) -> Array:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(x: Array) -> Array:
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def categorical_cross_entropy(y: Array, p: Array) -> Array:
    return -np.sum(y * np.log(np.clip(p, 1e-15, 1 - 1e-15)), axis=-1)


def categorical_cross_entropy_from_logits(y: Array, x: Array) -> Array:
    return categorical_cross_entropy(y, softmax(x))  # the source has no log-softmax


def sparse_categorical_cross_entropy_from_logits(labels: Array, x: Array) -> Array:
    return -np.take_along_axis(log_softmax(x), labels[..., None], axis=-1)[..., 0]


def neuron_vjp(x: Array, w: Array, b: Array, g: Array) -> tuple[Array, Array, Array]:
    return g[..., None] * w, np.tensordot(g, x, g.ndim), np.sum(g)


def dense_vjp(x: Array, w: Array, b: Array, g: Array) -> tuple[Array, Array, Array]:
    return g @ w.T, x.T @ g, np.sum(g, axis=0)


def relu_vjp(x: Array, g: Array) -> Array:
    return g * (x > 0)


def softmax_vjp(x: Array, g: Array) -> Array:
    y = softmax(x)
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


def log_softmax_vjp(x: Array, g: Array) -> Array:
    return g - softmax(x) * np.sum(g, axis=-1, keepdims=True)


def categorical_cross_entropy_vjp(y: Array, p: Array, g: Array) -> Array:
    return -y / np.clip(p, 1e-15, 1 - 1e-15) * g[..., None]


def categorical_cross_entropy_from_logits_vjp(y: Array, x: Array, g: Array) -> Array:
    return g[..., None] * (softmax(x) * np.sum(y, axis=-1, keepdims=True) - y)


def sparse_categorical_cross_entropy_from_logits_vjp(labels: Array, x: Array, g: Array) -> Array:
    return g[..., None] * (softmax(x) - (labels[..., None] == np.arange(x.shape[-1])))


def adam(theta: Any, grad: Any, state: AdamState) -> tuple[Any, AdamState]:
    """The plain step, of one array after another where there are several."""
    if not isinstance(theta, list):
        theta, m, v = adam_of_array(theta, grad, state.step + 1, state.m, state.v)
        return theta, AdamState(state.step + 1, m, v)
    rows = zip(theta, grad, state.m, state.v, strict=True)
    found = [adam_of_array(theta, grad, state.step + 1, m, v) for theta, grad, m, v in rows]
    theta, m, v = map(list, zip(*found, strict=True))
    return theta, AdamState(state.step + 1, m, v)


def adam_of_array(theta: Array, grad: Array, step: int, m: Array, v: Array) -> tuple[Array, Array, Array]:
    m = 0.9 * m + (1 - 0.9) * grad
    v = 0.999 * v + (1 - 0.999) * grad**2
    m_hat = m / (1 - 0.9**step)
    v_hat = v / (1 - 0.999**step)
    return theta - 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8), m, v
