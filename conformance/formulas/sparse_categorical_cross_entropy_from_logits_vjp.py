"""Cases of the gradient of sparse cross-entropy from logits: those of the loss, each with a gradient of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case
from . import case as any_case
from . import sparse_categorical_cross_entropy_from_logits as loss
from .categorical_cross_entropy_from_logits_vjp import with_gradients

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
