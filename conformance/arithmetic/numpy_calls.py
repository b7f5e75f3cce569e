"""NumPy's functions and methods on arrays that carry an error: each is the function of the standard that means it.

NumPy hands a call to an argument that has `__array_ufunc__` or `__array_function__`. So a formula may say `np.exp(x)`
and `x.mean()`, as most do, where the standard has `xp.exp(x)` and `xp.mean(x)`.
"""

import operator
import string
from collections.abc import Callable
from functools import lru_cache, reduce
from inspect import Signature, signature
from typing import Any

import numpy as np

from ...reference.declaration import AXIS

Array = Any

ADVICE = (
    "write it with functions of the Array API standard, by numpy or by xp = x.__array_namespace__(), and without "
    "writing into arrays; a function of PyTorch or JAX takes arrays of that library"
)

# Operators, and what the right operand is asked where the left one is NumPy's own.
OPERATORS: dict[str, tuple[Any, str]] = {
    "add": (operator.add, "__radd__"), "subtract": (operator.sub, "__rsub__"), "multiply": (operator.mul, "__rmul__"),
    "divide": (operator.truediv, "__rtruediv__"), "power": (operator.pow, "__rpow__"),
    "floor_divide": (operator.floordiv, "__rfloordiv__"), "remainder": (operator.mod, "__rmod__"),
    "matmul": (operator.matmul, "__rmatmul__"), "bitwise_and": (operator.and_, "__rand__"),
    "bitwise_or": (operator.or_, "__ror__"), "bitwise_xor": (operator.xor, "__rxor__"),
    "less": (operator.lt, "__gt__"), "less_equal": (operator.le, "__ge__"), "greater": (operator.gt, "__lt__"),
    "greater_equal": (operator.ge, "__le__"), "equal": (operator.eq, "__eq__"), "not_equal": (operator.ne, "__ne__"),
}  # fmt: skip
# Functions of elements that the standard, or gaugeblock's `special`, has by another name; expit is SciPy's.
RENAMED = {
    "absolute": "abs", "fabs": "abs", "rint": "round", "invert": "logical_not", "expit": "sigmoid",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh",
}  # fmt: skip
# The other functions, by how many arguments the standard has by position; a name after a colon is the standard's.
BY_POSITION = {
    1: """sum prod max amax:max min amin:min mean std var any all argmax argmin sort argsort count_nonzero expand_dims
        flip concatenate:concat stack unstack diff matrix_transpose transpose:permute_dims diagonal round
        around:round zeros_like ones_like cumsum:cumulative_sum cumprod:cumulative_prod cumulative_sum
        cumulative_prod""",
    2: "reshape broadcast_to take take_along_axis tile repeat roll split pad tensordot full_like astype",
    3: "where moveaxis swapaxes",
}
KNOWN = {
    name.partition(":")[0]: (name.rpartition(":")[2], count)
    for count, names in BY_POSITION.items()
    for name in names.split()
}
# What flattens its array where axis=None, with the default.
FLAT: dict[str, int | None] = {
    "cumsum": None, "cumprod": None, "take": None, "sort": -1, "argsort": -1, "concatenate": 0, "take_along_axis": -1
}  # fmt: skip
# What ufunc.reduce and ufunc.accumulate are.
MANY: dict[str, dict[str, str]] = {
    "reduce": {
        "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any"
    },
    "accumulate": {"add": "cumulative_sum", "multiply": "cumulative_prod"},
}  # fmt: skip
# The other functions that move elements, of one array and of several.
MOVES = """fliplr flipud rot90 rollaxis atleast_1d atleast_2d atleast_3d array_split hsplit vsplit dsplit delete
    sliding_window_view"""
JOINS = "hstack vstack dstack column_stack"
METHODS = """sum prod max min mean std var any all argmax argmin argsort cumsum cumprod round clip squeeze swapaxes
    diagonal trace take repeat ravel dot copy"""
# What is asked of conditions, whose answers rounding errors may turn.
OF_CONDITIONS = """where any all astype reshape ravel transpose matrix_transpose squeeze expand_dims moveaxis swapaxes
    broadcast_to take take_along_axis flip roll tile repeat split stack concatenate shape ndim size copy"""

signature_of: Callable[[Any], Signature] = lru_cache(signature)


class NotOfTheStandardError(TypeError, ValueError):
    """Somebody's function calls what takes the arrays of one library alone."""


