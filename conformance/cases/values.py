"""Kinds of number: magnitudes, labels, special values, hyper-parameters."""

from collections.abc import Iterator

from . import absent, labels, magnitudes, options, specials
from .build import Builder, Made


def cases(builder: Builder) -> Iterator[Made]:
    """All cases about values."""
    for kind in (magnitudes, labels, specials, options, absent):
        yield from kind.cases(builder)
