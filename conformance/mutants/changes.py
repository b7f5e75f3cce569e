"""Changes of one operation: what a kernel may do wrong in the place of `xp.sum(e, axis=-1)` or `x / y`.

A change is a function of what is called, its arguments and its options, which returns another result, or None where it
does not apply.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from .operations import Calls, Operation, through
from .rounding import flush, to_bfloat16, to_float32, to_tf32


class Change(NamedTuple):
    """A change of an operation."""

    kind: str
    words: str
    perform: Callable[..., Any]  # of the operation's name, the function, its arguments and its options

    def words_for(self, name: str) -> str:
        """What is changed in an operation of this name."""
        return f"{OTHERS[name]} in the place of {name}" if self.perform is other else self.words


OTHERS = {
    "add": "subtract", "subtract": "add", "multiply": "divide", "divide": "multiply", "max": "min", "min": "max",
    "maximum": "minimum", "minimum": "maximum", "sum": "mean", "mean": "sum", "exp": "exp2", "log": "log2",
    "less": "greater", "greater": "less", "less_equal": "greater_equal", "greater_equal": "less_equal",
    "add.reduce": "mean", "maximum.reduce": "min", "minimum.reduce": "max",
}  # fmt: skip
WITHOUT_THE_END = {"less": "less_equal", "less_equal": "less", "greater": "greater_equal", "greater_equal": "greater"}
ONE_SIDED = "subtract", "divide", "power", "arctan2", "remainder", "floor_divide"  # a - b is not b - a
TWO_SIDED = "add", "multiply", "maximum", "minimum"
REDUCTIONS = (
    *("sum", "mean", "max", "min", "prod", "var", "std", "cumulative_sum", "cumsum"),
    *("add.reduce", "maximum.reduce", "minimum.reduce"),
)
CONTRACTIONS = "matmul", "vecdot", "dot"
MOVING = (  # what computes nothing
    *("reshape", "swapaxes", "transpose", "matrix_transpose", "expand_dims", "squeeze", "moveaxis", "broadcast_to"),
    *("concatenate", "stack", "flip", "roll", "tile", "repeat", "take", "zeros_like", "ones_like", "full_like"),
)


def other(name: str, call: Any, inputs: Any, options: Any) -> Any:
    """The opposite function."""
    return getattr(np, OTHERS[name])(*inputs, **options) if name in OTHERS else None


def other_end(name: str, call: Any, inputs: Any, options: Any) -> Any:
    """A comparison with or without equality."""
    return getattr(np, WITHOUT_THE_END[name])(*inputs) if name in WITHOUT_THE_END else None


def exchanged(name: str, call: Any, inputs: Any, options: Any) -> Any:
    """The operands, or the branches of `where`, exchanged."""
    if name == "where":
        return call(inputs[0], inputs[2], inputs[1], **options)
    return call(inputs[1], inputs[0], **options) if name in ONE_SIDED else None


def left_out(which: int) -> Callable[..., Any]:
    """One of two operands left out."""

    def change(name: str, call: Any, inputs: Any, options: Any) -> Any:
        if name not in TWO_SIDED + ONE_SIDED[:2] or (which == 0 and name in ONE_SIDED):
            return None
        result = call(*inputs, **options)
        return np.array(np.broadcast_to(inputs[1 - which], result.shape), result.dtype)

    return change


def moved(name: str, call: Any, inputs: Any, options: Any) -> Any:
    """Its constants off by one part in 256."""
    if not (isinstance(call, np.ufunc) or name in ("where", "clip", "vecdot")):
        return None
    given = [each + (each or 1) / 256 if is_constant(each) else each for each in inputs]
    return call(*given, **options) if any(map(is_constant, inputs)) else None


def is_constant(value: Any) -> bool:
    """Whether a value is a Python number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def along_another_axis(ranks: tuple[int, ...]) -> Callable[..., Any]:
    """Along the axis before, in arrays of some ranks."""

    def change(name: str, call: Any, inputs: Any, options: Any) -> Any:
        axis = options.get("axis")
        if name not in REDUCTIONS or not isinstance(axis, int) or inputs[0].ndim < 2:
            return None
        wrong = (axis - 1) % inputs[0].ndim if inputs[0].ndim in ranks else axis
        result = call(*inputs, **{**options, "axis": wrong})
        wanted = call(*inputs, **options).shape
        return result if np.broadcast_shapes(result.shape, wanted) == wanted else np.resize(result, wanted)

    return change


def terms_left_out(keep: Callable[[int], slice]) -> Callable[..., Any]:
    """Without some of the terms of a sum, a product or a maximum."""

    def change(name: str, call: Any, inputs: Any, options: Any) -> Any:
        if name in REDUCTIONS and "cum" not in name:
            x, axis = inputs[0], options.get("axis")
            if not isinstance(axis, int):
                few = x.ravel()[keep(x.size)]
                return call(few, **{**options, "axis": None, "keepdims": False}).reshape(call(*inputs, **options).shape)
            return call(np.moveaxis(np.moveaxis(x, axis, -1)[..., keep(x.shape[axis])], -1, axis), **options)
        if name in CONTRACTIONS and inputs[0].ndim and inputs[1].ndim:
            a, b = inputs
            rows = b.ndim > 1 and name != "vecdot"
            b = b[..., keep(a.shape[-1]), :] if rows else b[..., keep(a.shape[-1])]
            return call(a[..., keep(a.shape[-1])], b, **options)
        return None

    return change


