"""Sums of products with an addend, such as a bias: it is one more term, so that a kernel may begin its sum with it."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from . import bounded, operand_errors
from .bounded import Bounded, value_of
from .first_order import Followed

Array = Any


def begun_with(y: Array, addend: Array, summed: Callable[[Any, Any], Any], a: Array, b: Array, length: int) -> Array:
    """The array y, which is `addend` and the sums of `length` products of a and b, where the addend may come first.

    Then each addition rounds it. `summed` gives the number of terms that are not 0, as in
    `bounded_functions.sum_of_products`.
    """
    if not all(isinstance(each, Bounded) for each in (y, addend, a, b)):
        return y
    terms = value_of(summed(*(operand_errors.counts(each.value, each.error).astype(np.float64) for each in (a, b))))
    size = np.abs(addend.value) + addend.error
    found, more = copy.copy(y), y.model.gamma_of_products(terms, length) * np.where(np.isfinite(size), size, 0.0)
    found.error = y.error + more * bounded.INFLATION
    if isinstance(found, Followed):
        found.local = found.local + more
    return found
