"""NumPy: the default backend. Its native kernels are bound where they are faster; the rest is the reference."""

import contextlib
from typing import TYPE_CHECKING, Any

import numpy

from .. import reference
from ..reference.arguments import arrays, floating, indices, rounded, same_shape, table_of, wanted_shape, wide
from ..reference.arguments import shape as shape_of
from . import _formulas, bind_all, native
from ._layouts import OF_NUMPY
from ._numpy_blocks import PLAIN, blocks
from ._numpy_losses import categorical_cross_entropy as categorical_cross_entropy
from ._numpy_losses import categorical_cross_entropy_from_logits as categorical_cross_entropy_from_logits
from ._numpy_losses import categorical_cross_entropy_vjp as categorical_cross_entropy_vjp
from ._numpy_losses import log_softmax as log_softmax
from ._numpy_losses import softmax as softmax
from ._numpy_losses import sparse_categorical_cross_entropy_from_logits as sparse_categorical_cross_entropy_from_logits
from ._numpy_steps import adam_step as adam_step

name = "numpy"
dtypes = ("float16", "float32", "float64")
subnormals = "gradual"

OWN = {numpy.ndarray, numpy.float32, numpy.float64}


@native(_formulas.neuron)
def neuron(x: Any, w: Any, b: Any) -> Any:
    """The checks are skipped where nothing is wrong."""
    if plain(x, w) and plain(x, b) and w.shape == x.shape[-1:] != () == b.shape:
        return numpy.matmul(x, w) + b
    return reference.neuron(x, w, b, xp=numpy)


@native(_formulas.dense)
def dense(x: Any, w: Any, b: Any) -> Any:
    """The checks are skipped where nothing is wrong."""
    if plain(x, w) and plain(x, b) and w.ndim == 2 and b.ndim == 1 and w.shape == x.shape[-1:] + b.shape:
        return numpy.matmul(x, w) + b
    return reference.dense(x, w, b, xp=numpy)


def plain(a: Any, b: Any) -> bool:
    """Whether both are arrays or scalars of NumPy's, in float32 or in float64."""
    return type(a) in OWN and type(b) in OWN and a.dtype in PLAIN and a.dtype is b.dtype


@native(_formulas.relu)
def relu(x: Any) -> Any:
    """Computed by ``numpy.maximum`` against a row of zeros, since NumPy's loop for a number is not vectorised."""
    floating(numpy, x=x)
    return numpy.maximum(x, numpy.zeros(x.shape[-1:], x.dtype) if x.ndim > 1 else 0)


@native(_formulas.relu_vjp)
def relu_vjp(x: Any, g: Any) -> Any:
    """Block by block, g is masked by its bits, since ``numpy.where`` takes ten times as long."""
    floating(numpy, x=x, g=g)
    same_shape(x=x, g=g)
    x, g = arrays(numpy, x, g)
    y, bits = numpy.empty_like(x), f"i{x.itemsize}"
    for rows, slopes, out in blocks(None, x, g, y, share=2):
        mask = numpy.asarray(rows > 0).view("i1")  # of ones, which are minus ones and so all bits, in any width
        numpy.bitwise_and(slopes.view(bits), numpy.negative(mask, out=mask), out=out.view(bits))
        if numpy.isnan(numpy.minimum.reduce(rows, axis=None, initial=0)):
            numpy.copyto(out, rows, where=numpy.isnan(rows))
    return y if y.ndim else y[()]


@native(_formulas.embedding)
def embedding(table: Any, labels: Any) -> Any:
    """Computed by ``numpy.take``, which copies a single row too."""
    floating(numpy, table=table)
    count, _ = table_of(table)
    return table.take(indices(labels, count, numpy), axis=0)


@native(_formulas.embedding_vjp)
def embedding_vjp(table: Any, labels: Any, g: Any) -> Any:
    """Computed by ``numpy.add.at``, which needs no more memory."""
    _, dtype = floating(numpy, table=table, g=g)
    count, columns = table_of(table)
    index = indices(labels, count, numpy)
    wanted_shape("g", g, (*shape_of(labels), columns), ", that of the result")
    found = numpy.zeros(table.shape, wide(g, numpy).dtype)
    numpy.add.at(found, index, wide(g, numpy))
    return rounded(found, dtype, numpy)


bind_all(globals(), numpy)

if TYPE_CHECKING:
    from ._formulas import *  # noqa: F403


def asarray(array: Any, device: str | None = None) -> Any:
    """The array itself; NumPy has the one device 'cpu'."""
    if device not in (None, "cpu"):
        raise ValueError(f"device: got {device!r}; wanted 'cpu', the one that NumPy has")
    return array


def to_numpy(array: Any) -> Any:
    """The array as NumPy's."""
    if not isinstance(array, numpy.ndarray | numpy.generic):
        raise TypeError(f"got {type(array).__name__}; wanted a NumPy array")
    return numpy.asarray(array)


def shares_memory(a: Any, b: Any) -> bool:
    """Whether two arrays overlap in memory."""
    return bool(numpy.shares_memory(a, b))


def reversed_in_memory(array: Any) -> Any:
    """A copy with negative strides: along each axis of an odd length, of equal ones the first; along all if none is."""
    if array.ndim == 0:
        return array  # of which flip would make a scalar
    odd = {size: axis for axis, size in reversed([*enumerate(array.shape)]) if size % 2 and size > 1}
    axes = (*odd.values(),) or None
    return numpy.flip(numpy.flip(array, axes).copy(), axes)


def read_only(array: Any) -> Any:
    """A copy that cannot be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


layouts = {
    "transposed": lambda array: array.T.copy().T,
    "strided": lambda array: numpy.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array,
    "reversed": reversed_in_memory,
    "read_only": read_only,
    **OF_NUMPY,
}


def settings(dtype: str) -> contextlib.AbstractContextManager[Any]:
    """NumPy's warnings are silenced: special values are judged by what comes out."""
    return numpy.errstate(all="ignore")


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"numpy": numpy.__version__}
