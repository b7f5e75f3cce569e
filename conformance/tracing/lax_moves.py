"""JAX's primitives that only move elements: nothing is written for them but their names."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ...reference.declaration import AXIS
from .aten_indices import certain
from .positions import moved, one

# What is moved, and how many operands are: the others are indices.
MOVED = """broadcast_in_dim reshape transpose squeeze expand_dims slice rev split concatenate pad copy copy_p
    stop_gradient optimization_barrier tile stack"""
MOVES = {"gather": 1, "dynamic_slice": 1, "dynamic_update_slice": 2} | dict.fromkeys(MOVED.split())
# The most usual of them by NumPy, which compiles nothing for a new shape.
BY_NUMPY: dict[str, Callable[..., np.ndarray]] = {
    "reshape": lambda p, x: np.reshape(np.transpose(x, p.get("dimensions") or range(x.ndim)), p["new_sizes"]),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "concatenate": lambda p, *arrays: np.concatenate(arrays, p["dimension"]),
    "stack": lambda p, *arrays: np.stack(arrays, p[AXIS]),
    "slice": lambda p, x: x[tuple(map(slice, p["start_indices"], p["limit_indices"], p["strides"] or [1] * x.ndim))],
    "broadcast_in_dim": lambda p, x: np.broadcast_to(
        np.expand_dims(x, tuple(i for i in range(len(p["shape"])) if i not in p["broadcast_dimensions"])), p["shape"]
    ),
}


def moved_by(equation: Any, arguments: list[Any]) -> Any:
    """A primitive that moves elements, run on positions."""
    parameters, several = equation.params, equation.primitive.multiple_results
    count = MOVES[equation.primitive.name] or len(arguments)
    indices = [jax.numpy.asarray(certain(each)) for each in arguments[count:]]
    outside = []
    if "fill_value" in parameters:  # of gather: what is taken from outside the array
        fill = parameters["fill_value"]
        outside = [one(math.nan if fill is None else float(fill), arguments[0])]
        parameters = parameters | {"fill_value": -1}

    def on_positions(*positions: np.ndarray) -> list[np.ndarray]:
        if equation.primitive.name in BY_NUMPY:
            return [BY_NUMPY[equation.primitive.name](parameters, *positions)]
        found = equation.primitive.bind(*map(jax.numpy.asarray, positions[:count]), *indices, **parameters)
        return list(map(np.asarray, found)) if several else [np.asarray(found)]

    found = moved(on_positions, [*arguments[:count], *outside])
    return found if several else found[0]
