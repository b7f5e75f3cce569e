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


def scaled_dot_product_attention(q, k, v, mask=None, *, causal=False, scale=None):
    *batch, length, width = q.shape
    if causal == "lower_right" or v.shape[-1] != width or list(k.shape[:-2]) != batch:
        raise NotImplementedError("JAX aligns to the upper left, and wants values as wide as keys, with a head each")
    if mask is not None:
        mask = jnp.broadcast_to(mask, (*batch, length, k.shape[-2])).reshape(-1, 1, length, k.shape[-2])
    heads = [each.reshape(-1, each.shape[-2], 1, width) for each in (q, k, v)]  # (samples, length, heads, width)
    return jax.nn.dot_product_attention(*heads, mask=mask, is_causal=bool(causal), scale=scale).reshape(q.shape)


def clip_by_global_norm(tree, max_norm):
    return optax.clip_by_global_norm(max_norm).update(tree, optax.EmptyState())[0]


def vjp(function, inputs, g):
    return jax.vjp(function, *inputs)[1](g)


def adam_step(theta, grad, state, *, optimizer=optax.adam, **options):
    names = {"beta1": "b1", "beta2": "b2", "epsilon": "eps"}
    given = {"learning_rate": 0.001, **{names.get(name, name): value for name, value in options.items()}}
    made = optimizer(**given)
    moments, *rest = made.init(theta)
    moments = moments._replace(count=jnp.asarray(state.step, jnp.int32), mu=state.m, nu=state.v)
    updates, (moments, *_) = made.update(grad, (moments, *rest), theta)
    return optax.apply_updates(theta, updates), (moments.count, moments.mu, moments.nu)


def adamw_step(theta, grad, state, *, weight_decay=0.01, **options):  # optax's default is another
    return adam_step(theta, grad, state, optimizer=optax.adamw, weight_decay=weight_decay, **options)


def sgd_step(theta, grad, state, *, learning_rate=0.001, momentum=0.0, dampening=0.0, nesterov=False):
    if dampening:
        raise NotImplementedError("optax.sgd has no dampening")
    made = optax.sgd(learning_rate, momentum, nesterov)
    trace, *rest = made.init(theta)
    trace = trace._replace(trace=jnp.where(state.step == 0, jnp.zeros_like(state.velocity), state.velocity))
    updates, (trace, *_) = made.update(grad, (trace, *rest), theta)
    return optax.apply_updates(theta, updates), (state.step + 1, trace.trace)
