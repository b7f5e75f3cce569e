"""Names that are meant: a step under either of its names, and the nearest one to a name that there is not.

difflib is imported where a name is wrong: everybody imports this module.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

STEP = "_step"
MANY = 8  # names that are too many for a line
ALIKE = 0.85  # of 1: how alike two names are that may be one with a typing error


def meant(name: str, names: Collection[str]) -> str:
    """The one of `names` that a name means: itself, or a step under its other name, as 'adam' is 'adam_step'."""
    other = name.removesuffix(STEP) if name.endswith(STEP) else f"{name}{STEP}"
    return other if name not in names and other in names else name


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a message about a name that is none of `names`: the nearest one, if any is near."""
    near = nearest(name, tuple(names))
    return f"; did you mean {near!r}?" if near else ""


def no_attribute(names: dict[str, Any], name: str) -> Any:
    """Raise AttributeError for a name that a module does not have, with the nearest one that it has."""
    near = "" if name.startswith("_") else did_you_mean(name, names)
    raise AttributeError(f"module {names['__name__']!r} has no attribute {name!r}{near}")


@lru_cache(maxsize=256)  # whoever asks for an attribute that a module may lack asks for it again
def nearest(name: str, names: tuple[str, ...]) -> str:
    """The one of `names` that is meant, or nearest, but none with an underscore in front; nothing if none is near."""
    from difflib import get_close_matches

    public = [each for each in names if not each.startswith("_")]
    other = meant(name, public)
    if other != name:
        return other
    alike = next(iter(get_close_matches(name, public, n=1)), "")
    return with_words(name, public) or alike or with_words(name.rpartition("_")[2], public)


def with_words(words: str, names: Iterable[str]) -> str:
    """The shortest of `names` that has these words among its own, as 'attention' is one of a longer name's."""
    own = [each for each in names if f"_{words.lower()}_" in f"_{each}_"]
    return min(own, key=len, default="")


def wanted(name: str, names: Iterable[str], shown_by: str = "", otherwise: str = "") -> str:
    """The end of a message about a name that is none of `names`.

    It has the nearest, and few names with it; many only where none is near and no command, `shown_by`, shows them.
    Where many are shown and none is near, `otherwise` says what else may be given.
    """
    every = tuple(names)
    near, shown = did_you_mean(name, every), f" (`{shown_by}` shows all)" if shown_by else ""
    if len(every) > MANY and (near or shown):
        return f"{near or '; wanted the name of one'}{shown}{'' if near else otherwise}"
    return f"; wanted one of {', '.join(every)}{near}"


def misspelt(name: str, names: Iterable[str]) -> str:
    """The one of `names` that a name is but for its underscores, its capitals or a typing error; nothing if none is.

    One that only has more or fewer letters, such as ``relu6`` or ``adamw``, is the name of something else.
    """
    from difflib import SequenceMatcher

    letters = {each: each.lower().replace("_", "") for each in (name, *names)}
    own = letters[name]

    def alike(other: str) -> float:
        if own == letters[other]:
            return 1.0
        variant = own in letters[other] or letters[other] in own
        return 0.0 if variant else SequenceMatcher(None, own, letters[other]).ratio()

    best = max((each for each in letters if each != name), key=alike, default="")
    return best if best and alike(best) >= ALIKE else ""
