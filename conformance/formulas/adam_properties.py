"""What must hold of a step of Adam, beside that it is within its bound."""

from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..suite.drawing import Call, Inputs, Property, demand, grid
from . import declared


def scale(call: Call, grad: np.ndarray, m: np.ndarray, v: np.ndarray, step: int, c: float) -> None:
    """Without epsilon, gradients c times as large make the same step of Adam."""
    step_of = partial(call, theta=np.zeros_like(grad), step=step, epsilon=0.0)
    once, scaled = step_of(grad=grad, m=m, v=v)["theta"], step_of(grad=c * grad, m=c * m, v=c * c * v)["theta"]
    what = "with theta = 0 and epsilon = 0, the steps from (grad, m, v) and (c grad, c m, c^2 v) differ by"
    demand(once.values - scaled.values, once.bound + scaled.bound, what)


def scales(dtype: np.dtype[Any]) -> Inputs:
    """Gradients and moments, v > 0 and so small that an epsilon of 1e-8 would show, and a power of two."""
    grad, v = grid(-4096, 4096, 2.0**-16, (4,), dtype), grid(1, 4096, 2.0**-32, (4,), dtype)
    powers = st.integers(-16, 16).map(lambda k: 2.0**k)
    return {"grad": grad, "m": grad, "v": v, "step": st.integers(0, 100), "c": powers}


PROPERTIES = {"scale": Property(declared("adam_step"), scale, scales)}
