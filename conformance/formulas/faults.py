"""Faults of a formula that is not gaugeblock's own: whatever its functions raise becomes one line."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_of(what: str, wanted: str = "") -> Iterator[None]:
    """Raise ValueError, in a line that says what raised it, for any exception of somebody's code."""
    try:
        yield
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raised = f"{type(error).__name__}{': ' if lines[0] else ''}{lines[0]}"
        raise ValueError(f"{what}: it raised {raised}{f'; wanted {wanted}' if wanted else ''}") from error
