"""Kinds of number: magnitudes, labels, special values, hyper-parameters; and those of one formula."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import classes, extremes, labels, magnitudes, omitted_arguments, options, places, specials, undocumented
from .build import Builder, Made
from .draw import leaves_of, unpack
from .options import choosable
from .spread import AS_IT_IS


def flags(builder: Builder) -> Iterator[tuple[str, Any]]:
    """The flags of anybody's formula that are not the default: each may be a function of its own, with all numbers."""
    for name, (default, *others) in choosable(builder).items() if not builder.formula.is_own else ():
        if isinstance(default, bool | str):
            yield from ((name, value) for value in others)


def cases(builder: Builder) -> Iterator[Made]:
    """All cases about values."""
    for kind in (magnitudes, classes, undocumented, extremes, labels, specials, places, options, omitted_arguments):
        yield from kind.cases(builder)
    for name, value in flags(builder):
        branch = Builder(replace(builder.formula, given={name: value}), builder.dtype, builder.prefix, builder.labels)
        for kind in (magnitudes, undocumented, extremes):
            for each in kind.cases(branch):
                yield each._replace(name=f"{each.name}_{name}_{value}")
    for case in builder.formula.made(builder.dtype):
        compact = case._replace(requirement="", name="", note="")
        own = leaves_of(case.formula, builder.dtype)  # a variant's, it may be; the last arguments may be left out
        leaves = (leaf for _, leaf in zip(unpack(case.arguments), own, strict=False))
        found = builder.made("own", case.requirement, case.name, case.note, compact, AS_IT_IS)
        yield found._replace(leaves=tuple(leaves))
