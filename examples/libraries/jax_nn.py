"""jax.nn, what jax.vjp makes of it, and optax's losses and optimizer."""

import jax
import jax.numpy as jnp
import optax

backend = "jax"
dtypes = ("float16", "bfloat16", "float32", "float64")
relu, silu, gelu_tanh, matmul = jax.nn.relu, jax.nn.silu, jax.nn.gelu, jnp.matmul


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def embedding(table, labels):
    return jnp.take(table, labels, axis=0)


def neuron(x, w, b):
    return jnp.dot(x, w) + b


def dense(x, w, b):
    return jnp.matmul(x, w) + b


def softmax(x, *, axis=-1):
    return jax.nn.softmax(x, axis=axis)


def log_softmax(x, *, axis=-1):
    return jax.nn.log_softmax(x, axis=axis)


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    return optax.softmax_cross_entropy(x, y.astype(x.dtype), axis=axis)


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    return optax.softmax_cross_entropy_with_integer_labels(x, labels, axis=axis)


def vjp(function, inputs, g):
    return jax.vjp(function, *inputs)[1](g)


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    adam = optax.adam(learning_rate, b1=beta1, b2=beta2, eps=epsilon)
    moments, rest = adam.init(theta)
    moments = moments._replace(count=jnp.asarray(state.step, jnp.int32), mu=state.m, nu=state.v)
    updates, (moments, _) = adam.update(grad, (moments, rest), theta)
    return optax.apply_updates(theta, updates), (moments.count, moments.mu, moments.nu)
