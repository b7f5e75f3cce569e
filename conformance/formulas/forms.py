"""Admitted forms: other right ways to write a formula, as its page lists them.

Each is a short function against the Array API standard, called as the formula is, and encloses the same
definition. The tolerance is the largest of the running bounds of the reference and of its forms.
"""

import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from ...reference import AdamState
from ...reference.arguments import rounded, wide
from ...reference.formulas.adam import one_minus_power
from ...reference.formulas.sparse_categorical_cross_entropy_from_logits_vjp import is_label
from ..arithmetic.rounding import isdtype

Array = Any
Scalar = Any


def bias_as_term(x: Array, w: Array, b: Array) -> Array:
    """Neuron and dense: the bias is one more term of the sum, a weight whose input is 1."""
    if x.ndim == 0:
        return reference.neuron(x, w, b)
    xp = array_namespace(x, w, b)
    one = xp.ones_like(xp.reshape(xp.sum(x, axis=-1), (*x.shape[:-1], 1)))
    return xp.matmul(xp.concat([x, one], axis=-1), xp.concat([w, xp.reshape(b, (1, *b.shape))], axis=0))


def softmax_vjp_distributed(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = g_i p_i - p_i sum_j g_j p_j."""
    p, xp = reference.softmax(x, axis=axis), array_namespace(x, g)
    return g * p - p * xp.sum(g * p, axis=axis, keepdims=True)


def softmax_vjp_through_maximum(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = e_i (g_i / S - sum_j g_j e_j / S^2), less the sum of all these, which is 0, at the largest logit."""
    xp = array_namespace(x, g)
    m = xp.max(x, axis=axis, keepdims=True)
    e = xp.exp(x - m)
    total = xp.sum(e, axis=axis, keepdims=True)
    return less_its_sum(e * (g / total - xp.sum(g * e / total / total, axis=axis, keepdims=True)), x == m, axis)


def log_softmax_vjp_exp(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = g_i - exp(log_softmax(x)_i) sum_j g_j."""
    xp = array_namespace(x, g)
    return g - xp.exp(reference.log_softmax(x, axis=axis)) * xp.sum(g, axis=axis, keepdims=True)


def log_softmax_vjp_through_maximum(x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = g_i - e_i (sum_j g_j / S), less the sum of all these, which is 0, at the largest logit."""
    xp = array_namespace(x, g)
    m = xp.max(x, axis=axis, keepdims=True)
    e = xp.exp(x - m)
    slope = xp.sum(g, axis=axis, keepdims=True) / xp.sum(e, axis=axis, keepdims=True)
    return less_its_sum(g - e * slope, x == m, axis)


def less_its_sum(gz: Array, largest: Array, axis: int) -> Array:
    """The gradient towards ``z = x - max(x)`` taken on to x: the maximum's share falls to the largest logit."""
    xp = array_namespace(gz)
    return gz - xp.where(largest, xp.sum(gz, axis=axis, keepdims=True), xp.zeros_like(gz))


def first_moment_lerp(m: Array, grad: Array, beta1: Scalar, /) -> Array:
    """m' = m + (1 - beta1) (g - m), for beta1 >= 1/2."""
    xp = array_namespace(m, grad)
    return xp.where(beta1 >= 0.5, m + (1 - beta1) * (grad - m), reference.adam_first_moment(m, grad, beta1))


def update_in_torch_order(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - (learning_rate / c1) m' / (sqrt(v') / sqrt(c2) + epsilon)."""
    xp = array_namespace(theta, m, v)
    return theta - learning_rate / c1 * m / (xp.sqrt(v) / xp.sqrt(c2) + epsilon)


def update_efficiently(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - (learning_rate sqrt(c2) / c1) m' / (sqrt(v') + epsilon sqrt(c2))."""
    xp = array_namespace(theta, m, v)
    root = xp.sqrt(c2)
    return theta - learning_rate * root / c1 * m / (xp.sqrt(v) + epsilon * root)


def update_as_written(
    theta: Array, m: Array, v: Array, c1: Scalar, c2: Scalar, learning_rate: Scalar, epsilon: Scalar
) -> Array:
    """theta' = theta - learning_rate m_hat / (sqrt(v_hat) + epsilon), the reference's."""
    return reference.adam_update(theta, m / c1, v / c2, learning_rate, epsilon)


def log_softmax_backward(y: Array, x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = exp(l_i) sum_j g y_j - g y_i with l = log_softmax(x)."""
    xp = array_namespace(x)
    weighted = xp.expand_dims(g, axis=axis) * y
    p = xp.exp(reference.log_softmax(x, axis=axis))
    return p * xp.sum(weighted, axis=axis, keepdims=True) - weighted


def sparse_log_softmax_backward(labels: Array, x: Array, g: Array, /, *, axis: int = -1) -> Array:
    """gx_i = exp(l_i) g - g [i = label] with l = log_softmax(x)."""
    xp = array_namespace(x)
    g = xp.expand_dims(g, axis=axis)
    label = xp.where(is_label(labels, x, axis, xp), g, xp.zeros_like(x))
    return xp.exp(reference.log_softmax(x, axis=axis)) * g - label


def adam_step_as(
    first_moment: Callable[..., Array], update: Callable[..., Array]
) -> Callable[..., tuple[Array, AdamState]]:
    """A step of Adam made of the given first moment and update."""

    def adam_step(
        theta: Array,
        grad: Array,
        state: AdamState,
        /,
        *,
        learning_rate: Scalar,
        beta1: Scalar,
        beta2: Scalar,
        epsilon: Scalar,
    ) -> tuple[Array, AdamState]:
        step, xp, dtype = state.step + 1, array_namespace(theta), theta.dtype
        theta, grad = wide(theta, xp), wide(grad, xp)
        m, v = first_moment(state.m, grad, beta1), reference.adam_second_moment(state.v, grad, beta2)
        c1, c2 = (one_minus_power(beta, step, xp, theta.dtype) for beta in (beta1, beta2))
        return rounded(update(theta, m, v, c1, c2, learning_rate, epsilon), dtype, xp), AdamState(step, m, v)

    return adam_step


def in_half(function: Callable[..., Array]) -> Callable[..., Array]:
    """Each operation rounded to the half precision of the inputs, where the reference rounds its result alone."""

    def form(*arguments: Array, **options: Any) -> Array:
        return function(*arguments, **options, xp=without_casts(array_namespace(arguments[-1])))

    return form


@lru_cache
def without_casts(xp: Any) -> Any:
    """A namespace in which what is floating point stays in its dtype."""

    def astype(x: Array, dtype: Any, /) -> Array:
        return x if isdtype(x.dtype, "real floating") else xp.astype(x, dtype)

    native = types.ModuleType(f"{xp.__name__}_without_casts")
    vars(native).update(vars(xp) | {"astype": astype})
    return native


# By function, then by the name that its page gives the form.
FORMS: dict[str, dict[str, Callable[..., Any]]] = {
    "neuron": {"bias_as_term": bias_as_term},
    "dense": {"bias_as_term": bias_as_term},
    "softmax_vjp": {"distributed": softmax_vjp_distributed, "through_maximum": softmax_vjp_through_maximum},
    "log_softmax_vjp": {"exp_of_log_softmax": log_softmax_vjp_exp, "through_maximum": log_softmax_vjp_through_maximum},
    "categorical_cross_entropy_from_logits_vjp": {"log_softmax_backward": log_softmax_backward},
    "sparse_categorical_cross_entropy_from_logits_vjp": {"log_softmax_backward": sparse_log_softmax_backward},
    "adam_first_moment": {"lerp": first_moment_lerp},
    "adam_step": {
        "lerp": adam_step_as(first_moment_lerp, update_as_written),
        "torch_order": adam_step_as(reference.adam_first_moment, update_in_torch_order),
        "lerp + torch_order": adam_step_as(first_moment_lerp, update_in_torch_order),
        "efficient_order": adam_step_as(reference.adam_first_moment, update_efficiently),
        "lerp + efficient_order": adam_step_as(first_moment_lerp, update_efficiently),
    },
}

# In float16 and bfloat16 only. Neuron, dense and Adam are not among them: they add up in float32, and round once.
IN_HALF = {
    function: {"in_half": in_half(getattr(reference, function))}
    for function in (
        "softmax",
        "log_softmax",
        "categorical_cross_entropy",
        "categorical_cross_entropy_from_logits",
        "sparse_categorical_cross_entropy_from_logits",
        "softmax_vjp",
        "log_softmax_vjp",
        "categorical_cross_entropy_vjp",
        "categorical_cross_entropy_from_logits_vjp",
        "sparse_categorical_cross_entropy_from_logits_vjp",
    )
}


def admitted(function: str, dtype: np.dtype[Any]) -> dict[str, Callable[..., Any]]:
    """The admitted forms of a function in a dtype, by name."""
    forms = FORMS.get(function, {})
    if dtype.itemsize >= 4 or function == "adam_step":  # which knows about half precision itself
        return forms
    found = {name: in_float32(form) for name, form in forms.items()} | IN_HALF.get(function, {})
    # Not what leaves the roundings of a whole row at one logit: in bfloat16 that bound would judge nothing.
    native = {f"{name} + in_half": form for name, form in forms.items() if name != "through_maximum"}
    return found | native if function in IN_HALF else found


def in_float32(form: Callable[..., Any]) -> Callable[..., Any]:
    """A form on arrays of half precision: computed in float32, its results rounded once."""

    def wrapped(*arguments: Array, **options: Any) -> Any:
        xp, dtype = array_namespace(arguments[-1]), arguments[-1].dtype
        result = form(*(wide(each, xp) if each.dtype == dtype else each for each in arguments), **options)
        results = [rounded(each, dtype, xp) for each in (result if isinstance(result, tuple) else (result,))]
        return tuple(results) if isinstance(result, tuple) else results[0]

    return wrapped


# All ways to make a step of Adam, the reference's first, where the numbers of the steps may be an array with axes.
ADAM_STEPS = [adam_step_as(reference.adam_first_moment, update_as_written), *FORMS["adam_step"].values()]
