"""The floor that no formula's time can go below: a matrix product, a read of the arrays, or a copy into new memory.

A function here that is named as a formula is that one's floor; the others have `read`, where the result has no axis but
the batch, or `copy`. Each returns what is measured.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .contender import leaves

Array = Any
Floor = Callable[[], Any]


def read(*arguments: Array) -> Floor:
    flat = [array.ravel() for array in arguments if array.dtype.kind == "f"]
    return partial(np.dot, flat[0], flat[-1])


def copy(*arguments: Array) -> Floor:
    parts = (part for each in arguments for part in (each if isinstance(each, tuple) else (each,)))
    return max((array for part in parts for array in leaves(part)), key=np.size).copy  # type: ignore[no-any-return]


def neuron(x: Array, w: Array, b: Array) -> Floor:
    return partial(np.matmul, x, w)


def dense(x: Array, w: Array, b: Array) -> Floor:
    return partial(np.matmul, x, w, out=np.empty((len(x), w.shape[-1]), x.dtype))


def dense_vjp(x: Array, w: Array, b: Array, g: Array) -> Floor:
    gx, gw = np.empty_like(x), np.empty_like(w)
    return lambda: (np.matmul(g, w.T, out=gx), np.matmul(x.T, g, out=gw))


def adam(theta: Any, grad: Any, state: Any) -> Floor:
    """The gradient is read, and theta, m and v are read and written in their place."""
    elements = sum(map(np.size, leaves(grad)))
    kept, gradient = np.ones(3 * elements, np.float32), np.ones(elements, np.float32)

    def touch() -> None:
        np.negative(kept, out=kept)
        np.dot(gradient, gradient)

    return touch
