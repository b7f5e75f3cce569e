"""JAX's primitives that are made of several functions of the standard, by their names.

Each is called with the namespace of the arrays and the parameters of the primitive before its operands.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jax import lax

from ...reference.declaration import AXIS
from ..arithmetic import correlated
from ..arithmetic.decisions import ends
from ..arithmetic.discrete import UndecidedError, discrete, parts
from ..arithmetic.namespace import MissingError
from ..arithmetic.windows import chosen, convolution, windows
from . import aten_sequences, aten_windows
from .aten_indices import certain
from .aten_solving import linalg_solve_triangular
from .positions import gathered, in_steps

Array = Any
Namespace = Any
Parameters = Mapping[str, Any]

ONE = """exp exp2 expm1 log log1p sqrt rsqrt tanh sinh cosh sin cos tan asin acos atan asinh acosh atanh erf erfc
    logistic=sigmoid abs neg=negative floor ceil sign square is_finite=isfinite not=logical_not"""
TWO = """add add_any=add sub=subtract mul=multiply div=divide max=maximum min=minimum lt=less le=less_equal gt=greater
    ge=greater_equal eq=equal ne=not_equal pow atan2 and=logical_and or=logical_or xor=logical_xor"""
SAME = {name: standard or name for name, _, standard in (each.partition("=") for each in f"{ONE} {TWO}".split())}


def rem(xp: Namespace, p: Parameters, a: Array, b: Array) -> Array:
    return a - xp.trunc(a / b) * b


def round(xp: Namespace, p: Parameters, x: Array) -> Array:  # noqa: A001
    if p["rounding_method"] == lax.RoundingMethod.TO_NEAREST_EVEN:
        return xp.round(x)
    return xp.sign(x) * xp.floor(xp.abs(x) + 0.5)


def lt_to(xp: Namespace, p: Parameters, a: Array, b: Array) -> Any:
    """In the order in which NaN is the largest."""
    return xp.less(a, b) | (xp.isnan(b) & xp.logical_not(xp.isnan(a)))


def le_to(xp: Namespace, p: Parameters, a: Array, b: Array) -> Any:
    return xp.less_equal(a, b) | xp.isnan(b)


def integer_pow(xp: Namespace, p: Parameters, x: Array) -> Array:
    (exponent,) = p.values()
    return xp.pow(x, exponent)


def clamp(xp: Namespace, p: Parameters, low: Array, x: Array, high: Array) -> Array:
    return xp.clip(x, low, high)


def select_n(xp: Namespace, p: Parameters, which: Any, *cases: Array) -> Array:
    found = cases[0]
    for number, each in enumerate(cases[1:], start=1):
        found = xp.where(which if len(cases) == 2 else which == number, each, found)
    return found


def reduce_sum(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.sum(x, axis=p["axes"])


def reduce_prod(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.prod(x, axis=p["axes"])


def reduce_max(xp: Namespace, p: Parameters, x: Array) -> Array:
    return correlated.largest(x, p["axes"])


def reduce_min(xp: Namespace, p: Parameters, x: Array) -> Array:
    return -correlated.largest(-x, p["axes"])


def reduce_and(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.all(x, axis=tuple(p["axes"]))


def reduce_or(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.any(x, axis=tuple(p["axes"]))


def argmax(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.argmax(x, axis=p["axes"][0])


def argmin(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.argmin(x, axis=p["axes"][0])


def cumsum(xp: Namespace, p: Parameters, x: Array) -> Array:
    return scanned(xp, xp.cumulative_sum, p, x)


def cummax(xp: Namespace, p: Parameters, x: Array) -> Array:
    return scanned(xp, lambda x, axis: aten_windows.cummax(xp, x, axis)[0], p, x)


def cummin(xp: Namespace, p: Parameters, x: Array) -> Array:
    return -cummax(xp, p, -x)


def cumlogsumexp(xp: Namespace, p: Parameters, x: Array) -> Array:
    return scanned(xp, lambda x, axis: aten_sequences.logcumsumexp(xp, x, axis), p, x)


def cumprod(xp: Namespace, p: Parameters, x: Array) -> Array:
    return scanned(xp, xp.cumulative_prod, p, x)


def scanned(xp: Namespace, function: Any, p: Parameters, x: Array) -> Array:
    """A scan, from the end if it is reversed."""
    axis = p[AXIS]
    y = function(xp.flip(x, axis=axis) if p["reverse"] else x, axis=axis)
    return xp.flip(y, axis=axis) if p["reverse"] else y


def dot_general(xp: Namespace, p: Parameters, a: Array, b: Array) -> Array:
    """As one product of stacks of matrices: the batch's axes first, then those of one operand, those summed last."""
    (of_a, of_b), (rows_a, rows_b) = p["dimension_numbers"]
    free_a = [i for i in range(a.ndim) if i not in (*of_a, *rows_a)]
    free_b = [i for i in range(b.ndim) if i not in (*of_b, *rows_b)]
    batch = [a.shape[i] for i in rows_a]
    terms = math.prod(a.shape[i] for i in of_a)
    kept_a, kept_b = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = xp.reshape(xp.permute_dims(a, (*rows_a, *free_a, *of_a)), (*batch, math.prod(kept_a), terms))
    right = xp.reshape(xp.permute_dims(b, (*rows_b, *of_b, *free_b)), (*batch, terms, math.prod(kept_b)))
    return xp.reshape(xp.matmul(left, right), (*batch, *kept_a, *kept_b))


