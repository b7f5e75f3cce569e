"""Where the time of `gaugeblock check` goes: `python -m gaugeblock.conformance.bench.profile numpy float32`.

The functions that the parts are named for are wrapped, and what a part spends in another counts for that one. It prints
a line of JSON with the seconds of each part; those before it was started count from a third argument, a time.
"""

import functools
import importlib
import io
import json
import sys
import time
from collections import defaultdict
from typing import Any

from rich.console import Console

from ... import backends
from .. import check
from ..judging.subject import Subject
from ..reporting import terminal

PACKAGE = "gaugeblock.conformance"
PARTS = {
    "the library's import": ("gaugeblock.backends", "load"),
    "the subject": (f"{PACKAGE}.judging.judge", "answer_here"),
    "bounded arrays": (f"{PACKAGE}.judging.oracle", "bounded_run"),
    "exact arrays": (f"{PACKAGE}.judging.oracle", "exactly"),
    "comparison": (f"{PACKAGE}.judging.oracle", "ratios"),
    "the report": (f"{PACKAGE}.reporting.terminal", "print_report"),
}
COMPILATION = ("jaxpr_to_mlir_module_duration", "backend_compile_duration")


class Stopwatch:
    """The seconds of each part, less what it spends in others."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.elsewhere = [0.0]

    def wrap(self, part: str, module: str, name: str) -> None:
        """Measure a function, which others find in its module."""
        home = importlib.import_module(module)
        function = getattr(home, name)

        @functools.wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            self.elsewhere.append(0.0)
            try:
                return function(*arguments, **options)
            finally:
                self.add(part, time.perf_counter() - start, self.elsewhere.pop())

        setattr(home, name, measured)

    def add(self, part: str, passed: float, elsewhere: float = 0.0) -> None:
        self.seconds[part] += passed - elsewhere
        self.elsewhere[-1] += passed


def main() -> None:
    """Judge a backend in one dtype, and print where the time went."""
    name, dtype, started = sys.argv[1], sys.argv[2], float([*sys.argv, str(time.time())][3])
    watch = Stopwatch()
    watch.add("start", time.time() - started)
    for part, (module, function) in PARTS.items():
        watch.wrap(part, module, function)
    if name == "jax":
        backends.load(name)
        from jax import monitoring

        def listen(event: str, duration_secs: float, **_: Any) -> None:
            if event.rpartition("/")[2] in COMPILATION:
                watch.add("compilation", duration_secs)

        monitoring.register_event_duration_secs_listener(listen)
    found = check(Subject(name), dtypes=[dtype])  # in this process, whose time is measured
    terminal.print_report(found.to_dict(), Console(file=io.StringIO()))
    total = time.time() - started
    watch.add("cases and the rest", total - sum(watch.seconds.values()))
    print(json.dumps({part: round(seconds, 3) for part, seconds in watch.seconds.items()}))


if __name__ == "__main__":
    main()
