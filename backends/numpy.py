"""NumPy: the default backend. What is read more than once is read block by block, while it is in the cache."""

import contextlib
import math
from collections.abc import Callable, Iterable
from itertools import chain, compress, groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy
from numpy.lib.array_utils import byte_bounds

from .. import reference
from ..reference.arguments import (
    arrays,
    class_axis,
    class_numbers,
    floating,
    for_each_class,
    indices,
    labelled,
    number,
    rounded,
    same_shape,
    table_of,
    wanted_shape,
    wide,
)
from ..reference.arguments import beta as checked_beta
from ..reference.arguments import clip as checked_clip
from ..reference.arguments import epsilon as checked_epsilon
from ..reference.arguments import shape as shape_of
from ..reference.arguments import step as checked_step
from ..reference.formulas.adam import AdamState, one_minus_power
from ..reference.formulas.categorical_cross_entropy import default_clip
from ..reference.trees import flatten
from . import _formulas, bind_all, native
from ._layouts import OF_NUMPY

name = "numpy"
dtypes = ("float16", "float32", "float64")
subnormals = "gradual"


PLAIN = numpy.dtype(numpy.float32), numpy.dtype(numpy.float64)
OWN = {numpy.ndarray, numpy.float32, numpy.float64}
BLOCK = 2**18  # elements: 1 MiB of float32
SMALL = 2**13  # elements: what a leaf of Adam has at most to be copied into one flat array with others
WIDTH = 2**14  # bytes: no block is narrower, as many short runs of memory cost more than they save


