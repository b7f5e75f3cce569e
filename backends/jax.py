"""JAX, eager and under ``jax.jit``. Its matrix products ask for full precision; subnormal numbers count as 0 in XLA."""

import contextlib
import types
from typing import Any

import jax
import jax.numpy as jnp
import numpy

from .. import reference
from ..reference.arguments import class_axis, class_numbers, floating, rounded, wide
from . import bind

name = "jax"
dtypes = ("float16", "bfloat16", "float32", "float64")
subnormals = "flush"

relu = bind(reference.relu, jnp)
relu_vjp = bind(reference.relu_vjp, jnp)
softmax = bind(reference.softmax, jnp)
log_softmax = bind(reference.log_softmax, jnp)
categorical_cross_entropy = bind(reference.categorical_cross_entropy, jnp)
categorical_cross_entropy_vjp = bind(reference.categorical_cross_entropy_vjp, jnp)
categorical_cross_entropy_from_logits = bind(reference.categorical_cross_entropy_from_logits, jnp)
categorical_cross_entropy_from_logits_vjp = bind(reference.categorical_cross_entropy_from_logits_vjp, jnp)
softmax_vjp = bind(reference.softmax_vjp, jnp)
log_softmax_vjp = bind(reference.log_softmax_vjp, jnp)
sparse_categorical_cross_entropy_from_logits_vjp = bind(reference.sparse_categorical_cross_entropy_from_logits_vjp, jnp)
adam_first_moment = bind(reference.adam_first_moment, jnp)
adam_second_moment = bind(reference.adam_second_moment, jnp)
adam_bias_correction = bind(reference.adam_bias_correction, jnp)
adam_update = bind(reference.adam_update, jnp)
adam_init = bind(reference.adam_init, jnp)
adam_step = bind(reference.adam_step, jnp)


def neuron(x: Any, w: Any, b: Any) -> Any:
    """Return ``sum_i x_i w_i + b`` in full precision, which is not JAX's default on accelerators."""
    with jax.default_matmul_precision("highest"):
        return reference.neuron(x, w, b, xp=jnp)


def dense(x: Any, w: Any, b: Any) -> Any:
    """Return ``sum_i x_i w_ij + b_j`` in full precision, which is not JAX's default on accelerators."""
    with jax.default_matmul_precision("highest"):
        return reference.dense(x, w, b, xp=jnp)


def neuron_vjp(x: Any, w: Any, b: Any, g: Any) -> Any:
    """Return the neuron's gradients in full precision, which is not JAX's default on accelerators."""
    with jax.default_matmul_precision("highest"):
        return reference.neuron_vjp(x, w, b, g, xp=jnp)


def dense_vjp(x: Any, w: Any, b: Any, g: Any) -> Any:
    """Return the dense layer's gradients in full precision, which is not JAX's default on accelerators."""
    with jax.default_matmul_precision("highest"):
        return reference.dense_vjp(x, w, b, g, xp=jnp)


def sparse_categorical_cross_entropy_from_logits(labels: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Return ``-log_softmax(x)_label`` along `axis`; of the logarithms only those are computed."""
    _, dtype = floating(jnp, x=x)
    class_axis("x", x, axis)
    index = jnp.expand_dims(class_numbers(labels, x, axis, jnp), axis)
    x = wide(x, jnp)
    largest = jnp.max(x, axis=axis, keepdims=True)
    total = jnp.sum(jnp.exp(x - largest), axis=axis, keepdims=True)
    losses = jnp.log(total) - (jnp.take_along_axis(x, index, axis=axis) - largest)
    return rounded(jnp.squeeze(losses, axis=axis), dtype, jnp)


# Under jit: hyper-parameters are constants of the program, so that 1 - beta is formed on the host; the step is traced.
HYPER_PARAMETERS = ("learning_rate", "beta1", "beta2", "epsilon")
keeping = jax.jit(adam_step, static_argnames=HYPER_PARAMETERS)
donating = jax.jit(adam_step, static_argnames=HYPER_PARAMETERS, donate_argnums=(0, 2))


def adam_step_jitted(*arguments: Any, donate: bool = False, **options: Any) -> Any:
    """`adam_step` under jit; with `donate`, its results are written over theta and the state, which are gone then."""
    return (donating if donate else keeping)(*arguments, **options)


jitted = types.SimpleNamespace(
    neuron=jax.jit(neuron),
    dense=jax.jit(dense),
    neuron_vjp=jax.jit(neuron_vjp),
    dense_vjp=jax.jit(dense_vjp),
    relu=jax.jit(relu),
    relu_vjp=jax.jit(relu_vjp),
    softmax=jax.jit(softmax, static_argnames="axis"),
    log_softmax=jax.jit(log_softmax, static_argnames="axis"),
    categorical_cross_entropy=jax.jit(categorical_cross_entropy, static_argnames=("axis", "clip")),
    categorical_cross_entropy_vjp=jax.jit(categorical_cross_entropy_vjp, static_argnames=("axis", "clip")),
    categorical_cross_entropy_from_logits=jax.jit(categorical_cross_entropy_from_logits, static_argnames="axis"),
    categorical_cross_entropy_from_logits_vjp=jax.jit(
        categorical_cross_entropy_from_logits_vjp, static_argnames="axis"
    ),
    sparse_categorical_cross_entropy_from_logits=jax.jit(
        sparse_categorical_cross_entropy_from_logits, static_argnames="axis"
    ),
    softmax_vjp=jax.jit(softmax_vjp, static_argnames="axis"),
    log_softmax_vjp=jax.jit(log_softmax_vjp, static_argnames="axis"),
    sparse_categorical_cross_entropy_from_logits_vjp=jax.jit(
        sparse_categorical_cross_entropy_from_logits_vjp, static_argnames="axis"
    ),
    adam_first_moment=jax.jit(adam_first_moment, static_argnums=2),
    adam_second_moment=jax.jit(adam_second_moment, static_argnums=2),
    adam_bias_correction=jax.jit(adam_bias_correction, static_argnums=1),
    adam_update=jax.jit(adam_update, static_argnums=(3, 4)),
    adam_step=adam_step_jitted,
)
variants = {"jit": jitted}


def asarray(array: Any, device: str | None = None) -> Any:
    """A NumPy array as a JAX array on `device`: 'cpu', 'gpu', 'cuda:1', 'tpu', ..."""
    if device is None:
        return jax.device_put(array, may_alias=False)  # jnp.array compiles a program for each shape
    platform, _, index = device.partition(":")
    try:
        return jax.device_put(array, jax.devices(platform)[int(index or 0)], may_alias=False)
    except (RuntimeError, ValueError, IndexError):
        there = ", ".join(sorted({d.platform for d in jax.devices()}))
        raise ValueError(f"device: got {device!r}; wanted one that JAX has here ({there})") from None


def to_numpy(array: Any) -> Any:
    """The array as NumPy's."""
    if not isinstance(array, jax.Array):
        raise TypeError(f"got {type(array).__name__}; wanted a JAX array")
    return numpy.asarray(array)


def shares_memory(a: Any, b: Any) -> bool:
    """Never: JAX arrays cannot be changed, so that sharing cannot be seen."""
    return False


# JAX decides on the layout itself.
layouts: dict[str, Any] = {}


def settings(dtype: str) -> contextlib.AbstractContextManager[Any]:
    """float64 exists under ``jax.enable_x64`` only; float32 is judged without it, as most code runs."""
    context: contextlib.AbstractContextManager[Any] = jax.enable_x64(dtype == "float64")
    return context


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"jax": jax.__version__, "numpy": numpy.__version__}
