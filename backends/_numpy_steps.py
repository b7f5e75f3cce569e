"""NumPy's step of Adam: block by block, with small leaves as one array, and over the arrays that are donated."""

import math
from collections.abc import Callable
from itertools import chain, compress, groupby, pairwise
from typing import Any

import numpy
from numpy.lib.array_utils import byte_bounds

from .. import reference
from ..reference.formulas.adam import AdamState, one_minus_power
from ..reference.hyperparameters import beta as checked_beta
from ..reference.hyperparameters import epsilon as checked_epsilon
from ..reference.hyperparameters import number
from ..reference.hyperparameters import step as checked_step
from ..reference.trees import flatten
from . import _formulas, native
from ._numpy_blocks import blocks

SMALL = 2**13  # elements: what a leaf of Adam has at most to be copied into one flat array with others


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
    if isinstance(state, AdamState) and isinstance(donate, bool):
        columns, rebuild = flatten(theta=theta, grad=grad, m=state.m, v=state.v)
        dtype = common_dtype(columns)
    if dtype is None:  # half precision, several dtypes, what is no array, and errors
        return reference.adam_step(theta, grad, state, **rates, donate=donate, xp=numpy)
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
