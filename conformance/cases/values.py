"""Kinds of number: magnitudes, labels, special values, hyper-parameters; and those of one formula."""

from collections.abc import Iterator

from . import absent, anybody, classes, far, labels, magnitudes, options, places, specials
from .build import Builder, Made
from .draw import leaves_of, unpack
from .spread import AS_IT_IS


def cases(builder: Builder) -> Iterator[Made]:
    """All cases about values."""
    for kind in (magnitudes, classes, anybody, far, labels, specials, places, options, absent):
        yield from kind.cases(builder)
    for case in builder.formula.made(builder.dtype):
        compact = case._replace(requirement="", name="", note="")
        own = leaves_of(case.formula, builder.dtype)  # a variant's, it may be; the last arguments may be left out
        leaves = (leaf for _, leaf in zip(unpack(case.arguments), own, strict=False))
        found = builder.made("own", case.requirement, case.name, case.note, compact, AS_IT_IS)
        yield found._replace(leaves=tuple(leaves))
