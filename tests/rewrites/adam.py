"""Adam, rightly, in other ways: the orders that libraries and kernels use."""

import math

import numpy as np

from gaugeblock.reference import AdamState


def corrections(beta1, beta2, t):
    """1 - beta^t for both, on the host."""
    return [-math.expm1(t * math.log(beta)) if beta else 1.0 for beta in (beta1, beta2)]


def moments(grad, state, beta1, beta2):
    """The moments as the page writes them."""
    return beta1 * state.m + (1 - beta1) * grad, beta2 * state.v + (1 - beta2) * (grad * grad)


def adam_step__torch_order(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = state.step + 1
    m = state.m + (1 - beta1) * (grad - state.m) if beta1 >= 0.5 else beta1 * state.m + (1 - beta1) * grad
    v = beta2 * state.v + (1 - beta2) * grad * grad
    c1, c2 = corrections(beta1, beta2, t)
    denominator = np.sqrt(v) / math.sqrt(c2) + epsilon
    return theta - (learning_rate / c1) * (m / denominator), AdamState(t, m, v)


def adam_step__torch_addcdiv(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    step = -(learning_rate / c1) * m / (np.sqrt(v) / math.sqrt(c2) + epsilon)
    return theta + step, AdamState(state.step + 1, m, v)


def adam_step__efficient_order(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    alpha, epsilon_hat = learning_rate * math.sqrt(c2) / c1, epsilon * math.sqrt(c2)
    return theta - alpha * (m / (np.sqrt(v) + epsilon_hat)), AdamState(state.step + 1, m, v)


def adam_step__rate_first(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    return theta - learning_rate * (m / c1) / (np.sqrt(v / c2) + epsilon), AdamState(state.step + 1, m, v)


def adam_step__lerp(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = state.m + (1 - beta1) * (grad - state.m) if beta1 >= 0.5 else grad + beta1 * (state.m - grad)
    v = beta2 * state.v + (1 - beta2) * (grad * grad)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    return theta - learning_rate * ((m / c1) / (np.sqrt(v / c2) + epsilon)), AdamState(state.step + 1, m, v)


def adam_step__lerp_of_v(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = beta1 * state.m + (1 - beta1) * grad
    square = grad * grad
    v = state.v + (1 - beta2) * (square - state.v) if beta2 >= 0.5 else square + beta2 * (state.v - square)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    return theta - learning_rate * ((m / c1) / (np.sqrt(v / c2) + epsilon)), AdamState(state.step + 1, m, v)


def adam_step__reciprocals(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    root = np.sqrt(v * (1 / c2)) + epsilon
    return theta - learning_rate * ((m * (1 / c1)) * (1 / root)), AdamState(state.step + 1, m, v)


def adam_step__weighted_gradient_first(
    theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    m = (1 - beta1) * grad + beta1 * state.m
    v = (grad * (1 - beta2)) * grad + beta2 * state.v
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    return theta - learning_rate * ((m / c1) / (np.sqrt(v / c2) + epsilon)), AdamState(state.step + 1, m, v)


def adam_step__correction_on_device(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    dtype, t = theta.dtype.type, theta.dtype.type(state.step + 1)
    c1, c2 = (-np.expm1(t * dtype(math.log(beta))) if beta else dtype(1) for beta in (beta1, beta2))
    return theta - learning_rate * ((m / c1) / (np.sqrt(v / c2) + epsilon)), AdamState(state.step + 1, m, v)


def adam_step__wider(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    wide = np.float64 if theta.dtype == np.float32 else np.longdouble
    m, v = (np.asarray(a, wide) for a in (state.m, state.v))
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * np.square(grad, dtype=wide)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    new = theta - learning_rate * (m / c1 / (np.sqrt(v / c2) + epsilon))
    new, m, v = (a.astype(theta.dtype) for a in (new, m, v))
    return new, AdamState(state.step + 1, m, v)


def adam_step__fused(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    def fma(a, b, c):
        return np.asarray(np.asarray(a, wide) * b + c).astype(theta.dtype)

    wide, host = np.float64 if theta.dtype == np.float32 else np.longdouble, theta.dtype.type
    m = fma(state.m, host(beta1), host(1 - beta1) * grad)
    v = fma(host(1 - beta2) * grad, grad, host(beta2) * state.v)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    step = (m / host(c1)) / (np.sqrt(v / host(c2)) + host(epsilon))
    return fma(-host(learning_rate), step, theta), AdamState(state.step + 1, m, v)


def adam_step__in_blocks(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    theta, m, v = (np.array(a, order="C") for a in (theta, state.m, state.v))
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    flat = [a.reshape(-1) for a in (theta, np.ascontiguousarray(grad), m, v)]
    for start in range(0, theta.size, 7):
        p, g, a, b = (array[start : start + 7] for array in flat)
        a *= beta1
        a += (1 - beta1) * g
        b *= beta2
        b += (1 - beta2) * np.square(g)
        p -= learning_rate * (a / c1) / (np.sqrt(b / c2) + epsilon)
    return theta, AdamState(state.step + 1, m, v)


def adam_step__in_place_where_donated(
    theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, donate=False
):
    if not donate:
        theta, state = theta.copy(), AdamState(state.step, state.m.copy(), state.v.copy())
    t, m, v = state.step + 1, state.m, state.v
    c1, c2 = corrections(beta1, beta2, t)
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * np.square(grad)
    theta -= learning_rate * (m / c1) / (np.sqrt(v / c2) + epsilon)
    return theta, AdamState(t, m, v)


def adam_step__element_by_element(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    results = [np.empty(theta.shape, theta.dtype) for _ in range(3)]
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    for index in np.ndindex(theta.shape):
        g = grad[index]
        m, v = beta1 * state.m[index] + (1 - beta1) * g, beta2 * state.v[index] + (1 - beta2) * g * g
        new = theta[index] - learning_rate * m / c1 / (np.sqrt(v / c2) + epsilon)
        for result, value in zip(results, (new, m, v), strict=True):
            result[index] = value
    return results[0], AdamState(state.step + 1, *results[1:])


def adam_step__root_of_each(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = moments(grad, state, beta1, beta2)
    c1, c2 = corrections(beta1, beta2, state.step + 1)
    root = np.sqrt(v) * (1 / math.sqrt(c2))
    return theta - (m * (learning_rate / c1)) / (root + epsilon), AdamState(state.step + 1, m, v)


def adam_first_moment__lerp(m, grad, beta1):
    return m + (1 - beta1) * (grad - m) if beta1 >= 0.5 else grad + beta1 * (m - grad)


def adam_second_moment__weighted_gradient_first(v, grad, beta2):
    return (grad * (1 - beta2)) * grad + beta2 * v


def adam_bias_correction__reciprocal(moment, beta, t):
    return moment * (1 / corrections(beta, 0.0, t)[0])


def adam_bias_correction__on_device(moment, beta, t):
    dtype = moment.dtype.type
    return moment / -np.expm1(dtype(t) * dtype(math.log(beta))) if beta else moment.copy()


def adam_update__rate_first(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def adam_update__reciprocal(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * (m_hat * (1 / (np.sqrt(v_hat) + epsilon)))
