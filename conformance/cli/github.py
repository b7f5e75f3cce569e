"""What GitHub Actions is told of a run: annotations, and the summary."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from .outputs import cannot
from .terminal import complain


def tell_github(annotations: Iterable[str], summary: str, stream: TextIO) -> int:
    """Annotate what fails, and add to the run's summary, if this is one; the status 2 if that cannot be written."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return 0
    for line in annotations:
        print(line, file=stream)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(summary)
    except OSError as error:
        complain(cannot("GITHUB_STEP_SUMMARY", Path(path or ""), error.strerror or str(error)))
        return 2
    return 0
