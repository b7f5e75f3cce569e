"""Somebody else's text, made harmless in one place before it is shown or written anywhere."""

SHOWN = 300  # characters that are kept


def plain(text: str, length: int = SHOWN, *, last: bool = False) -> str:
    """One line of printable text, cut to a length: its beginning, or what comes `last`.

    Control characters, escapes, surrogates and what turns the direction of writing become blanks, since
    ``str.isprintable`` is False for all of them.
    """
    text = text[-8 * length :] if last else text[: 8 * length]
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(words) <= length:
        return words
    return f"... {words[4 - length :]}" if last else f"{words[: length - 4]} ..."


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, whatever its own methods do."""
    try:
        text = str.__str__(str(error))
    except BaseException:  # somebody's code
        return ""
    return plain(text.strip().partition("\n")[0])


def one_line(error: BaseException) -> str:
    """An exception's name and the first line of its message."""
    text = first_line(error)
    name = plain(type(error).__name__)
    return f"{name}: {text}" if text else name