def blocks(axis: int | None, *arrays: Any, share: int = 1) -> Iterable[tuple[Any, ...]]:
    """Views of arrays of one shape (but for `axis`, which stays whole) that lie together in a `share` of a `BLOCK`."""
    first, limit = arrays[0], BLOCK // share
    if first.size <= limit:
        return [arrays]
    whole = None if axis is None else axis % first.ndim
    axes = [each for each in range(first.ndim) if each != whole and first.shape[each] > 1]
    if not axes:
        return [arrays]
    cut = max(axes, key=lambda each: (abs(first.strides[each]), first.shape[each]))  # the outermost axis in memory
    length, stride = first.shape[cut], abs(first.strides[cut])
    step = max(1, limit * length // first.size, WIDTH // (stride or WIDTH))  # a stride of 0: rows that are one row
    if step >= length:
        return [arrays]
    parts = [(slice(None),) * cut + (slice(start, start + step),) for start in range(0, length, step)]
    return (views for part in parts for views in blocks(axis, *(array[part] for array in arrays), share=share))


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
    for rows, slopes, out in blocks(None, x, g, y, share=4):
        numpy.bitwise_and(slopes.view(bits), -(rows > 0).astype(bits), out=out.view(bits))
        spoilt = numpy.isnan(rows)
        if spoilt.any():
            numpy.copyto(out, rows, where=spoilt)
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


def shifted(x: Any, axis: int) -> Any:
    """The logits less their largest along `axis`: a new array, in at least float32."""
    x = wide(x, numpy)
    return numpy.subtract(x, numpy.maximum.reduce(x, axis=axis, keepdims=True))


def exponentials(x: Any, axis: int) -> tuple[Any, Any]:
    """``exp(x - max(x))`` and its sum along `axis`."""
    e = shifted(x, axis)
    numpy.exp(e, out=e)
    return e, numpy.add.reduce(e, axis=axis, keepdims=True)


@native(_formulas.softmax)
def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Computed block by block."""
    floating(numpy, x=x)
    class_axis("x", x, axis)
    y = numpy.empty_like(x)
    for rows, out in blocks(axis, x, y):
        numpy.divide(*exponentials(rows, axis), out=out)
    return y


@native(_formulas.log_softmax)
def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Computed block by block."""
    floating(numpy, x=x)
    class_axis("x", x, axis)
    y = numpy.empty_like(x)
    for rows, out in blocks(axis, x, y):
        z = shifted(rows, axis)
        numpy.subtract(z, numpy.log(numpy.add.reduce(numpy.exp(z), axis=axis, keepdims=True)), out=out)
    return y


@native(_formulas.categorical_cross_entropy)
def categorical_cross_entropy(y: Any, p: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None) -> Any:
    """Computed block by block."""
    _, dtype, y = labelled(numpy, y, axis, p=p)
    ends = default_clip(numpy, dtype) if clip is None else checked_clip(clip, numpy, dtype)
    losses = numpy.empty_like(p, shape=numpy.delete(p.shape, axis))
    for rows, labels, out in blocks(axis, p, y, numpy.expand_dims(losses, axis)):
        logs = numpy.log(numpy.clip(wide(rows, numpy), *ends))
        logs *= labels
        numpy.negative(numpy.add.reduce(logs, axis=axis), out=numpy.squeeze(out, axis=axis))
    return losses


@native(_formulas.categorical_cross_entropy_vjp)
def categorical_cross_entropy_vjp(
    y: Any, p: Any, g: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Any:
    """Computed block by block; p is clipped, and the result masked, in blocks that have a p outside the ends alone."""
    _, dtype, y = labelled(numpy, y, axis, p=p, g=g)
    low, high = default_clip(numpy, dtype) if clip is None else checked_clip(clip, numpy, dtype)
    slopes = numpy.asarray(for_each_class(g, axis, numpy, p=p), dtype)
    slopes = slopes if slopes.ndim else slopes.reshape(1)  # a Python number, of one sample
    gp = numpy.empty_like(p)
    for rows, labels, slope, out in blocks(axis, p, y, slopes, gp, share=4):
        outside = (rows < low) | (rows > high)
        masked = outside.any()
        product = numpy.multiply(wide(labels, numpy), -wide(slope, numpy), out=out if dtype in PLAIN else None)
        chances = wide(rows, numpy)
        numpy.divide(product, numpy.clip(chances, low, high) if masked else chances, out=out, casting="same_kind")
        if masked:
            numpy.copyto(out, 0, where=outside)
    return gp


@native(_formulas.categorical_cross_entropy_from_logits)
def categorical_cross_entropy_from_logits(y: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed block by block."""
    _, dtype, y = labelled(numpy, y, axis, x=x)
    before, behind = x.shape[:axis], x.shape[axis:][1:]
    losses = numpy.empty((*before, 1, *behind), dtype)
    for rows, labels, out in blocks(axis, x, y, losses):
        z = shifted(rows, axis)
        z -= numpy.log(numpy.add.reduce(numpy.exp(z), axis=axis, keepdims=True))
        if behind:
            loss = numpy.add.reduce(labels * z, axis=axis, keepdims=True)
        else:
            loss = numpy.vecdot(wide(labels, numpy), z)[..., None]
        if numpy.isnan(loss).any():  # an infinite logarithm counts nothing where its label is 0
            loss = numpy.add.reduce(labels * z, axis=axis, keepdims=True, where=labels != 0)
        numpy.negative(loss, out=out)
    return losses.reshape(before + behind)


@native(_formulas.sparse_categorical_cross_entropy_from_logits)
def sparse_categorical_cross_entropy_from_logits(labels: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed block by block; only the logarithms of the sums are taken."""
    _, dtype = floating(numpy, x=x)
    class_axis("x", x, axis)
    index = class_numbers(labels, x, axis, numpy)
    shape = (*x.shape[:axis], 1, *x.shape[axis:][1:])
    losses = numpy.empty(shape, dtype)
    for rows, label, out in blocks(axis, x, index.reshape(shape), losses):
        z = shifted(rows, axis)
        chosen = numpy.take_along_axis(z, label, axis=axis)
        numpy.exp(z, out=z)
        numpy.subtract(numpy.log(numpy.add.reduce(z, axis=axis, keepdims=True)), chosen, out=out)
    return losses.reshape(index.shape)


@native(_formulas.adam_step)
def adam_step(
    theta: Any,
    grad: Any,
    state: AdamState,
    /,
    *,
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
    donate: bool = False,
) -> tuple[Any, AdamState]:
    """Computed block by block; small leaves are joined into one flat array.

    With `donate`, the results of large leaves are written over theta and state.
    """
    rates = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    dtype = None
    if isinstance(state, AdamState):
        columns, rebuild = flatten(theta=theta, grad=grad, m=state.m, v=state.v)
        dtype = common_dtype(columns)
    if dtype is None:  # half precision, several dtypes, what is no array, and errors
        return reference.adam_step(theta, grad, state, **rates, xp=numpy)
    step = checked_step(state.step, name="state.step", least=0) + 1
    beta1, beta2 = checked_beta("beta1", beta1, dtype), checked_beta("beta2", beta2, dtype)
    learning_rate, epsilon = number("learning_rate", learning_rate, dtype), checked_epsilon(epsilon, numpy, dtype)
    c1, c2 = (one_minus_power(beta, step, numpy, dtype) for beta in (beta1, beta2))
    rate, root = learning_rate / c1, math.sqrt(c2)

    def one(donate: bool, theta: Any, grad: Any, m: Any, v: Any) -> list[Any]:
        new = [a if donate and a.flags.writeable and is_distinct(a) else numpy.empty_like(a) for a in (theta, m, v)]
        for p, g, m_before, v_before, p_new, m_new, v_new in blocks(None, theta, grad, m, v, *new):
            s = numpy.multiply(g, 1 - beta1, out=numpy.empty_like(g))
            numpy.multiply(m_before, beta1, out=m_new)
            numpy.add(m_new, s, out=m_new)
            numpy.multiply(g, g, out=s)
            numpy.multiply(s, 1 - beta2, out=s)
            numpy.multiply(v_before, beta2, out=v_new)
            numpy.add(v_new, s, out=v_new)
            numpy.sqrt(v_new, out=s)
            numpy.multiply(s, 1 / root, out=s)
            numpy.add(s, epsilon, out=s)
            numpy.divide(m_new, s, out=s)
            numpy.multiply(s, rate, out=s)
            numpy.subtract(p, s, out=p_new)
            del s  # the next block takes its memory
        return new

    several = len(columns[0]) > 1
    is_small = [several and leaf.size <= SMALL for leaf in columns[0]]
    large = [i for i, small in enumerate(is_small) if not small]
    donate = donate and apart([column[i] for column in columns for i in large])
    found = as_one(one, [[*compress(column, is_small)] for column in columns])
    for i in large:
        for results, result in zip(found, one(donate, *(column[i] for column in columns)), strict=True):
            results.insert(i, result)
    theta, m, v = map(rebuild, found)
    return theta, AdamState(step, m, v)


def common_dtype(columns: list[list[Any]]) -> Any:
    """The dtype of all leaves, if it is one and they are NumPy's, of the same shapes in each column; otherwise None."""
    leaves = [*chain(*columns)]
    if not leaves or not {*map(type, leaves)} <= {numpy.ndarray, numpy.float32, numpy.float64}:
        return None
    dtypes, shapes = [leaf.dtype for leaf in leaves], [leaf.shape for leaf in leaves]
    same = dtypes.count(dtypes[0]) == len(leaves) and shapes == len(columns) * shapes[: len(columns[0])]
    return dtypes[0] if same and dtypes[0] in (numpy.float32, numpy.float64) else None


def as_one(step: Callable[..., list[Any]], columns: list[list[Any]]) -> list[list[Any]]:
    """Do an elementwise step of Adam on many small leaves as on one flat array; return a list for each result."""
    if not columns[0]:
        return [[], [], []]
    flat = numpy.concatenate([*chain(*columns)], axis=None).reshape(len(columns), -1)
    shapes = [leaf.shape for leaf in columns[0]]
    return [split(result, shapes) for result in step(True, *flat)]


def split(flat: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
    """Views of a flat array, of these shapes; those of one shape in a row are cut together."""
    views: list[Any] = []
    start = 0
    for shape, run in groupby(shapes):
        count = len([*run])
        stop = start + count * math.prod(shape)
        views.extend(flat[start:stop].reshape(count, *shape))
        start = stop
    return views


def is_distinct(array: Any) -> bool:
    """Whether no two elements share memory, as those of a broadcast array do."""
    reach = array.itemsize
    for stride, length in sorted(zip(map(abs, array.strides), array.shape, strict=True)):
        if length > 1 and stride < reach:
            return False
        reach += stride * (length - 1)
    return True


def apart(arrays: list[Any]) -> bool:
    """Whether no two arrays overlap in memory, so that one can be written before another is read."""
    bounds = sorted(map(byte_bounds, arrays))
    return all(end <= start for (_, end), (start, _) in pairwise(bounds))


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
