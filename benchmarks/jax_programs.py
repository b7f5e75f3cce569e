"""Programs of JAX: loops, gradients, segments, sorting, windows; each with its arguments."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def programs(seed=2):
    """Yield a name, the function, and its arguments."""
    rng = np.random.default_rng(seed)

    def r(*shape):
        return jnp.asarray(rng.normal(size=shape).astype(np.float32))

    x, y, sq = r(8, 32), r(8, 32), r(12, 12)

    @jax.custom_jvp
    def clipped_log(x):
        return jnp.log(jnp.maximum(x, 1e-3))

    clipped_log.defjvp(lambda p, t: (clipped_log(p[0]), t[0] / jnp.maximum(p[0], 1e-3)))
    yield "custom_jvp_grad", jax.grad(lambda x: clipped_log(x).sum()), (jnp.abs(x),)
    yield (
        "scan_rnn",
        lambda x, w: lax.scan(lambda h, t: ((h := jnp.tanh(h @ w + t)), h), jnp.zeros((8,)), x)[1],
        (r(10, 8), r(8, 8) / 4),
    )
    yield (
        "scan_grad",
        jax.grad(lambda w, x: jnp.sum(lax.scan(lambda h, t: (jnp.tanh(h @ w + t), None), jnp.zeros((8,)), x)[0] ** 2)),
        (r(8, 8) / 4, r(10, 8)),
    )
    yield "vmap_matvec", jax.vmap(lambda w, v: jnp.dot(w, v)), (r(4, 6, 9), r(4, 9))
    yield "vmap_grad", jax.vmap(jax.grad(lambda v, w: jnp.sum(jax.nn.softplus(v @ w)))), (r(4, 6), r(4, 6, 5))
    yield (
        "while_newton",
        lambda x: lax.while_loop(lambda s: s[1] < 6, lambda s: (0.5 * (s[0] + x / s[0]), s[1] + 1), (x, 0))[0],
        (jnp.abs(x) + 0.5,),
    )
    yield (
        "fori_power",
        lambda a, v: lax.fori_loop(0, 5, lambda _, v: (w := a @ v) / jnp.linalg.norm(w), v),
        (sq @ sq.T, r(12)),
    )
    yield "einsum_bilinear", lambda a, b, c: jnp.einsum("bi,ijk,bk->bj", a, b, c), (r(5, 6), r(6, 7, 8), r(5, 8))
    yield "einsum_trace", lambda a: jnp.einsum("bii->b", a), (r(4, 6, 6),)
    yield "segment_sum", lambda x, i: jax.ops.segment_sum(x, i, 5), (r(20, 6), jnp.asarray(rng.integers(0, 5, 20)))
    yield "segment_max", lambda x, i: jax.ops.segment_max(x, i, 5), (r(20, 6), jnp.asarray(rng.integers(0, 5, 20)))
    yield (
        "segment_softmax",
        lambda x, i: (e := jnp.exp(x - jax.ops.segment_max(x, i, 5)[i])) / jax.ops.segment_sum(e, i, 5)[i],
        (r(20), jnp.asarray(np.arange(20) % 5)),
    )
    yield "sort", lambda x: jnp.sort(x, -1), (x,)
    yield "argsort", lambda x: jnp.argsort(x, -1), (x,)
    yield "top_k", lambda x: lax.top_k(x, 4)[0], (x,)
    yield "cumlogsumexp", lambda x: lax.cumlogsumexp(x, 1), (x,)
    yield (
        "associative_scan",
        lambda a, b: lax.associative_scan(
            lambda one, other: (one[0] * other[0], one[1] * other[0] + other[1]), (jax.nn.sigmoid(a), b), axis=1
        )[1],
        (x, y),
    )
    yield "logsumexp_weights", lambda x, b: jax.scipy.special.logsumexp(x, 1, b=b), (x, jnp.abs(y))
    yield "hessian_diag", lambda v: jnp.diag(jax.hessian(lambda v: jnp.sum(jnp.tanh(v) ** 2))(v)), (r(6),)
    yield (
        "jvp_layer_norm",
        lambda x, t: jax.jvp(
            lambda x: (x - x.mean(-1, keepdims=True)) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5), (x,), (t,)
        )[1],
        (x, y),
    )
    yield (
        "vjp_conv",
        lambda x, w, g: jax.vjp(lambda x, w: lax.conv_general_dilated(x, w, (2, 2), "SAME"), x, w)[1](g),
        (r(1, 3, 8, 8), r(4, 3, 3, 3), r(1, 4, 4, 4)),
    )
    yield (
        "depthwise_conv",
        lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "VALID", feature_group_count=4, rhs_dilation=(2, 1)),
        (r(1, 4, 9, 9), r(4, 1, 3, 3)),
    )
    yield "reduce_window_avg", lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 3), (1, 2), "VALID") / 3, (x,)
    yield "cond_switch", lambda x: lax.switch(1, [jnp.sin, jnp.cos, jnp.tanh], x), (x,)
    yield "remat_mlp", jax.grad(lambda w, x: jnp.sum(jax.checkpoint(lambda x: jax.nn.gelu(x @ w))(x))), (r(32, 6), x)
    yield (
        "solve_triangular",
        lambda a, b: jax.scipy.linalg.solve_triangular(jnp.tril(a) + 4 * jnp.eye(12), b, lower=True),
        (sq, r(12, 3)),
    )
    yield "lbfgs_two_loop", lambda g, s, y: g - s * (jnp.vdot(s, g) / jnp.vdot(y, s)), (r(30), r(30), r(30))
    yield (
        "spectral_norm",
        lambda a, u: a / jnp.vdot(u / jnp.linalg.norm(u), a @ ((v := a.T @ u) / jnp.linalg.norm(v))),
        (sq, r(12)),
    )
    yield "interp", lambda x: jnp.interp(x, jnp.linspace(-2, 2, 9), jnp.linspace(0, 1, 9) ** 2), (x,)
    yield "gather_scatter", lambda x, i: jnp.zeros((12, 32)).at[i].add(x), (x, jnp.asarray(rng.integers(0, 12, 8)))
    yield "median", lambda x: jnp.median(x, -1), (x,)
    yield "quantile", lambda x: jnp.quantile(x, jnp.array([0.1, 0.9]), axis=-1), (x,)
