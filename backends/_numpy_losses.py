"""NumPy's softmax and losses, computed block by block."""

from typing import Any

import numpy

from ..reference.arguments import class_axis, class_numbers, floating, for_each_class, labelled, wide
from ..reference.formulas.categorical_cross_entropy import default_clip
from ..reference.hyperparameters import clip as checked_clip
from . import _formulas, native
from ._numpy_blocks import PLAIN, blocks


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
    for rows, labels, slope, out in blocks(axis, p, y, slopes, gp, share=2):
        least, most = numpy.minimum.reduce(rows, None, initial=low), numpy.maximum.reduce(rows, None, initial=high)
        masked = not (low <= least and most <= high)
        product = numpy.multiply(wide(labels, numpy), -wide(slope, numpy), out=out if dtype in PLAIN else None)
        chances = wide(rows, numpy)
        numpy.divide(product, numpy.clip(chances, low, high) if masked else chances, out=out, casting="same_kind")
        if masked:
            numpy.copyto(out, 0, where=(rows < low) | (rows > high))
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
