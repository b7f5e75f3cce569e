"""What an argument got and what it wants: every error of the formulas, in the same words on every backend.

Only what can be read without looking at an array's elements is checked, so that a formula works under
tracing and never waits for a device. Hyper-parameters are checked in `hyperparameters`.
"""

from typing import Any, Protocol, TypeAlias

from .libraries import LIBRARIES, SHARED, library_of, refuse_mixtures, refuse_strangers, refuse_unfit


class Array(Protocol):
    """What a type checker knows of an array: attributes and operators that the arrays of every library have."""

    @property
    def dtype(self) -> Any: ...
    @property
    def shape(self) -> Any: ...
    @property
    def ndim(self) -> Any: ...
    def __neg__(self) -> Any: ...
    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...


Scalar: TypeAlias = Array | float  # also a Python number
Result: TypeAlias = Any  # an array of the arguments' library, whose own type has more than `Array`
Namespace: TypeAlias = Any
DType: TypeAlias = Any


def floating(xp: Namespace = None, /, **values: Any) -> tuple[Namespace, DType]:
    """Return the namespace and the dtype of `values`, which share one real floating dtype; Python scalars go along."""
    known = SHARED.get(getattr(xp, "__name__", ""))
    if known is not None and not known.issuperset(map(type, values.values())):
        refuse_strangers(xp, **values)
    dtypes = [getattr(value, "dtype", None) for value in values.values()]
    if xp is not None and dtypes.count(dtypes[0]) == len(dtypes) and dtypes[0] in (xp.float32, xp.float64):
        return xp, dtypes[0]  # most calls; the rest is slower
    arrays = {name: value for name, value in values.items() if is_array(name, value)}
    if not arrays:
        raise TypeError(f"{', '.join(values)}: got Python scalars only; wanted at least one array")
    xp = xp or namespace_of(**arrays)
    first, *others = arrays
    dtype = arrays[first].dtype
    if not is_floating(xp, dtype):
        refuse_strangers(xp, **{first: arrays[first]})
        most = " of at most 64 bits" if is_wide(dtype) else ""
        raise TypeError(f"{first}: got {describe(arrays[first])}; wanted an array of a real floating dtype{most}")
    for name in others:
        if arrays[name].dtype != dtype:
            refuse_strangers(xp, **{name: arrays[name]})
            raise TypeError(f"{name}: got {describe(arrays[name])}; wanted dtype {dtype_name(dtype)}, as {first} has")
    return xp, dtype


def namespace_of(**arrays: Any) -> Namespace:
    """The Array API namespace of arrays; array-api-compat is imported here, so that a declaration needs none of it."""
    import array_api_compat

    refuse_unfit(**arrays)
    try:
        return array_api_compat.array_namespace(*arrays.values())
    except TypeError:
        refuse_mixtures(**arrays)
        raise


def is_array(name: str, value: Any) -> bool:
    """Tell an array (True) from a Python scalar (False); anything else is a TypeError."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return True
    if type(value) is float or (type(value) is int and abs(value) < 2**63):
        return False
    raise TypeError(f"{name}: got {describe(value)}; wanted an array of a real floating dtype")


def is_floating(xp: Namespace, dtype: DType) -> bool:
    """Whether `dtype` is one of `xp`'s real floating dtypes (another library's is not)."""
    if dtype in (xp.float32, xp.float64):  # isdtype takes 1 us, and lru_cache makes PyTorch's compiler warn
        return True
    if is_wide(dtype) or not getattr(dtype, "isnative", True):  # of which NumPy makes results in native order
        return False
    try:
        return bool(xp.isdtype(dtype, "real floating"))
    except (AttributeError, TypeError, ValueError):
        return False


def is_wide(dtype: DType) -> bool:
    """Whether `dtype` has more than 64 bits, as NumPy's longdouble has: no bound is specified for it."""
    return bool(getattr(dtype, "itemsize", 8) > 8)


def is_half(xp: Namespace, dtype: DType) -> bool:
    """Whether `dtype` is a floating-point one of 16 bits."""
    return dtype not in (xp.float32, xp.float64) and bool(xp.finfo(dtype).bits < 32)


def wide(x: Any, xp: Namespace) -> Any:
    """An array in at least float32: what is of half precision is computed there, and its result rounded once."""
    dtype = getattr(x, "dtype", xp.float32)
    return xp.astype(x, xp.float32) if dtype != xp.float32 and is_half(xp, dtype) else x


def rounded(y: Any, dtype: DType, xp: Namespace) -> Any:
    """A result in the dtype of the inputs that were made `wide`."""
    return xp.astype(y, dtype) if y.dtype != dtype else y


