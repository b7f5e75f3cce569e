"""The grammar of a signature: the axes of each argument and result, such as ``(..., n), (n, m), (m) -> (..., m)``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

BATCH = "..."
AXIS = "axis"  # the keyword that says where the last letter stands
TOKEN = re.compile(r"[(),]|\.\.\.|[a-z]\??")

Axes = Any  # a tuple of letters, such as ("...", "n"); of a state: a tuple of such tuples


@dataclass(frozen=True)
class Signature:
    """The axes of each argument and of each result, as in ``(..., n), (n, m), (m) -> (..., m)``.

    ``...`` is the batch and a letter is an axis; one with a question mark may be missing, as in NumPy's ``matmul``.
    A group of groups is a state: a tuple of arrays.
    """

    text: str
    arguments: tuple[Axes, ...]
    results: tuple[Axes, ...]

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
        whole = set(TOKEN.findall(text))
        both = sorted(letter for letter in whole if f"{letter}?" in whole)
        if both:
            raise ValueError(f"with both {both[0]!r} and '{both[0]}?'")
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
    return {letter for group in some for axes in leaves(group) for letter in axes}
