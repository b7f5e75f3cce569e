"""Cases of the gradients of normalisation to mean 0 and variance 1."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference import layer_norm_vjp
from ...reference.formulas.dense_vjp import rows_of
from . import Case
from .norms import cases_of


def through_sums(x: Any, w: Any, b: Any, g: Any, *, epsilon: Any = 1e-5) -> Any:
    """By the sums of h and of h x, which is not centred; row and mean are rounded before their difference is taken."""
    xp, n = array_namespace(x), x.shape[-1]
    mean = xp.mean(x, axis=-1, keepdims=True)
    d, h = x - mean, g * w
    r = 1 / xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)
    total, late = xp.sum(h, axis=-1, keepdims=True), x * 1.0 - mean * 1.0
    slope = (total * mean - xp.sum(h * x, axis=-1, keepdims=True)) * (r * r * r) / n
    gx = r * h + slope * late - total * r / n
    return gx, xp.sum(rows_of(g * late * r, xp), axis=0), xp.sum(rows_of(g, xp), axis=0)


def root_first(x: Any, w: Any, b: Any, g: Any, *, epsilon: Any = 1e-5) -> Any:
    """For gw, g is divided by the root before it is multiplied: a quotient that is subnormal is rounded there."""
    xp = array_namespace(x)
    d = x - xp.mean(x, axis=-1, keepdims=True)
    root = xp.sqrt(xp.mean(d * d, axis=-1, keepdims=True) + epsilon)
    gx, _, gb = layer_norm_vjp(x, w, b, g, epsilon=epsilon)
    return gx, xp.sum(rows_of(g / root * d, xp), axis=0), gb


FORMS = {"through_sums": through_sums, "root_first": root_first}
DETAILS: dict[str, dict[str, Any]] = {"layer_norm_vjp": {"forms": FORMS}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("layer_norm_vjp", dtype, seed)
