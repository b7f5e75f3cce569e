"""Cases of the gradient of categorical cross-entropy: those of the loss, each with a gradient of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.formulas.categorical_cross_entropy import clipped, default_clip
from ..arithmetic import bounded_functions
from ..arithmetic.device_arrays import asarray
from . import Case
from . import case as any_case
from . import categorical_cross_entropy as loss
from .categorical_cross_entropy import defaults
from .categorical_cross_entropy_from_logits_vjp import with_gradients


def open_elements(y: Any, p: Any, g: Any, *, axis: int = -1, clip: tuple[float, float] | None = None) -> Any:
    """What an infinite g or label gives, NaN in g under a label of 0, and NaN in y or g under a p that is clipped.

    And where p is inside the ends of the clip as they are given, but not as the dtype of p has them, or the reverse.
    """
    y, g = asarray(y, np.float64), np.expand_dims(asarray(g, np.float64), axis)
    ends, wide = np.array(clip or default_clip(bounded_functions, p.dtype)), asarray(p, np.float64)
    rounded = ends.astype(p.dtype).astype(np.float64)
    inside, also_inside = ((wide >= low) & (wide <= high) for low, high in (ends, rounded))
    spoilt = np.isnan(g) & ((y == 0) | ~inside) | np.isnan(y) & ~inside
    return (np.isinf(y) | np.isinf(g) | spoilt) & ~np.isnan(p) | (inside != also_inside)


def label_over_probability(y: Any, p: Any, g: Any, /, *, axis: int = -1, clip: Any = None, xp: Any = None) -> Any:
    """gp_i = -g (y_i / p_i)."""
    return factored(y, p, g, axis, clip, lambda y, p, g: g * (y / p))


def gradient_over_probability(y: Any, p: Any, g: Any, /, *, axis: int = -1, clip: Any = None, xp: Any = None) -> Any:
    """gp_i = -(g / p_i) y_i."""
    return factored(y, p, g, axis, clip, lambda y, p, g: g / p * y)


def factored(y: Any, p: Any, g: Any, axis: int, clip: Any, multiplied: Any) -> Any:
    """The gradient with its factors multiplied in another order."""
    xp = array_namespace(p)
    lo, hi = default_clip(xp, p.dtype) if clip is None else clip
    y = y if y.dtype == p.dtype else xp.astype(y, p.dtype)
    gp = -multiplied(y, clipped(p, lo, hi, xp), xp.expand_dims(g, axis=axis))
    return xp.where((p < lo) | (p > hi), xp.zeros_like(p), gp)


DETAILS = {
    "categorical_cross_entropy_vjp": {
        "defaults": defaults,
        "open": open_elements,
        "forms": {
            "label_over_probability": label_over_probability,
            "gradient_over_probability": gradient_over_probability,
        },
    },
}


THIS = "categorical_cross_entropy_vjp"

# What a case of the loss catches here, where that is something else.
NOTES = {
    "value/near_one": "a clip at 1e-7, or an epsilon in the denominator",
    "per_sample/batch": "g left out, or its mean or sum taken",
    "clip/low": "a clip at 1e-7, 1e-8, 1e-12, or none; what is clipped gets a gradient",
    "clip/high": "the upper end not clipped; what is clipped gets a gradient",
    "clip/outside": "what is clipped gets a gradient",
    "soft_labels/distribution": "labels rounded, or their argmax taken",
    "nan/in_both": "NaN clipped, or hidden by a label of 0, or all of its sample NaN",
    "infinity/in_p": "infinity makes NaN, or gets a gradient",
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    of_sums = f"{loss.THIS}.few"  # of which there are none here
    cases_of_loss = (each for each in loss.cases(dtype, seed) if each.requirement != of_sums)
    yield from with_gradients(THIS, cases_of_loss, NOTES)

    def case(requirement: str, name: str, note: str, p: Any, **options: Any) -> Case:
        y, g = np.full(np.shape(p), 1.25, dtype), rng.normal(size=len(p)).astype(dtype)
        return any_case(THIS, f"{THIS}.{requirement}", name, note, y, np.asarray(p, dtype), g, **options)

    rng = np.random.default_rng(12)
    small = [[2e-15, 5e-16], [1.1e-12, 9e-13], [1e-10, 1e-11], [1.1e-8, 9e-9], [1.1e-7, 9e-8], [3e-5, 7e-5], [0.2, 0.9]]
    yield case("clip", "small", "a clip at 1e-7 for one at the machine epsilon", small)
    note = "the derivative at an end is 0, or 1/2; the clip begins beside it"
    yield case("ends", "default", note, around(*default_clip(bounded_functions, dtype), dtype))
    yield case("ends", "argument", note, around(0.25, 0.75, dtype), clip=(0.25, 0.75))
    hidden = case("nan", "in_g", "NaN in g lost, or in another sample", rng.uniform(0.1, 0.9, (4, 10)))
    hidden.arguments[2][1] = np.nan
    yield hidden


def around(lo: float, hi: float, dtype: np.dtype[Any]) -> Any:
    """Numbers at both ends, beside them and between them, in seven rows of two."""
    ends = np.array([lo, hi], dtype)
    down, up = np.nextafter(ends, dtype.type(-1)), np.nextafter(ends, dtype.type(2))
    return np.stack([ends, down, up, ends, down[::-1], up[::-1], np.array([0.5, 0.625], dtype)])
