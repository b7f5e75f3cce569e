"""Cases of the gradient of categorical cross-entropy from logits: those of the loss, each with a gradient of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from . import Case
from . import case as any_case
from . import categorical_cross_entropy_from_logits as loss
from .categorical_cross_entropy import labels_of

Array = Any


def log_softmax_backward(y: Array, x: Array, g: Array, /, *, axis: int = -1, xp: Any = None) -> Array:
    """gx_i = exp(l_i) sum_j g y_j - g y_i with l = log_softmax(x)."""
    xp = xp or array_namespace(x)
    weighted = xp.expand_dims(g, axis=axis) * y
    p = xp.exp(reference.log_softmax(x, axis=axis, xp=xp))
    return p * xp.sum(weighted, axis=axis, keepdims=True) - weighted


def distributed(y: Array, x: Array, g: Array, /, *, axis: int = -1, xp: Any = None) -> Array:
    """gx_i = g p_i sum_j y_j - g y_i: the sum multiplies what the product before it loses by underflow."""
    xp = xp or array_namespace(x)
    g = xp.expand_dims(g, axis=axis)
    return g * reference.softmax(x, axis=axis, xp=xp) * xp.sum(y, axis=axis, keepdims=True) - g * y


def open_elements(y: Any, x: Any, g: Any, *, axis: int = -1) -> Any:
    """The samples whose g is infinite, and those whose labels are all 0 and whose g or softmax is NaN."""
    g = np.expand_dims(g, axis)
    return np.isinf(g) | np.all(y == 0, axis=axis, keepdims=True) & (np.isnan(g) | loss.is_undefined(x, axis))


DETAILS: dict[str, dict[str, Any]] = {
    "categorical_cross_entropy_from_logits_vjp": {
        "forms": {"log_softmax_backward": log_softmax_backward, "distributed": distributed},
        "open": open_elements,
    },
}


THIS = "categorical_cross_entropy_from_logits_vjp"

# What a case of the loss catches here, where that is something else.
NOTES = {
    "per_sample/batch": "g left out, or its mean or sum taken",
    "shift/up": "the maximum is added to the logarithm, or nothing is subtracted",
    "spread/tiny": "softmax with an epsilon or a clip; the chain through probabilities, 0 times infinity",
    "spread/far": "the chain through probabilities; a shift by the first logit overflows",
    "soft_labels/any_sum": "the labels taken to add up to 1, renormalised, or their argmax taken",
    "soft_labels/distribution": "labels rounded, or their argmax taken",
    "infinity/masked": "0 times -infinity is NaN",
    "infinity/masked_label": "the gradient of a masked label left out, or NaN",
    "infinity/negative_label": "the sign of a label lost",
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    inf, nan = np.inf, np.nan
    yield from with_gradients(THIS, loss.cases(dtype, seed), NOTES)

    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(4, 10)).astype(dtype), labels_of(dtype, np.array([1, 5, 5, 9]), 10)
    g = np.array([1, nan, -2, 0.5], dtype)
    yield any_case(THIS, f"{THIS}.nan", "in_g", "NaN hidden by a label of 0, or in another sample", y, x, g)
    alone, y = np.full((4, 10), -inf, dtype), labels_of(dtype, np.array([3, 0, 7, 2]), 10)
    alone[[0, 1, 2, 3], [3, 0, 4, 9]], y[3, 2], y[3, 6:] = rng.normal(size=4), 0, 0.25
    g = np.array([3, -1, 0.5, -2], dtype)
    note = "a masked class gets something, or makes NaN"
    yield any_case(THIS, f"{THIS}.infinity", "all_but_one", note, y, alone, g, exact=True)


def with_gradients(function: str, cases_of_loss: Iterator[Case], notes: dict[str, str]) -> Iterator[Case]:
    """Cases of a loss as cases of its gradient `function`: each with a number for each sample."""
    rng = np.random.default_rng(10)
    for case in cases_of_loss:
        short = f"{case.requirement.partition('.')[2]}/{case.name}"
        arguments, axis = case.arguments, case.options.get("axis", -1)
        g = np.asarray(2 * rng.normal(size=np.delete(arguments[1].shape, axis)), arguments[1].dtype)
        requirement = f"{function}.{case.requirement.partition('.')[2]}"
        note = notes.get(short, case.note)
        yield any_case(function, requirement, case.name, note, *arguments, g, exact=case.exact, **case.options)
