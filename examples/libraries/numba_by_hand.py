"""Loops over rows as people write them for Numba; `numba_by_hand.py:of_floats` takes beta to the power of a float."""

from functools import partial
from types import SimpleNamespace

import numba
import numpy as np

last_axis_only = True


@numba.njit
def relu_all(x, y):
    for i in range(x.size):
        y[i] = max(x[i], 0)


@numba.njit
def softmax_rows(x, y):
    for r in range(x.shape[0]):
        largest, total = x[r].max(), x.dtype.type(0)
        for i in range(x.shape[1]):
            y[r, i] = np.exp(x[r, i] - largest)
            total += y[r, i]
        for i in range(x.shape[1]):
            y[r, i] /= total


@numba.njit(error_model="numpy")
def adam(theta, grad, m, v, t, rate, beta1, beta2, epsilon):
    for i in range(theta.size):
        m[i] = beta1 * m[i] + (1 - beta1) * grad[i]
        v[i] = beta2 * v[i] + (1 - beta2) * grad[i] * grad[i]
        m_hat, v_hat = m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)
        theta[i] -= rate * m_hat / (np.sqrt(v_hat) + epsilon)


def relu(x):
    y = np.empty_like(x, order="C")
    relu_all(np.ascontiguousarray(x).reshape(-1), y.reshape(-1))
    return y


def softmax(x):
    y = np.empty_like(x, order="C")
    softmax_rows(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1]))
    return y


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, number=int):
    shape, t = theta.shape, state.step + 1
    theta, m, v = (np.array(each, order="C") for each in (theta, state.m, state.v))
    rows = (each.reshape(-1) for each in (theta, np.ascontiguousarray(grad), m, v))
    adam(*rows, number(t), learning_rate, beta1, beta2, epsilon)
    return theta.reshape(shape), (t, m.reshape(shape), v.reshape(shape))


of_floats = SimpleNamespace(adam_step=partial(adam_step, number=float))
