"""Dask: arrays in chunks, computed when they are asked for, so that they may be larger than memory.

A result is a recipe. It can be stored (``dask.array.store``) or reduced without ever being whole in memory. So can
Adam's state: store it between steps if it is larger than memory. An array of unknown size, such as the rows that a
condition selects, needs its size first: ``x.compute_chunk_sizes()``.
"""

import contextlib
import importlib.metadata
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dask.array
import dask.base
import dask.config
import numpy
from array_api_compat.dask import array as namespace

from . import bind_all

name = "dask"
dtypes = ("float16", "float32", "float64")
subnormals = "gradual"

compat: Any = namespace


def largest(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest elements of a chunk; of none, -infinity."""
    return numpy.max(x, axis=axis, keepdims=keepdims, initial=-numpy.inf)


def maximum(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard's ``max``, also where a chunk has no rows, for which Dask's own raises an error."""
    return dask.array.reduction(x, largest, largest, axis=axis, keepdims=keepdims, dtype=x.dtype)


def take_along_axis(x: Any, index: Any, /, *, axis: int) -> Any:
    """The standard's for an `index` of length 1 along `axis`, of which Dask has none: chunk by chunk, all are compared.

    An index that there is not gives NaN: nobody can read it before the result is computed.
    """
    behind = x.ndim - 1 - axis % x.ndim
    found = index == compat.arange(x.shape[axis], dtype=index.dtype)[(..., *behind * (None,))]
    total = compat.sum(compat.where(found, x, compat.zeros_like(x)), axis=axis, keepdims=True)
    return compat.where(compat.any(found, axis=axis, keepdims=True), total, numpy.nan)


xp = types.SimpleNamespace(**vars(compat) | {"max": maximum, "take_along_axis": take_along_axis})


bind_all(globals(), xp)

if TYPE_CHECKING:
    from ._formulas import *  # noqa: F403


def asarray(array: Any, device: str | None = None) -> Any:
    """A NumPy array in two chunks along each axis, if that is long enough; Dask has the one device 'cpu'."""
    if device not in (None, "cpu"):
        raise ValueError(f"device: got {device!r}; wanted 'cpu', the one that Dask has")
    array = numpy.asarray(array)
    chunks: Any = tuple(max(1, -(-length // 2)) for length in array.shape)
    return dask.array.from_array(array, chunks=chunks)


def to_numpy(array: Any) -> Any:
    """The array as NumPy's, computed now."""
    if not isinstance(array, dask.array.Array):
        raise TypeError(f"got {type(array).__name__}; wanted a Dask array")
    return numpy.asarray(array.compute())


def shares_memory(a: Any, b: Any) -> bool:
    """Never: a Dask array is a recipe, and each computation gives new memory."""
    return False


def computed(results: dict[str, Any]) -> Any:
    """The same results, computed and held in memory in their chunks."""
    return dask.base.persist(results)[0]


layouts = {"one_chunk": lambda array: array.rechunk(-1)}


@contextlib.contextmanager
def settings(dtype: str) -> Iterator[None]:
    """In this thread, which for arrays this small is the fastest, and without NumPy's warnings."""
    with dask.config.set(scheduler="synchronous"), numpy.errstate(all="ignore"):
        yield


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"dask": importlib.metadata.version("dask"), "numpy": numpy.__version__}