def whole_blocks(size: int, above: int) -> Callable[[int], slice]:
    """What is in whole blocks, where there are more elements than some."""
    return lambda count: slice(None, count // size * size if count > above else None)


def of_result(alter: Callable[[Any], Any]) -> Callable[..., Any]:
    """A change of the result, if it is a floating-point array that was computed."""

    def change(name: str, call: Any, inputs: Any, options: Any) -> Any:
        if name in MOVING:
            return None
        result = call(*inputs, **options)
        if not isinstance(result, np.ndarray | np.generic) or result.dtype.kind not in "fV":
            return None
        return alter(np.array(result)).astype(result.dtype)

    return change


def rounded(x: Any) -> Any:
    """In about half of its digits."""
    return to_float32(x) if x.dtype.itemsize == 8 else to_tf32(x) if x.dtype == np.float32 else to_bfloat16(x)


def without_nan(x: Any) -> Any:
    """0 for NaN."""
    return np.where(np.isnan(x), 0, x)


def finite(x: Any) -> Any:
    """The largest number for an infinite one."""
    largest = np.finfo(x.dtype).max
    return np.where(np.isinf(x), np.copysign(largest, x), x)


def clamped(x: Any) -> Any:
    """No larger than 10 000."""
    return np.where(np.isfinite(x), np.clip(x, -1e4, 1e4), x)


def away_from_zero(x: Any) -> Any:
    """No smaller than 10^-12."""
    return np.where(np.abs(x) < 1e-12, np.copysign(1e-12, x), x)


def tail(x: Any) -> Any:
    """0 for what is beyond whole blocks of 32, as the elements lie."""
    flat = x.ravel()
    if flat.size > 32:
        flat[flat.size // 32 * 32 :] = 0
    return flat.reshape(x.shape)


def in_four_axes(x: Any) -> Any:
    """0 for an array of four axes."""
    return x * 0 if x.ndim == 4 else x


def in_one_of_the_rows(x: Any) -> Any:
    """The last row of very many is the first."""
    if x.ndim > 1 and len(x) > 512:
        x[-1] = x[0]
    return x


EVERY = (1, 2, 3, 4, 5, 6)
CHANGES = (
    Change("function", "another function", other),
    Change("function", "its operands are exchanged", exchanged),
    Change("function", "its end belongs to the other side", other_end),
    Change("term", "its first operand is left out", left_out(0)),
    Change("term", "its second operand is left out", left_out(1)),
    Change("term", "the last term is left out", terms_left_out(lambda count: slice(None, -1 if count > 1 else None))),
    Change("term", "the first term is left out", terms_left_out(lambda count: slice(1 if count > 1 else None, None))),
    Change("constant", "its constants are off by 1/256", moved),
    Change("axis", "along another axis", along_another_axis(EVERY)),
    Change("axis", "along another axis in arrays of 4", along_another_axis((4,))),
    Change("shape", "beyond 1024 terms, only whole blocks of 128 are taken", terms_left_out(whole_blocks(128, 1024))),
    Change("shape", "beyond 512 terms, only whole blocks of 8 are taken", terms_left_out(whole_blocks(8, 512))),
    Change("shape", "what is beyond whole blocks of 32 elements is 0", of_result(tail)),
    Change("shape", "0 in arrays of four axes", of_result(in_four_axes)),
    Change("shape", "the last of more than 512 rows is the first one", of_result(in_one_of_the_rows)),
    Change("precision", "rounded to half its digits", of_result(rounded)),
    Change("magnitude", "clamped to 10 000", of_result(clamped)),
    Change("magnitude", "kept 10^-12 away from 0", of_result(away_from_zero)),
    Change("magnitude", "0 for subnormal numbers", of_result(flush)),
    Change("special", "0 for NaN", of_result(without_nan)),
    Change("special", "the largest number for an infinite one", of_result(finite)),
)


def changes_of(seen: Calls) -> Iterator[tuple[Operation, Change]]:
    """The changes of each operation of a function that has run."""
    for operation, calls in seen.items():
        for change in dict.fromkeys(each for one in calls.values() for each in applicable(operation.name, *one)):
            yield operation, change


def changed(function: Callable[..., Any], operation: Operation, change: Change) -> Callable[..., Any]:
    """A function with one of its operations changed."""

    def perform(done: Operation, called: Any, inputs: Any, options: Any) -> Any:
        result = change.perform(done.name, called, inputs, options) if done == operation else None
        return called(*inputs, **options) if result is None else result

    return through(function, perform)


def applicable(name: str, call: Any, inputs: Any, options: Any) -> Iterator[Change]:
    """The changes that an operation can have, tried on arguments that it has."""
    for change in CHANGES:
        with warnings.catch_warnings(), suppress(ValueError, TypeError, IndexError):  # nobody overlooks an error
            warnings.simplefilter("ignore")
            if change.perform(name, call, inputs, options) is not None:
                yield change
