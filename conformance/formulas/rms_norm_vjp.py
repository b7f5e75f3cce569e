"""Cases of the gradients of normalisation by the root of the mean square."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference import rms_norm_vjp
from ...reference.formulas.dense_vjp import rows_of
from . import Case
from .norms import cases_of


def through_cube(x: Any, w: Any, g: Any, *, epsilon: Any = 1e-6) -> Any:
    """As automatic differentiation makes it: x is not divided by the root first."""
    xp = array_namespace(x)
    root = xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon)
    h = g * w
    gx = h / root - x * (xp.mean(h * x, axis=-1, keepdims=True) / (root * root * root))
    return gx, xp.sum(rows_of(g * x / root, xp), axis=0)


def cube_last(x: Any, w: Any, g: Any, *, epsilon: Any = 1e-6) -> Any:
    """The same with the cube as the last divisor, which divides what the product before it loses by underflow."""
    xp = array_namespace(x)
    root = xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon)
    h = g * w
    gx = h / root - x * xp.mean(h * x, axis=-1, keepdims=True) / (root * root * root)
    return gx, xp.sum(rows_of(g * x / root, xp), axis=0)


def root_first(x: Any, w: Any, g: Any, *, epsilon: Any = 1e-6) -> Any:
    """For gw, g is divided by the root before it is multiplied by x: a quotient that is subnormal is rounded there."""
    xp = array_namespace(x)
    root = xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon)
    return rms_norm_vjp(x, w, g, epsilon=epsilon)[0], xp.sum(rows_of(g / root * x, xp), axis=0)


FORMS = {each.__name__: each for each in (through_cube, cube_last, root_first)}
DETAILS: dict[str, dict[str, Any]] = {"rms_norm_vjp": {"forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rms_norm_vjp", dtype, seed)
