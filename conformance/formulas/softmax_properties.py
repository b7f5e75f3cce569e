"""What must hold of softmax, beside that it is within its bound."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..suite.drawing import Call, Inputs, Property, demand, drawn, grid
from . import declared

SOFTMAX = declared("softmax")


def shift(call: Call, x: np.ndarray, c: float) -> None:
    """Adding one constant to all logits leaves softmax as it is."""
    y, shifted = call(x=x)["y"], call(x=x + c)["y"]
    demand(y.values - shifted.values, y.bound + shifted.bound, "softmax(x) and softmax(x + c) differ by")


def permutation(call: Call, x: np.ndarray, order: list[int]) -> None:
    """Permuting the classes permutes softmax."""
    y, permuted = call(x=x)["y"], call(x=x[:, order])["y"]
    difference, allowed = y.values[:, order] - permuted.values, y.bound[:, order] + permuted.bound
    demand(difference, allowed, "softmax(x)[:, order] and softmax(x[:, order]) differ by")


def sums_to_one(call: Call, x: np.ndarray) -> None:
    """The probabilities of a row add up to 1."""
    y = call(x=x)["y"]
    excess = [math.fsum([*row, -1]) if np.all(np.abs(row) < 2) else math.inf for row in y.values]  # rounded once
    demand(np.array(excess), np.sum(y.bound, axis=-1), "the sums of softmax(x) and 1 differ by")


def rows(dtype: np.dtype[Any]) -> Inputs:
    return drawn(SOFTMAX, dtype, ((3,),))


def shifts(dtype: np.dtype[Any]) -> Inputs:
    """Logits and a number that can be added to them exactly."""
    largest = 2 ** (np.finfo(dtype).nmant - 8)
    return {"x": grid(-1024, 1024, 2.0**-6, (3, 5), dtype), "c": st.integers(-largest, largest).map(float)}


def permuted(dtype: np.dtype[Any]) -> Inputs:
    return {**rows(dtype), "order": st.permutations(range(5))}


PROPERTIES = {
    "shift": Property(SOFTMAX, shift, shifts),
    "permutation": Property(SOFTMAX, permutation, permuted),
    "sum": Property(SOFTMAX, sums_to_one, rows),
}
