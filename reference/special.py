"""Functions that the Array API standard lacks, for arrays of any library, which is imported when it is needed.

Arrays whose own namespace has them, such as those of which a tolerance is derived, are given to that.
"""

import importlib
import math
from typing import Any

Array = Any

LIBRARIES = {"torch": "torch.special", "jax": "jax.scipy.special", "jaxlib": "jax.scipy.special"}
NAMESPACES = {"torch": "torch", "jax": "jax.numpy", "jaxlib": "jax.numpy"}

# Real numbers that no format has, rounded to binary64; arrays of which a tolerance is derived have their own.
CONSTANTS = {
    "sqrt(1/2)": 0.7071067811865476,
    "sqrt(2/pi)": 0.7978845608028654,
    "1/sqrt(2 pi)": 0.3989422804014327,
    "0.044715": 0.044715,
}


def constant(name: str, x: Array, /) -> Any:
    """One of these real numbers, as precise as the array x."""
    return namespace(x)._constant(name, x) if is_gauged(x) else CONSTANTS[name]


def erf(x: Array, /, xp: Any = None) -> Array:
    """The error function; `xp` is the namespace of x, where it is known."""
    return xp.erf(x) if hasattr(xp, "erf") else on_library("erf", x)


def erfc(x: Array, /) -> Array:
    """1 - erf(x), without cancellation."""
    return on_library("erfc", x)


def sigmoid(x: Array, /, xp: Any = None) -> Array:
    """1 / (1 + exp(-x)), made of the standard's functions where a library has none."""
    if hasattr(xp, "sigmoid"):
        return xp.sigmoid(x)
    own = namespace(x) if is_gauged(x) else None
    if own is None and kind(x) in LIBRARIES:
        own = importlib.import_module({"torch": "torch"}.get(kind(x), "jax.nn"))
    if own is not None:
        return own.sigmoid(x)
    xp = xp or namespace(x)
    e = xp.exp(-xp.abs(x))  # which does not overflow
    return xp.where(x < 0, e, xp.ones_like(e)) / (1 + e)


def softplus(x: Array, /) -> Array:
    """log(1 + exp(x)), which does not overflow."""
    if is_gauged(x):
        return namespace(x).softplus(x)
    xp = importlib.import_module(NAMESPACES[kind(x)]) if kind(x) in NAMESPACES else namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def rsqrt(x: Array, /) -> Array:
    """1 / sqrt(x)."""
    if is_gauged(x):
        return namespace(x).rsqrt(x)
    found = {"torch": "torch", "jax": "jax.lax", "jaxlib": "jax.lax"}.get(kind(x))
    return importlib.import_module(found).rsqrt(x) if found else 1 / namespace(x).sqrt(x)


def kind(x: Array) -> str:
    """The library of an array."""
    return type(x).__module__.partition(".")[0]


def namespace(x: Array) -> Any:
    """An array's own namespace; that of NumPy for a number."""
    own = getattr(x, "__array_namespace__", None)
    return own() if own is not None else importlib.import_module("numpy")


def is_gauged(x: Array) -> bool:
    """Whether it is an array of which a tolerance is derived: its own namespace has these functions, or says so."""
    return kind(x) == __name__.partition(".")[0]


def on_library(name: str, x: Array) -> Array:
    """A function on an array, by what has it: PyTorch, JAX, or SciPy, which has no half precision."""
    if is_gauged(x):
        return getattr(namespace(x), name)(x)
    if kind(x) in LIBRARIES:
        return getattr(importlib.import_module(LIBRARIES[kind(x)]), name)(x)
    if kind(x) == "dask":
        return x.map_blocks(lambda block: on_host(name, block), dtype=x.dtype)
    if kind(x) == "array_api_strict":
        return namespace(x).asarray(on_host(name, x._array), device=x.device)
    return on_host(name, x)


def on_host(name: str, x: Array) -> Array:
    """A function on NumPy's arrays: SciPy's, or Python's own on each number."""
    numpy = importlib.import_module("numpy")
    try:
        found = getattr(importlib.import_module("scipy.special"), name)(x)
    except ImportError:
        found = numpy.asarray(numpy.frompyfunc(getattr(math, name), 1, 1)(x), numpy.float64)
    return found.astype(x.dtype) if hasattr(x, "dtype") else found
