"""Cases of the gradients of rotary position embedding."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import reference
from ...reference.formulas.rotary_embedding import pairs
from . import Case
from .rotary_embedding import cases_of, first_position


def pairs_first(x: Any, cos: Any, sin: Any, g: Any, *, interleaved: bool = False) -> Any:
    """Both products of a pair are added up before the batch is."""
    return in_two_sums(x, cos, sin, g, interleaved, lambda xp, terms: over_batch(xp.sum(terms, axis=0), xp))


def batch_first(x: Any, cos: Any, sin: Any, g: Any, *, interleaved: bool = False) -> Any:
    """The batch is added up, once for each product of a pair, before the two sums are."""
    return in_two_sums(x, cos, sin, g, interleaved, lambda xp, terms: xp.sum(over_batch(terms, xp, 1), axis=0))


def in_two_sums(x: Any, cos: Any, sin: Any, g: Any, interleaved: bool, total: Any) -> Any:
    """The gradients, with sums of the products that are made one after the other."""
    xp, (a, b), (c, d) = array_namespace(x), pairs(x, interleaved), pairs(g, interleaved)
    gx = reference.rotary_embedding(g, cos, -sin, interleaved=interleaved)
    of_cos, of_sin = (a * c, b * d), (a * d, -(b * c))
    gcos, gsin = (total(xp, xp.concat([each[None, ...] for each in terms], axis=0)) for terms in (of_cos, of_sin))
    return gx, gcos, gsin


def over_batch(terms: Any, xp: Any, first: int = 0) -> Any:
    """Their sum over the axes of the batch, if there are any."""
    axes = tuple(range(first, terms.ndim - 2))
    return xp.sum(terms, axis=axes) if axes else terms


DETAILS: dict[str, dict[str, Any]] = {
    "rotary_embedding_vjp": {
        "compensated": True,  # an infinite sum of several terms may be NaN, as that of a compensated sum is
        "forms": {"pairs_first": pairs_first, "batch_first": batch_first},
        "made": partial(first_position, "rotary_embedding_vjp"),
    }
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rotary_embedding_vjp", dtype, seed)