EXTREMES = frozenset({"max", "min", "reduce_max", "reduce_min"})


def is_extreme(equation: Any, place: int, *arrays: Array) -> Any:
    """Which numbers are the largest, or smallest: of two arrays in the place of one, or along axes."""
    of_axes = equation.primitive.name.startswith("reduce_")
    arrays = tuple(-each for each in arrays) if equation.primitive.name.endswith("min") else arrays
    if not of_axes:
        return arrays[place] >= arrays[1 - place]
    axes = tuple(equation.params["axes"])
    value, error = ends(arrays[0])
    largest = np.max(value, axis=axes, keepdims=True)
    candidate = value + error >= np.max(value - error, axis=axes, keepdims=True)
    exact = np.max(np.where(candidate, error, 0), axis=axes, keepdims=True) == 0
    return discrete(value == largest, ~candidate | exact | (np.sum(candidate, axis=axes, keepdims=True) == 1))


def conv_general_dilated(xp: Namespace, p: Parameters, x: Array, w: Array) -> Array:
    given, kernel, out = p["dimension_numbers"]
    x, w = xp.permute_dims(x, given), xp.permute_dims(w, kernel)
    how = p["window_strides"], p["padding"], p["rhs_dilation"], p["lhs_dilation"], p["feature_group_count"]
    several = p["batch_group_count"]  # each of which has kernels of its own
    pairs = zip(xp.split(x, several, axis=0), xp.split(w, several, axis=0), strict=True)
    found = xp.concat([convolution(*pair, *how) for pair in pairs], axis=1)
    return xp.permute_dims(found, tuple(np.argsort(out)))


def places_of_windows(p: Parameters, x: Array) -> np.ndarray:
    """The positions in each window."""
    ones = (1,) * x.ndim
    dilation, spread = p.get("window_dilation", ones), p.get("base_dilation", ones)
    return windows(x.shape, p["window_dimensions"], p["window_strides"], p["padding"], dilation, spread)


def reduce_window_sum(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.sum(chosen(x, places_of_windows(p, x)), axis=-1)


def reduce_window_max(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.max(chosen(x, places_of_windows(p, x), -math.inf), axis=-1)


def reduce_window_min(xp: Namespace, p: Parameters, x: Array) -> Array:
    return xp.min(chosen(x, places_of_windows(p, x), math.inf), axis=-1)


def select_and_scatter_add(xp: Namespace, p: Parameters, source: Array, x: Array) -> Array:
    """The gradient of a pooling: to the first of the largest, or smallest, in each window."""
    places, largest = places_of_windows(p, x), p["select_prim"].name == "ge"
    y = chosen(x, places, -math.inf if largest else math.inf)
    winner = certain(xp.argmax(y, axis=-1) if largest else xp.argmin(y, axis=-1))
    at = np.take_along_axis(places, winner[..., None], -1)[..., 0]
    return gathered(xp.zeros_like(x), source, at, in_steps(xp))


def sort(xp: Namespace, p: Parameters, *arrays: Array) -> list[Array]:
    """By the first array; the others go along."""
    if p["num_keys"] != 1:
        raise MissingError(f"jax.lax.sort: got {p['num_keys']} keys; it has a bound for 1")
    first, *others = arrays
    axis = p["dimension"]
    if not others:
        return [xp.sort(first, axis=axis)]
    order = xp.argsort(first, axis=axis)
    return [xp.sort(first, axis=axis), *(xp.take_along_axis(each, order, axis=axis) for each in others)]


def top_k(xp: Namespace, p: Parameters, x: Array) -> list[Array]:
    axis = p.get(AXIS, -1) % x.ndim
    cut = (slice(None),) * axis + (slice(0, p["k"]),)
    return [function(x, axis=axis, descending=True)[cut] for function in (xp.sort, xp.argsort)]


def triangular_solve(xp: Namespace, p: Parameters, a: Array, b: Array) -> Array:
    upper = not p["lower"]
    if p["transpose_a"]:
        a, upper = xp.matrix_transpose(a), not upper
    return linalg_solve_triangular(xp, a, b, upper=upper, left=p["left_side"], unitriangular=p["unit_diagonal"])


def branch(which: Any) -> int:
    """The number of a branch of `cond`."""
    value, sure = parts(which)
    if not np.all(sure):
        raise UndecidedError("jax.lax.cond: got a condition that rounding errors may turn; wanted jnp.where")
    return int(value)
