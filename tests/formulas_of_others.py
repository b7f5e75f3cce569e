"""Formulas that people write kernels for, against the Array API standard, and wrong versions of some."""

from gaugeblock.conformance import special


def swish(x):
    return x * special.sigmoid(x)


def gelu(x):
    return 0.5 * x * (1 + special.erf(x * 0.7071067811865476))


def gelu_tanh(x):
    xp = x.__array_namespace__()
    return 0.5 * x * (1 + xp.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def mish(x):
    xp = x.__array_namespace__()
    return x * xp.tanh(special.softplus(x))


def elu(x, alpha=1.0):
    xp = x.__array_namespace__()
    return xp.where(x > 0, x, alpha * xp.expm1(x))


def selu(x):
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softplus(x):
    return special.softplus(x)


def sigmoid(x):
    return special.sigmoid(x)


def tanh(x):
    return x.__array_namespace__().tanh(x)


def hard_swish(x):
    xp = x.__array_namespace__()
    return x * xp.clip(x + 3, 0, 6) / 6


def rms_norm(x, w, eps=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + eps) * w


def layer_norm(x, w, b, eps=1e-5):
    xp = x.__array_namespace__()
    mean, var = xp.mean(x, axis=-1, keepdims=True), xp.var(x, axis=-1, keepdims=True)
    return (x - mean) / xp.sqrt(var + eps) * w + b


def group_norm(x, groups=2, eps=1e-5):
    xp = x.__array_namespace__()
    g = xp.reshape(x, (x.shape[0], groups, -1))
    g = (g - xp.mean(g, axis=-1, keepdims=True)) / xp.sqrt(xp.var(g, axis=-1, keepdims=True) + eps)
    return xp.reshape(g, x.shape)


def l2_normalised(x):
    xp = x.__array_namespace__()
    return x / xp.linalg.vector_norm(x, axis=-1, keepdims=True)


def cosine_similarity(x, y):
    xp = x.__array_namespace__()
    return xp.vecdot(x, y) / (xp.linalg.vector_norm(x, axis=-1) * xp.linalg.vector_norm(y, axis=-1))


def huber(x, y, delta=1.0):
    """The quadratic part of the distance is clipped, and the rest is linear."""
    xp = x.__array_namespace__()
    distance = abs(x - y)
    near = xp.minimum(distance, delta)
    return 0.5 * near * near + delta * (distance - near)


def mse(x, y):
    xp = x.__array_namespace__()
    return xp.mean((x - y) ** 2)


def kl_divergence(p, q):
    xp = p.__array_namespace__()
    return xp.sum(p * (xp.log(p) - xp.log(q)), axis=-1)


def hinge(x, y):
    xp = x.__array_namespace__()
    return xp.mean(xp.maximum(1 - x * xp.sign(y), 0), axis=-1)


def focal_loss(x, y, gamma=2):
    """Of logits x and the sign of y."""
    xp = x.__array_namespace__()
    z = x * xp.sign(y)
    return special.sigmoid(-z) ** gamma * special.softplus(-z)


def attention(q, k, v):
    xp = q.__array_namespace__()
    s = q @ k.mT / q.shape[-1] ** 0.5
    e = xp.exp(s - xp.max(s, axis=-1, keepdims=True))
    return e @ v / xp.sum(e, axis=-1, keepdims=True)


def geglu(x, w, v):
    return gelu(x @ w) * (x @ v)


def swiglu(x, w, v):
    return swish(x @ w) * (x @ v)


def rope(x, angles):
    xp = x.__array_namespace__()
    half = x.shape[-1] // 2
    a, b, cos, sin = x[..., :half], x[..., half:], xp.cos(angles), xp.sin(angles)
    return xp.concat([a * cos - b * sin, a * sin + b * cos], axis=-1)


def scan(x):
    return x.__array_namespace__().cumulative_sum(x, axis=-1)


def logsumexp(x):
    xp = x.__array_namespace__()
    largest = xp.max(x, axis=-1, keepdims=True)
    return xp.squeeze(largest, axis=-1) + xp.log(xp.sum(xp.exp(x - largest), axis=-1))


def max_pool(x):
    xp = x.__array_namespace__()
    return xp.max(xp.reshape(x, (*x.shape[:-1], -1, 4)), axis=-1)


def mean_pool(x):
    xp = x.__array_namespace__()
    return xp.mean(xp.reshape(x, (*x.shape[:-1], -1, 4)), axis=-1)


def outer(x, y):
    return x.__array_namespace__().linalg.outer(x, y)


def standardised(x):
    xp = x.__array_namespace__()
    return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0)


def quantised(x, scale=0.05):
    xp = x.__array_namespace__()
    return xp.clip(xp.round(x / scale), -127, 127)


# The shapes of the arguments of each; "+" for positive numbers that add up to 1 along the last axis.
SHAPES = {
    swish: [(400,)], gelu: [(400,)], gelu_tanh: [(400,)], mish: [(400,)], elu: [(400,)], selu: [(400,)],
    softplus: [(400,)], sigmoid: [(400,)], tanh: [(400,)], hard_swish: [(400,)], rms_norm: [(6, 32), (32,)],
    layer_norm: [(6, 32), (32,), (32,)], group_norm: [(3, 32)], l2_normalised: [(6, 32)],
    cosine_similarity: [(6, 32), (6, 32)], huber: [(400,), (400,)], mse: [(6, 32), (6, 32)],
    kl_divergence: [("+", 6, 32), ("+", 6, 32)], hinge: [(6, 32), (6, 32)], focal_loss: [(400,), (400,)],
    attention: [(2, 8, 16), (2, 8, 16), (2, 8, 16)], geglu: [(4, 16), (16, 24), (16, 24)],
    swiglu: [(4, 16), (16, 24), (16, 24)], rope: [(8, 16), (8, 8)], scan: [(6, 32)], logsumexp: [(6, 32)],
    max_pool: [(6, 32)], mean_pool: [(6, 32)], outer: [(20,), (30,)], standardised: [(32, 6)], quantised: [(400,)],
}  # fmt: skip


def one_pass(x, w, b, eps=1e-5):
    """Layer normalisation with the variance as the mean square less the squared mean."""
    xp = x.__array_namespace__()
    mean = xp.mean(x, axis=-1, keepdims=True)
    var = xp.mean(x * x, axis=-1, keepdims=True) - mean * mean
    return (x - mean) / xp.sqrt(var + eps) * w + b


def unscaled_attention(q, k, v):
    return attention(q * q.shape[-1] ** 0.5, k, v)


# Wrong versions beside zeros and inputs in TF32, which are wrong for all.
WRONG = {
    gelu: gelu_tanh, gelu_tanh: gelu, swish: hard_swish, mish: swish, attention: unscaled_attention,
    kl_divergence: lambda p, q: kl_divergence(q, p), scan: lambda x: scan(x[..., ::-1]), mean_pool: max_pool,
    group_norm: lambda x: group_norm(x, 1), quantised: lambda x: quantised(x, 0.0501), elu: selu,
}  # fmt: skip
