"""embedding_vjp.value, gelu_tanh_vjp.value, gelu_vjp.value, layer_norm_vjp.value, matmul_vjp.value, rms_norm_vjp.value,
silu_vjp.value, swiglu_vjp.value, relu_vjp.value, neuron_vjp.value, dense_vjp.value, softmax_vjp.value,
log_softmax_vjp.value,
categorical_cross_entropy_vjp.value, categorical_cross_entropy_from_logits_vjp.value,
sparse_categorical_cross_entropy_from_logits_vjp.value, scaled_dot_product_attention_vjp.value, cross_entropy_vjp.value,
rotary_embedding_vjp.value: each gradient is the derivative of its formula.

The definition of the gradient, less the derivative of sum(g y) by sympy, where y is by the definition of the formula.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import sympy

from .real import Definition, Real, definition, flat, matrix, symbol, vector

# What the gradient says, the loss, and the inputs that it is differentiated by.
Regions = Iterator[tuple[Any, Any, Any]]


# Each yields these for every region.


def of_relu(vjp: Definition, forward: Definition) -> Regions:
    for value in (-2, 3):
        x, g = symbol("x", value), symbol("g", 5)
        yield vjp(x, g), g * forward(x), x


def of_neuron(vjp: Definition, forward: Definition) -> Regions:
    for n in (1, 2, 3):
        x, w, b, g = matrix("x", range(n), range(n)), vector("w", *range(n)), symbol("b", 7), vector("g", 5, 2)
        yield vjp(x, w, b, g), sum(g_r * forward(x_r, w, b) for g_r, x_r in zip(g, x, strict=True)), (x, w, b)


def of_dense(vjp: Definition, forward: Definition) -> Regions:
    for n in (2, 3):
        x, w = matrix("x", range(n), range(n)), matrix("w", *[range(2)] * n)
        b, g = vector("b", 7, 8), matrix("g", range(2), range(2))
        y = [forward(x_r, w, b) for x_r in x]
        yield vjp(x, w, b, g), sum(g_k * y_k for g_k, y_k in zip(flat(g), flat(y), strict=True)), (x, w, b)


def of_elementwise(vjp: Definition, forward: Definition) -> Regions:
    x, g = symbol("x", 2), symbol("g", 5)
    yield vjp(x, g), g * forward(x), x


def of_gate(vjp: Definition, forward: Definition) -> Regions:
    a, b, g = symbol("a", 2), symbol("b", 3), symbol("g", 5)
    yield vjp(a, b, g), g * forward(a, b), (a, b)


def of_norm(names: str, vjp: Definition, forward: Definition) -> Regions:
    """Of rows, of what is of the length of a row, a weight or a bias, by its names, and of epsilon."""
    for rows, n in ((1, 2), (2, 2)):
        x, g = matrix("x", *[range(1, n + 1)] * rows), matrix("g", *[range(n)] * rows)
        affine, epsilon = [vector(name, *range(n)) for name in names], symbol("epsilon", "1/8", positive=True)
        y = [forward(x_r, *affine, epsilon) for x_r in x]
        yield vjp(x, *affine, g, epsilon), total(flat(g), flat(y)), (x, *affine)


def of_embedding(vjp: Definition, forward: Definition) -> Regions:
    table, g, labels = matrix("t", range(2), range(2), range(2)), matrix("g", range(2), range(2), range(2)), [2, 0, 2]
    yield vjp(table, labels, g), total(flat(g), flat([forward(table, label) for label in labels])), table


def of_matmul(vjp: Definition, forward: Definition) -> Regions:
    for n, k, m in ((1, 2, 1), (2, 2, 3)):
        a, b, g = (matrix(name, *[range(c)] * r) for name, r, c in (("a", n, k), ("b", k, m), ("g", n, m)))
        yield vjp(a, b, g), total(flat(g), flat(forward(a, b))), (a, b)


def of_rotary(vjp: Definition, forward: Definition) -> Regions:
    for interleaved in (False, True):
        x, g = ([matrix(f"{name}{s}_", *[range(4)] * 2) for s in range(2)] for name in "xg")  # two samples
        cos, sin = (matrix(name, *[range(2)] * 2) for name in ("cos", "sin"))
        y = [forward(sample, cos, sin, interleaved) for sample in x]
        yield vjp(x, cos, sin, g, interleaved), total(flat(g), flat(y)), (x, cos, sin)


def total(g: Any, y: Any) -> Any:
    """The loss whose gradient with respect to y is g."""
    return sum(g_i * y_i for g_i, y_i in zip(g, y, strict=True))


def of_softmax(vjp: Definition, forward: Definition) -> Regions:
    for n in (2, 3):
        x, g = vector("x", *range(n)), vector("g", *range(n))
        yield vjp(x, g), sum(g_i * y_i for g_i, y_i in zip(g, forward(x), strict=True)), x


def of_cross_entropy(vjp: Definition, forward: Definition) -> Regions:
    lo, hi = symbol("lo", "1/4"), symbol("hi", "3/4")
    below, inside, above = "1/8", "1/2", "7/8"
    for values in ([below, inside], [inside, above], [above, below], [below, inside, above], [inside, inside, inside]):
        y, p, g = vector("y", *range(1, len(values) + 1)), vector("p", *values), symbol("g", 5)
        yield vjp(y, p, g, lo, hi), g * forward(y, p, lo, hi), p


def of_cross_entropy_from_logits(vjp: Definition, forward: Definition) -> Regions:
    for values in ([1, 2], [1, 2, 3], [0, 1, 0]):  # labels that are 0 are left out of the sum
        y, x, g = vector("y", *values), vector("x", *range(len(values))), symbol("g", 5)
        y = [y_i if y_i != 0 else Real(0) for y_i in y]
        yield vjp(y, x, g), g * forward(y, x), x


def of_sparse_cross_entropy_from_logits(vjp: Definition, forward: Definition) -> Regions:
    for n in (2, 3):
        for label in range(n):
            x, g = vector("x", *range(n)), symbol("g", 5)
            yield vjp(label, x, g), g * forward(label, x), x


def of_attention(vjp: Definition, forward: Definition) -> Regions:
    for mask, causal, scale in ([[[1, 1], [0, 0]], False, symbol("scale", 2)], [None, True, None]):
        q, k, v, g = (matrix(name, [1], [2]) for name in "qkvg")
        y = forward(q, k, v, mask, causal, scale)
        loss = sum(g_i * y_i for g_i, y_i in zip(flat(g), flat(y), strict=True))
        yield vjp(q, k, v, g, mask, causal, scale), loss, (q, k, v)


def of_cross_entropy_as_called(vjp: Definition, forward: Definition) -> Regions:
    weight, s = vector("w", 1, 2), symbol("s", "1/4")
    soft = [vector("y", 1, 2)]
    for labels, reduction in (([1, 0, -100], "mean"), (soft, "mean")):
        x, g = matrix("x", *[range(2)] * len(labels)), symbol("g", 5)
        given = weight, -100, s, reduction
        yield vjp(labels, x, g, *given), g * forward(labels, x, *given), x


DERIVATIVES: dict[str, Callable[[Definition, Definition], Regions]] = {
    "embedding_vjp": of_embedding,
    "gelu_tanh_vjp": of_elementwise,
    "gelu_vjp": of_elementwise,
    "layer_norm_vjp": partial(of_norm, "wb"),
    "matmul_vjp": of_matmul,
    "rms_norm_vjp": partial(of_norm, "w"),
    "silu_vjp": of_elementwise,
    "swiglu_vjp": of_gate,
    "relu_vjp": of_relu,
    "neuron_vjp": of_neuron,
    "dense_vjp": of_dense,
    "softmax_vjp": of_softmax,
    "log_softmax_vjp": of_softmax,
    "categorical_cross_entropy_vjp": of_cross_entropy,
    "categorical_cross_entropy_from_logits_vjp": of_cross_entropy_from_logits,
    "sparse_categorical_cross_entropy_from_logits_vjp": of_sparse_cross_entropy_from_logits,
    "scaled_dot_product_attention_vjp": of_attention,
    "cross_entropy_vjp": of_cross_entropy_as_called,
    "rotary_embedding_vjp": of_rotary,
}


def claims() -> Iterator[tuple[str, Any]]:
    """What is proved, and what has to be 0, for each element in each region."""
    for formula in DERIVATIVES:
        yield from claims_of(formula)


def claims_of(formula: str) -> Iterator[tuple[str, Any]]:
    """The claims about one gradient."""
    vjp, forward = definition(formula), definition(formula.removesuffix("_vjp"))
    for claimed, loss, inputs in DERIVATIVES[formula](vjp, forward):
        for gradient, variable in zip(flat(claimed), flat(inputs), strict=True):
            derivative = sympy.diff(loss.expression, variable.expression)
            what = f"{formula}, {variable.expression} = {variable.value}"
            yield what, (gradient + Real(0)).expression - derivative