def describe(value: Any) -> str:
    """What was given, in a few words."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"an array of dtype {dtype_name(value.dtype)} and shape {tuple(value.shape)}"
    if value is None:
        return "None"
    if isinstance(value, int) and value.bit_length() > 128:
        return digits(value)
    try:
        text = repr(value)
    except ValueError:  # for an integer of thousands of digits in it
        return type(value).__name__
    return f"{type(value).__name__} {text}" if len(text) <= 40 and "\n" not in text else type(value).__name__


def digits(value: int) -> str:
    """An integer in digits, unless there are too many to read."""
    return str(value) if value.bit_length() <= 128 else f"an integer of {value.bit_length()} bits"


def dtype_name(dtype: DType) -> str:
    """A dtype's name as the standard has it: 'float32', not 'torch.float32'."""
    if not getattr(dtype, "isnative", True):
        return f"{dtype.name} in non-native byte order"
    return str(dtype).rpartition(".")[2]


def shape(value: Any) -> tuple[Any, ...]:
    """The shape of an array; a Python scalar has no axes."""
    return tuple(getattr(value, "shape", ()))


def arrays(xp: Namespace, *values: Any) -> list[Any]:
    """The values, Python scalars among them made arrays without axes, of the dtype and on the device of the others."""
    like = next(value for value in values if hasattr(value, "dtype"))
    return [value if hasattr(value, "dtype") else xp.full_like(xp.sum(like), value) for value in values]


def wanted_shape(name: str, value: Any, wanted: tuple[Any, ...], why: str = "") -> None:
    """Raise ValueError unless `value` has the shape `wanted`."""
    if getattr(value, "shape", ()) != wanted and shape(value) != wanted:
        raise ValueError(f"{name}: got shape {shape(value)}; wanted {wanted}{why}")


def same_shape(**values: Any) -> None:
    """Raise ValueError unless all have the shape of the first."""
    first, *others = values
    wanted = shape(values[first])
    for name in others:
        if shape(values[name]) != wanted:
            wanted_shape(name, values[name], wanted, f", as {first} has")


def of_state(xp: Namespace, theta: Any, **parts: Any) -> None:
    """Raise unless the parts of an optimizer's state have the shape and the dtype of theta, which was made `wide`."""
    dtype = getattr(theta, "dtype", None)
    for name, value in parts.items():
        refuse_strangers(xp, **{f"state.{name}": value})
        if dtype and getattr(value, "dtype", dtype) != dtype:
            raise TypeError(
                f"state.{name}: got {describe(value)}; wanted dtype {dtype_name(dtype)}, as a new state has"
            )
        wanted_shape(f"state.{name}", value, shape(theta), ", as theta has")


def elementwise(xp: Namespace = None, /, **values: Any) -> tuple[Namespace, DType, list[Any]]:
    """Check what a formula takes element by element: the namespace, the dtype, and the values, made `wide`."""
    xp, dtype = floating(xp, **values)
    same_shape(**values)
    return xp, dtype, [wide(each, xp) for each in arrays(xp, *values.values())]


def of_products(a: Any, b: Any) -> tuple[Any, ...]:
    """The shape of the products of two stacks of matrices, with their batches broadcast; ValueError if none fit."""
    one, other = shape(a), shape(b)
    fits = len(one) > 1 < len(other) and one[-1] == other[-2]
    batch, rest = sorted((one[:-2], other[:-2]), key=len)[::-1]
    whole = [*batch]
    for place, length in enumerate(rest, len(batch) - len(rest)):
        fits = fits and (length == whole[place] or 1 in (length, whole[place]))
        whole[place] = length if whole[place] == 1 else whole[place]
    if not fits:
        raise ValueError(f"a, b: got shapes {one} and {other}; wanted (..., n, k) and (..., k, m), of batches that fit")
    return (*whole, one[-2], other[-1])


def normalised(x: Any, **others: Any) -> None:
    """Raise ValueError unless the others have the shape of a row of x, which is not empty."""
    if not shape(x) or shape(x)[-1] == 0:
        raise ValueError(f"x: got shape {shape(x)}; wanted (..., n) with n of at least 1")
    for name, value in others.items():
        wanted_shape(name, value, shape(x)[-1:], ", the last axis of x")


def table_of(table: Any) -> tuple[Any, Any]:
    """The number of rows of a table, and that of its columns; ValueError if it is no matrix."""
    if len(shape(table)) != 2:
        raise ValueError(f"table: got shape {shape(table)}; wanted (n, m)")
    rows, columns = shape(table)
    return rows, columns


