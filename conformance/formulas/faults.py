"""Faults of a formula that is not gaugeblock's own: whatever its functions raise becomes one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...worker.text import one_line
from ..arithmetic.numpy_calls import NotOfTheStandardError


@contextmanager
def one_line_of(what: str, wanted: str = "") -> Iterator[None]:
    """Raise ValueError, in a line that says what raised it, for any exception of somebody's code, `sys.exit` too."""
    try:
        yield
    except NotOfTheStandardError:
        raise  # which says whose function it is, and what to write
    except (Exception, SystemExit) as error:
        raise ValueError(f"{what}: it raised {one_line(error)}{f'; wanted {wanted}' if wanted else ''}") from error
