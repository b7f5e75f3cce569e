"""Loops over rows as people write them for Numba."""

import numba
import numpy as np

last_axis_only = True


@numba.njit
def softmax_rows(x, y):
    for r in range(x.shape[0]):
        largest, total = x[r].max(), x.dtype.type(0)
        for i in range(x.shape[1]):
            y[r, i] = np.exp(x[r, i] - largest)
            total += y[r, i]
        for i in range(x.shape[1]):
            y[r, i] /= total


@numba.vectorize
def relu(x):
    return x if x > 0 else x * 0


@numba.njit
def adam(theta, grad, m, v, t, rate, beta1, beta2, epsilon):
    for i in range(theta.size):
        m[i] = beta1 * m[i] + (1 - beta1) * grad[i]
        v[i] = beta2 * v[i] + (1 - beta2) * grad[i] * grad[i]
        m_hat, v_hat = m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)
        theta[i] -= rate * m_hat / (np.sqrt(v_hat) + epsilon)


def softmax(x):
    y = np.empty_like(x, order="C")
    softmax_rows(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1]))
    return y


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    shape, t = theta.shape, state.step + 1
    theta, m, v = (np.array(each, order="C") for each in (theta, state.m, state.v))
    rows = (each.reshape(-1) for each in (theta, np.ascontiguousarray(grad), m, v))
    adam(*rows, t, learning_rate, beta1, beta2, epsilon)
    return theta.reshape(shape), (t, m.reshape(shape), v.reshape(shape))
