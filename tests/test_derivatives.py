"""The gradients are the derivatives, proved: the definition of each, on symbols, less the derivative of the formula's.

A definition decides between branches by comparisons (ReLU, the clip), so each symbol carries a number: the region in
which the proof holds is that of these numbers, and every region has a proof of its own.
"""

import importlib
import operator
from unittest import mock

import pytest
import sympy

from gaugeblock import spec


class Real:
    """A real number as the definitions take it: an expression, and its value at the point that decides comparisons."""

    def __init__(self, expression, value=None):
        self.expression = sympy.sympify(expression)
        self.value = sympy.N(self.expression) if value is None else value

    def combined(self, other, operation):
        other = other if isinstance(other, Real) else Real(other)
        return Real(operation(self.expression, other.expression), operation(self.value, other.value))

    def __add__(self, other):
        return self.combined(other, operator.add)

    def __sub__(self, other):
        return self.combined(other, operator.sub)

    def __rsub__(self, other):
        return Real(other) - self

    def __mul__(self, other):
        return self.combined(other, operator.mul)

    def __truediv__(self, other):
        return self.combined(other, operator.truediv)

    def __rtruediv__(self, other):
        return Real(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return Real(-self.expression, -self.value)

    def exp(self):
        return Real(sympy.exp(self.expression), sympy.exp(self.value))

    def log(self):
        return Real(sympy.log(self.expression), sympy.log(self.value))

    def __lt__(self, other):
        return bool(self.value < value_of(other))

    def __le__(self, other):
        return bool(self.value <= value_of(other))

    def __gt__(self, other):
        return bool(self.value > value_of(other))

    def __ge__(self, other):
        return bool(self.value >= value_of(other))

    def __eq__(self, other):
        return bool(self.value == value_of(other))

    __hash__ = None


def value_of(number):
    return number.value if isinstance(number, Real) else number


def symbol(name, value):
    return Real(sympy.Symbol(name, real=True), sympy.Rational(value))


def vector(name, *values):
    return [symbol(f"{name}{i}", value) for i, value in enumerate(values)]


def matrix(name, *rows):
    return [vector(f"{name}{r}_", *row) for r, row in enumerate(rows)]


def flat(nested):
    return [each for part in nested for each in flat(part)] if isinstance(nested, list | tuple) else [nested]


# Each entry yields, for every region, what the gradient says, the loss sum(g y), and the inputs that it differentiates.


def of_relu(vjp, forward):
    for value in (-2, 3):
        x, g = symbol("x", value), symbol("g", 5)
        yield vjp(x, g), g * forward(x), x


def of_neuron(vjp, forward):
    for n in (1, 2, 3):
        x, w, b, g = matrix("x", range(n), range(n)), vector("w", *range(n)), symbol("b", 7), vector("g", 5, 2)
        yield vjp(x, w, b, g), sum(g_r * forward(x_r, w, b) for g_r, x_r in zip(g, x, strict=True)), (x, w, b)


def of_dense(vjp, forward):
    for n in (2, 3):
        x, w = matrix("x", range(n), range(n)), matrix("w", *[range(2)] * n)
        b, g = vector("b", 7, 8), matrix("g", range(2), range(2))
        y = [forward(x_r, w, b) for x_r in x]
        yield vjp(x, w, b, g), sum(g_k * y_k for g_k, y_k in zip(flat(g), flat(y), strict=True)), (x, w, b)


def of_softmax(vjp, forward):
    for n in (2, 3):
        x, g = vector("x", *range(n)), vector("g", *range(n))
        yield vjp(x, g), sum(g_i * y_i for g_i, y_i in zip(g, forward(x), strict=True)), x


def of_cross_entropy(vjp, forward):
    lo, hi = symbol("lo", "1/4"), symbol("hi", "3/4")
    below, inside, above = "1/8", "1/2", "7/8"
    for values in ([below, inside], [inside, above], [above, below], [below, inside, above], [inside, inside, inside]):
        y, p, g = vector("y", *range(1, len(values) + 1)), vector("p", *values), symbol("g", 5)
        yield vjp(y, p, g, lo, hi), g * forward(y, p, lo, hi), p


def of_cross_entropy_from_logits(vjp, forward):
    for values in ([1, 2], [1, 2, 3], [0, 1, 0]):  # labels that are 0 are left out of the sum
        y, x, g = vector("y", *values), vector("x", *range(len(values))), symbol("g", 5)
        y = [y_i if y_i != 0 else Real(0) for y_i in y]
        yield vjp(y, x, g), g * forward(y, x), x


def of_sparse_cross_entropy_from_logits(vjp, forward):
    for n in (2, 3):
        for label in range(n):
            x, g = vector("x", *range(n)), symbol("g", 5)
            yield vjp(label, x, g), g * forward(label, x), x


DERIVATIVES = {
    "relu_vjp": of_relu,
    "neuron_vjp": of_neuron,
    "dense_vjp": of_dense,
    "softmax_vjp": of_softmax,
    "log_softmax_vjp": of_softmax,
    "categorical_cross_entropy_vjp": of_cross_entropy,
    "categorical_cross_entropy_from_logits_vjp": of_cross_entropy_from_logits,
    "sparse_categorical_cross_entropy_from_logits_vjp": of_sparse_cross_entropy_from_logits,
}
GRADIENTS = [formula for formula in spec.formulas() if formula.endswith("_vjp")]


def definition(formula):
    return getattr(importlib.import_module(f"gaugeblock.spec.{formula}"), formula)


def disagreements(formula):
    """Where the definition of a gradient is not the derivative of the formula's."""
    for claimed, loss, inputs in DERIVATIVES[formula](definition(formula), definition(formula.removesuffix("_vjp"))):
        for gradient, variable in zip(flat(claimed), flat(inputs), strict=True):
            derivative = sympy.diff(loss.expression, variable.expression)
            rest = sympy.simplify(Real(0).combined(gradient, operator.add).expression - derivative)
            if rest != 0:
                yield f"{formula}, {variable.expression} = {variable.value}: off by {rest}"


@pytest.mark.parametrize("formula", GRADIENTS)
def test_a_gradient_is_the_derivative(formula):
    assert not list(disagreements(formula))


def changed(result, change):
    """A result with its last element changed."""
    if isinstance(result, list | tuple):
        return [*result[:-1], changed(result[-1], change)]
    return change(result)


@pytest.mark.parametrize("formula", GRADIENTS)
@pytest.mark.parametrize(
    "change", [lambda gx: -gx, lambda gx: gx * 2, lambda gx: gx + 1], ids=["sign", "twice", "more"]
)
def test_a_wrong_derivative_is_found(formula, change):
    module, right = importlib.import_module(f"gaugeblock.spec.{formula}"), definition(formula)
    with mock.patch.object(module, formula, lambda *arguments: changed(right(*arguments), change)):
        assert list(disagreements(formula))


def test_a_region_is_decided_by_its_point():
    x, one = symbol("x", -2), Real(1)
    assert x < 0 < one
    assert (x * x).log() > 1
    assert (x * x).exp().expression == sympy.exp(x.expression**2)
    assert not list(disagreements("relu_vjp"))
    with mock.patch.object(importlib.import_module("gaugeblock.spec.relu_vjp"), "relu_vjp", lambda x, g: g):
        assert list(disagreements("relu_vjp")) == ["relu_vjp, x = -2: off by g"]


def test_a_gradient_without_a_proof_would_be_found():
    with mock.patch.dict(DERIVATIVES, clear=True), pytest.raises(KeyError):
        list(disagreements("relu_vjp"))
