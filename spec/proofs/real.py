"""The definitions of the pages, and real numbers as they take them."""

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

import sympy

Number = Any
Definition = Callable[..., Any]


def definition(formula: str) -> Definition:
    """What the page of a formula defines."""
    found: Definition = getattr(import_module(f"gaugeblock.spec.{formula}"), formula)
    return found


class Real:
    """A real number: an expression, and its value at the point that decides comparisons.

    A definition decides between branches by comparisons (ReLU, the clip), so each symbol carries a number: the region
    in which a proof holds is that of these numbers, and every region has a claim of its own.
    """

    def __init__(self, expression: Number, value: Number = None) -> None:
        self.expression = sympy.sympify(expression)
        self.value = sympy.N(self.expression) if value is None else value

    def combined(self, other: Number, operation: Callable[[Any, Any], Any]) -> "Real":
        other = other if isinstance(other, Real) else Real(other)
        return Real(operation(self.expression, other.expression), operation(self.value, other.value))

    def __add__(self, other: Number) -> "Real":
        return self.combined(other, operator.add)

    def __sub__(self, other: Number) -> "Real":
        return self.combined(other, operator.sub)

    def __rsub__(self, other: Number) -> "Real":
        return Real(other) - self

    def __mul__(self, other: Number) -> "Real":
        return self.combined(other, operator.mul)

    def __truediv__(self, other: Number) -> "Real":
        return self.combined(other, operator.truediv)

    def __rtruediv__(self, other: Number) -> "Real":
        return Real(other) / self

    def __pow__(self, other: Number) -> "Real":
        return self.combined(other, operator.pow)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Real":
        return Real(-self.expression, -self.value)

    def exp(self) -> "Real":
        return Real(sympy.exp(self.expression), sympy.exp(self.value))

    def log(self) -> "Real":
        return Real(sympy.log(self.expression), sympy.log(self.value))

    def sqrt(self) -> "Real":
        return Real(sympy.sqrt(self.expression), sympy.sqrt(self.value))

    def erf(self) -> "Real":
        return Real(sympy.erf(self.expression), sympy.erf(self.value))

    def tanh(self) -> "Real":
        return Real(sympy.tanh(self.expression), sympy.tanh(self.value))

    def atan(self) -> "Real":
        return Real(sympy.atan(self.expression), sympy.atan(self.value))

    def __lt__(self, other: Number) -> bool:
        return bool(self.value < value_of(other))

    def __le__(self, other: Number) -> bool:
        return bool(self.value <= value_of(other))

    def __gt__(self, other: Number) -> bool:
        return bool(self.value > value_of(other))

    def __ge__(self, other: Number) -> bool:
        return bool(self.value >= value_of(other))

    def __eq__(self, other: object) -> bool:
        return bool(self.value == value_of(other))

    __hash__ = None  # type: ignore[assignment]


def value_of(number: Number) -> Number:
    return number.value if isinstance(number, Real) else number


def symbol(name: str, value: Number, **known: bool) -> Real:
    """A symbol, its value at the point, and what else is known of it."""
    return Real(sympy.Symbol(name, real=True, **known), sympy.Rational(value))


def vector(name: str, *values: Number) -> list[Real]:
    return [symbol(f"{name}{i}", value) for i, value in enumerate(values)]


def matrix(name: str, *rows: Any) -> list[list[Real]]:
    return [vector(f"{name}{r}_", *row) for r, row in enumerate(rows)]


def flat(nested: Any) -> list[Any]:
    return [each for part in nested for each in flat(part)] if isinstance(nested, list | tuple) else [nested]
