"""Formulas of language models in JAX, gradients among them, each with its arguments."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import nn


def rms_norm(x, w, eps=1e-6):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * w


def layer_norm(x, w, b):
    return nn.standardize(x, epsilon=1e-5) * w + b


def layer_norm_by_var(x, w, b):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5) * w + b


def swiglu(x, a, b, c):
    return (nn.silu(x @ a) * (x @ b)) @ c


def geglu(x, a, b):
    return nn.gelu(x @ a, approximate=True) * (x @ b)


def gelu(x):
    return nn.gelu(x, approximate=False)


def rope(x):
    length, width = x.shape[-2:]
    angles = jnp.arange(length)[:, None] * 10000.0 ** (-jnp.arange(width // 2) / (width // 2))
    return rope_given(x, jnp.cos(angles), jnp.sin(angles))


def rope_given(x, cos, sin):
    a, b = jnp.split(x, 2, -1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def attention(q, k, v):
    scores, length = jnp.einsum("bhqd,bhkd->bhqk", q, k) / jnp.sqrt(q.shape[-1]), q.shape[2]
    weights = nn.softmax(jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -jnp.inf), -1)
    return jnp.einsum("bhqk,bhkd->bhqd", weights, v)


def attention_of_library(q, k, v):
    return nn.dot_product_attention(q, k, v, is_causal=True)


def grouped_queries(q, k, v):
    return attention(q, jnp.repeat(k, 2, 1), jnp.repeat(v, 2, 1))


def alibi(q, k, v):
    steps = jnp.arange(q.shape[2])
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) * 0.25 - 0.5 * jnp.abs(steps[:, None] - steps)
    return nn.softmax(scores, -1) @ v


def cross_entropy(x, y):
    return -jnp.take_along_axis(nn.log_softmax(x, -1), y[:, None], -1)[:, 0]


def z_loss(x):
    return 1e-4 * nn.logsumexp(x, -1) ** 2


def softcap(x):
    return 30.0 * jnp.tanh(x / 30.0)


def router(x, w):
    weights, chosen = jax.lax.top_k(nn.softmax(x @ w, -1), 2)
    return weights / weights.sum(-1, keepdims=True), chosen


def adamw(p, g, m, v):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return {"p": p - 1e-3 * (m / 0.1 / (jnp.sqrt(v / 0.001) + 1e-8) + 0.01 * p), "m": m, "v": v}


def lion(p, g, m):
    return p - 1e-4 * (jnp.sign(0.9 * m + 0.1 * g) + 0.1 * p)


def state_space(a, b, c):
    def step(state, inputs):
        of_state, more, read = inputs
        state = of_state * state + more
        return state, jnp.sum(read * state)

    return jax.lax.scan(step, jnp.zeros(a.shape[1]), (a, b, c))[1]


def top_p(x):
    largest_first = jnp.sort(nn.softmax(x, -1), -1)[..., ::-1]
    return jnp.cumsum(largest_first, -1) < 0.9


def clipped(g):
    return g * jnp.minimum(1.0, 1.0 / jnp.sqrt(jnp.sum(g * g)))


def convolution(x, w):
    return jax.lax.conv_general_dilated(x, w, (1,), "SAME")


def embedding(table, index):
    return jnp.take(table, index, axis=0).sum(1)


def gradient_of_embedding(table, index):
    return jax.grad(lambda table: jnp.sum(embedding(table, index) ** 2))(table)


def gradient_of_softmax(x, g):
    return jax.vjp(lambda x: nn.softmax(x, -1), x)[1](g)[0]


def gradient_of_rms_norm(x, w, g):
    return jax.vjp(rms_norm, x, w)[1](g)


def gradient_of_cross_entropy(x, y):
    return jax.grad(lambda x: jnp.mean(cross_entropy(x, y)))(x)


def gradient_of_attention(q, k, v, g):
    return jax.vjp(attention, q, k, v)[1](g)


@jax.custom_vjp
def clamped_gradient(x):
    return nn.gelu(x)


clamped_gradient.defvjp(lambda x: (nn.gelu(x), x), lambda x, g: (jnp.clip(x * g, -1, 1),))


def gradient_of_custom(x):
    return jax.grad(lambda x: clamped_gradient(x).sum())(x)


def newton(a):
    """The reciprocal root, in a loop of a fixed count."""
    return jax.lax.fori_loop(0, 4, lambda _, y: y * (1.5 - 0.5 * a * y * y), 1.0 / (0.5 + 0.5 * a))


def branched(x, w):
    return jax.lax.cond(x[0, 0] > 9, lambda: x @ w, lambda: jax.checkpoint(nn.relu)(x @ w))


def pooled(x):
    return nn.relu(jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3), (1, 2), "SAME"))


def functions(seed=0):
    """Yield a name, the function and its arguments."""
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), jnp.float32)

    def labels(count, *shape):
        return jnp.asarray(rng.integers(0, count, shape), jnp.int32)

    heads = [normal(2, 4, 24, 16) for _ in range(4)]
    rows, w, b = normal(8, 64), normal(64), normal(64)
    arguments = {
        rms_norm: (rows, w), layer_norm: (rows, w, b), layer_norm_by_var: (rows + 3, w, b),
        swiglu: (normal(8, 32), normal(32, 48), normal(32, 48), normal(48, 32)),
        geglu: (normal(8, 32), normal(32, 48), normal(32, 48)), gelu: (3 * normal(1000),), rope: (normal(2, 24, 32),),
        rope_given: (normal(2, 24, 32), normal(24, 16), normal(24, 16)), attention: heads[:3],
        attention_of_library: [normal(2, 24, 4, 16) for _ in range(3)], alibi: heads[:3],
        grouped_queries: (heads[0], normal(2, 2, 24, 16), normal(2, 2, 24, 16)),
        cross_entropy: (normal(16, 50), labels(50, 16)), z_loss: (normal(16, 50),), softcap: (50 * normal(1000),),
        router: (normal(64, 32), normal(32, 8)), adamw: (normal(100), normal(100), normal(100), abs(normal(100))),
        lion: (normal(500), normal(500), normal(500)), state_space: (abs(jnp.tanh(normal(30, 8))), normal(30, 8),
        normal(30, 8)), top_p: (normal(64, 50),), clipped: (normal(300),), convolution: (normal(2, 8, 40),
        normal(8, 8, 5)), embedding: (normal(30, 8), labels(30, 6, 5)),
        gradient_of_embedding: (normal(30, 8), labels(30, 6, 5)), gradient_of_softmax: (normal(8, 40), normal(8, 40)),
        gradient_of_rms_norm: (rows, w, normal(8, 64)), gradient_of_cross_entropy: (normal(16, 50), labels(50, 16)),
        gradient_of_attention: heads, gradient_of_custom: (normal(200),), newton: (1 + abs(normal(200)),),
        branched: (normal(8, 6), normal(6, 5)), pooled: (normal(4, 20),),
    }  # fmt: skip
    for function, given in arguments.items():
        yield function.__name__, function, tuple(given)
