"""The formulas of the source, a published notebook, as it prints them: both of its errata included.

Only the axis and the batch are generalised. Judge them with `gaugeblock check examples/notebook.py`: all conform but
Adam, whose page says what the notebook should have said.
"""

import numpy as np


def neuron(x, w, b):
    return x * w + b if np.ndim(w) == 0 else np.sum(x * w, axis=-1) + b


def dense(x, w, b):
    return np.dot(x, w) + b


def relu(x):
    return np.maximum(0, x)


def softmax(x, *, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def categorical_cross_entropy(y, p, *, axis=-1, clip=None):
    lo, hi = clip or (1e-15, 1 - 1e-15)
    return -np.sum(y * np.log(np.clip(p, lo, hi)), axis=axis, dtype=p.dtype)


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    step = state.step + 1
    m = beta1 * state.m + (1 - beta1) * grad
    v = beta2 * state.v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**step)
    v_hat = beta1 * state.m + (1 - beta1) * grad  # the formula of m once more
    return theta - learning_rate * v_hat / (np.sqrt(m_hat) + epsilon), (step, m, v)
