"""Arrays of any library, on any device, where NumPy's functions and operators are called.

NumPy hands a call to an argument that has `__array_ufunc__` or `__array_function__`; here it goes on to the Array API
namespace of the array's library, in float64. So bounded arrays, which are written for NumPy, hold arrays on a GPU as
they are. A function that is not listed below is an error, and so is a copy to the host that nobody asked for.
"""

from collections.abc import Callable
from typing import Any

import array_api_compat
import numpy as np

from .. import special
from .rounding import MODELS

Array = Any
Number = Any

# NumPy's functions of elements, by the standard's name where that is another one.
SAME = """add subtract multiply divide negative maximum minimum exp expm1 log log1p sqrt tanh cosh isnan isinf isfinite
    copysign less less_equal greater greater_equal equal not_equal matmul square"""
ELEMENTWISE = {name: name for name in SAME.split()}
ELEMENTWISE |= {"absolute": "abs", "power": "pow", "invert": "logical_not"}
ELEMENTWISE |= {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "logical_not": "logical_not"}
OF_BOOLEANS = ("logical_and", "logical_or", "logical_not")


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of another library; `dtype` is NumPy's of that name."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.xp = array_api_compat.array_namespace(array)
        self.dtype = np.dtype(str(array.dtype).rpartition(".")[2])
        self.shape, self.ndim, self.size = tuple(array.shape), array.ndim, int(np.prod(array.shape))

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("an array on a device is copied to the host by to_numpy alone")

    def to_numpy(self) -> np.ndarray:
        """A copy on the host."""
        from ... import backends

        if array_api_compat.is_torch_array(self.array):
            return np.asarray(backends.load("torch").to_numpy(self.array))
        return np.asarray(self.array if on_host(self.array) else array_api_compat.to_device(self.array, "cpu"))

    def beside(self, value: Number) -> Array:
        """A number, or an array of NumPy's, as one of this library on this device."""
        if isinstance(value, Elsewhere):
            return value.array
        host = np.array(value)  # one that can be written to, or PyTorch warns
        kind = self.xp.bool if host.dtype.kind == "b" else self.xp.int64 if host.dtype.kind in "iu" else self.xp.float64
        chosen: Any = host.item() if host.ndim == 0 else host
        return self.xp.asarray(chosen, dtype=kind, device=array_api_compat.device(self.array))

    def in_float64(self, value: Number) -> Array:
        return self.xp.astype(self.beside(value), self.xp.float64)

    def astype(self, dtype: Any, copy: bool = True) -> "Elsewhere":
        name = np.dtype(dtype).name
        return Elsewhere(self.xp.astype(self.array, getattr(self.xp, name)))

    def reshape(self, shape: Any) -> "Elsewhere":
        return Elsewhere(self.xp.reshape(self.array, shape))

    def all(self) -> bool:
        return bool(self.xp.all(self.array))

    def __getitem__(self, index: Any) -> "Elsewhere":
        index = index if isinstance(index, tuple) else (index,)
        whole = len(index) >= self.ndim or any(each is Ellipsis for each in index)
        return Elsewhere(self.array[index if whole else (*index, ...)])

    def __bool__(self) -> bool:
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc.__name__ not in ELEMENTWISE:
            return NotImplemented
        name = ELEMENTWISE[ufunc.__name__]
        values = [self.beside(x) if name in OF_BOOLEANS else self.in_float64(x) for x in inputs]
        return Elsewhere(getattr(self.xp, name)(*values))

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function.__name__ not in FUNCTIONS:
            return NotImplemented
        return FUNCTIONS[function.__name__](self, *arguments, **options)


def asarray(x: Number, dtype: Any = None) -> Any:
    """``numpy.asarray``, but for arrays elsewhere, which stay there."""
    if not isinstance(x, Elsewhere):
        return np.asarray(x, dtype)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def function_of(name: str) -> Callable[[Number], Any]:
    """A function that the standard lacks, by its name in `special`, of arrays elsewhere too."""
    function = getattr(special, name)
    return lambda x: Elsewhere(function(x.array)) if isinstance(x, Elsewhere) else function(x)


def to_numpy(x: Number) -> np.ndarray:
    """A copy on the host of an array elsewhere; NumPy's own as it is."""
    return x.to_numpy() if isinstance(x, Elsewhere) else np.asarray(x)


