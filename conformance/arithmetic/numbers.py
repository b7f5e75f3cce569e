"""Numbers of a call to a traced function, such as b=0.999, which may be cast to float32 before 1 - b is computed.

A library keeps the value of such a number in its graph, but no error. So the errors are noted by value.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

Errors = dict[float, float]  # by the value of what was computed


class CastNumber(float):
    """A Python number and its error. What is computed of it alone has its error too, and is noted."""

    error: float
    noted: Errors

    def __new__(cls, value: float, error: float, noted: Errors) -> "CastNumber":
        self = super().__new__(cls, value)
        self.error, self.noted = error, noted
        return self


def cast_first(value: Any, form: np.dtype[Any], noted: Errors) -> Any:
    """A Python number that may be cast to a format; anything else as it is."""
    if type(value) is not float:
        return value
    with np.errstate(over="ignore"):
        error = abs(float(np.asarray(value, form)) - value)
    return CastNumber(value, error, noted) if 0 < error < np.inf else value


def operation(name: str) -> Callable[..., Any]:
    """An operation of floats, which is monotone in each of two numbers near those that are given."""
    of_floats = getattr(float, name)

    def of_numbers(*numbers: Any) -> Any:
        if not all(isinstance(each, int | float) for each in numbers):
            return NotImplemented
        value = of_floats(*map(float, numbers))
        try:
            corners = [of_floats(*each) for each in product(*map(ends, numbers))]
            error = max(abs(each - value) for each in corners)
        except ArithmeticError:
            error = np.inf
        noted = next(each.noted for each in numbers if isinstance(each, CastNumber))
        noted[value] = max(error, noted.get(value, 0.0))
        return CastNumber(value, error, noted)

    return of_numbers


def as_noted(value: float, noted: Errors) -> float:
    """A number in a graph, with the error that was noted of it."""
    return CastNumber(value, noted[value], {}) if value in noted else value


def ends(number: float) -> tuple[float, float]:
    """The least and the largest number that it may be."""
    error = getattr(number, "error", 0.0)
    return float(number) - error, float(number) + error


for each in ["add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow", "neg"]:
    setattr(CastNumber, f"__{each}__", operation(f"__{each}__"))
