"""Along which axis of each argument a formula is sharded, whatever the library: by the signature that it declares.

An axis is one of the batch, of the classes (of a layer: its neurons), or of parameters (of a layer: its inputs, along
which it sums). Where every axis is of the batch, the last one stands for classes, and those of an optimizer are all of
parameters.
"""

from collections.abc import Sequence

from gaugeblock import spec
from gaugeblock.conformance.formulas import FUNCTIONS, Formula, declared, function_of
from gaugeblock.conformance.formulas.axes import axis_names
from gaugeblock.reference.declaration import BATCH, is_range, leaves

ALONG = ("batch", "classes", "parameters")
TRIED = spec.formulas("1.4")
Axes = tuple[str, ...]


def arrays(formula: Formula) -> list[Axes]:
    """The axes of each argument that is an array, those of a state too."""
    pairs = zip(formula.arguments.values(), formula.domain, strict=True)
    kinds = ((group, kind if isinstance(kind, tuple) else (kind,)) for group, kind in pairs)
    every = (pair for group, kind in kinds for pair in zip(leaves(group), kind, strict=True))
    return [axes for axes, kind in every if kind != "count" and not is_range(kind)]


def along_of(formula: Formula, name: str) -> str:
    """Along what an axis lies."""
    letters = {each for axes in arrays(formula) for each in axes} - {BATCH}
    if name.startswith(BATCH):
        if letters:
            return "batch"
        if function_of(formula.formula).state:
            return "parameters"
        return "classes" if name == f"{BATCH}0" else "batch"
    first, *others = arrays(formula)
    return "parameters" if name in first and any(name in axes and BATCH not in axes for axes in others) else "classes"


def example_axes(formula: Formula) -> list[Axes]:
    """The axes of each array of a small example: one of the batch, or two where the last one stands for classes."""
    elementwise = all({*axes} <= {BATCH} for axes in arrays(formula))
    batch = 2 if elementwise and not function_of(formula.formula).state else 1
    return [axis_names(axes, len(axes) + (batch - 1 if BATCH in axes else 0)) for axes in arrays(formula)]


def formulas(along: str) -> list[str]:
    """The formulas that have an axis of that kind, of those that were tried."""
    tried = [name for name in FUNCTIONS if declared(name).formula in TRIED]
    found = {name: example_axes(declared(name)) for name in tried}
    return [name for name in found if any(along_of(declared(name), n) == along for axes in found[name] for n in axes)]


def sharded_axes(
    function: str, along: str, shapes: Sequence[tuple[int, ...]], axis: int
) -> tuple[list[int | None], int]:
    """Which axis of each array is to be sharded, None for none, and its length.

    Raises
    ------
    NotImplementedError
        The arrays have no axis of that kind that is longer than 1.
    """
    formula = declared(function)
    named = [axis_names(axes, len(shape), axis) for axes, shape in zip(arrays(formula), shapes, strict=True)]
    lengths: dict[str, int] = {}
    for names, shape in zip(named, shapes, strict=True):
        lengths |= dict(zip(names, shape, strict=True))
    for name in sorted(lengths, reverse=True):  # the first axis of a batch has the highest number
        if along_of(formula, name) == along and lengths[name] != 1:
            return [names.index(name) if name in names else None for names in named], lengths[name]
    raise NotImplementedError(f"no axis along {along} to shard")