def called(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a function gives for the library's own arrays, those of the host beside them: copies, as it may write."""
    parts = (x for value in arguments for x in (value if isinstance(value, tuple) else (value,)))
    like = next((x for x in parts if isinstance(x, Elsewhere)), None)

    def own(value: Any) -> Any:
        if isinstance(value, tuple):
            return type(value)(*map(own, value)) if hasattr(value, "_fields") else tuple(map(own, value))
        is_array = isinstance(value, Elsewhere | np.ndarray)
        if like is not None and is_array:
            return like.beside(value)
        return value.copy() if isinstance(value, np.ndarray) else value

    return function(*map(own, arguments), **options)


def wrapped(x: Array) -> Number:
    """A library's array as this module has it; NumPy's own as it is."""
    is_host = isinstance(x, np.ndarray | np.generic | float | int)
    return np.asarray(x) if is_host else Elsewhere(x)


def is_elsewhere(array: Array) -> bool:
    """Whether an array is judged where it is: on a device that has float64, in a format that float64 is enough for."""
    known = bool(array_api_compat.is_array_api_obj(array))
    if isinstance(array, np.ndarray | np.generic) or not known:
        return False
    if array_api_compat.is_dask_array(array) or on_host(array):
        return False
    name = str(array.dtype).rpartition(".")[2]
    return name in MODELS and name != "float64" and has_float64(array)


def on_host(array: Array) -> bool:
    """Whether NumPy sees the memory of an array."""
    return "cpu" in str(array_api_compat.device(array)).lower()


def has_float64(array: Array) -> bool:
    """Whether the device has it, and the library's settings let it be: JAX's and Apple's do not."""
    xp = array_api_compat.array_namespace(array)
    try:
        made = xp.zeros(1, dtype=xp.float64, device=array_api_compat.device(array))
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return False
    return bool(made.dtype == xp.float64)


def reduction(name: str) -> Callable[..., Any]:
    """A reduction of numbers: NumPy's `initial` and `where` are not in the standard."""

    def reduced(like: Elsewhere, x: Any, axis: Any = None, **options: Any) -> Elsewhere:
        keepdims, initial, where = (options.get(key) for key in ("keepdims", "initial", "where"))
        array = like.in_float64(x)
        if where is not None:
            array = like.xp.where(like.beside(where), array, like.in_float64(initial))
        if initial is not None and 0 in array.shape:
            return Elsewhere(like.in_float64(initial))
        found = Elsewhere(getattr(like.xp, name)(array, axis=axis, keepdims=bool(keepdims)))
        return found if initial is None else getattr(np, f"{name}imum")(found, initial)

    return reduced


def question(name: str) -> Callable[..., Any]:
    def asked(like: Elsewhere, x: Any, axis: Any = None, keepdims: Any = False) -> Elsewhere:
        return Elsewhere(getattr(like.xp, name)(like.beside(x), axis=axis, keepdims=bool(keepdims)))

    return asked


def chosen(like: Elsewhere, condition: Any, a: Any, b: Any) -> Elsewhere:
    both = [asarray(x).dtype.kind == "b" for x in (a, b)]
    values = [like.beside(x) if all(both) else like.in_float64(x) for x in (a, b)]
    return Elsewhere(like.xp.where(like.beside(condition), *values))


def taken_along_axis(like: Elsewhere, x: Any, indices: Any, axis: int = -1) -> Elsewhere:
    return Elsewhere(like.xp.take_along_axis(like.beside(x), like.beside(indices), axis=axis))


def taken(like: Elsewhere, x: Any, indices: Any, axis: int = 0) -> Elsewhere:
    return Elsewhere(like.xp.take(like.beside(x), like.beside(indices), axis=axis))


def of_one(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that moves the elements of one array."""

    def moved(like: Elsewhere, x: Any, *arguments: Any, **options: Any) -> Elsewhere:
        return Elsewhere(call(like.xp, like.beside(x), *arguments, **options))

    return moved


def joined(like: Elsewhere, arrays: Any, axis: int = 0) -> Elsewhere:
    return Elsewhere(like.xp.concat([like.in_float64(x) for x in arrays], axis=axis))


def broadcast(like: Elsewhere, *arrays: Any) -> list[Elsewhere]:
    return [Elsewhere(x) for x in like.xp.broadcast_arrays(*map(like.beside, arrays))]


# NumPy's functions that bounded arrays and the judge call.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": reduction("sum"), "max": reduction("max"), "min": reduction("min"),
    "any": question("any"), "all": question("all"), "where": chosen, "take_along_axis": taken_along_axis, "take": taken,
    "argmax": of_one(lambda xp, x: xp.argmax(x)),
    "expand_dims": of_one(lambda xp, x, axis: xp.expand_dims(x, axis=axis)),
    "squeeze": of_one(lambda xp, x, axis: xp.squeeze(x, axis=axis)),
    "broadcast_to": of_one(lambda xp, x, shape: xp.broadcast_to(x, shape)),
    "reshape": of_one(lambda xp, x, shape: xp.reshape(x, shape)),
    "moveaxis": of_one(lambda xp, x, source, destination: xp.moveaxis(x, tuple(source), tuple(destination))),
    "matrix_transpose": of_one(lambda xp, x: xp.matrix_transpose(x)),
    "zeros_like": of_one(lambda xp, x, dtype: xp.zeros_like(x)),
    "isposinf": of_one(lambda xp, x: x == float("inf")), "isneginf": of_one(lambda xp, x: x == -float("inf")),
    "concatenate": joined, "broadcast_arrays": broadcast,
    "ndim": lambda like, x: x.ndim, "shape": lambda like, x: x.shape, "size": lambda like, x: x.size,
}  # fmt: skip