def class_axis(name: str, value: Any, axis: Any) -> None:
    """Raise unless `axis` is an axis of `value`, and not of length 0."""
    ndim = len(shape(value))
    if type(axis) is not int:
        traced = ": name it in static_argnames of jax.jit" if library_of(axis) == LIBRARIES["jax"] else ""
        is_whole = shape(axis) == () and "int" in dtype_name(getattr(axis, "dtype", None))
        wanted = "a Python integer, such as int(axis)" if is_whole and not traced else f"an integer{traced}"
        raise TypeError(f"axis: got {describe(axis)}; wanted {wanted}")
    if ndim == 0:
        raise ValueError(f"{name}: got an array without axes; wanted at least one axis")
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis: got {digits(axis)}; wanted {-ndim} to {ndim - 1} for {name} of shape {shape(value)}")
    if shape(value)[axis] == 0:
        raise ValueError(f"{name}: got shape {shape(value)}; wanted at least one class along axis {axis}")


def labelled(xp: Namespace, y: Any, axis: Any, /, **values: Any) -> tuple[Namespace, DType, Any]:
    """Check what a loss is given: the classes, which are the first of `values`, their labels y, and a gradient.

    Return the namespace, the dtype, and the labels, in that dtype where they are bool or integer.
    """
    name = next(iter(values))
    classes = {name: values[name]}
    xp, dtype = floating(xp, **classes)
    if type(y) is not type(values[name]):
        refuse_strangers(xp, y=y)
    if getattr(y, "dtype", dtype) != dtype and xp.isdtype(y.dtype, ("bool", "integral")):
        y = xp.astype(y, dtype)
    floating(xp, **{**classes, "y": y, **values})  # named in this order in an error
    same_shape(**classes, y=y)
    class_axis(name, values[name], axis)
    return xp, dtype, y


def one_a_sample(name: str, value: Any, axis: int, **classes: Any) -> None:
    """Raise ValueError unless `value` has the shape of the array of `classes` without `axis`."""
    ((other, array),) = classes.items()
    axis = axis % len(shape(array))
    wanted = (*shape(array)[:axis], *shape(array)[axis + 1 :])
    wanted_shape(name, value, wanted, f", that of {other} without axis {axis}")


def for_each_class(g: Any, axis: int, xp: Namespace, **classes: Any) -> Any:
    """The gradient of each sample's loss with the axis of the classes put back, to be multiplied with the classes."""
    one_a_sample("g", g, axis, **classes)
    return xp.expand_dims(g, axis=axis) if hasattr(g, "shape") else g  # a Python scalar needs none


def class_numbers(labels: Any, x: Any, axis: int, xp: Namespace) -> Any:
    """Integer labels, one a sample, as indices into `axis` of x, as `indices` has them."""
    integral(labels, xp)
    one_a_sample("labels", labels, axis, x=x)
    return indices(labels, shape(x)[axis], xp)


def integral(labels: Any, xp: Namespace) -> None:
    """Raise TypeError unless labels are an array of integers."""
    dtype = getattr(labels, "dtype", None)
    refuse_strangers(xp, labels=labels)
    if dtype is None or not hasattr(labels, "shape") or not xp.isdtype(dtype, "integral"):
        raise TypeError(f"labels: got {describe(labels)}; wanted an array of integers")


def indices(labels: Any, count: int, xp: Namespace) -> Any:
    """Integer labels as indices of `count` classes; one that is no class is an IndexError where labels can be read.

    Elsewhere none counts from the end: one below 0 is beyond all classes.
    """
    integral(labels, xp)
    index = xp.astype(labels, xp.__array_namespace_info__().default_dtypes()["indexing"])
    if not is_on_host(index, xp):
        return xp.where(index < 0, xp.full_like(index, xp.iinfo(index.dtype).max), index)
    if is_any((index < 0) | (index >= count), xp):
        raise IndexError(f"labels: got one that is no class; wanted 0 to {count - 1}")
    return index


def is_on_host(array: Any, xp: Namespace) -> bool:
    """Whether an array's elements can be read at no cost: it is neither traced nor on an accelerator."""
    kind = getattr(getattr(array, "device", None), "type", None)
    if kind is not None:  # PyTorch
        return bool(kind == "cpu" and not xp.compiler.is_compiling())
    import array_api_compat

    return not array_api_compat.is_lazy_array(array)


def is_any(condition: Any, xp: Namespace) -> bool:
    """Whether a condition holds somewhere; False under torch.func.vmap, which lets nobody read an element."""
    try:
        return bool(xp.any(condition))
    except RuntimeError:
        return False
