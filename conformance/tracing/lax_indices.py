"""JAX's primitives that put elements by index.

As in `lax`, each is called with the namespace of the arrays and the parameters of the primitive before its operands.
"""

import jax
import numpy as np
from jax import lax

from ..arithmetic.discrete import UndecidedError
from .aten_indices import certain
from .lax import Array, Namespace, Parameters
from .positions import gathered, in_steps

Index = np.ndarray


def scatter_add(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    return gathered(x, more, places_of_updates(p, x, index, more), in_steps(xp))


def scatter_max(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    return gathered(x, more, places_of_updates(p, x, index, more), lambda each: xp.max(each, axis=-1))


def scatter_min(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    return -scatter_max(xp, p, -x, index, -more)


def scatter_mul(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    return gathered(x, more, places_of_updates(p, x, index, more), lambda each: xp.prod(each, axis=-1))


def scatter_sub(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    return scatter_add(xp, p, x, index, -more)


def scatter(xp: Namespace, p: Parameters, x: Array, index: Index, more: Array) -> Array:
    """No two updates may go to one place."""
    places = places_of_updates(p, x, index, more)
    inside = places[places >= 0]
    if np.unique(inside).size < inside.size:
        raise UndecidedError("got an index twice; wanted each once, or .at[...].add")
    mask = np.zeros(x.size, np.bool_)
    mask[inside] = True
    kept = xp.where(mask.reshape(x.shape), xp.zeros_like(x), x)
    return gathered(kept, more, places, in_steps(xp))


def places_of_updates(p: Parameters, x: Array, index: Index, more: Array) -> np.ndarray:
    """The position that each update goes to, -1 where it is dropped: that which gather would take it from."""
    of = p["dimension_numbers"]
    windows_of = iter(more.shape[i] for i in of.update_window_dims)
    alone = {*of.inserted_window_dims, *of.operand_batching_dims}
    sizes = [1 if i in alone else next(windows_of) for i in range(x.ndim)]
    numbers = lax.GatherDimensionNumbers(
        of.update_window_dims, of.inserted_window_dims, of.scatter_dims_to_operand_dims, of.operand_batching_dims,
        of.scatter_indices_batching_dims,
    )  # fmt: skip
    at = jax.numpy.arange(x.size).reshape(x.shape)
    return np.asarray(lax.gather(at, certain(index), numbers, tuple(sizes), mode=p["mode"], fill_value=-1))
