"""Functions that formulas of neural networks need and the Array API standard lacks, for arrays of any library.

A formula that calls ``special.erf(x)`` runs on NumPy (SciPy if it is installed, else Python's `math`), on PyTorch
(``torch.special``), on JAX (``jax.scipy.special``), and on the arrays that its tolerance is derived from.

>>> import numpy as np
>>> from gaugeblock.conformance import special
>>> float(special.sigmoid(np.float64(0)))
0.5
"""

import importlib
import math
from typing import Any

import numpy as np

Array = Any

LIBRARIES = {"torch": "torch.special", "jax": "jax.scipy.special", "jaxlib": "jax.scipy.special"}
NAMESPACES = {"torch": "torch", "jax": "jax.numpy", "jaxlib": "jax.numpy"}


def erf(x: Array, /) -> Array:
    """The error function."""
    return in_its_dtype(library(x).erf(x), x)


def erfc(x: Array, /) -> Array:
    """1 - erf(x), without cancellation."""
    return in_its_dtype(library(x).erfc(x), x)


def sigmoid(x: Array, /) -> Array:
    """1 / (1 + exp(-x))."""
    found = library(x)
    return in_its_dtype((found.sigmoid if hasattr(found, "sigmoid") else found.expit)(x), x)


def softplus(x: Array, /) -> Array:
    """log(1 + exp(x)), which does not overflow."""
    if is_gauged(x):
        return library(x).softplus(x)
    xp = importlib.import_module(NAMESPACES.get(kind(x), "numpy"))
    return xp.logaddexp(x, xp.zeros_like(x))


def rsqrt(x: Array, /) -> Array:
    """1 / sqrt(x)."""
    if is_gauged(x):
        return library(x).rsqrt(x)
    found = {"torch": "torch", "jax": "jax.lax", "jaxlib": "jax.lax"}.get(kind(x))
    return importlib.import_module(found).rsqrt(x) if found else 1 / np.sqrt(x)


def kind(x: Array) -> str:
    """The library of an array."""
    return type(x).__module__.partition(".")[0]


def is_gauged(x: Array) -> bool:
    """Whether it is a bounded or an exact array, which have these functions in their own namespace."""
    return hasattr(x, "model") or hasattr(x, "balls")


def library(x: Array) -> Any:
    """What has the functions for an array."""
    if is_gauged(x):
        return x.__array_namespace__()
    try:
        return importlib.import_module(LIBRARIES.get(kind(x), "scipy.special"))
    except ImportError:
        return WithoutScipy


def in_its_dtype(y: Array, x: Array) -> Array:
    """SciPy has no half precision."""
    return y.astype(x.dtype) if isinstance(y, np.ndarray | np.generic) and hasattr(x, "dtype") else y


class WithoutScipy:
    """By Python's own functions."""

    @staticmethod
    def erf(x: Array, /) -> Array:
        return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), np.float64)

    @staticmethod
    def erfc(x: Array, /) -> Array:
        return np.asarray(np.frompyfunc(math.erfc, 1, 1)(x), np.float64)

    @staticmethod
    def sigmoid(x: Array, /) -> Array:
        return np.exp(-np.logaddexp(0, -x))
