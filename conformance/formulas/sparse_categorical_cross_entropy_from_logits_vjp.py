"""Cases of the gradient of sparse cross-entropy from logits: those of the loss, each with a gradient of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from ...reference.formulas.sparse_categorical_cross_entropy_from_logits_vjp import is_label
from . import Case
from . import case as any_case
from . import sparse_categorical_cross_entropy_from_logits as loss
from .categorical_cross_entropy_from_logits_vjp import with_gradients

Array = Any


def log_softmax_backward(labels: Array, x: Array, g: Array, /, *, axis: int = -1, xp: Any = None) -> Array:
    """gx_i = exp(l_i) g - g [i = label] with l = log_softmax(x)."""
    xp = xp or array_namespace(x)
    g = xp.expand_dims(g, axis=axis)
    label = xp.where(is_label(labels, x, axis, xp), g, xp.zeros_like(x))
    return xp.exp(reference.log_softmax(x, axis=axis, xp=xp)) * g - label


def open_elements(labels: Any, x: Any, g: Any, *, axis: int = -1) -> Any:
    """The samples whose g is infinite."""
    return np.broadcast_to(np.isinf(np.expand_dims(g, axis)), x.shape)


DETAILS: dict[str, dict[str, Any]] = {
    "sparse_categorical_cross_entropy_from_logits_vjp": {
        "forms": {"log_softmax_backward": log_softmax_backward},
        "open": open_elements,
    },
}


THIS = "sparse_categorical_cross_entropy_from_logits_vjp"

# What a case of the loss catches here, where that is something else.
NOTES = {
    "per_sample/batch": "g left out, or its mean or sum taken",
    "shift/up": "exp(x - log-sum-exp), or nothing is subtracted",
    "spread/tiny": "softmax with an epsilon or a clip; the chain through probabilities, 0 times infinity",
    "spread/far": "the chain through probabilities; a shift by the first logit overflows",
    "nan/in_x": "NaN lost, or seen at the label only",
    "infinity/masked": "a masked class gets something, or the gradient of a masked label is left out or NaN",
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    yield from with_gradients(THIS, loss.cases(dtype, seed), NOTES)

    def case(requirement: str, name: str, note: str, x: Any, g: Any, exact: bool = False) -> Case:
        arguments = np.array([1, 5, 0, 9], np.int32), np.asarray(x, dtype), np.array(g, dtype)
        return any_case(THIS, f"{THIS}.{requirement}", name, note, *arguments, axis=-1, exact=exact)

    rng = np.random.default_rng(11)
    note = "NaN at the label only, or in another sample"
    yield case("nan", "in_g", note, rng.normal(size=(4, 10)), [1, np.nan, -2, 0.5])
    alone = np.full((4, 10), -np.inf)
    alone[[0, 1, 2, 3], [1, 5, 4, 0]] = rng.normal(size=4)
    note = "a masked class gets something, or makes NaN"
    yield case("infinity", "all_but_one", note, alone, [3, -1, 0.5, -2], exact=True)