class NumPyCalls:
    """An array on which NumPy's functions and methods may be called."""

    dtype: Any

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if method in MANY and name in MANY[method]:
            return of_many(namespace_of(self), MANY[method][name], *inputs, **options)
        if method == "outer":
            a, b = inputs
            return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **options)
        if method != "__call__" or {*options} - {AXIS}:
            raise refused(name, method.removeprefix("__call__") or ", ".join(options))
        if name in ELEMENTWISE:
            return ELEMENTWISE[name](namespace_of(self), *inputs, **options)
        if name not in OPERATORS:
            return getattr(namespace_of(self), RENAMED.get(name) or name)(*inputs, **options)
        operation, reflected = OPERATORS[name]
        a, b = inputs
        return getattr(b, reflected)(a) if isinstance(a, np.ndarray | np.generic) else operation(a, b)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        name, xp = function.__name__, namespace_of(self)
        if name in OWN:
            return OWN[name](xp, *arguments, **options)
        if name in KNOWN:
            return standard(xp, function, arguments, options)
        if name in f"{MOVES} {JOINS}".split():
            from .structure import joined, moved  # which has all arrays

            return (joined if name in JOINS.split() else moved)(function)(*arguments, **options)
        return getattr(xp, name)(*arguments, **options)  # such as meshgrid, or an error of one line

    def reshape(self, *shape: Any) -> Array:
        return namespace_of(self).reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Array:
        given = axes if len(axes) > 1 else axes[0] if axes else None
        return np.transpose(self, given)  # type: ignore[call-overload]

    def astype(self, dtype: Any, copy: bool = True) -> Array:
        return namespace_of(self).astype(self, np.dtype(dtype))

    def flatten(self) -> Array:
        return self.reshape(-1)


def method(name: str) -> Any:
    """The method of an array that is a function of NumPy's too."""
    return lambda self, *arguments, **options: getattr(np, name)(self, *arguments, **options)


for each in METHODS.split():
    setattr(NumPyCalls, each, method(each))


def namespace_of(x: Array) -> Any:
    """The namespace of an array; a condition, which has none, is one of bounded arrays."""
    from . import namespace  # which has all arrays

    return x.__array_namespace__() if hasattr(x, "__array_namespace__") else namespace.BOUNDED


def refused(name: str, got: object) -> NotOfTheStandardError:
    """The error of what the standard's function does not have."""
    return NotOfTheStandardError(f"numpy.{name}: {got}: gaugeblock has no error bound for that")


