"""Which kind of array an argument is, and how arguments of one operation are brought together."""

from typing import Any

import numpy as np

from . import bounded, bounded_functions, exact, slopes
from .bounded import Bounded
from .exact import Exact
from .first_order import Followed
from .rounding import HOST, MODELS

Array = Any


def is_real(x: Any) -> bool:
    """Whether it is an array of real numbers, bounded or exact."""
    return isinstance(x, Bounded | Exact)


def core(x: Array) -> Any:
    """The module of an array's own arithmetic."""
    return exact if isinstance(x, Exact) else slopes if isinstance(x, Followed) else bounded_functions


def lifted(x: Any) -> Any:
    """NumPy's floating-point arrays, such as constants, as bounded ones."""
    known = isinstance(x, np.ndarray | np.generic) and x.dtype.name in MODELS
    return bounded.lift(x, MODELS[x.dtype.name], x.dtype) if known else x


def together(a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands as arrays of one kind and one arithmetic; a Python number is cast to that of the other."""
    if isinstance(a, Exact) or isinstance(b, Exact):
        dtype = a.dtype if isinstance(a, Exact) else b.dtype
        return tuple(x if isinstance(x, Exact) else Exact(exact.balls_of(x), dtype) for x in (a, b))  # type: ignore[return-value]
    a, b = lifted(a), lifted(b)
    like = a if isinstance(a, Bounded) else b
    a, b = (bounded.constant(x, like) for x in (a, b))
    model, x, e, y, f = bounded.operands(a, b)
    pairs, dtype = ((x, e, a), (y, f, b)), bounded.dtype_beside(a, b)
    first, second = (
        of
        if isinstance(of, Followed) and of.model == model and of.dtype == dtype
        else Bounded(v, off / bounded.INFLATION, model, dtype, of.nonnegative)
        for v, off, of in pairs
    )
    return first, second


def scalar(x: Any) -> float | None:
    """The number that a Python number or a hyper-parameter is."""
    if isinstance(x, int | float | np.generic):
        return float(x)
    if isinstance(x, Exact) and x.shape == () and x.balls.item().is_exact():
        return float(x.balls.item())
    if isinstance(x, Bounded) and x.shape == () and x.model is HOST and not x.error:
        return float(x.value)
    return None
