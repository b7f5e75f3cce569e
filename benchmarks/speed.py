"""The tables of `gaugeblock bench`, written into README.md: `python benchmarks/speed.py`."""

import io

import blocks
from rich.console import Console

from gaugeblock.backends import NAMES
from gaugeblock.conformance.bench import tables

if __name__ == "__main__":
    console = Console(file=io.StringIO(), width=100, highlight=False)
    for table in tables(NAMES):
        console.print(table)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    blocks.write("bench", "python benchmarks/speed.py", "```text\n" + "\n".join(lines) + "\n```\n")
