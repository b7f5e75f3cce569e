"""The memory layouts in which a case is put: on all its arrays, and on each alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...backends._layouts import one_of_equal
from ..cases.draw import unpack
from ..formulas import Case

# Which arrays a layout changes; one that is not here, such as a subject's own, may change any.
CHANGES: dict[str, Callable[[np.ndarray], bool]] = {
    "transposed": lambda array: array.ndim > 1,
    "strided": lambda array: array.ndim > 0,
    "reversed": lambda array: array.ndim > 0,
    "wide": lambda array: array.ndim > 0,
    "offset": lambda array: array.ndim > 0,
    "permuted": lambda array: array.ndim > 2,
    "swapped": lambda array: array.ndim > 2,
    "between": lambda array: array.ndim > 3,
    "one_row": lambda array: one_of_equal(array).shape != array.shape,
}
TOGETHER = "read_only", "unaligned"  # a function that fails where one array is like this fails where all are


@dataclass(frozen=True)
class Change:
    """How the arrays of a call are put in another memory layout: all of them, or `only` one, by number."""

    layout: str | None = None
    only: int | None = None
    put: Callable[[Any], Any] | None = None  # None where the subject's process has it

    def __call__(self, number: int, array: Any) -> Any:
        """An argument in the layout, or as it is."""
        return self.put(array) if self.put and self.only in (None, number) else array


UNCHANGED = Change()


def layouts(subject: Any, case: Case) -> Iterator[tuple[str, Change]]:
    """The memory layouts in which a case is put, each with the end of its name: one, but where layouts are judged."""
    about_layouts = case.requirement.endswith(".layout")
    if not about_layouts:
        yield "", UNCHANGED
    if not (about_layouts or (case.donates and not case.kind and case.arguments[0].ndim > 1)):
        return
    arrays = [part for part in unpack(case.arguments) if isinstance(part, np.ndarray)]
    for name, put in subject.layouts.items():
        if case.donates and name == "read_only":
            continue  # nobody gives away what cannot be written to
        if case.kind in CHANGES and case.kind != name:
            continue  # a case that is made for one layout
        changed = [number for number, array in enumerate(arrays) if CHANGES.get(name, any_array)(array)]
        if changed:
            yield f"_{name}", Change(name, None, put)
        if len(arrays) == 1 or name in TOGETHER or case.kind == name:
            continue  # or one that is made for a layout, which has cases of its own for each array alone
        for only in changed:
            yield f"_{name}_argument_{only + 1}", Change(name, only, put)


def any_array(array: np.ndarray) -> bool:
    """A layout may change it."""
    return True
