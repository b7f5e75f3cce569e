"""PyTorch's operations that take and put elements by index.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import itertools
from typing import Any

import numpy as np

from ..arithmetic.discrete import Discrete, UndecidedError
from ..arithmetic.namespace import MissingError
from .aten import Array, Namespace, filled
from .positions import gathered, in_steps


def certain(index: Any) -> Any:
    """An index that is not undecided."""
    if isinstance(index, Discrete):
        wanted = "an index that no rounding error changes: judge the parts before and after it"
        raise UndecidedError(f"{index.doubt()}; wanted {wanted}")
    return index


def gather(xp: Namespace, x: Array, dim: int, index: Any, **_: Any) -> Array:
    if not isinstance(index, Discrete) and np.shape(index)[:dim] != x.shape[:dim]:  # of the first rows alone
        x = x[tuple(slice(None) if i == dim % x.ndim else slice(0, n) for i, n in enumerate(np.shape(index)))]
    return xp.take_along_axis(x, index, axis=dim)


def index_select(xp: Namespace, x: Array, dim: int, index: Any) -> Array:
    return xp.take(x, index, axis=dim)


def embedding(xp: Namespace, w: Array, index: Any, *_: Any) -> Array:
    return xp.take(w, index, axis=0)


def embedding_dense_backward(
    xp: Namespace, g: Array, index: Any, count: int, padding: int, by_frequency: bool
) -> Array:  # fmt: skip
    """Each row of g is added to that of its index, but for the index of the padding."""
    if by_frequency:
        raise MissingError("aten.embedding_dense_backward: got scale_grad_by_freq; gaugeblock has it without that")
    index, width = certain(index), g.shape[-1]
    rows = np.where(index == padding, -1, index * width)[..., None]
    places = np.where(rows < 0, -1, rows + np.arange(width))
    return gathered(xp.zeros((count, width), dtype=g.dtype), g, places, in_steps(xp))


def index(xp: Namespace, x: Array, indices: Any) -> Array:
    return x[tuple(slice(None) if each is None else certain(each) for each in indices)]


def scatter_add(xp: Namespace, x: Array, dim: int, index: Any, source: Array) -> Array:
    return scatter_reduce(xp, x, dim, index, source, "sum")


def places_along(x: Array, dim: int, index: Any) -> np.ndarray:
    """The positions that an index along an axis means."""
    at = np.array(np.meshgrid(*map(np.arange, np.shape(certain(index))), indexing="ij"))
    at[dim % x.ndim] = index
    return np.asarray(np.ravel_multi_index(tuple(at), x.shape))


def index_add(xp: Namespace, x: Array, dim: int, index: Any, source: Array, *, alpha: float = 1) -> Array:
    places = np.take(np.arange(x.size).reshape(x.shape), certain(index), dim)
    more = source if alpha == 1 else source * alpha
    return gathered(x, more, places, in_steps(xp))


def index_put(xp: Namespace, x: Array, indices: Any, values: Array, accumulate: bool = False) -> Array:
    """Where elements are put, not added, no two may go to one place."""
    key = tuple(slice(None) if each is None else certain(each) for each in indices)
    places = np.arange(x.size).reshape(x.shape)[key]
    more = xp.broadcast_to(values, places.shape)
    if not accumulate:
        if np.unique(places).size < places.size:
            raise UndecidedError("got an index twice; wanted accumulate=True, or each once")
        mask = np.zeros(x.size, np.bool_)
        mask[places.ravel()] = True
        x = xp.where(mask.reshape(x.shape), xp.zeros_like(x), x)
    return gathered(x, more, places, in_steps(xp))


def scatter(xp: Namespace, x: Array, dim: int, index: Any, source: Any, *, reduce: str | None = None) -> Array:
    """Elements, or one number, put at an index; no two elements may go to one place."""
    places = places_along(x, dim, index)
    if reduce is not None:
        more = source[tuple(map(slice, places.shape))] if np.ndim(source) else filled(xp, x, source)
        return together(xp, x, more, places, {"add": "sum", "multiply": "prod"}[reduce], True)
    mask = np.zeros(x.size, np.bool_)
    mask[places.ravel()] = True
    if not np.ndim(source):
        return xp.where(mask.reshape(x.shape), source, x)
    if np.unique(places).size < places.size:
        raise UndecidedError("got an index twice; wanted each once, or scatter_add")
    order = np.zeros(x.size, np.int64)
    order[places.ravel()] = np.arange(source.size).reshape(source.shape)[tuple(map(slice, places.shape))].ravel()
    return xp.where(mask.reshape(x.shape), xp.take(xp.reshape(source, (-1,)), order.reshape(x.shape), axis=0), x)


def masked_select(xp: Namespace, x: Array, mask: Any) -> Array:
    shape = np.broadcast_shapes(x.shape, np.shape(certain(mask)))
    return xp.broadcast_to(x, shape)[np.broadcast_to(mask, shape)]


def masked_scatter(xp: Namespace, x: Array, mask: Any, source: Array) -> Array:
    """The elements of a mask, one after another, from the first ones of the source."""
    mask = np.broadcast_to(certain(mask), x.shape)
    order = np.maximum(np.cumsum(mask).reshape(x.shape) - 1, 0)
    return xp.where(mask, xp.take(xp.reshape(source, (-1,)), order, axis=0), x)


def searchsorted(
    xp: Namespace, edges: Array, x: Array, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Any = None,
) -> Any:  # fmt: skip
    """How many edges are below a number, or not above it."""
    if sorter is not None:
        raise MissingError("aten.searchsorted: got a sorter; gaugeblock has it for edges in order")
    last = xp.expand_dims(edges, axis=-2) if edges.ndim > 1 else edges
    of_x = xp.expand_dims(x, axis=-1)
    before = last <= of_x if right or side == "right" else last < of_x
    return xp.count_nonzero(before, axis=-1)


def bucketize(xp: Namespace, x: Array, edges: Array, *, out_int32: bool = False, right: bool = False) -> Any:
    return searchsorted(xp, edges, x, right=right)


def scatter_reduce(
    xp: Namespace, x: Array, dim: int, index: Any, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    return together(
        xp, x, source[tuple(map(slice, np.shape(index)))], places_along(x, dim, index), reduce, include_self
    )


def index_reduce(
    xp: Namespace, x: Array, dim: int, index: Any, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    places = np.take(np.arange(x.size).reshape(x.shape), certain(index), dim)
    return together(xp, x, source, places, reduce, include_self)


def together(xp: Namespace, x: Array, more: Array, places: np.ndarray, reduce: str, include_self: bool) -> Array:
    """What a place has and what goes there as one number; what nothing goes to stays."""
    count = np.bincount(places.ravel(), minlength=x.size).reshape(x.shape)
    if not include_self:
        nothing = {"prod": 1.0, "amax": -np.inf, "amin": np.inf}.get(reduce, 0.0)
        x = xp.where(count > 0, xp.zeros_like(x) + nothing, x)
    if reduce in ("amax", "amin"):
        function = xp.max if reduce == "amax" else xp.min
        return gathered(x, more, places, lambda each: function(each, axis=-1))
    if reduce == "prod":
        return gathered(x, more, places, lambda each: xp.prod(each, axis=-1))
    total = gathered(x, more, places, in_steps(xp))
    if reduce == "sum":
        return total
    return xp.where(count > 0, total / xp.astype(np.maximum(count + include_self, 1), x.dtype), total)


def _embedding_bag(
    xp: Namespace, w: Array, index: Any, starts: Any, by_frequency: bool = False, mode: int = 0, sparse: bool = False,
    shares: Array = None, has_last: bool = False, ignored: int = -1,
) -> Any:  # fmt: skip
    """The sum, the mean or the largest of the rows of each bag, which is never empty."""
    index = np.asarray(certain(index))
    starts = np.append(certain(starts), [] if has_last else [index.size]).astype(np.int64)
    bags = [np.arange(a, b)[index[a:b] != ignored] for a, b in itertools.pairwise(starts)]
    if by_frequency or not all(each.size for each in bags):
        raise MissingError("aten._embedding_bag: gaugeblock has no error bound for empty bags, or frequencies, yet")
    rows = xp.take(w, index, axis=0)
    rows = rows if shares is None else rows * xp.expand_dims(shares, axis=-1)
    function = (xp.sum, xp.mean, xp.max)[mode]
    found = [function(xp.take(rows, each, axis=0), axis=0) for each in bags]
    return xp.stack(found, axis=0), None, None, None


_embedding_bag_forward_only = _embedding_bag
