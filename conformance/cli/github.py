"""What GitHub Actions is told of a run: annotations, and the summary."""

import os
from pathlib import Path
from typing import Any, TextIO

from ..reporting.formats import annotations, to_summary
from .outputs import cannot
from .terminal import complain


def tell_github(document: dict[str, Any], stream: TextIO) -> int:
    """Annotate what fails, and add to the run's summary, if this is one; the status 2 if that cannot be written."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return 0
    for line in annotations(document):
        print(line, file=stream)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        if summary:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(to_summary(document))
    except OSError as error:
        complain(cannot("GITHUB_STEP_SUMMARY", Path(summary or ""), error.strerror or str(error)))
        return 2
    return 0
