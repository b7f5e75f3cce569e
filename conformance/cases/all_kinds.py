"""All made cases of a formula."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import crossed, few_terms, kinds, special_shapes, values
from .build import Made, builders


def made(formula: str | Callable[..., Any], dtype: np.dtype[Any], seed: int = 0) -> Iterator[Made]:
    """Yield the made cases of a formula: the same for a dtype, and random ones of a seed.

    Parameters
    ----------
    formula : str or callable
        The name of a page, whose functions all have cases, or a declared function.
    dtype : numpy.dtype
        Of the arguments.
    seed : int
        Of the random cases.
    """
    with np.errstate(all="ignore"):  # large numbers are infinite in float16
        for builder in builders(formula, dtype):
            yield from crossed.cases(builder)
            yield from special_shapes.cases(builder)
            yield from kinds.cases(builder, seed)
            if not builder.is_variant:
                yield from values.cases(builder)
                yield from few_terms.cases(builder)
