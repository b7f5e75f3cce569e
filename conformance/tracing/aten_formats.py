"""The formats of operands and results: operands in the widest, results as PyTorch has them, half precision."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from ..arithmetic import bounded
from ..arithmetic.bounded import Bounded
from ..arithmetic.kinds import is_real
from . import aten
from .nested import leaves, mapped
from .positions import is_lifted

Array = Any


def in_float32(function: Any, arguments: Any, options: Any, formats: Any, xp: Any, each: Any) -> Any:
    """A whole operation in half precision: PyTorch rounds it once, or each step. The bound is the larger of both."""

    def wide(x: Any) -> Any:
        return xp.astype(x, np.dtype("float32")) if isinstance(x, Bounded) and x.dtype.itemsize == 2 else x

    arguments, options = mapped(wide, (arguments, options))
    once = of_format(function(xp, *arguments, **options), formats, xp)
    steps = iter(leaves(each))
    return mapped(lambda found: larger(found, next(steps)), once)


def larger(once: Any, each: Any) -> Any:
    """The value that is rounded once, with the larger error, but where the steps overflow."""
    if not isinstance(once, Bounded):
        return once
    reach = each.error + np.abs(each.value - once.value)
    error = np.where(np.isfinite(reach), np.maximum(once.error, reach), once.error)
    return Bounded(once.value, error / bounded.INFLATION, once.model, once.dtype, once.nonnegative)


def of_format(found: Any, formats: Any, xp: Any) -> Any:
    """Results in the format that PyTorch gives them."""
    if isinstance(found, list | tuple):
        several = formats if isinstance(formats, list | tuple) else [formats] * len(found)
        return [of_format(each, form, xp) for each, form in zip(found, several, strict=False)]
    if formats is None or found is None or (is_real(found) and found.dtype == formats):
        return found
    return xp.astype(found, formats)


def promoted(arguments: Any, options: Any, floating: list[Any], name: str, xp: Any) -> tuple[Any, Any]:
    """Operands in the widest of their formats; integers that are computed with too."""
    every = [each for each in leaves((arguments, options)) if is_real(each)]
    sized = [each.dtype for each in every if each.ndim] or [each.dtype for each in every]
    widest = max([*sized, *floating], key=lambda dtype: dtype.itemsize, default=None)
    if name in ("_to_copy",) or widest is None:
        return arguments, options

    def cast(x: Any) -> Any:
        if is_real(x):
            return x if x.dtype == widest else xp.astype(x, widest)
        counted = is_lifted(x) or isinstance(x, np.ndarray)
        return xp.astype(x, widest) if counted and name in COMPUTING else x

    cast_positional, cast_options = mapped(cast, (arguments, options))
    return cast_positional, cast_options


# Operations that take integers for numbers, among numbers; for others they are masks or indices.
COMPUTING = frozenset(aten.SAME) | {"add", "sub", "rsub", "lerp", "addcmul", "addcdiv", "xlogy", "fmod", "sum", "mean"}
COMPUTING |= {"mm", "bmm", "addmm", "cumsum", "prod", "clamp", "binary_cross_entropy", "mse_loss"}


@contextlib.contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """The dtype of what is made without saying of which."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
