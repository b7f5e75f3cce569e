"""What the results of anybody's call should be, block by block."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...reference.declaration import BATCH, is_axes, leaves, lengths_by_letter, letter_of, shape_of
from ...reference.signature import written
from ..arithmetic.device_arrays import called
from ..arithmetic.first_order import following
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected
from ..formulas import Case
from . import oracle, tolerance
from .blocks import Block, blocks, converted, dtype_of
from .made_expectations import plain_run, refuse_random


def expectations(call: Case) -> Iterator[tuple[Block, dict[str, Expected]]]:
    """Yield each block with what its results should be.

    Raises
    ------
    TypeError, ValueError
        As the function itself raises.
    EmptyToleranceError
        After the last block: as `tolerance.judgeable`.
    """
    refuse_lists(call)
    refuse_states(call)
    refuse_shapes(call)
    dtype, extents, seen = dtype_of(call), dict[str, tolerance.Extent](), set[tuple[str, ...]]()
    for block in blocks(call):
        with np.errstate(all="ignore"):
            if tuple(block.places) not in seen:
                check_arguments(block.call, call)
                seen.add(tuple(block.places))
            plain = plain_run(block.call, dtype)
        with following():
            wanted = oracle.expect(block.call, dtype)
        if not extents:  # the first block tells
            refuse_random(block.call, dtype, wanted, plain)
        found, here = tolerance.with_open_elements(block.call, dtype, wanted, plain)
        names = block.places or found
        yield block, {name: with_values(found[name], plain[name]) for name in names}
        extents |= {name: extents[name].joined(here[name]) if name in extents else here[name] for name in names}
    tolerance.refuse_empty(call, dtype, extents)


def with_values(expected: Expected, plain: Any) -> Expected:
    """An expectation that has, for elements that are left open, the value in float64, if that is finite."""
    if expected.dtype.kind in "biu":
        return expected
    is_known = np.isinf(expected.bound) & np.isfinite(plain)
    return expected._replace(value=np.where(is_known, plain, expected.value))


def check_arguments(smaller: Case, call: Case) -> None:
    """Raise what the function raises for these arguments, in the words that the whole call has."""
    try:
        returned = called(smaller.formula.function, converted(smaller.arguments, known_to_numpy), smaller.options)
    except (TypeError, ValueError, IndexError):
        called(call.formula.function, converted(call.arguments, known_to_numpy), call.options)
        raise
    refuse_no_arrays(call, returned)


def refuse_lists(asked: Case) -> None:
    """Raise TypeError for an argument that has no dtype, or one that anybody's function has no arithmetic for."""
    for name, value in zip(asked.formula.parameters, asked.arguments, strict=False):
        if isinstance(value, list) and name != asked.formula.state:
            raise TypeError(f"{asked.function}: {name}: got list; wanted an array")
        dtype = getattr(value, "dtype", None)
        if dtype is None or asked.formula.is_own or dtype.kind in "biu" or dtype.name in MODELS:
            continue
        wanted = f"one of {', '.join(MODELS)}, integers or booleans"
        parts = ": both parts as two arrays" if dtype.kind == "c" else ""
        raise TypeError(f"{asked.function}: {name}: got an array of {dtype}; wanted {wanted}{parts}")


def refuse_states(asked: Case) -> None:
    """Raise what the function itself raises for a state that is none; TypeError where it takes it, or is anybody's."""
    for (name, group), value in zip(asked.formula.arguments.items(), asked.arguments, strict=False):
        if not is_axes(group) and len(getattr(value, "_fields", ())) != len(leaves(group)):
            if asked.formula.is_own:
                called(asked.formula.function, converted(asked.arguments, known_to_numpy), asked.options)
            wanted = f"a tuple of {', '.join(asked.formula.state_names)}"
            raise TypeError(f"{asked.function}: {name}: got {type(value).__name__}; wanted {wanted}")


def refuse_shapes(asked: Case) -> None:
    """Raise ValueError for an array of anybody's formula whose lengths are not those of its signature."""
    if asked.formula.is_own:
        return
    known = dict[str, int]()
    for (name, group), value in zip(asked.formula.arguments.items(), asked.arguments, strict=False):
        if value is None or not is_axes(group) or any(axis.endswith("?") for axis in group):
            continue
        axes, shape = [axis for axis in group if axis != BATCH], np.shape(value)
        last, lengths = shape[max(len(shape) - len(axes), 0) :], ""
        fits = len(last) == len(axes) and (BATCH in group or last == shape)
        if fits:
            known = lengths_by_letter(axes, last) | known
            lengths = ", ".join(
                f"{letter} = {known[letter]}" for letter in dict.fromkeys(map(letter_of, axes)) if letter in known
            )
        if not fits or last != shape_of(axes, known):
            wanted = f"{written(group)}{f' with {lengths}' * bool(lengths)}, as its signature says"
            raise ValueError(f"{asked.function}: {name}: got an array of shape {shape}; wanted {wanted}")


def refuse_no_arrays(asked: Case, returned: Any) -> None:
    """Raise TypeError for a result that is no array, and no number."""
    for name, value in asked.formula.named(returned).items():
        if not (hasattr(value, "shape") or isinstance(value, int | float)):
            raise TypeError(f"{asked.function}: {name}: got {type(value).__name__} as its result; wanted an array")


def known_to_numpy(array: np.ndarray) -> np.ndarray:
    """The array itself, or a stand-in for one of bfloat16, which NumPy's namespace does not count as floating point."""
    return array.astype(np.float32) if isinstance(array, np.ndarray) and array.dtype.name == "bfloat16" else array