def standard(xp: Any, function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Array:
    """The standard's function with the options of NumPy's, of which None stands for the default."""
    name = function.__name__
    other, count = KNOWN[name]
    given: dict[str, Any] = dict(signature_of(function).bind(*arguments, **options).arguments)
    array, *more = [given.pop(each) for each in [*given][:count]]
    if name in FLAT and given.get(AXIS, FLAT[name]) is None:
        array = [xp.reshape(each, (-1,)) for each in array] if name == "concatenate" else xp.reshape(array, (-1,))
        given[AXIS] = 0
    if name in ("sort", "argsort"):
        given.pop("kind", None)  # the order is the same
    given |= given.pop("kwargs", {})
    given = {{"ddof": "correction"}.get(key, key): value for key, value in given.items() if value is not None}
    if given.get("decimals") == 0:
        del given["decimals"]
    if "dtype" in given and hasattr(array, "dtype") and not name.endswith("_like"):  # in which NumPy computes
        array = xp.astype(array, np.dtype(given.pop("dtype")))
    called = getattr(xp, other)
    try:
        signature_of(called).bind(array, *more, **given)
    except TypeError as error:
        raise refused(name, error) from None
    return called(array, *more, **given)


def of_many(xp: Any, name: str, a: Array, axis: Any = 0, dtype: Any = None, where: Any = True, **others: Any) -> Array:
    """What a ufunc makes of many numbers, along the first axis if none is given."""
    given = {each: value for each, value in others.items() if value is not None and value is not False}
    if where is not True or {*given} - {"keepdims"}:
        raise refused(name, ", ".join({*given} - {"keepdims"}) or "where")
    return getattr(xp, name)(a if dtype is None else xp.astype(a, np.dtype(dtype)), axis=axis, **given)


def squeeze(xp: Any, a: Array, axis: Any = None) -> Array:
    ones = tuple(number for number, length in enumerate(a.shape) if length == 1)
    return xp.squeeze(a, axis=ones if axis is None else axis)


def clip(xp: Any, a: Array, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Array:  # noqa: A002
    return xp.clip(a, a_min if min is None else min, a_max if max is None else max)


def dot(xp: Any, a: Array, b: Array) -> Array:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return xp.matmul(a, b) if np.ndim(b) <= 2 else xp.tensordot(a, b, axes=([-1], [-2]))


def inner(xp: Any, a: Array, b: Array) -> Array:
    return a * b if np.ndim(a) == 0 or np.ndim(b) == 0 else xp.tensordot(a, b, axes=([-1], [-1]))


def trace(xp: Any, a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return xp.sum(xp.diagonal(a, offset, axis1, axis2), axis=-1)


def norm(xp: Any, x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A002
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    if ord == "fro" or ord is None:
        return xp.linalg.vector_norm(x, axis=axis, keepdims=keepdims)
    if len(axes) != 1:
        raise refused("linalg.norm", f"ord={ord!r} of {len(axes)} axes")
    return xp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def einsum(xp: Any, subscripts: str, *operands: Array, optimize: Any = None) -> Array:
    """Of two arrays the library's rule; of one or several their products, term by term, and one sum in any order."""
    if not isinstance(subscripts, str) or not operands:
        raise refused("einsum", "subscripts that are no text before the arrays")
    from .discrete import discrete, parts  # which are NumPyCalls

    given, wanted = subscripts_of(subscripts, [np.ndim(each) for each in operands])
    if len(operands) == 2:
        return xp.einsum(f"{','.join(given)}->{wanted}", *operands)
    summed = "".join(dict.fromkeys(letter for letter in "".join(given) if letter not in wanted))
    aligned = [along(xp, x, term, wanted + summed) for x, term in zip(operands, given, strict=True)]
    product, axes = reduce(operator.mul, aligned), tuple(range(len(wanted), len(wanted + summed)))
    y = xp.sum(product, axis=axes) if summed else product
    spoilt = xp.any(reduce(xp.logical_or, map(xp.isnan, aligned)), axis=axes)
    # Infinite numbers alone may give infinity in one order and NaN in another, where terms of both signs meet.
    certain, _ = parts(xp.isfinite(y) | spoilt)
    return y if np.all(certain) else xp.where(discrete(np.ones_like(certain), certain), y, xp.zeros_like(y))


def along(xp: Any, x: Array, term: str, letters: str) -> Array:
    """An array of einsum with an axis for each letter, of length 1 for those that it does not have."""
    from .structure import moved  # which has all arrays

    own = "".join(letter for letter in letters if letter in term)
    x = moved(lambda a: np.einsum(f"{term}->{own}", a))(x)
    lengths = dict(zip(own, x.shape, strict=True))
    return xp.reshape(x, tuple(lengths.get(letter, 1) for letter in letters))


def subscripts_of(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each array and of the result, without dots: capital letters that are free stand for these axes."""
    terms, arrow, wanted = subscripts.replace(" ", "").partition("->")
    free = "".join(letter for letter in string.ascii_uppercase if letter not in subscripts)
    if not arrow:
        once = sorted(letter for letter in set(terms) - {".", ","} if terms.count(letter) == 1)
        wanted = "..." * ("..." in terms) + "".join(once)
    counts = [ndim - len(term.replace("...", "")) for term, ndim in zip(terms.split(","), ndims, strict=True)]
    dots = [free[len(free) - count :] if count > 0 else "" for count in counts]  # the last axes of several are shared
    given = [term.replace("...", letters) for term, letters in zip(terms.split(","), dots, strict=True)]
    return given, wanted.replace("...", max(dots, key=len))


def convolve(xp: Any, a: Array, v: Array, mode: str = "full") -> Array:
    """The sums of products of the shorter vector, turned round, with each part of the longer one."""
    from .kinds import together  # which has all arrays
    from .windows import convolution

    a, v = together(a, v) if len(a) >= len(v) else together(v, a)
    more, left = len(v) - 1, len(v) // 2
    padding = {"full": (more, more), "same": (left, more - left), "valid": (0, 0)}[mode]
    x, w = xp.reshape(a, (1, 1, -1)), xp.reshape(xp.flip(v, axis=0), (1, 1, -1))
    return xp.reshape(convolution(x, w, (1,), [padding], (1,)), (-1,))


def xlogy(xp: Any, x: Array, y: Array) -> Array:
    with np.errstate(all="ignore"):
        return xp.where((x == 0) & ~xp.isnan(y), 0.0, x * xp.log(y))


def rel_entr(xp: Any, x: Array, y: Array) -> Array:
    """By the difference of two logarithms, as kernels of divergences do."""
    inside, edge = (x > 0) & (y > 0), (x == 0) & (y >= 0)
    with np.errstate(all="ignore"):
        found = xp.where(edge, 0.0, xp.where(inside, x * (xp.log(x) - xp.log(y)), np.inf))
    return xp.where(xp.isnan(x) | xp.isnan(y), np.nan, found)


def average(xp: Any, a: Array, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Array:
    if weights is None:
        return xp.mean(a, axis=axis, keepdims=keepdims)
    is_lifted = isinstance(weights, NumPyCalls)
    w: Any = weights if is_lifted else xp.asarray(weights, dtype=np.result_type(weights, a.dtype))
    if w.ndim == 1 and a.ndim > 1:
        w = xp.reshape(w, [-1 if each == axis % a.ndim else 1 for each in range(a.ndim)])
    total = xp.sum(xp.broadcast_to(w, a.shape), axis=axis, keepdims=keepdims)
    return xp.sum(a * w, axis=axis, keepdims=keepdims) / total


def median(xp: Any, a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    if axis is None and not keepdims:
        a, axis = xp.reshape(a, (-1,)), 0
    if axis is None or np.ndim(axis):
        raise refused("median", f"axis={axis!r}: not one axis")
    count = a.shape[axis]
    middle = xp.take(xp.sort(a, axis=axis), np.arange((count - 1) // 2, count // 2 + 1), axis=axis)
    spoilt = xp.any(xp.isnan(a), axis=axis, keepdims=keepdims)
    return xp.where(spoilt, np.nan, xp.mean(middle, axis=axis, keepdims=keepdims))


def nan_to_num(xp: Any, x: Array, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    largest = float(xp.finfo(x.dtype).max)
    x = xp.where(xp.isnan(x), nan, x)
    x = xp.where(xp.isinf(x) & (x > 0), largest if posinf is None else posinf, x)
    return xp.where(xp.isinf(x) & (x < 0), -largest if neginf is None else neginf, x)


def diag(xp: Any, v: Array, k: int = 0) -> Array:
    if v.ndim == 2:
        return xp.diagonal(v, k)
    places = np.diag(np.arange(1, len(v) + 1), k) - 1
    return xp.take(xp.concat([v, xp.zeros_like(v[:1])]), places, axis=0)


def as_matrix(xp: Any, m: Array) -> Array:
    """What NumPy makes of a vector of which it takes a triangle: a matrix of equal rows."""
    return xp.broadcast_to(m, (*m.shape, *m.shape)) if m.ndim == 1 else m


def dtype_or_itself(x: Any) -> Any:
    return x.dtype if isinstance(x, NumPyCalls) else x


# SciPy's functions of elements that are made of others.
ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "xlogy": xlogy, "rel_entr": rel_entr, "entr": lambda xp, x: -rel_entr(xp, x, xp.ones_like(x)),
    "logit": lambda xp, p: xp.log(p) - xp.log1p(-p), "log_expit": lambda xp, x: -xp.softplus(-x),
}  # fmt: skip
# Functions whose arguments are not those of the standard's.
OWN: dict[str, Callable[..., Any]] = {
    "squeeze": squeeze, "clip": clip, "dot": dot, "inner": inner, "trace": trace, "norm": norm, "einsum": einsum,
    "convolve": convolve, "average": average, "median": median, "nan_to_num": nan_to_num, "diag": diag,
    "tril": lambda xp, m, k=0: xp.tril(as_matrix(xp, m), k=k),
    "triu": lambda xp, m, k=0: xp.triu(as_matrix(xp, m), k=k),
    "vector_norm": lambda xp, x, **options: xp.linalg.vector_norm(x, **options),
    "outer": lambda xp, a, b: xp.outer(xp.reshape(a, (-1,)), xp.reshape(b, (-1,))),
    "ravel": lambda xp, a: xp.reshape(a, (-1,)), "copy": lambda xp, a: a,
    "shape": lambda xp, a: a.shape, "ndim": lambda xp, a: a.ndim, "size": lambda xp, a: a.size,
    "result_type": lambda xp, *several: np.result_type(*map(dtype_or_itself, several)),
}  # fmt: skip
