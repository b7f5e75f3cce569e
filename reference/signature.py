"""The grammar of a signature: the axes of each argument and result, such as ``(..., n), (n, m), (m) -> (..., m)``."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

BATCH = "..."
AXIS = "axis"  # the keyword that says where the last letter stands
TOKEN = re.compile(r"[(),]|\.\.\.|[2-9][a-z]|[a-z]\??|[1-9]\d*")

Axes = Any  # a tuple of letters, such as ("...", "n"); of a state: a tuple of such tuples


@dataclass(frozen=True)
class Signature:
    """The axes of each argument and of each result, as in ``(..., n), (n, m), (m) -> (..., m)``.

    ``...`` is the batch and a letter is an axis; one with a question mark may be missing, as in NumPy's ``matmul``.
    ``2h`` is an axis of twice the length of h, and ``3`` one of three places. A group of groups is a state: a tuple of
    arrays.
    """

    text: str
    arguments: tuple[Axes, ...]
    results: tuple[Axes, ...]

    @cached_property
    def multiplied(self) -> frozenset[str]:
        """The letters of which some axis is a multiple: which of its places go together, only the formula knows."""
        return frozenset(letter_of(axis) for axis in axes_in((*self.arguments, *self.results)) if times(axis) > 1)

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Signature:
    """Return the signature that a text means.

    Parameters
    ----------
    text : str
        Such as ``"(..., n), (n, m), (m) -> (..., m)"``.

    Raises
    ------
    ValueError
        It is no signature; the message says what is wrong.
    """
    try:
        arguments, results = (parse_side(side) for side in arrow(text))
        unknown = sorted(letters(results) - letters(arguments))
        if unknown:
            raise ValueError(f"whose result has {unknown[0]!r}, which no argument has")
        whole = set(TOKEN.findall(text)) - {BATCH}
        both = sorted(axis for axis in whole if f"{letter_of(axis)}?" in whole - {axis})
        if both:
            raise ValueError(f"with both {both[0]!r} and '{letter_of(both[0])}?'")
    except ValueError as error:
        wanted = "wanted such as '(..., n), (n, m), (m) -> (..., m)'"
        raise ValueError(f"signature: got {text!r}, {error}; {wanted}") from None
    return Signature(text, arguments, results)


def arrow(text: str) -> list[str]:
    """Both sides of the one arrow."""
    sides = text.split("->")
    if len(sides) != 2:
        raise ValueError(f"with {len(sides) - 1} arrows")
    return sides


def parse_side(side: str) -> tuple[Axes, ...]:
    """The groups on one side of the arrow."""
    rest = TOKEN.sub("", side).strip()
    if rest:
        raise ValueError(f"with {rest[0]!r} in it")
    tokens = TOKEN.findall(side)
    found = items(tokens)
    if tokens:
        raise ValueError("with a ')' too many")
    if not found or is_axes(found):
        raise ValueError(f"with no group such as (..., n) in {side.strip()!r}")
    return found


def items(tokens: list[str]) -> tuple[Any, ...]:
    """Take items with commas between them off the tokens, up to a closing parenthesis or the end."""
    found: list[Any] = []
    while tokens and tokens[0] != ")":
        if found and tokens.pop(0) != ",":
            raise ValueError("with a comma missing")
        token = tokens.pop(0) if tokens else ""
        if token in ("", ",", ")"):
            raise ValueError("with nothing after a comma")
        found.append(token if token != "(" else items(tokens))
        if token == "(" and not (tokens and tokens.pop(0) == ")"):
            raise ValueError("with a ')' missing")
    plain = [item.rstrip("?") for item in found if isinstance(item, str)]
    if plain and (len(plain) < len(found) or BATCH in plain[1:]):
        raise ValueError(f"with the group {written(tuple(found))}")
    return tuple(found)


def written(group: Axes | str) -> str:
    """A group as a signature has it."""
    return group if isinstance(group, str) else f"({', '.join(map(written, group))})"


@cache
def is_axes(group: Axes) -> bool:
    """Whether a group is that of one array, not of a state."""
    return all(isinstance(item, str) for item in group)


@cache
def leaves(group: Axes) -> tuple[tuple[str, ...], ...]:
    """The axes of each array in a group, without question marks."""
    if is_axes(group):
        return (tuple(letter.rstrip("?") for letter in group),)
    return tuple(axes for item in group for axes in leaves(item))


def letters(some: Iterable[Axes]) -> set[str]:
    """The letters of some groups, the batch among them."""
    return {letter_of(axis) for axis in axes_in(some) if not is_fixed(axis)}


def axes_in(some: Iterable[Axes]) -> Iterator[str]:
    """Yield each axis of some groups, in their order."""
    return (axis for group in some for axes in leaves(group) for axis in axes)


def is_fixed(axis: str) -> bool:
    """Whether an axis has a length of its own, such as ``3``, and no letter."""
    return axis.isdigit()


def letter_of(axis: str) -> str:
    """The letter of an axis: of ``2h`` it is h; of one of the batch's axes, such as ``...1``, it is ``...``."""
    return BATCH if axis.startswith(BATCH) else axis if is_fixed(axis) else axis[-1]


def times(axis: str) -> int:
    """How many times as long as its letter an axis is."""
    return int(axis[0]) if axis[0].isdigit() and not is_fixed(axis) else 1


def shape_of(axes: Iterable[str], lengths: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of an array with these axes, by the length of each letter."""
    return tuple(int(axis) if is_fixed(axis) else times(axis) * lengths[letter_of(axis)] for axis in axes)


def lengths_by_letter(axes: Iterable[str], shape: Iterable[int]) -> dict[str, int]:
    """The length of each letter, of an array with these axes and this shape."""
    return {letter_of(axis): size // times(axis) for axis, size in zip(axes, shape, strict=True) if not is_fixed(axis)}
