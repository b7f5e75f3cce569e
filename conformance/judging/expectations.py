"""What the results of anybody's call should be, block by block."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arithmetic.running import Expected
from ..formulas import Case
from . import oracle
from .blocks import Block, blocks, dtype_of
from .made import plain_run


def expectations(call: Case) -> Iterator[tuple[Block, dict[str, Expected]]]:
    """Yield each block with what its results should be.

    Raises
    ------
    TypeError, ValueError
        As the function itself raises.
    EmptyToleranceError
        After the last block: as `oracle.judgeable`.
    """
    dtype, extents, seen = dtype_of(call), dict[str, oracle.Extent](), set[tuple[str, ...]]()
    for block in blocks(call):
        with np.errstate(all="ignore"):
            if tuple(block.places) not in seen:
                check_arguments(block.call, call)
                seen.add(tuple(block.places))
            plain = plain_run(block.call, dtype)
        found, here = oracle.with_open_elements(block.call, oracle.expect(block.call, dtype), plain)
        names = block.places or found
        yield block, {name: found[name] for name in names}
        extents |= {name: extents[name].joined(here[name]) if name in extents else here[name] for name in names}
    oracle.refuse_empty(call, dtype, extents)


def check_arguments(smaller: Case, call: Case) -> None:
    """Raise what the function raises for these arguments, in the words that the whole call has."""
    try:
        smaller.formula.function(*converted(smaller.arguments, known_to_numpy), **smaller.options)
    except (TypeError, ValueError, IndexError):
        call.formula.function(*converted(call.arguments, known_to_numpy), **call.options)
        raise


def converted(arguments: tuple[Any, ...], how: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Arguments with their arrays converted, those of a state too."""
    return tuple(convert(value, how) for value in arguments)


def convert(value: Any, how: Callable[[Any], Any]) -> Any:
    """An argument with its arrays converted, those of a state too."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(number_of(convert(part, how)) for part in value))
    return how(value) if hasattr(value, "dtype") and hasattr(value, "shape") else value


def number_of(part: Any) -> Any:
    """A part of a state, a count as a Python number."""
    is_count = isinstance(part, np.ndarray) and part.shape == () and part.dtype.kind in "iu"
    return int(part) if is_count else part


def known_to_numpy(array: np.ndarray) -> np.ndarray:
    """The array itself, or a stand-in for one of bfloat16, which NumPy's namespace does not count as floating point."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
